"""A query's text, parsed by graphql-core and made into the tree of `syntax`, once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from graphql import GraphQLError, OperationDefinitionNode, parse, parse_type
from graphql.language import (
    BooleanValueNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListTypeNode,
    ListValueNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectValueNode,
    StringValueNode,
    VariableNode,
)

from run_logger.local.request.paths import invalid
from run_logger.local.request.syntax import (
    Directive,
    EnumName,
    FieldSelection,
    Fragment,
    FragmentSpread,
    InlineFragment,
    OperationDefinition,
    TypeRef,
    Variable,
    VariableDefinition,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from graphql.language import (
        ArgumentNode,
        DirectiveNode,
        DocumentNode,
        ObjectFieldNode,
        SelectionNode,
        SelectionSetNode,
        TypeNode,
        ValueNode,
        VariableDefinitionNode,
    )

    from run_logger.local.request.syntax import LiteralValue, Selection

# A megabyte takes graphql-core more than a second; data belongs into the variables.
MAX_QUERY_LENGTH: Final = 1_000_000
# Everything that walks a query recurses, down to what writes the SQL.
MAX_QUERY_DEPTH: Final = 100
# Larger texts are data in disguise and do not come again: they would only fill the memory.
_MAX_CACHED_LENGTH: Final = 50_000
_CACHED_DOCUMENTS: Final = 512
# Python refuses to read longer integers, which are legal GraphQL.
_MAX_INTEGER_DIGITS: Final = 4000
# Strings and comments hide the brackets inside them.
_MARKS: Final = re.compile(
    r'''"""(?:\\"""|.)*?"""|"(?:\\.|[^"\\\n])*"|\#[^\n]*|[][(){}]''', re.DOTALL
)
_OPENING: Final = frozenset("([{")
_CLOSING: Final = frozenset(")]}")


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A parsed query: its operations in order."""

    operations: tuple[OperationDefinition, ...]

    def operation(self, name: str | None) -> OperationDefinition:
        """Return the operation that a request means.

        Raises:
            HasuraError: If the name, or its absence, does not single out one operation.
        """
        if name is None:
            if len(self.operations) != 1:
                raise invalid(
                    "exactly one operation has to be present in the document"
                    " when operationName is not specified",
                    "$",
                )
            return self.operations[0]
        if any(operation.name is None for operation in self.operations):
            raise invalid(
                "operationName cannot be used when an anonymous operation exists in the document",
                "$",
            )
        for operation in self.operations:
            if operation.name == name:
                return operation
        raise invalid(f'no such operation found in the document: "{name}"', "$")


def parse_query(query: str) -> Document:
    """Parse a query's text, or take what was made of it the last time.

    Raises:
        HasuraError: If it is no GraphQL, too long or nested too deeply.
    """
    if len(query) > MAX_QUERY_LENGTH:
        raise invalid(
            f"the query is longer than {MAX_QUERY_LENGTH} characters: send its data as variables",
            "$.query",
        )
    if len(query) > _MAX_CACHED_LENGTH:
        return _parse(query)
    return _parse_cached(query)


def parse_type_ref(text: str) -> TypeRef:
    """Parse a type as GraphQL spells it: `[Int!]!`."""
    return _type_ref(parse_type(text))


def _parse(query: str) -> Document:
    if _depth(query) > MAX_QUERY_DEPTH:
        raise invalid(f"the query is nested more than {MAX_QUERY_DEPTH} levels deep", "$.query")
    try:
        return _document(parse(query, no_location=True))
    except (GraphQLError, _InvalidSyntaxError) as error:
        raise invalid("not a valid graphql query", "$.query") from error


def _depth(query: str) -> int:
    deepest = depth = 0
    for mark in _MARKS.finditer(query):
        if mark[0] in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif mark[0] in _CLOSING:
            depth -= 1
    return deepest


_parse_cached = lru_cache(maxsize=_CACHED_DOCUMENTS)(_parse)


class _InvalidSyntaxError(Exception):
    """What graphql-core's parser lets pass and the language does not."""


def _document(syntax: DocumentNode) -> Document:
    fragments: dict[str, Fragment] = {}
    operations: list[OperationDefinitionNode] = []
    for node in syntax.definitions:
        if isinstance(node, OperationDefinitionNode):
            operations.append(node)
        elif isinstance(node, FragmentDefinitionNode):
            _add_fragment(fragments, node)
        else:
            raise _InvalidSyntaxError(node.kind)
    return Document(tuple(_operation(node, fragments) for node in operations))


def _add_fragment(fragments: dict[str, Fragment], node: FragmentDefinitionNode) -> None:
    name = node.name.value
    if name in fragments:
        raise invalid(f'multiple definitions for fragment "{name}"', "$", "parse-failed")
    condition = node.type_condition.name.value
    fragments[name] = Fragment(condition, _selections(node.selection_set))


def _operation(
    node: OperationDefinitionNode, fragments: Mapping[str, Fragment]
) -> OperationDefinition:
    return OperationDefinition(
        kind=node.operation.value,
        name=node.name.value if node.name else None,
        variables=tuple(map(_variable_definition, node.variable_definitions)),
        directives=_directives(node.directives),
        selection=_selections(node.selection_set),
        fragments=fragments,
    )


def _variable_definition(node: VariableDefinitionNode) -> VariableDefinition:
    has_default = node.default_value is not None
    default = _value(node.default_value) if node.default_value is not None else None
    return VariableDefinition(node.variable.name.value, _type_ref(node.type), default, has_default)


def _type_ref(node: TypeNode, *, nullable: bool = True) -> TypeRef:
    if isinstance(node, NonNullTypeNode):
        return _type_ref(node.type, nullable=False)
    if isinstance(node, ListTypeNode):
        return TypeRef("", _type_ref(node.type), nullable)
    if isinstance(node, NamedTypeNode):
        return TypeRef(node.name.value, None, nullable)
    raise _InvalidSyntaxError(node.kind)


def _selections(node: SelectionSetNode | None) -> tuple[Selection, ...]:
    return tuple(map(_selection, node.selections)) if node else ()


def _selection(node: SelectionNode) -> Selection:
    directives = _directives(node.directives)
    if isinstance(node, FieldNode):
        return _field(node, directives)
    if isinstance(node, FragmentSpreadNode):
        return FragmentSpread(node.name.value, directives)
    if isinstance(node, InlineFragmentNode):
        condition = node.type_condition.name.value if node.type_condition else None
        return InlineFragment(condition, directives, _selections(node.selection_set))
    raise _InvalidSyntaxError(node.kind)


def _field(node: FieldNode, directives: tuple[Directive, ...]) -> FieldSelection:
    name = node.name.value
    return FieldSelection(
        key=node.alias.value if node.alias else name,
        name=name,
        arguments=_named_values(node.arguments),
        directives=directives,
        selection=_selections(node.selection_set),
    )


def _directives(nodes: Sequence[DirectiveNode]) -> tuple[Directive, ...]:
    return tuple(Directive(node.name.value, _named_values(node.arguments)) for node in nodes)


def _named_values(
    nodes: Iterable[ArgumentNode] | Iterable[ObjectFieldNode],
) -> dict[str, LiteralValue]:
    values: dict[str, LiteralValue] = {}
    for node in nodes:
        if node.name.value in values:
            raise _InvalidSyntaxError(node.name.value)
        values[node.name.value] = _value(node.value)
    return values


def _value(node: ValueNode) -> LiteralValue:
    value: LiteralValue = None
    match node:
        case VariableNode():
            value = Variable(node.name.value)
        case StringValueNode() | BooleanValueNode():
            value = node.value
        case IntValueNode():
            value = _integer(node.value)
        case FloatValueNode():
            value = _decimal(node.value)
        case EnumValueNode():
            value = EnumName(node.value)
        case ListValueNode():
            value = [_value(item) for item in node.values]
        case ObjectValueNode():
            value = _named_values(node.fields)
        case _:
            pass
    return value


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _MAX_INTEGER_DIGITS else Decimal(text)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise _InvalidSyntaxError(f"the exponent of {text} is too large") from error

"""Answers `__schema` and `__type`, whatever else the document asks for.

The answer about a schema of hundreds of tables holds a million fields, most of them about the few
types that every column refers to. So the JSON of a type is made once for all places at which the
document selects the same of it. What each field gives is what graphql-core says.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import orjson
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLIncludeDirective,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSkipDirective,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
    get_operation_ast,
    introspection_types,
    is_type,
    parse,
)
from graphql.execution.values import (
    get_argument_values,
    get_directive_values,
    get_variable_values,
)

from run_logger.local.annotations import is_advertised
from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from graphql import GraphQLField, GraphQLSchema, SelectionNode

    from run_logger.local.operation import Field

_Write: TypeAlias = "Callable[[Any], bytes]"
_FIELDS = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}
_INPUT_FIELDS = cast("GraphQLObjectType", introspection_types["__Type"]).fields["inputFields"]


def is_introspection(field: Field) -> bool:
    """Tell whether a root field asks for the schema."""
    return field.name in _FIELDS


def introspect(
    schema: GraphQLSchema,
    query: str,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
) -> dict[str, bytes]:
    """Answer the root fields of a document that ask for the schema.

    Args:
        schema: The schema of the role that asks.
        query: The document, which was read without an error.
        variables: Its variables.
        operation_name: Which of its operations is meant.

    Returns:
        The values of these root fields as JSON, by their keys in the answer.

    Raises:
        HasuraError: An argument in it is not what it should be.
    """
    document = parse(query)
    operation = cast("OperationDefinitionNode", get_operation_ast(document, operation_name))
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    values = get_variable_values(
        schema, operation.variable_definitions or (), dict(variables or {})
    )
    if isinstance(values, list):
        raise HasuraError(values[0].message, "validation-failed")
    try:
        return _Compiler(schema, fragments, values).answer(operation)
    except GraphQLError as error:
        raise HasuraError(error.message, "validation-failed") from error


class _Compiler:
    """Makes of a document what writes JSON about a schema."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: dict[str, Any],
    ) -> None:
        self.schema = schema
        self._fragments = fragments
        self._variables = variables

    def answer(self, operation: OperationDefinitionNode) -> dict[str, bytes]:
        """Answer those of an operation's fields that ask for the schema."""
        return {
            key: self._member(_FIELDS[name], nodes, f"$.selectionSet.{name}")(None)
            for key, nodes in self._fields([operation]).items()
            if (name := nodes[0].name.value) in _FIELDS
        }

    def _member(self, field: GraphQLField, nodes: list[FieldNode], path: str) -> _Write:
        """Return what writes the value of a field, given the object that has the field.

        Args:
            field: What the field is.
            nodes: Where the document selects it.
            path: Where that is, as errors name places.
        """
        arguments = get_argument_values(field, nodes[0], self._variables)
        resolve = cast("Any", field.resolve)
        if field is _INPUT_FIELDS:
            resolve = _advertised(resolve)
        write = self._value(cast("Any", field).type, nodes, path)
        # Of what graphql-core tells a resolver, those of the introspection ask for the schema.
        return lambda source: write(resolve(source, self, **arguments))

    def _value(self, type_: Any, nodes: list[FieldNode], path: str) -> _Write:
        if isinstance(type_, GraphQLNonNull):
            return self._value(cast("Any", type_).of_type, nodes, path)
        if isinstance(type_, GraphQLList):
            return _list_writer(self._value(cast("Any", type_).of_type, nodes, path))
        if isinstance(type_, GraphQLObjectType):
            return _once_for_each_type(self._object(type_, nodes, path))
        serialize = type_.serialize
        return lambda value: b"null" if value is None else orjson.dumps(serialize(value))

    def _object(self, type_: GraphQLObjectType, nodes: list[FieldNode], path: str) -> _Write:
        members: list[tuple[bytes, _Write]] = []
        for key, selected in self._fields(nodes).items():
            name = selected[0].name.value
            place = f"{path}.selectionSet.{name}"
            if name == "__typename":
                members.append((key.encode(), _constant(orjson.dumps(type_.name))))
            elif name in type_.fields:
                members.append((key.encode(), self._member(type_.fields[name], selected, place)))
            else:
                message = f"field '{name}' not found in type: '{type_.name}'"
                raise HasuraError(message, "validation-failed", place)
        return lambda value: (
            b"{%b}" % b",".join([b'"%b":%b' % (key, write(value)) for key, write in members])
        )

    def _fields(
        self, nodes: Iterable[FieldNode | OperationDefinitionNode]
    ) -> dict[str, list[FieldNode]]:
        """Return what is selected under some nodes, by the keys of the answer."""
        found: dict[str, list[FieldNode]] = {}
        sets = (node.selection_set.selections for node in nodes if node.selection_set)
        for node in self._flat(chain.from_iterable(sets)):
            key = node.alias.value if node.alias else node.name.value
            found.setdefault(key, []).append(node)
        return found

    def _flat(self, selections: Iterable[SelectionNode]) -> Iterator[FieldNode]:
        """Follow the fragments: a type of the introspection is never another one."""
        for node in selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, FragmentSpreadNode):
                yield from self._flat(self._fragments[node.name.value].selection_set.selections)
            else:
                yield from self._flat(cast("Any", node).selection_set.selections)

    def _is_included(self, node: SelectionNode) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        return not (skip and skip["if"]) and not (include and not include["if"])


def _advertised(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def resolve_advertised(*given: Any, **arguments: Any) -> Any:
        items = resolve(*given, **arguments)
        return items and [item for item in items if is_advertised(item[1])]

    return resolve_advertised


def _constant(text: bytes) -> _Write:
    return lambda _: text


def _list_writer(write: _Write) -> _Write:
    return lambda items: (
        b"null" if items is None else b"[%b]" % b",".join([write(item) for item in items])
    )


def _once_for_each_type(write: _Write) -> _Write:
    """Return what writes an object that may be null, and a type of the schema only once."""
    # The schema holds its types, wrapped ones too, so that no other object gets their ids.
    written: dict[int, bytes] = {}

    def write_once(value: Any) -> bytes:
        if value is None:
            return b"null"
        if not is_type(value):
            return write(value)
        key = id(value)
        if key not in written:
            written[key] = write(value)
        return written[key]

    return write_once

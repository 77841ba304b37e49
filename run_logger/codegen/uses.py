"""Which parts of a schema the queries use, and where."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from graphql import (
    DirectiveNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    Visitor,
    get_named_type,
    is_input_object_type,
    visit,
)

from run_logger.codegen.lookup import fields_of, type_of, variable_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import DocumentNode, GraphQLNamedType, GraphQLSchema, Node


@dataclass(frozen=True, order=True, slots=True)
class Use:
    """A place in the queries that uses a part of the schema.

    Attributes:
        file: The path of the file, as it was given.
        line: The line, from 1.
        column: The column, from 1.
        definition: The operation or fragment that the place is in: `list_runs`, `fragment Run`.
        operations: The operations that this concerns: the one, or those that use the fragment.
        variable: The variable through which callers may send that part; "" if it is written out.
    """

    file: str
    line: int
    column: int
    definition: str
    operations: tuple[str, ...]
    variable: str = ""

    def __str__(self) -> str:
        """Return `file:line:column: operation`, as compilers write it."""
        users = ", ".join(self.operations)
        is_fragment = self.definition.startswith("fragment ")
        whose = f"{self.definition} of {users or 'no operation'}" if is_fragment else users
        through = f", through ${self.variable}" if self.variable else ""
        return f"{self.file}:{self.line}:{self.column}: {whose}{through}"


class Uses:
    """The uses of a schema's parts by coordinate.

    A coordinate is `type.field`, `type.field(argument)`, `enum.value`, `@directive`, the name of an
    input type that is written out, or `returns type` for the type of a field that is selected.

    Args:
        schema: The schema.
        document: Operations and fragments that fit it.
    """

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        collector = _Collector(schema, document)
        visit(document, TypeInfoVisitor(collector.type_info, collector))
        self._written = collector.written
        self._variables = collector.variables
        self._schema = schema
        self._reached: dict[str, frozenset[str]] = {}

    def of(self, *coordinates: str) -> list[Use]:
        """Return the places that write one of these out, sorted."""
        return sorted({use for key in coordinates for use in self._written.get(key, ())})

    def through_variables(self, type_name: str) -> list[Use]:
        """Return the variables in whose values an input type or enum may stand, sorted."""
        uses = {
            use
            for sent, each in self._variables.items()
            if type_name in self._reachable(sent)
            for use in each
        }
        return sorted(uses)

    def _reachable(self, type_name: str) -> frozenset[str]:
        """Return the type, and the types that its fields have in every depth."""
        if type_name not in self._reached:
            self._reached[type_name] = frozenset(self._walk(type_name))
        return self._reached[type_name]

    def _walk(self, type_name: str) -> set[str]:
        seen, waiting = {type_name}, [type_name]
        while waiting:
            type_ = self._schema.type_map[waiting.pop()]
            found = _field_types(type_) - seen
            seen |= found
            waiting.extend(found)
        return seen


class _Collector(Visitor):
    """Notes the coordinates that a document uses while it is walked through."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        super().__init__()
        # Any, since graphql-core leaves out what its wrappers of types hold.
        self.type_info: Any = TypeInfo(schema)
        self.written: dict[str, set[Use]] = defaultdict(set)
        self.variables: dict[str, set[Use]] = defaultdict(set)
        self._schema = schema
        self._users = users_of_fragments(document)
        self._definition = ""
        self._operations: tuple[str, ...] = ()

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        """Begin an operation."""
        name = node.name.value if node.name else node.operation.value
        self._definition, self._operations = name, (name,)

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> None:
        """Begin a fragment."""
        name = node.name.value
        self._definition, self._operations = f"fragment {name}", self._users.get(name, ())
        self._note(f"returns {node.type_condition.name.value}", node)

    def enter_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> None:
        """Note the type of rows that a selection is for."""
        if node.type_condition:
            self._note(f"returns {node.type_condition.name.value}", node)

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        """Note the type of what callers send."""
        type_ = name_of_type(variable_type(self._schema, node))
        self.variables[type_].add(self._use(node, node.variable.name.value))

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Note a field that is selected, and what it returns."""
        parent, type_ = self.type_info.get_parent_type(), self.type_info.get_type()
        if parent and type_:
            coordinate = f"{parent.name}.{node.name.value}"
            self._note(coordinate, node)
            self._note(f"returns {name_of_type(type_)}", node)
            for argument in node.arguments:
                self._note(f"{coordinate}({argument.name.value})", argument)

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        """Note a directive."""
        self._note(f"@{node.name.value}", node)

    def enter_object_value(self, node: ObjectValueNode, *_: Any) -> None:
        """Note an input object that is written out."""
        type_ = self.type_info.get_input_type()
        if type_:
            self._note(name_of_type(type_), node)

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        """Note a field of an input object."""
        parent = self.type_info.get_parent_input_type()
        if parent:
            self._note(f"{name_of_type(parent)}.{node.name.value}", node)

    def enter_enum_value(self, node: EnumValueNode, *_: Any) -> None:
        """Note a value of an enum."""
        type_ = self.type_info.get_input_type()
        if type_:
            self._note(f"{name_of_type(type_)}.{node.value}", node)

    def _note(self, coordinate: str, node: Node) -> None:
        self.written[coordinate].add(self._use(node))

    def _use(self, node: Node, variable: str = "") -> Use:
        return Use(*place_of(node), self._definition, self._operations, variable)


def place_of(node: Node) -> tuple[str, int, int]:
    """Return the file, the line and the column of a node, both from 1."""
    assert node.loc, "the queries were parsed with their places"  # noqa: S101
    return node.loc.source.name, node.loc.start_token.line, node.loc.start_token.column


def named_type(type_: Any) -> GraphQLNamedType:
    """Return a type without the lists and the non-nulls around it."""
    return cast("GraphQLNamedType", get_named_type(type_))


def name_of_type(type_: Any) -> str:
    """Return the name of a type without the lists and the non-nulls around it."""
    return named_type(type_).name


def users_of_fragments(document: DocumentNode) -> dict[str, tuple[str, ...]]:
    """Return the names of the operations that use each fragment, in every depth, sorted."""
    spreads = _Spreads()
    visit(document, spreads)
    users: dict[str, set[str]] = defaultdict(set)
    for operation in spreads.operations:
        waiting, seen = [operation], set[str]()
        while waiting:
            found = spreads.by_definition[waiting.pop()] - seen
            seen |= found
            waiting.extend(f"fragment {name}" for name in found)
        for name in seen:
            users[name].add(operation)
    return {name: tuple(sorted(each)) for name, each in users.items()}


class _Spreads(Visitor):
    """Notes which fragments each definition spreads."""

    def __init__(self) -> None:
        super().__init__()
        self.by_definition: dict[str, set[str]] = defaultdict(set)
        self.operations: list[str] = []
        self._definition = ""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        """Begin an operation."""
        self._definition = node.name.value if node.name else node.operation.value
        self.operations.append(self._definition)

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> None:
        """Begin a fragment."""
        self._definition = f"fragment {node.name.value}"

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        """Note a spread."""
        self.by_definition[self._definition].add(node.name.value)


def _field_types(type_: GraphQLNamedType) -> set[str]:
    if not is_input_object_type(type_):
        return set()
    fields: Iterable[Any] = fields_of(type_).values()
    return {name_of_type(type_of(field)) for field in fields}

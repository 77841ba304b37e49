"""Advice on operations against Hasura: right ones that may do what nobody wants.

What a field of a root is, its arguments say and not its name, since names can be configured:

- a delete has a `where` that it needs, an update operators such as `_set` beside it, an update of
  many `updates`; an insert has `object` or `objects` beside `on_conflict`;
- a list has `where` and `limit`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    ListValueNode,
    NonNullTypeNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    get_nullable_type,  # pyright: ignore[reportUnknownVariableType]
    is_list_type,
    is_object_type,
    visit,
)

from run_logger.codegen.lookup import fields_of, is_not_null, type_of
from run_logger.codegen.uses import name_of_type, named_type, place_of, users_of_fragments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import (
        DocumentNode,
        FieldNode,
        FragmentDefinitionNode,
        GraphQLArgument,
        GraphQLField,
        GraphQLSchema,
        ValueNode,
        VariableDefinitionNode,
    )

    Advice = tuple[tuple[str, int, int], str]
    Definitions = dict[str, list[VariableDefinitionNode]]

# Sent twice, these change a row twice; `_set` and the merging of objects do not.
_NOT_TWICE = frozenset({"_inc", "_delete_elem"})
_UPDATES = frozenset({"_set", "_inc", "_append", "_prepend", "_delete_at_path"})
_EXACT = frozenset({"_eq", "_in"})
_QUOTED = re.compile(r'"([^"]+)"')


def advise(schema: GraphQLSchema, document: DocumentNode) -> list[Advice]:
    """Return what is advised on operations that fit the schema.

    Args:
        schema: The schema, of Hasura's.
        document: The operations, and the fragments that they use.

    Returns:
        Places (file, line, column) with what is advised there.
    """
    visitor = _Adviser(schema, document)
    visit(document, TypeInfoVisitor(visitor.type_info, visitor))
    return visitor.advice


class _Adviser(Visitor):
    """Looks at the fields of the roots."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        super().__init__()
        # Any, since graphql-core leaves out what its wrappers of types hold.
        self.type_info: Any = TypeInfo(schema)
        self.advice: list[Advice] = []
        self._schema = schema
        self._definitions = _variables_of_fragments(document)
        self._variables: Definitions = {}
        self._keys = _Keys(schema)

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        """Note the variables of an operation."""
        self._variables = {each.variable.name.value: [each] for each in node.variable_definitions}

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> None:
        """Note the variables of the operations that use a fragment."""
        self._variables = self._definitions.get(node.name.value, {})

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Advise on a field of a root."""
        parent, field = self.type_info.get_parent_type(), self.type_info.get_field_def()
        if parent is None or field is None:
            return
        rules = self._of_mutation if parent is self._schema.mutation_type else self._of_list
        roots = {
            self._schema.query_type,
            self._schema.mutation_type,
            self._schema.subscription_type,
        }
        if parent in roots:
            place = place_of(node)
            self.advice += [(place, message) for message in rules(node, field)]

    def _of_mutation(self, node: FieldNode, field: GraphQLField) -> Iterator[str]:
        known, given = _arguments_of(field), _given(node)
        # A function that changes something has a where too: it chooses from what it returns.
        if "where" in known and is_not_null(_type_of(known["where"])):
            yield from self._of_filter(known, given)
        if "updates" in known:
            yield from self._of_updates(known["updates"], given.get("updates"))
        for operator in sorted(_NOT_TWICE & given.keys()):
            yield _not_twice(operator)
        if {"object", "objects"} & known.keys() and "on_conflict" in known:
            yield from self._of_insert(given)

    def _of_filter(
        self, known: dict[str, GraphQLArgument], given: dict[str, ValueNode]
    ) -> Iterator[str]:
        does = "updates" if _UPDATES & known.keys() else "deletes"
        where = given.get("where")
        if not self._restricts(where, _type_of(known["where"])):
            yield _all_rows(does, where)

    def _of_updates(self, known: GraphQLArgument, updates: ValueNode | None) -> Iterator[str]:
        type_ = named_type(_type_of(known))
        for update in _items(updates):
            if isinstance(update, ObjectValueNode) and isinstance(type_, GraphQLInputObjectType):
                given = _entries(update)
                where = given.get("where")
                if not self._restricts(where, type_of(fields_of(type_)["where"])):
                    yield _all_rows("updates", where)
                yield from map(_not_twice, sorted(_NOT_TWICE & given.keys()))

    def _of_insert(self, given: dict[str, ValueNode]) -> Iterator[str]:
        if not self._is_given(given.get("on_conflict")):
            yield (
                "this is not safe to send twice: without on_conflict a second one inserts again,"
                " or fails on a key"
            )

    def _of_list(self, node: FieldNode, field: GraphQLField) -> Iterator[str]:
        known, given = _arguments_of(field), _given(node)
        rows = cast("Any", get_nullable_type(cast("Any", type_of(field))))
        is_rows = is_list_type(rows) and is_object_type(named_type(rows))
        if not is_rows or not {"where", "limit"} <= known.keys():
            return
        if self._is_given(given.get("limit")):
            return
        if not self._has_key(given.get("where"), _type_of(known["where"]), name_of_type(rows)):
            yield "this list has no limit, and no key in its where: it may be the whole table"

    def _is_given(self, value: ValueNode | None) -> bool:
        """Return whether an argument always has a value."""
        if isinstance(value, VariableNode):
            return self._is_certain(value)
        return value is not None and not isinstance(value, NullValueNode)

    def _is_certain(self, variable: VariableNode) -> bool:
        """Return whether a variable always has a value: it is not null, or has a default."""
        definitions = self._variables.get(variable.name.value, [])
        return bool(definitions) and all(
            isinstance(each.type, NonNullTypeNode) or _has_default(each) for each in definitions
        )

    def _restricts(self, value: ValueNode | None, type_: Any) -> bool:
        """Return whether a boolean expression cannot be true for every row."""
        if not isinstance(value, ObjectValueNode):
            return False
        types = _input_fields(type_)
        return any(
            self._entry_restricts(name, entry, types.get(name))
            for name, entry in _entries(value).items()
        )

    def _entry_restricts(self, name: str, value: ValueNode, type_: Any) -> bool:
        if name == "_and":
            return any(self._restricts(item, type_) for item in _items(value))
        if name == "_or":
            # An empty one is true for no row.
            return isinstance(value, ListValueNode) and all(
                self._restricts(item, type_) for item in value.values
            )
        if name == "_not" or "_and" in _input_fields(type_):
            # A relationship is true where there is a row: for few, even without a condition.
            return self._is_given(value)
        return isinstance(value, ObjectValueNode) and any(
            self._is_given(operand) for operand in _entries(value).values()
        )

    def _has_key(self, value: ValueNode | None, type_: Any, row: str) -> bool:
        """Return whether a boolean expression compares a part of a key."""
        if not isinstance(value, ObjectValueNode):
            return False
        types = _input_fields(type_)
        return any(
            self._entry_has_key(name, entry, types.get(name), row)
            for name, entry in _entries(value).items()
        )

    def _entry_has_key(self, name: str, value: ValueNode, type_: Any, row: str) -> bool:
        if name == "_and":
            return any(self._has_key(item, type_, row) for item in _items(value))
        if name in {"_or", "_not"}:
            return False
        if "_and" in _input_fields(type_):
            return self._has_key(value, type_, self._keys.row_of(row, name))
        is_compared = isinstance(value, ObjectValueNode) and bool(_EXACT & _entries(value).keys())
        return is_compared and name in self._keys.of(row)


class _Keys:
    """The columns of each table that are in a key of it.

    Args:
        schema: The schema: its fields by primary key, and the comments of its constraints, say it.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._columns: dict[str, set[str]] = {}
        for field in fields_of(schema.query_type).values() if schema.query_type else ():
            row: Any = type_of(field)
            if is_object_type(row) and field.args:
                self._columns.setdefault(row.name, set()).update(field.args)

    def of(self, row: str) -> set[str]:
        """Return the columns of a type of rows that are in a key."""
        constraints = self._schema.type_map.get(f"{row}_constraint")
        found = set(self._columns.get(row, ()))
        if isinstance(constraints, GraphQLEnumType):
            for value in constraints.values.values():
                found.update(_QUOTED.findall(value.description or ""))
        return found

    def row_of(self, row: str, relationship: str) -> str:
        """Return the type of rows behind a relationship."""
        type_ = self._schema.type_map.get(row)
        fields = fields_of(type_) if type_ is not None and is_object_type(type_) else {}
        field = fields.get(relationship)
        return name_of_type(type_of(field)) if field else ""


def _variables_of_fragments(document: DocumentNode) -> dict[str, Definitions]:
    operations = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode) and node.name
    }
    found: dict[str, Definitions] = {}
    for fragment, users in users_of_fragments(document).items():
        variables: Definitions = found.setdefault(fragment, {})
        for user in users:
            for each in operations[user].variable_definitions if user in operations else ():
                variables.setdefault(each.variable.name.value, []).append(each)
    return found


def _arguments_of(field: GraphQLField) -> dict[str, GraphQLArgument]:
    return field.args


def _given(node: FieldNode) -> dict[str, ValueNode]:
    return {argument.name.value: argument.value for argument in node.arguments}


def _entries(value: ObjectValueNode) -> dict[str, ValueNode]:
    return {entry.name.value: entry.value for entry in value.fields}


def _items(value: ValueNode | None) -> list[ValueNode]:
    """Return the items of a list; one value stands for a list of one, as GraphQL has it."""
    if value is None:
        return []
    return list(value.values) if isinstance(value, ListValueNode) else [value]


def _type_of(argument: GraphQLArgument) -> Any:
    return cast("Any", argument).type


def _input_fields(type_: Any) -> dict[str, Any]:
    named = named_type(type_) if type_ else None
    if not isinstance(named, GraphQLInputObjectType):
        return {}
    return {name: type_of(field) for name, field in fields_of(named).items()}


def _has_default(definition: VariableDefinitionNode) -> bool:
    default = definition.default_value
    return default is not None and not isinstance(default, NullValueNode)


def _all_rows(does: str, where: ValueNode | None) -> str:
    if isinstance(where, VariableNode):
        name = where.name.value
        return f"this {does} every row where ${name} is {{}}: write the condition out, with values"
    return f"this {does} every row where its where has no condition that always counts"


def _not_twice(operator: str) -> str:
    return f"this is not safe to send twice: {operator} changes a row that it has changed again"

"""How a stream goes on behind the last row that came: read from its text, by its cursor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeGuard

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    parse,
    parse_value,
    print_ast,
    value_from_ast_untyped,
    visit,
)

from run_logger.errors import ConfigError, QueryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphql import DocumentNode, SelectionSetNode

__all__ = ["Stream", "stream_of"]


class Stream:
    """A stream's place among its rows.

    Args:
        document: The parsed text, which becomes the stream's own.
        operation: The subscription in it.
        field: Its root field.
        cursor: The value of the field's cursor.
        column: The column that the cursor stands on.
        row_key: The name of that column in the rows, where it may have an alias.
    """

    def __init__(  # noqa: PLR0913  (what a place in a stream is made of)
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        field: FieldNode,
        cursor: Mapping[str, Any],
        column: str,
        row_key: str,
    ) -> None:
        self._document = document
        self._operation = operation
        self._field = field
        self._ordering = cursor.get("ordering")
        self._column = column
        self._row_key = row_key
        self._key = (field.alias or field.name).value
        self._last: Any = None

    @property
    def has_moved(self) -> bool:
        """Whether any row has come."""
        return self._last is not None

    def advance(self, data: Mapping[str, Any], text: str) -> None:
        """Move behind the last row of a batch.

        Args:
            data: The batch, as the data of its message.
            text: The message itself, for digits that a float does not have.
        """
        rows = data.get(self._key)
        if not _is_list(rows) or not rows:
            return
        self._last = rows[-1][self._row_key]
        if isinstance(self._last, float):
            exact = json.loads(text, parse_float=str, parse_int=str)
            self._last = exact["payload"]["data"][self._key][-1][self._row_key]

    def request(self, variables: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the text that goes on from here, and those of the variables that it still has."""
        # Hasura takes the text of a value for any type, and numbers where the type is one.
        last = json.dumps(self._last, ensure_ascii=False)
        ordering = f", ordering: {self._ordering}" if self._ordering else ""
        cursor = f"{{initial_value: {{{self._column}: {last}}}{ordering}}}"
        for argument in self._field.arguments:
            if argument.name.value == "cursor":
                argument.value = parse_value(cursor)
        used = _variables_in(self._document)
        self._operation.variable_definitions = tuple(
            definition
            for definition in self._operation.variable_definitions
            if definition.variable.name.value in used
        )
        left = {name: value for name, value in variables.items() if name in used}
        return print_ast(self._document), left


def stream_of(query: str, operation_name: str, variables: Mapping[str, Any]) -> Stream | None:
    """Return the place where a stream begins; None for a live query.

    A stream is what has a cursor and a batch size, as Hasura's root fields `…_stream` do whatever
    they are called.

    Args:
        query: The subscription's text, with the fragments that it uses.
        operation_name: The name of the subscription in it.
        variables: Its variables, as JSON types.

    Raises:
        QueryError: The text cannot be read, or holds no such subscription.
        ConfigError: The stream does not select the column of its cursor: after an interruption,
            nobody could tell which rows have come.
    """
    document = _parsed(query)
    operation = _subscription(document, operation_name)
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    fields = list(_fields(operation.selection_set, fragments))
    arguments = {argument.name.value: argument.value for argument in fields[0].arguments}
    if len(fields) != 1 or not {"cursor", "batch_size"} <= arguments.keys():
        return None
    cursor = _cursor(value_from_ast_untyped(arguments["cursor"], _defaults(operation, variables)))
    if cursor is None:
        return None  # what the server refuses, in its own words
    column = next(iter(cursor["initial_value"]))
    row_key = _row_key(fields[0], fragments, column, operation_name)
    return Stream(document, operation, fields[0], cursor, column, row_key)


def _parsed(query: str) -> DocumentNode:
    try:
        return parse(query, no_location=True)
    except GraphQLSyntaxError as error:
        raise QueryError(
            f"the query cannot be read: {error.message}", code="validation-failed"
        ) from error


def _subscription(document: DocumentNode, operation_name: str) -> OperationDefinitionNode:
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            name = definition.name.value if definition.name else ""
            if name == operation_name and definition.operation is OperationType.SUBSCRIPTION:
                return definition
    raise QueryError(
        f"the text has no subscription called {operation_name!r}",
        code="validation-failed",
        remedy="Queries and mutations are sent by execute, or by the methods of the client.",
    )


def _fields(
    selections: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    """Yield the fields that are selected always, those of fragments too."""
    for node in selections.selections if selections else ():
        if node.directives and not isinstance(node, FieldNode):
            continue
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _fields(node.selection_set, fragments)
        elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments:
            yield from _fields(fragments[node.name.value].selection_set, fragments)


def _row_key(
    field: FieldNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    column: str,
    operation_name: str,
) -> str:
    for selected in _fields(field.selection_set, fragments):
        if selected.name.value == column and not selected.directives:
            return (selected.alias or selected.name).value
    raise ConfigError(
        f"the stream {operation_name} does not select {column}, the column of its cursor",
        remedy=f"Select {column} too: after an interruption the stream goes on behind it.",
    )


def _cursor(value: Any) -> Mapping[str, Any] | None:
    """Return the one cursor on one column, which is all that Hasura takes; else None."""
    cursor = value[0] if _is_list(value) and len(value) == 1 else value
    if not _is_object(cursor):
        return None
    initial = cursor.get("initial_value")
    return cursor if _is_object(initial) and len(initial) == 1 else None


def _defaults(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables, with the defaults of those that were not given."""
    defaults = {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions
        if definition.default_value is not None
    }
    return {**defaults, **variables}


def _variables_in(document: DocumentNode) -> set[str]:
    """Return the names of the variables that are used, not only declared."""
    collector = _Collector()
    visit(document, collector)
    return collector.names


class _Collector(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable_definition(self, *_: Any) -> bool:
        return False

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_object(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, dict)

"""Streaming subscriptions: the cursor of `<table>_stream`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from graphql import GraphQLArgument, GraphQLInputField, GraphQLList, GraphQLNonNull

from run_logger.local.schema.arguments import where_argument
from run_logger.local.schema.columns import input_field
from run_logger.local.schema.construct import INT, enum_type, input_type

if TYPE_CHECKING:
    from graphql import GraphQLEnumType, GraphQLInputObjectType

    from run_logger.local.model import TrackedTable
    from run_logger.local.schema.types import Types

_ORDERINGS: Final = {
    "ASC": "ascending ordering of the cursor",
    "DESC": "descending ordering of the cursor",
}


def stream_arguments(types: Types, table: TrackedTable) -> dict[str, GraphQLArgument]:
    """Return the arguments of the field that streams the rows of the table."""
    batch_size = GraphQLArgument(
        GraphQLNonNull(INT), description="maximum number of rows returned in a single batch"
    )
    cursor = GraphQLArgument(
        GraphQLNonNull(GraphQLList(_cursor(types, table))),
        description="cursor to stream the results returned by the query",
    )
    return {"batch_size": batch_size, "cursor": cursor, "where": where_argument(types, table)}


def _cursor(types: Types, table: TrackedTable) -> GraphQLInputObjectType:
    initial_value = GraphQLInputField(
        GraphQLNonNull(_cursor_value(types, table)),
        description="Stream column input with initial value",
    )
    ordering = GraphQLInputField(_cursor_ordering(types), description="cursor ordering")
    return types.of_table(
        table,
        "_stream_cursor_input",
        lambda name: input_type(
            name,
            lambda: [("initial_value", initial_value), ("ordering", ordering)],
            f'Streaming cursor of the table "{table.name}"',
        ),
    )


def _cursor_value(types: Types, table: TrackedTable) -> GraphQLInputObjectType:
    return types.of_table(
        table,
        "_stream_cursor_value_input",
        lambda name: input_type(
            name,
            lambda: ((column.name, input_field(types, column)) for column in types.columns(table)),
            "Initial value of the column from where the streaming should start",
        ),
    )


def _cursor_ordering(types: Types) -> GraphQLEnumType:
    name = "cursor_ordering"
    return types.once(
        name, "orderings", lambda: enum_type(name, _ORDERINGS, "ordering argument of a cursor")
    )

"""The types of aggregates: `<table>_aggregate`, its fields, and `<table>_<operator>_fields`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
)

from run_logger.local.scalars import is_comparable, is_numeric
from run_logger.local.schema import descriptions
from run_logger.local.schema.columns import select_columns
from run_logger.local.schema.construct import BOOLEAN, FLOAT, INT, object_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from graphql import GraphQLObjectType

    from run_logger.local.model import ColumnField, TrackedTable
    from run_logger.local.schema.types import Types

_NUMERIC: Final = (
    "avg",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
)
_COMPARABLE: Final = ("max", "min")
# What gives a value of the column's type; the others give a Float.
_KEEPS_TYPE: Final = frozenset({"max", "min", "sum"})


def operators(types: Types, table: TrackedTable) -> Iterator[tuple[str, Sequence[ColumnField]]]:
    """Yield every aggregate operator but `count` that the table has columns for, with these."""
    columns = [column for column in types.columns(table) if column.enum is None]
    numeric = [column for column in columns if is_numeric(column.column.type)]
    comparable = [column for column in columns if is_comparable(column.column.type)]
    if numeric:
        yield from ((operator, numeric) for operator in _NUMERIC)
    if comparable:
        yield from ((operator, comparable) for operator in _COMPARABLE)


def aggregate(types: Types, table: TrackedTable, rows: GraphQLObjectType) -> GraphQLObjectType:
    """Return `<table>_aggregate`; `rows` is the table's object type."""
    return types.of_table(
        table,
        "_aggregate",
        lambda name: object_type(
            name,
            lambda: [
                ("aggregate", GraphQLField(_aggregate_fields(types, table))),
                ("nodes", GraphQLField(list_of(rows))),
            ],
            f"aggregated selection of {descriptions.quoted(table)}",
        ),
    )


def list_of(
    rows: GraphQLObjectType,
) -> GraphQLNonNull[GraphQLList[GraphQLNonNull[GraphQLObjectType]]]:
    """Return the type of a list of rows: neither it nor any of them is null."""
    return GraphQLNonNull(GraphQLList(GraphQLNonNull(rows)))


def _aggregate_fields(types: Types, table: TrackedTable) -> GraphQLObjectType:
    return types.of_table(
        table,
        "_aggregate_fields",
        lambda name: object_type(
            name,
            lambda: _fields(types, table),
            f"aggregate fields of {descriptions.quoted(table)}",
        ),
    )


def _fields(types: Types, table: TrackedTable) -> Iterator[tuple[str, GraphQLField]]:
    yield "count", _count(types, table)
    for operator, columns in operators(types, table):
        yield operator, GraphQLField(_operator_fields(types, table, operator, columns))


def _count(types: Types, table: TrackedTable) -> GraphQLField:
    arguments = {"distinct": GraphQLArgument(BOOLEAN)}
    if (columns := select_columns(types, table)) is not None:
        arguments = {"columns": GraphQLArgument(columns), **arguments}
    return GraphQLField(GraphQLNonNull(INT), args=arguments)


def _operator_fields(
    types: Types, table: TrackedTable, operator: str, columns: Sequence[ColumnField]
) -> GraphQLObjectType:
    return types.of_table(
        table,
        f"_{operator}_fields",
        lambda name: object_type(
            name,
            lambda: ((column.name, _operator_field(types, operator, column)) for column in columns),
            f"aggregate {operator} on columns",
        ),
    )


def _operator_field(types: Types, operator: str, column: ColumnField) -> GraphQLField:
    type_ = types.column(column) if operator in _KEEPS_TYPE else FLOAT
    return GraphQLField(type_, description=descriptions.of_column(column))

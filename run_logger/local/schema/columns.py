"""Columns as enum values (`<table>_select_column`) and as input fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import GraphQLArgument, GraphQLInputField, GraphQLList, GraphQLNonNull

from run_logger.local.annotations import column_value
from run_logger.local.schema import descriptions
from run_logger.local.schema.construct import enum_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import GraphQLEnumType

    from run_logger.local.model import ColumnField, TrackedTable
    from run_logger.local.schema.types import Types


def column_enum(name: str, columns: Iterable[ColumnField], description: str) -> GraphQLEnumType:
    """Return an enum whose values are columns."""
    values = {column.name: "column name" for column in columns}
    return enum_type(name, values, description)


def select_columns(
    types: Types, table: TrackedTable
) -> GraphQLList[GraphQLNonNull[GraphQLEnumType]] | None:
    """Return the type of a list of `<table>_select_column`; None where there is no column."""
    if not types.columns(table):
        return None
    return GraphQLList(GraphQLNonNull(_select_column(types, table)))


def _select_column(types: Types, table: TrackedTable) -> GraphQLEnumType:
    description = f"select columns of table {descriptions.quoted(table)}"
    return types.of_table(
        table,
        "_select_column",
        lambda name: column_enum(name, types.columns(table), description),
    )


def input_field(types: Types, column: ColumnField) -> GraphQLInputField:
    """Return the input field that takes a value of the column, and null if the column does."""
    return GraphQLInputField(
        types.column(column),
        description=descriptions.of_column(column),
        extensions=column_value(column.column.type, takes_null=column.column.nullable),
    )


def key_field(types: Types, column: ColumnField) -> GraphQLInputField:
    """Return the input field that takes a column of the primary key."""
    return GraphQLInputField(
        GraphQLNonNull(types.column(column)),
        description=descriptions.of_column(column),
        extensions=column_value(column.column.type),
    )


def key_argument(types: Types, column: ColumnField) -> GraphQLArgument:
    """Return the argument that takes a column of the primary key."""
    return GraphQLArgument(
        GraphQLNonNull(types.column(column)),
        description=descriptions.of_column(column),
        extensions=column_value(column.column.type),
    )

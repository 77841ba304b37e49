"""What an insert takes: rows, related rows, and what to do where a row is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLList,
    GraphQLNonNull,
)

from run_logger.local.annotations import PLACEHOLDER
from run_logger.local.annotations import row as row_mark
from run_logger.local.model import ColumnField, Relationship
from run_logger.local.scalars import is_graphql_name
from run_logger.local.schema import descriptions
from run_logger.local.schema.columns import column_enum, input_field
from run_logger.local.schema.construct import enum_type, input_type
from run_logger.local.schema.filters import bool_exp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import GraphQLEnumType, GraphQLInputObjectType

    from run_logger.local.catalog import Key
    from run_logger.local.model import TrackedTable
    from run_logger.local.schema.types import Types

_Fields: TypeAlias = "Iterator[tuple[str, GraphQLInputField]]"


def insert_arguments(types: Types, table: TrackedTable) -> dict[str, GraphQLArgument]:
    """Return the arguments of the field that inserts rows."""
    rows = GraphQLNonNull(GraphQLList(GraphQLNonNull(_insert_input(types, table))))
    objects = GraphQLArgument(rows, description="the rows to be inserted")
    return {"objects": objects, **_on_conflict_argument(types, table)}


def insert_one_arguments(types: Types, table: TrackedTable) -> dict[str, GraphQLArgument]:
    """Return the arguments of the field that inserts one row."""
    row = GraphQLNonNull(_insert_input(types, table))
    object_ = GraphQLArgument(row, description="the row to be inserted")
    return {"object": object_, **_on_conflict_argument(types, table)}


def _insert_input(types: Types, table: TrackedTable) -> GraphQLInputObjectType:
    return types.of_table(
        table,
        "_insert_input",
        lambda name: input_type(
            name,
            lambda: _row_fields(types, table),
            f"input type for inserting data into table {descriptions.quoted(table)}",
            row_mark(),
        ),
    )


def _row_fields(types: Types, table: TrackedTable) -> _Fields:
    for name, field in types.inserted(table).items():
        match field:
            case ColumnField():
                yield name, input_field(types, field)
            case Relationship(kind="array"):
                yield name, GraphQLInputField(_array_input(types, types.table(field.target)))
            case Relationship():
                yield name, GraphQLInputField(_object_input(types, types.table(field.target)))


def _array_input(types: Types, table: TrackedTable) -> GraphQLInputObjectType:
    return types.of_table(
        table,
        "_arr_rel_insert_input",
        lambda name: input_type(
            name,
            lambda: _related(
                types, table, GraphQLList(GraphQLNonNull(_insert_input(types, table)))
            ),
            "input type for inserting array relation for remote table "
            f"{descriptions.quoted(table)}",
        ),
    )


def _object_input(types: Types, table: TrackedTable) -> GraphQLInputObjectType:
    return types.of_table(
        table,
        "_obj_rel_insert_input",
        lambda name: input_type(
            name,
            lambda: _related(types, table, _insert_input(types, table)),
            "input type for inserting object relation for remote table "
            f"{descriptions.quoted(table)}",
        ),
    )


def _related(
    types: Types,
    table: TrackedTable,
    data: GraphQLInputObjectType | GraphQLList[GraphQLNonNull[GraphQLInputObjectType]],
) -> _Fields:
    yield "data", GraphQLInputField(GraphQLNonNull(data))
    if _keys(table):
        on_conflict = _on_conflict(types, table)
        yield "on_conflict", GraphQLInputField(on_conflict, description="upsert condition")


def _on_conflict_argument(types: Types, table: TrackedTable) -> dict[str, GraphQLArgument]:
    if not _keys(table):
        return {}
    argument = GraphQLArgument(_on_conflict(types, table), description="upsert condition")
    return {"on_conflict": argument}


def _on_conflict(types: Types, table: TrackedTable) -> GraphQLInputObjectType:
    return types.of_table(
        table,
        "_on_conflict",
        lambda name: input_type(
            name,
            lambda: _on_conflict_fields(types, table),
            f"on_conflict condition type for table {descriptions.quoted(table)}",
        ),
    )


def _on_conflict_fields(types: Types, table: TrackedTable) -> _Fields:
    columns = GraphQLNonNull(GraphQLList(GraphQLNonNull(_update_column(types, table))))
    yield "constraint", GraphQLInputField(GraphQLNonNull(_constraint(types, table)))
    yield "update_columns", GraphQLInputField(columns, default_value=[])
    yield "where", GraphQLInputField(bool_exp(types, table))


def _keys(table: TrackedTable) -> dict[str, Key]:
    """Return the primary key and the unique indexes that have a GraphQL name."""
    primary = table.table.primary_key
    keys = table.table.unique_keys if primary is None else (primary, *table.table.unique_keys)
    return {key.name: key for key in keys if is_graphql_name(key.name)}


def _constraint(types: Types, table: TrackedTable) -> GraphQLEnumType:
    values = {name: _key_description(key) for name, key in _keys(table).items()}
    description = f"unique or primary key constraints on table {descriptions.quoted(table)}"
    return types.of_table(
        table,
        "_constraint",
        lambda name: enum_type(name, values, description),
    )


def _key_description(key: Key) -> str:
    columns = ", ".join(f'"{column}"' for column in key.columns)
    return f"unique or primary key constraint on columns {columns}"


def _update_column(types: Types, table: TrackedTable) -> GraphQLEnumType:
    return types.of_table(
        table, "_update_column", lambda name: _update_column_enum(types, table, name)
    )


def _update_column_enum(types: Types, table: TrackedTable, name: str) -> GraphQLEnumType:
    if columns := types.updated(table):
        description = f"update columns of table {descriptions.quoted(table)}"
        return column_enum(name, columns, description)
    # on_conflict needs the enum.
    return enum_type(
        name,
        {PLACEHOLDER: "placeholder (do not use)"},
        f"placeholder for update columns of table {descriptions.quoted(table)} "
        "(current role has no relevant permissions)",
    )

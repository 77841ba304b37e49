"""Object types: a row of a table, with what is related to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import GraphQLField, GraphQLList, GraphQLNonNull

from run_logger.local.model import ColumnField, ComputedField, Relationship, RelationshipAggregate
from run_logger.local.schema import descriptions
from run_logger.local.schema.aggregates import aggregate, list_of
from run_logger.local.schema.arguments import (
    computed_field_arguments,
    path_argument,
    select_arguments,
)
from run_logger.local.schema.construct import object_type

if TYPE_CHECKING:
    from graphql import GraphQLObjectType

    from run_logger.local.model import TableField, TrackedTable
    from run_logger.local.schema.types import Types


def row(types: Types, table: TrackedTable) -> GraphQLObjectType:
    """Return the object type of the table's rows."""
    return types.of_table(
        table,
        "",
        lambda name: object_type(
            name,
            lambda: (
                (key, _field(types, table, field)) for key, field in types.fields(table).items()
            ),
            descriptions.described(
                table.comment,
                table.table.comment,
                f"columns and relationships of {descriptions.quoted(table)}",
            ),
        ),
    )


def aggregate_of_rows(types: Types, table: TrackedTable) -> GraphQLNonNull[GraphQLObjectType]:
    """Return the type of a field that gives aggregates of the table's rows."""
    return GraphQLNonNull(aggregate(types, table, row(types, table)))


def _field(types: Types, table: TrackedTable, field: TableField) -> GraphQLField:
    match field:
        case ColumnField():
            return _column(types, field)
        case Relationship():
            return _relationship(types, field)
        case RelationshipAggregate():
            target = types.table(field.relationship.target)
            return GraphQLField(
                aggregate_of_rows(types, target),
                args=select_arguments(types, target),
                description="An aggregate relationship",
            )
        case ComputedField():
            return _computed_field(types, table, field)


def _column(types: Types, field: ColumnField) -> GraphQLField:
    type_ = types.column(field)
    nullable = field.column.nullable or field.shown_if is not None
    return GraphQLField(
        type_ if nullable else GraphQLNonNull(type_),
        args=path_argument(field.column.type),
        description=descriptions.of_column(field),
    )


def _relationship(types: Types, field: Relationship) -> GraphQLField:
    target = types.table(field.target)
    if field.kind == "array":
        return GraphQLField(
            list_of(row(types, target)),
            args=select_arguments(types, target),
            description="An array relationship",
        )
    type_ = row(types, target)
    return GraphQLField(
        type_ if field.nullable else GraphQLNonNull(type_),
        description="An object relationship",
    )


def _computed_field(types: Types, table: TrackedTable, field: ComputedField) -> GraphQLField:
    description = descriptions.described(
        field.comment,
        field.function.comment,
        f'A computed field, executes function "{field.function.name}"',
    )
    arguments = computed_field_arguments(types, table, field)
    if field.target is None:
        arguments |= path_argument(field.returns)
        return GraphQLField(types.leaf(field.returns), args=arguments, description=description)
    target = types.table(field.target)
    rows = GraphQLList(GraphQLNonNull(row(types, target)))
    arguments |= select_arguments(types, target)
    return GraphQLField(rows, args=arguments, description=description)

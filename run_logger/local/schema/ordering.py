"""How rows can be sorted: `order_by`, `<table>_order_by` and `<table>_aggregate_order_by`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from graphql import GraphQLInputField

from run_logger.local.catalog import Name
from run_logger.local.model import ColumnField, ComputedField, Relationship, RelationshipAggregate
from run_logger.local.schema import descriptions
from run_logger.local.schema.aggregates import operators
from run_logger.local.schema.construct import enum_type, input_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from graphql import GraphQLEnumType, GraphQLInputObjectType

    from run_logger.local.model import TrackedTable
    from run_logger.local.schema.types import Types

_ORDERS: Final = {
    "asc": "in ascending order, nulls last",
    "asc_nulls_first": "in ascending order, nulls first",
    "asc_nulls_last": "in ascending order, nulls last",
    "desc": "in descending order, nulls first",
    "desc_nulls_first": "in descending order, nulls first",
    "desc_nulls_last": "in descending order, nulls last",
}

_Fields: TypeAlias = "Iterator[tuple[str, GraphQLInputField]]"


def order_by(types: Types, table: TrackedTable) -> GraphQLInputObjectType:
    """Return `<table>_order_by`."""
    return types.of_table(
        table,
        "_order_by",
        lambda name: input_type(
            name,
            lambda: _fields(types, table),
            f"Ordering options when selecting data from {descriptions.quoted(table)}.",
        ),
    )


def _fields(types: Types, table: TrackedTable) -> _Fields:
    for name, field in types.fields(table).items():
        match field:
            case ColumnField() | ComputedField(arguments=(), target=None):
                yield name, _order(types)
            case Relationship(kind="object"):
                yield name, GraphQLInputField(order_by(types, types.table(field.target)))
            case RelationshipAggregate():
                yield name, _aggregate(types, field.relationship.target)
            case ComputedField(arguments=(), target=Name() as target) if _aggregates(types, target):
                yield f"{name}_aggregate", _aggregate(types, target)
            case _:
                pass


def _aggregates(types: Types, target: Name) -> bool:
    return types.table(target).aggregates


def _aggregate(types: Types, target: Name) -> GraphQLInputField:
    return GraphQLInputField(_aggregate_order_by(types, types.table(target)))


def _aggregate_order_by(types: Types, table: TrackedTable) -> GraphQLInputObjectType:
    return types.of_table(
        table,
        "_aggregate_order_by",
        lambda name: input_type(
            name,
            lambda: _aggregate_fields(types, table),
            f"order by aggregate values of table {descriptions.quoted(table)}",
        ),
    )


def _aggregate_fields(types: Types, table: TrackedTable) -> _Fields:
    yield "count", _order(types)
    for operator, columns in operators(types, table):
        yield operator, GraphQLInputField(_operator_order_by(types, table, operator, columns))


def _operator_order_by(
    types: Types, table: TrackedTable, operator: str, columns: Iterable[ColumnField]
) -> GraphQLInputObjectType:
    return types.of_table(
        table,
        f"_{operator}_order_by",
        lambda name: input_type(
            name,
            lambda: ((column.name, _described_order(types, column)) for column in columns),
            f"order by {operator}() on columns of table {descriptions.quoted(table)}",
        ),
    )


def _order(types: Types) -> GraphQLInputField:
    return GraphQLInputField(_order_enum(types))


def _described_order(types: Types, column: ColumnField) -> GraphQLInputField:
    return GraphQLInputField(_order_enum(types), description=descriptions.of_column(column))


def _order_enum(types: Types) -> GraphQLEnumType:
    name = "order_by"
    return types.once(
        name, "the orders of rows", lambda: enum_type(name, _ORDERS, "column ordering options")
    )

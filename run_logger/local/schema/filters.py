"""Which rows: `<table>_bool_exp`, and predicates on aggregates of related rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from graphql import (
    GraphQLInputField,
    GraphQLList,
    GraphQLNonNull,
)

from run_logger.local.annotations import one_predicate
from run_logger.local.catalog import PgType
from run_logger.local.model import ColumnField, ComputedField, Relationship, RelationshipAggregate
from run_logger.local.scalars import INTEGER
from run_logger.local.schema import descriptions
from run_logger.local.schema.columns import column_enum, select_columns
from run_logger.local.schema.comparisons import comparison, type_comparison
from run_logger.local.schema.construct import BOOLEAN, input_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import GraphQLEnumType, GraphQLInputObjectType

    from run_logger.local.model import TableField, TrackedTable
    from run_logger.local.schema.construct import InputType
    from run_logger.local.schema.types import Types


@dataclass(frozen=True, slots=True)
class _Predicate:
    """A predicate on an aggregate of related rows.

    Attributes:
        name: The aggregate.
        returns: The type of the aggregate, which the predicate compares.
        takes: The type of the columns that it aggregates; None for `count`, which takes any.
        takes_pair: Whether it aggregates two columns, X and Y.
    """

    name: str
    returns: PgType
    takes: PgType | None = None
    takes_pair: bool = False


_BOOLEAN: Final = PgType(sql="boolean", name="bool")
_DOUBLE: Final = PgType(sql="double precision", name="float8")
# Hasura v2 offers these alone, and those of numbers for columns of double precision alone.
_PREDICATES: Final = (
    _Predicate("avg", _DOUBLE, _DOUBLE),
    _Predicate("bool_and", _BOOLEAN, _BOOLEAN),
    _Predicate("bool_or", _BOOLEAN, _BOOLEAN),
    _Predicate("corr", _DOUBLE, _DOUBLE, takes_pair=True),
    _Predicate("count", INTEGER),
    _Predicate("covar_samp", _DOUBLE, _DOUBLE, takes_pair=True),
    _Predicate("max", _DOUBLE, _DOUBLE),
    _Predicate("min", _DOUBLE, _DOUBLE),
    _Predicate("stddev_samp", _DOUBLE, _DOUBLE),
    _Predicate("sum", _DOUBLE, _DOUBLE),
    _Predicate("var_samp", _DOUBLE, _DOUBLE),
)

_Fields: TypeAlias = "Iterator[tuple[str, GraphQLInputField]]"


def bool_exp(types: Types, table: TrackedTable) -> GraphQLInputObjectType:
    """Return `<table>_bool_exp`."""
    return types.of_table(
        table,
        "_bool_exp",
        lambda name: input_type(
            name,
            lambda: _fields(types, table),
            f"Boolean expression to filter rows from the table {descriptions.quoted(table)}. "
            "All fields are combined with a logical 'AND'.",
        ),
    )


def _fields(types: Types, table: TrackedTable) -> _Fields:
    itself = bool_exp(types, table)
    yield "_and", GraphQLInputField(GraphQLList(GraphQLNonNull(itself)))
    yield "_not", GraphQLInputField(itself)
    yield "_or", GraphQLInputField(GraphQLList(GraphQLNonNull(itself)))
    for name, field in types.fields(table).items():
        filter_ = _filter(types, field)
        if filter_ is not None:
            yield name, GraphQLInputField(filter_)


def _filter(types: Types, field: TableField) -> GraphQLInputObjectType | None:
    match field:
        case ColumnField():
            return comparison(types, field)
        case Relationship():
            return bool_exp(types, types.table(field.target))
        case RelationshipAggregate():
            return _aggregate_bool_exp(types, types.table(field.relationship.target))
        case ComputedField(arguments=(), target=None):
            return type_comparison(types, field.returns)
        case ComputedField(arguments=()) if field.target is not None:
            return bool_exp(types, types.table(field.target))
        case _:
            return None


def _aggregate_bool_exp(types: Types, table: TrackedTable) -> GraphQLInputObjectType:
    return types.of_table(
        table,
        "_aggregate_bool_exp",
        lambda name: input_type(
            name, lambda: _predicates(types, table), extensions=one_predicate()
        ),
    )


def _predicates(types: Types, table: TrackedTable) -> _Fields:
    for predicate in _PREDICATES:
        columns = [
            column
            for column in types.columns(table)
            if predicate.takes is None or _has_type(column, predicate.takes)
        ]
        if columns or predicate.takes is None:
            type_ = _predicate_type(types, table, predicate, columns)
            yield predicate.name, GraphQLInputField(type_)


def _has_type(column: ColumnField, type_: PgType) -> bool:
    return column.enum is None and column.column.type.name == type_.name


def _predicate_type(
    types: Types, table: TrackedTable, predicate: _Predicate, columns: list[ColumnField]
) -> GraphQLInputObjectType:
    return types.of_table(
        table,
        f"_aggregate_bool_exp_{predicate.name}",
        lambda name: input_type(
            name,
            lambda: [
                *_arguments_field(types, table, predicate, columns),
                ("distinct", GraphQLInputField(BOOLEAN)),
                ("filter", GraphQLInputField(bool_exp(types, table))),
                ("predicate", _required(type_comparison(types, predicate.returns))),
            ],
        ),
    )


def _arguments_field(
    types: Types, table: TrackedTable, predicate: _Predicate, columns: list[ColumnField]
) -> Iterator[tuple[str, GraphQLInputField]]:
    type_ = _arguments(types, table, predicate, columns)
    if type_ is not None:
        yield "arguments", GraphQLInputField(type_)


def _arguments(
    types: Types, table: TrackedTable, predicate: _Predicate, columns: list[ColumnField]
) -> InputType | None:
    """Return the type of the columns that a predicate aggregates; None where there is none."""
    if predicate.takes is None:
        return select_columns(types, table)
    one = _columns_enum(types, table, predicate, columns)
    if not predicate.takes_pair:
        return GraphQLNonNull(one)
    pair = types.of_table(
        table,
        f"_aggregate_bool_exp_{predicate.name}_arguments",
        lambda name: input_type(name, lambda: [("X", _required(one)), ("Y", _required(one))]),
    )
    return GraphQLNonNull(pair)


def _columns_enum(
    types: Types, table: TrackedTable, predicate: _Predicate, columns: list[ColumnField]
) -> GraphQLEnumType:
    use = f"{table.name}_aggregate_bool_exp_{predicate.name}_arguments_columns"
    description = f'select "{use}" columns of table {descriptions.quoted(table)}'
    return types.of_table(
        table,
        f"_select_column_{use}",
        lambda name: column_enum(name, columns, description),
    )


def _required(type_: GraphQLInputObjectType | GraphQLEnumType) -> GraphQLInputField:
    return GraphQLInputField(GraphQLNonNull(type_))

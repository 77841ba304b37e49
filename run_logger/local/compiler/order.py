"""`order_by`: columns, and what relationships and computed fields lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from sqlalchemy import and_, literal_column

from run_logger.local.compiler.aggregate import aggregate_function
from run_logger.local.compiler.computed import computed_rows, computed_value
from run_logger.local.model import (
    ColumnField,
    ComputedField,
    Relationship,
    RelationshipAggregate,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Select, UnaryExpression

    from run_logger.local.compiler.scope import Scope, Source
    from run_logger.local.operation import Argument

    # What to order by, and a value of Hasura's enum `order_by`.
    Term: TypeAlias = tuple[ColumnElement[Any], str]
    # Rows that are joined for the order, and the condition that they are the related ones.
    Join: TypeAlias = tuple[Source, ColumnElement[bool]]
    OrderBy: TypeAlias = Mapping[str, Argument]


def ordered(
    scope: Scope, source: Source, statement: Select[Any], order_by: Sequence[OrderBy]
) -> Select[Any]:
    """Return a select of the source's rows with its ORDER BY; what null stands for is left out."""
    joins: list[Join] = []
    terms = [term for item in order_by for term in _terms(scope, source, item, joins)]
    statement = _joined(source, statement, joins)
    return statement.order_by(*(_directed(*term) for term in terms))


def plain_columns(source: Source, order_by: Sequence[OrderBy]) -> list[str | None]:
    """Return the GraphQL names of the columns ordered by, None for what is no column."""
    names = [name for item in order_by for name, value in item.items() if value is not None]
    fields = source.tracked.fields
    return [name if isinstance(fields.get(name), ColumnField) else None for name in names]


def _directed(expression: ColumnElement[Any], direction: str) -> UnaryExpression[Any]:
    base, _, nulls = direction.partition("_nulls_")
    directed = expression.desc() if base == "desc" else expression.asc()
    nulls_first = nulls == "first" if nulls else base == "desc"
    return directed.nulls_first() if nulls_first else directed.nulls_last()


def _terms(scope: Scope, source: Source, item: OrderBy, joins: list[Join]) -> Iterator[Term]:
    for name, value in item.items():
        if value is not None:
            yield from _field_terms(scope, source, name, value, joins)


def _field_terms(
    scope: Scope, source: Source, name: str, value: Argument, joins: list[Join]
) -> Iterator[Term]:
    match source.tracked.fields.get(name):
        case ColumnField():
            yield scope.column(source, name), cast("str", value)
        case Relationship() as item:
            yield from _related(scope, source, item, cast("OrderBy", value), joins)
        case RelationshipAggregate() as item:
            target = scope.table(item.relationship.target)
            join = target.join(item.relationship, source)
            yield from _aggregated(scope, target, cast("OrderBy", value), join)
        case ComputedField() as item:
            computed = computed_value(source, item, {}, "")
            yield scope.shown(source, item, computed), cast("str", value)
        case None:
            field = source.tracked.fields[name.removesuffix("_aggregate")]
            rows = computed_rows(scope, source, cast("ComputedField", field), {}, "")
            yield from _aggregated(scope, rows, cast("OrderBy", value))


def _related(
    scope: Scope, source: Source, relationship: Relationship, item: OrderBy, joins: list[Join]
) -> Iterator[Term]:
    target = scope.table(relationship.target)
    condition = target.join(relationship, source)
    if _is_unique(target, relationship):
        seen = () if target.seen is None else (target.seen,)
        joins.append((target, and_(condition, *seen)))
        yield from _terms(scope, target, item, joins)
        return
    inner: list[Join] = []
    for expression, direction in _terms(scope, target, item, inner):
        related = _joined(target, target.select(expression), inner).where(condition)
        yield related.limit(literal_column("1")).scalar_subquery(), direction


def _is_unique(target: Source, relationship: Relationship) -> bool:
    """Tell whether no more than one row is related: then the rows can be joined as they are."""
    key = target.tracked.table.primary_key
    return key is not None and {there for _, there in relationship.columns} >= set(key.columns)


def _joined(source: Source, statement: Select[Any], joins: Sequence[Join]) -> Select[Any]:
    """Return a select of the source's rows with others joined to them."""
    rows = source.rows
    for target, condition in joins:
        rows = rows.outerjoin(target.rows, condition)
        statement = statement.correlate_except(target.rows)
    return statement.select_from(rows) if joins else statement


def _aggregated(
    scope: Scope, target: Source, item: OrderBy, *conditions: ColumnElement[bool]
) -> Iterator[Term]:
    for operator, value in item.items():
        columns = {"": value} if operator == "count" else cast("OrderBy", value or {})
        for name, direction in columns.items():
            if direction is None:
                continue
            aggregate = aggregate_function(scope, target, operator, (name,) if name else ())
            statement = target.select(aggregate).where(*conditions)
            yield statement.scalar_subquery(), cast("str", direction)

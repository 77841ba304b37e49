"""Which rows a select takes: `where`, `order_by`, `distinct_on`, `limit`, `offset`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import func, literal_column
from sqlalchemy.dialects.postgresql import distinct_on

from run_logger.local.compiler.order import ordered, plain_columns
from run_logger.local.compiler.scope import parameter
from run_logger.local.compiler.where import condition
from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Select

    from run_logger.local.compiler.scope import Scope, Source
    from run_logger.local.operation import Argument, Field, Value


def chosen_rows(
    scope: Scope,
    source: Source,
    field: Field,
    *conditions: ColumnElement[bool],
    most: int | None = None,
) -> Source:
    """Return the rows that the field's arguments choose, in their order, as a subselect.

    Args:
        scope: The statement's scope.
        source: The rows to choose from.
        field: The field with the five arguments of a select.
        conditions: What the rows must fulfil besides (`where` of a relationship or a key).
        most: How many rows there may be at most; None: any number.

    Raises:
        HasuraError: `distinct_on` does not go with `order_by`.
    """
    arguments = field.arguments
    statement = source.select(*source.columns()).where(*conditions)
    if where := arguments.get("where"):
        statement = statement.where(condition(scope, source, cast("Mapping[str, Argument]", where)))
    statement = _ordered(scope, source, statement, field)
    if (limit := row_limit(cast("Value | None", arguments.get("limit")), most)) is not None:
        statement = statement.limit(limit)
    if (offset := arguments.get("offset")) is not None:
        statement = statement.offset(parameter(cast("Value", offset)))
    return scope.subselect(source, statement)


def most_rows(source: Source) -> int | None:
    """Return how many rows the role gets of the source at most; None: any number."""
    access = source.tracked.access
    return None if access is None else access.limit


def row_limit(given: Value | None, most: int | None) -> ColumnElement[Any] | None:
    """Return the smaller of what the request gives and what the role gets; None: no limit."""
    if most is None:
        return None if given is None else parameter(given)
    bound: ColumnElement[Any] = literal_column(str(most))
    return bound if given is None else func.least(parameter(given), bound)


def _ordered(scope: Scope, source: Source, statement: Select[Any], field: Field) -> Select[Any]:
    order_by = cast("tuple[Mapping[str, Argument], ...]", field.arguments.get("order_by") or ())
    distinct = cast("tuple[str, ...]", field.arguments.get("distinct_on") or ())
    if distinct:
        first = plain_columns(source, order_by)[: len(distinct)]
        if first and set(first) != set(distinct):
            message = '"distinct_on" columns must match initial "order_by" columns'
            raise HasuraError(message, "validation-failed", f"{field.path}.args")
        statement = statement.ext(distinct_on(*(scope.column(source, name) for name in distinct)))
    return ordered(scope, source, statement, order_by)

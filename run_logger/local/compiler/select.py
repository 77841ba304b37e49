"""Selection sets: rows as JSON objects and lists, with all that hangs below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import literal_column, select

from run_logger.local.compiler.aggregate import Aggregates, aggregate_fields, aggregate_function
from run_logger.local.compiler.computed import computed_rows, computed_value
from run_logger.local.compiler.encode import as_answered, json_list, json_object, name_literal
from run_logger.local.compiler.rows import chosen_rows, most_rows
from run_logger.local.compiler.scope import parameter
from run_logger.local.model import (
    ColumnField,
    ComputedField,
    Relationship,
    RelationshipAggregate,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select

    from run_logger.local.compiler.scope import Scope, Source
    from run_logger.local.operation import Field, Value


def row_object(scope: Scope, source: Source, field: Field) -> ColumnElement[Any]:
    """Return the JSON object (type json) of the source's current row.

    `source.select(row_object(scope, source, field))` gives an object a row.

    Args:
        scope: The statement's scope.
        source: The rows, used as they are: no argument of the field is heeded.
        field: The field whose selection gives keys and values, and whose type `__typename` is.
    """
    return json_object([(item.key, _value(scope, source, field, item)) for item in field.selection])


def row_list(scope: Scope, source: Source, field: Field) -> ColumnElement[Any]:
    """Return the aggregate that makes a JSON list of the rows' objects, for a select from them.

    The list keeps the order in which the source gives its rows. See `row_object`.
    """
    return json_list(row_object(scope, source, field))


def select_list(
    scope: Scope, source: Source, field: Field, *conditions: ColumnElement[bool]
) -> Select[Any]:
    """Return the select of the list of the rows that the field's arguments choose.

    Args:
        scope: The statement's scope.
        source: The rows to choose from.
        field: The field with the five arguments of a select.
        conditions: What the rows must fulfil besides.
    """
    rows = chosen_rows(scope, source, field, *conditions, most=most_rows(source))
    return rows.select(row_list(scope, rows, field))


def select_object(
    scope: Scope, source: Source, field: Field, *conditions: ColumnElement[bool]
) -> Select[Any]:
    """Return the select of one row's object: no row where none fulfils the conditions."""
    rows = scope.subselect(
        source, source.select(*source.columns()).where(*conditions).limit(literal_column("1"))
    )
    return rows.select(row_object(scope, rows, field))


def select_aggregate(
    scope: Scope, source: Source, field: Field, *conditions: ColumnElement[bool]
) -> Select[Any]:
    """Return the select of a field of type `<table>_aggregate`, over the rows that it chooses."""
    rows = chosen_rows(scope, source, field, *conditions)
    gathered = Aggregates()
    # Without any aggregate it would be one object a row.
    gathered.add(aggregate_function(scope, rows, "count", ()))
    items = [
        (item.key, _aggregate_part(scope, rows, field, item, gathered)) for item in field.selection
    ]
    aggregated = rows.select(*gathered.columns).subquery(scope.name("a"))
    return select(json_object(items)).select_from(aggregated)


def _aggregate_part(
    scope: Scope, rows: Source, parent: Field, item: Field, gathered: Aggregates
) -> ColumnElement[Any]:
    match item.name:
        case "__typename":
            return name_literal(parent.type)
        case "nodes":
            return gathered.add(json_list(row_object(scope, rows, item), most_rows(rows)))
        case _:
            return aggregate_fields(scope, rows, item, gathered)


def _value(scope: Scope, source: Source, parent: Field, item: Field) -> ColumnElement[Any]:
    if item.name == "__typename":
        return name_literal(parent.type)
    match source.tracked.fields[item.name]:
        case ColumnField() as column:
            value = scope.shown(source, column, source.column(column.column.name))
            return as_answered(scope.model, _at_path(value, item), column.column.type)
        case Relationship() as relationship:
            return _related(scope, source, relationship, item)
        case RelationshipAggregate(relationship=relationship):
            target = scope.table(relationship.target)
            join = target.join(relationship, source)
            return select_aggregate(scope, target, item, join).scalar_subquery()
        case ComputedField(target=None) as computed:
            value = computed_value(source, computed, item.arguments, item.path)
            value = _at_path(scope.shown(source, computed, value), item)
            return as_answered(scope.model, value, computed.returns)
        case ComputedField() as computed:
            rows = computed_rows(scope, source, computed, item.arguments, item.path)
            return select_list(scope, rows, item).scalar_subquery()


def _related(
    scope: Scope, source: Source, relationship: Relationship, item: Field
) -> ColumnElement[Any]:
    target = scope.table(relationship.target)
    join = target.join(relationship, source)
    if relationship.kind == "object":
        return select_object(scope, target, item, join).scalar_subquery()
    return select_list(scope, target, item, join).scalar_subquery()


def _at_path(value: ColumnElement[Any], item: Field) -> ColumnElement[Any]:
    path = item.arguments.get("path")
    return value if path is None else value.op("#>")(parameter(cast("Value", path)))

"""Aggregates: `count`, `sum`, `max`, … over rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import column, distinct, func, literal_column, tuple_

from run_logger.local.compiler.encode import as_answered, json_object, name_literal
from run_logger.local.model import ColumnField

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Label

    from run_logger.local.compiler.scope import Scope, Source
    from run_logger.local.operation import Field


def aggregate_function(
    scope: Scope, source: Source, operator: str, columns: Sequence[str], *, unique: bool = False
) -> ColumnElement[Any]:
    """Return an aggregate over the source's rows.

    Args:
        scope: The statement's scope.
        source: The rows.
        operator: The function: `count`, `sum`, `bool_and`, ….
        columns: The GraphQL names of its columns; `count` without one counts rows.
        unique: Whether equal values count once.
    """
    arguments: list[ColumnElement[Any]] = [scope.column(source, name) for name in columns]
    if operator == "count" and not arguments:
        return func.count(literal_column("*"))
    if operator == "count" and len(arguments) > 1:
        arguments = [tuple_(*arguments)]
    if unique:
        arguments[0] = distinct(arguments[0])
    return cast("ColumnElement[Any]", getattr(func, operator)(*arguments))


@dataclass(frozen=True, slots=True)
class Aggregates:
    """The aggregates of one select, gathered so that JSON can be built over it.

    An aggregate may not stand inside the subselect that makes an object, so the select gives each
    under a name, and objects are made of the names.
    """

    columns: list[Label[Any]] = field(default_factory=list["Label[Any]"])

    def add(self, aggregate: ColumnElement[Any]) -> ColumnElement[Any]:
        """Add an aggregate; return what it is called in a select from this one."""
        name = f"aggregate{len(self.columns)}"
        self.columns.append(aggregate.label(name))
        return column(name)


def aggregate_fields(
    scope: Scope, source: Source, selected: Field, gathered: Aggregates
) -> ColumnElement[Any]:
    """Return the object of a field of type `<table>_aggregate_fields`."""
    return json_object(
        [
            (item.key, _member(scope, source, selected, item, gathered))
            for item in selected.selection
        ]
    )


def _member(
    scope: Scope, source: Source, parent: Field, item: Field, gathered: Aggregates
) -> ColumnElement[Any]:
    if item.name == "__typename":
        return name_literal(parent.type)
    if item.name == "count":
        columns = cast("tuple[str, ...]", item.arguments.get("columns") or ())
        unique = bool(item.arguments.get("distinct"))
        return gathered.add(aggregate_function(scope, source, "count", columns, unique=unique))
    return json_object(
        [(part.key, _operated(scope, source, item, part, gathered)) for part in item.selection]
    )


def _operated(
    scope: Scope, source: Source, operator: Field, item: Field, gathered: Aggregates
) -> ColumnElement[Any]:
    if item.name == "__typename":
        return name_literal(operator.type)
    value = aggregate_function(scope, source, operator.name, (item.name,))
    match source.tracked.fields[item.name]:
        case ColumnField(column=column):
            value = as_answered(scope.model, value, column.type)
        case _:
            pass
    return gathered.add(value)

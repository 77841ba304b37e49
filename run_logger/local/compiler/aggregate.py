"""Aggregates: `count`, `sum`, `max`, … over rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import column, distinct, func, literal_column, tuple_

from run_logger.local.compiler.encode import json_object, name_literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Label

    from run_logger.local.compiler.scope import Source
    from run_logger.local.operation import Field


def aggregate_function(
    source: Source, operator: str, columns: Sequence[str], *, unique: bool = False
) -> ColumnElement[Any]:
    """Return an aggregate over the source's rows.

    Args:
        source: The rows.
        operator: The function: `count`, `sum`, `bool_and`, ….
        columns: The GraphQL names of its columns; `count` without one counts rows.
        unique: Whether equal values count once.
    """
    arguments: list[ColumnElement[Any]] = [source.field(name) for name in columns]
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


def aggregate_fields(source: Source, selected: Field, gathered: Aggregates) -> ColumnElement[Any]:
    """Return the object of a field of type `<table>_aggregate_fields`."""
    return json_object(
        [(item.key, _member(source, selected, item, gathered)) for item in selected.selection]
    )


def _member(source: Source, parent: Field, item: Field, gathered: Aggregates) -> ColumnElement[Any]:
    if item.name == "__typename":
        return name_literal(parent.type)
    if item.name == "count":
        columns = cast("tuple[str, ...]", item.arguments.get("columns") or ())
        unique = bool(item.arguments.get("distinct"))
        return gathered.add(aggregate_function(source, "count", columns, unique=unique))
    return json_object(
        [(part.key, _operated(source, item, part, gathered)) for part in item.selection]
    )


def _operated(
    source: Source, operator: Field, item: Field, gathered: Aggregates
) -> ColumnElement[Any]:
    if item.name == "__typename":
        return name_literal(operator.type)
    return gathered.add(aggregate_function(source, operator.name, (item.name,)))

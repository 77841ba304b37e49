"""`on_conflict`: what an insert does with a row that is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import ColumnElement, and_
from sqlalchemy.ext.compiler import compiles

from run_logger.local.compiler.scope import quoted
from run_logger.local.compiler.where import condition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.dialects.postgresql import Insert
    from sqlalchemy.sql.compiler import SQLCompiler

    from run_logger.local.compiler.scope import Scope, Source
    from run_logger.local.model import ColumnField
    from run_logger.local.operation import Argument


def with_conflict(scope: Scope, target: Source, statement: Insert, argument: Argument) -> Insert:
    """Return the insert with its `ON CONFLICT`.

    Args:
        scope: The statement's scope.
        target: The table that it inserts into.
        statement: The insert.
        argument: The `on_conflict` of the request; without one the insert stays as it is.
    """
    if argument is None:
        return statement
    given = cast("Mapping[str, Argument]", argument)
    constraint = quoted(cast("str", given["constraint"]))
    names = cast("Sequence[str]", given.get("update_columns") or ())
    if not names:
        return statement.on_conflict_do_nothing(constraint=constraint)
    access = target.tracked.updates
    columns = [cast("ColumnField", access.fields[name]).column.name for name in names]
    written: dict[str, Any] = {name: statement.excluded[name] for name in columns}
    return statement.on_conflict_do_update(
        constraint=constraint,
        set_=written | {name: preset() for name, preset in access.presets.items()},
        where=_where(scope, target, given.get("where")),
    )


def updates_rows(argument: Argument) -> bool:
    """Tell whether an `on_conflict` updates rows that are there already."""
    return argument is not None and bool(
        cast("Mapping[str, Argument]", argument).get("update_columns")
    )


def _where(scope: Scope, target: Source, argument: Argument) -> ColumnElement[bool] | None:
    conditions: list[ColumnElement[bool]] = []
    if argument is not None:
        expression = cast("Mapping[str, Argument]", argument)
        conditions.append(condition(scope, target, expression))
    if (rows := target.tracked.updates.rows) is not None:
        conditions.append(rows(scope, target))
    return _OnTarget(target, and_(*conditions)) if conditions else None


class _OnTarget(ColumnElement[bool]):
    """A condition on the target of an INSERT, which may hold subselects.

    SQLAlchemy compiles the condition of DO UPDATE without the schemas of tables and does not
    take the target for a table that a subselect can refer to.
    """

    inherit_cache = False

    def __init__(self, target: Source, condition: ColumnElement[bool]) -> None:
        self.target = target.rows
        self.condition = condition


@compiles(_OnTarget)
def _compile(element: _OnTarget, compiler: SQLCompiler, **options: Any) -> str:
    froms = {element.target}
    compiler.stack.append({**compiler.stack[-1], "correlate_froms": froms, "asfrom_froms": froms})
    try:
        return compiler.process(element.condition, **(options | {"use_schema": True}))
    finally:
        compiler.stack.pop()

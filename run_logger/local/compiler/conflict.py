"""`on_conflict`: what an insert does with a row that is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles

from run_logger.local.compiler.scope import quoted
from run_logger.local.compiler.where import condition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.dialects.postgresql import Insert
    from sqlalchemy.sql.compiler import SQLCompiler

    from run_logger.local.compiler.scope import Scope, Source
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
    columns = [target.field(name).name for name in names]
    return statement.on_conflict_do_update(
        constraint=constraint,
        set_={name: statement.excluded[name] for name in columns},
        where=_where(scope, target, given.get("where")),
    )


def _where(scope: Scope, target: Source, argument: Argument) -> ColumnElement[bool] | None:
    if argument is None:
        return None
    expression = cast("Mapping[str, Argument]", argument)
    return _OnTarget(target, condition(scope, target, expression))


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

"""`delete` and `delete_by_pk`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import delete

from run_logger.local.compiler.returning import Change

if TYPE_CHECKING:
    from sqlalchemy import Alias, ColumnElement

    from run_logger.local.compiler.scope import Scope, Source


def delete_rows(scope: Scope, target: Source, condition: ColumnElement[bool]) -> Change:
    """Return the deletion of the rows that fulfil a condition and that the role may delete.

    Args:
        scope: The statement's scope.
        target: The table, all of it, brought into the scope.
        condition: Which rows go.
    """
    statement = delete(cast("Alias", target.rows)).where(condition)
    if (rows := target.tracked.deletes.rows) is not None:
        statement = statement.where(rows(scope, target))
    return Change(scope, target, statement)

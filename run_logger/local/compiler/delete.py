"""`delete` and `delete_by_pk`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import delete

from run_logger.local.compiler.returning import Change

if TYPE_CHECKING:
    from sqlalchemy import Alias, ColumnElement

    from run_logger.local.compiler.scope import Scope, Source


def delete_rows(scope: Scope, target: Source, condition: ColumnElement[bool]) -> Change:
    """Return the deletion of the rows that fulfil a condition.

    Args:
        scope: The statement's scope.
        target: The table, brought into it.
        condition: Which rows go.
    """
    return Change(scope, target, delete(cast("Alias", target.rows)).where(condition))

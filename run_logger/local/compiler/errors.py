"""Postgres's errors as Hasura reports them, told apart by SQLSTATE."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

# By SQLSTATE, or by its first two characters (the class) where no exact one is listed: Hasura's
# code, and how its message begins. Postgres's own message follows.
_EXPECTED = {
    "23": ("constraint-violation", ""),
    "23001": ("constraint-violation", "Can not delete or update due to data being referred. "),
    "23502": ("constraint-violation", "Not-NULL violation. "),
    "23503": ("constraint-violation", "Foreign key violation. "),
    "23505": ("constraint-violation", "Uniqueness violation. "),
    "23514": ("permission-error", "Check constraint violation. "),
    "23P01": ("constraint-violation", "Exclusion violation. "),
    "22": ("data-exception", ""),
    "22025": ("bad-request", ""),
    "40": ("concurrent-update", ""),
    "42704": ("constraint-error", ""),
    "42P10": ("constraint-error", ""),
}
# Messages that take the place of Postgres's.
_REPLACED = {
    "40001": "serialization failure due to concurrent update",
    "42P10": "there is no unique or exclusion constraint on target column(s)",
}


@contextmanager
def database_errors(
    statement: str, parameters: Mapping[str, str | None], path: str = "$"
) -> Generator[None]:
    """Turn an error of the database into a `HasuraError`.

    Args:
        statement: The SQL that runs.
        parameters: Its parameters.
        path: Where in the request the error is said to be: `$` for selects, updates and deletes,
            `$.selectionSet.insert_run.args.objects` for an insert.

    Raises:
        HasuraError: In place of psycopg's error.
    """
    try:
        yield
    except psycopg.Error as error:
        raise _as_hasura_error(error, statement, parameters, path) from error


def _as_hasura_error(
    error: psycopg.Error, statement: str, parameters: Mapping[str, str | None], path: str
) -> HasuraError:
    internal = {
        "statement": statement,
        "prepared": True,
        "error": error_details(error),
        "arguments": list(parameters.values()),
    }
    state = error.sqlstate or ""
    if not state and isinstance(error, psycopg.OperationalError):
        return HasuraError("connection error", "postgres-error", path, internal)
    expected = _EXPECTED.get(state) or _EXPECTED.get(state[:2])
    if expected is None:
        return HasuraError("database query error", "unexpected", path, internal)
    code, prefix = expected
    message = _REPLACED.get(state) or prefix + (error.diag.message_primary or str(error))
    return HasuraError(message, code, path)


def error_details(error: psycopg.Error) -> dict[str, Any]:
    """Return an error of the database as Hasura shows it to administrators."""
    return {
        "exec_status": "FatalError",
        "status_code": error.sqlstate,
        "message": error.diag.message_primary or str(error),
        "description": error.diag.message_detail,
        "hint": error.diag.message_hint,
    }

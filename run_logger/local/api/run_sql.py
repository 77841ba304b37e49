"""`run_sql`: whatever SQL an administrator sends, with its result as text."""

from __future__ import annotations

import re
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import psycopg

from run_logger.local.api.edits import required
from run_logger.local.api.renames import NamesByOid
from run_logger.local.compiler.errors import error_details
from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import AsyncConnection, AsyncCursor

    from run_logger.local.api.change import Change

# What may change the tables, columns and functions that the metadata name.
_CHANGES_SCHEMA = re.compile(
    r"\b(alter|create|drop|replace|comment|rename|import|do|call|begin|commit)\b", re.IGNORECASE
)


async def run_sql(change: Change, args: Mapping[str, Any]) -> dict[str, Any]:
    """Run SQL in the transaction of the request.

    Args:
        change: What is shown, which follows what the SQL changes in the schema.
        args: `sql`, and where given `source`, `read_only`, `cascade` (whether what depends on
            what it drops is dropped from the metadata) and `check_metadata_consistency`.

    Returns:
        The result of the last statement: all values as text, and NULL as the text NULL.

    Raises:
        HasuraError: Postgres refused it, or the metadata depend on what it drops.
    """
    sql = str(required(args, "sql"))
    change.check_source(args)
    read_only = bool(args.get("read_only"))
    checks: bool | None = args.get("check_metadata_consistency")
    if read_only or not (checks or _CHANGES_SCHEMA.search(sql)):
        return await _run(change.connection, sql, read_only=read_only)
    names = await NamesByOid.read(change.connection)
    result = await _run(change.connection, sql, read_only=False)
    cascade = bool(args.get("cascade"))
    await change.follow_database(names, cascade=cascade, checks=checks is not False)
    return result


async def _run(connection: AsyncConnection[Any], sql: str, *, read_only: bool) -> dict[str, Any]:
    try:
        async with connection.transaction() if read_only else nullcontext():
            if read_only:
                await connection.execute("SET TRANSACTION READ ONLY")
            return _result(await connection.execute(sql.encode()))
    except psycopg.Error as error:
        raise refusal(error, sql) from error


def refusal(error: psycopg.Error, sql: str = "") -> HasuraError:
    """Return what is answered when Postgres refuses SQL, or at its end to keep what it did."""
    internal: dict[str, Any] = {
        "statement": sql,
        "prepared": False,
        "error": error_details(error),
        "arguments": [],
    }
    return HasuraError("query execution failed", "postgres-error", "$.args", internal)


def _result(cursor: AsyncCursor[Any]) -> dict[str, Any]:
    """Return the last of a cursor's results."""
    while cursor.nextset():
        pass
    result = cursor.pgresult
    if result is None or not cursor.description:
        return {"result_type": "CommandOk", "result": None}
    columns = range(result.nfields)
    rows = [
        [_text(result.get_value(row, column)) for column in columns]
        for row in range(result.ntuples)
    ]
    names = [column.name for column in cursor.description]
    return {"result_type": "TuplesOk", "result": [names, *rows]}


def _text(value: bytes | None) -> str:
    return "NULL" if value is None else value.decode()

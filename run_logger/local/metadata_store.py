"""Where the server keeps what it is told over HTTP: its metadata, and the state of the CLI."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import AsyncConnection

_EXISTS = "SELECT to_regclass('run_logger.state') IS NOT NULL"
_CREATE = """
    CREATE SCHEMA IF NOT EXISTS run_logger;
    CREATE TABLE IF NOT EXISTS run_logger.state (
        key text PRIMARY KEY,
        version integer NOT NULL DEFAULT 1,
        value json NOT NULL
    );
"""
_READ = "SELECT version, value FROM run_logger.state WHERE key = %s"
_WRITE = """
    INSERT INTO run_logger.state (key, version, value) VALUES (%s, %s, %s)
    ON CONFLICT (key) DO UPDATE SET version = EXCLUDED.version, value = EXCLUDED.value
"""


# YAML has dates, and JSON that was read without a loss has decimals.
_dumps = partial(json.dumps, default=str)


async def read_state(
    connection: AsyncConnection[Any], key: str
) -> tuple[int, dict[str, Any] | None]:
    """Read what was kept; a database in which nothing was is not touched.

    Args:
        connection: An open connection.
        key: What is asked for: `metadata`, or the name of a client (`cli`, `console`).

    Returns:
        Its version, from 1, and its value; None if there is none.
    """
    exists = await (await connection.execute(_EXISTS)).fetchone()
    if exists != (True,):
        return 1, None
    found = await (await connection.execute(_READ, [key])).fetchone()
    return (int(found[0]), found[1]) if found else (1, None)


async def write_state(
    connection: AsyncConnection[Any], key: str, value: Mapping[str, Any], version: int = 1
) -> None:
    """Keep a value under a key.

    Args:
        connection: An open connection.
        key: What it is: `metadata`, or the name of a client.
        value: A JSON object.
        version: Its version.
    """
    await connection.execute(_CREATE)
    await connection.execute(_WRITE, [key, version, Json(value, _dumps)])

"""What clients keep in the server: the Hasura CLI its migrations, the console its settings.

The migrations are those that this server records too, so that whichever of the two comes second
finds what the first has applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from run_logger.local.errors import HasuraError
from run_logger.local.metadata import as_mapping
from run_logger.local.metadata_store import read_state, write_state
from run_logger.local.migrations import CREATE_RECORD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import AsyncConnection

_CLIENTS = ("cli", "console")
_VERSIONS = """
    SELECT version::text FROM run_logger.migration ORDER BY version
"""
_HAS_RECORD = "SELECT to_regclass('run_logger.migration') IS NOT NULL"
_FORGET = "DELETE FROM run_logger.migration WHERE NOT version::text = ANY (%s)"
_REMEMBER = """
    INSERT INTO run_logger.migration (version, name)
    SELECT version::numeric, version FROM unnest(%s::text[]) AS version
    ON CONFLICT DO NOTHING
"""


async def get_state(connection: AsyncConnection[Any], source: str) -> dict[str, Any]:
    """Return what clients keep, the applied migrations among it.

    Args:
        connection: An open connection.
        source: The name of the source that is served.
    """
    states = {f"{name}_state": (await read_state(connection, name))[1] or {} for name in _CLIENTS}
    versions = await _versions(connection)
    migrations = dict(states["cli_state"].get("migrations") or {})
    migrations[source] = dict.fromkeys(versions, False)
    states["cli_state"] = {**states["cli_state"], "migrations": migrations}
    return {"id": "run-logger", **states}


async def set_state(connection: AsyncConnection[Any], source: str, args: Mapping[str, Any]) -> None:
    """Keep the state of a client.

    Args:
        connection: An open connection.
        source: The name of the source that is served.
        args: `type`, which is `cli` or `console`, and `state`.

    Raises:
        HasuraError: They are something else.
    """
    name, state = args.get("type"), as_mapping(args.get("state"))
    if name not in _CLIENTS or state is None:
        message = f"expected a type of {' or '.join(_CLIENTS)}, and a state that is an object"
        raise HasuraError(message, "parse-failed", "$.args")
    await write_state(connection, name, state)
    migrations = as_mapping(state.get("migrations")) or {}
    if name == "cli" and source in migrations:
        versions = [version for version in migrations[source] if version.isdigit()]
        await connection.execute(CREATE_RECORD)
        await connection.execute(_FORGET, [versions])
        await connection.execute(_REMEMBER, [versions])


async def _versions(connection: AsyncConnection[Any]) -> list[str]:
    has_record = await (await connection.execute(_HAS_RECORD)).fetchone()
    if has_record != (True,):
        return []
    return [str(version) for (version,) in await (await connection.execute(_VERSIONS)).fetchall()]

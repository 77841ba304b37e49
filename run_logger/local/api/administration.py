"""The commands of `/v1/metadata`, `/v2/query` and `/v1/query`."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any

import psycopg

from run_logger.local.api.change import Change
from run_logger.local.api.cli_state import get_state, set_state
from run_logger.local.api.data import DATA_COMMANDS
from run_logger.local.api.edits import EDITS, source_of
from run_logger.local.api.run_sql import refusal, run_sql
from run_logger.local.api.several import track_several
from run_logger.local.auth import ADMIN
from run_logger.local.errors import HasuraError, ServeError
from run_logger.local.metadata import as_mapping, served_source
from run_logger.local.metadata_store import read_state, write_state

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from run_logger.local.auth import Session
    from run_logger.local.engine import Engine

_SUCCESS = {"message": "success"}
# The commands of Postgres sources have this before their names, and in older versions nothing.
_PREFIX = "pg_"
_OF_ROLES = frozenset({"bulk", "concurrent_bulk", *DATA_COMMANDS})


class Administration:
    """Answers commands one after the other; what one changes is shown when all of it is done."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = asyncio.Lock()

    async def answer(self, body: Any, session: Session) -> Any:
        """Answer a command, in a transaction.

        Args:
            body: `{"type": …, "args": …}`.
            session: Who asks; only an administrator may do more than read and write rows.

        Raises:
            HasuraError: It is refused, or fails; then nothing has changed.
            ServeError: The metadata in it are not what they should be.
        """
        async with self._turn:
            try:
                change, answer = await self._answer(body, session)
            except psycopg.Error as error:
                raise refusal(error) from error
            if change.shown is not self._engine.shown:
                await self._engine.show(change.shown)
        return answer

    async def _answer(self, body: Any, session: Session) -> tuple[Change, Any]:
        async with self._engine.connect() as connection:
            version, _ = await read_state(connection, "metadata")
            change = Change(connection, self._engine.shown, version, session)
            answer = await _run(change, body)
            if change.edited:
                document = change.shown.metadata.document
                await write_state(connection, "metadata", document, change.version)
        return change, answer


async def _run(change: Change, body: Any) -> Any:
    command = as_mapping(body)
    if command is None:
        raise HasuraError("parsing failed, expected an object", "parse-failed", "$")
    name = command.get("type")
    if not isinstance(name, str):
        raise HasuraError('key "type" not found', "parse-failed", "$")
    _check_version(change, command)
    short = name.removeprefix(_PREFIX)
    if change.session.role != ADMIN and short not in _OF_ROLES:
        raise HasuraError("restricted access : admin only", "access-denied", "$.args")
    if short in EDITS:
        return await _edit(change, short, _arguments(command))
    if short in DATA_COMMANDS:
        return await DATA_COMMANDS[short](change, _arguments(command))
    if short not in _COMMANDS:
        raise HasuraError(f'unknown command "{name}"', "parse-failed", "$.type")
    return await _COMMANDS[short](change, command)


def _arguments(command: Mapping[str, Any]) -> Mapping[str, Any]:
    args = command.get("args")
    if isinstance(args, str):
        return {"name": args}
    arguments = as_mapping({} if args is None else args)
    if arguments is None:
        raise HasuraError("parsing failed, expected an object", "parse-failed", "$.args")
    return arguments


def _check_version(change: Change, command: Mapping[str, Any]) -> None:
    expected = command.get("resource_version")
    if expected is not None and expected != change.version:
        raise HasuraError(
            f"metadata resource version referenced ({expected}) did not match current version",
            "conflict",
        )


async def _edit(change: Change, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    document = change.document
    subject = EDITS[name](document, args)
    await change.edit(document, subject, cascade=bool(args.get("cascade")))
    return _SUCCESS


async def _bulk(change: Change, command: Mapping[str, Any]) -> list[Any]:
    answers: list[Any] = []
    for index, item in enumerate(_items(command)):
        try:
            answers.append(await _run(change, item))
        except HasuraError as error:
            error.path = f"$.args[{index}]{error.path.removeprefix('$')}"
            raise
    return answers


async def _bulk_keep_going(change: Change, command: Mapping[str, Any]) -> list[Any]:
    return [await _try(change, item) for item in _items(command)]


async def _try(change: Change, item: Any) -> Any:
    try:
        async with change.attempt():
            return await _run(change, item)
    except (HasuraError, ServeError) as error:
        if isinstance(error, ServeError):
            error = HasuraError(str(error), "parse-failed", "$.args")
        return error.as_metadata()


def _items(command: Mapping[str, Any]) -> list[Any]:
    args = command.get("args")
    if not isinstance(args, list):
        raise HasuraError("parsing failed, expected a list", "parse-failed", "$.args")
    return [*args]


async def _export(change: Change, command: Mapping[str, Any]) -> dict[str, Any]:
    if command.get("version") != 2:  # noqa: PLR2004  Hasura's number of the form of the answer
        return change.document
    return {"resource_version": change.version, "metadata": change.document}


async def _replace(change: Change, command: Mapping[str, Any]) -> dict[str, Any]:
    args = _arguments(command)
    document = as_mapping(args.get("metadata", args))
    if document is None:
        raise HasuraError("parsing failed, expected an object", "parse-failed", "$.args.metadata")
    allowed = bool(args.get("allow_inconsistent_metadata"))
    await change.replace(copy.deepcopy(document), allow_inconsistent=allowed)
    return _consistency(change) if "metadata" in args else _SUCCESS


async def _reload(change: Change, _: Mapping[str, Any]) -> dict[str, Any]:
    await change.reload()
    consistency = _consistency(change)
    if consistency["is_consistent"]:
        return {**_SUCCESS, "is_consistent": True}
    return {**_SUCCESS, **consistency}


async def _clear(change: Change, _: Mapping[str, Any]) -> dict[str, Any]:
    source = served_source(change.document)
    kept: list[Any] = [] if source is None else [{**source, "tables": [], "functions": []}]
    await change.replace({"version": 3, "sources": kept}, allow_inconsistent=True)
    return _SUCCESS


async def _get_inconsistent(change: Change, _: Mapping[str, Any]) -> dict[str, Any]:
    return _consistency(change)


async def _drop_inconsistent(change: Change, _: Mapping[str, Any]) -> dict[str, Any]:
    await change.drop_inconsistent()
    return _SUCCESS


def _consistency(change: Change) -> dict[str, Any]:
    objects = change.inconsistent_objects()
    return {"is_consistent": not objects, "inconsistent_objects": objects}


async def _run_sql(change: Change, command: Mapping[str, Any]) -> dict[str, Any]:
    return await run_sql(change, _arguments(command))


async def _several(change: Change, command: Mapping[str, Any]) -> dict[str, Any]:
    name = str(command["type"]).removeprefix(_PREFIX).removesuffix("s")
    return await track_several(change, name, _arguments(command))


async def _source_tables(change: Change, command: Mapping[str, Any]) -> list[dict[str, str]]:
    source_of(change.document, _arguments(command))
    return [{"schema": name.schema, "name": name.name} for name in change.shown.catalog.tables]


async def _get_state(change: Change, _: Mapping[str, Any]) -> dict[str, Any]:
    return await get_state(change.connection, change.source)


async def _set_state(change: Change, command: Mapping[str, Any]) -> dict[str, Any]:
    await set_state(change.connection, change.source, _arguments(command))
    return _SUCCESS


_COMMANDS: dict[str, Callable[[Change, Mapping[str, Any]], Awaitable[Any]]] = {
    "bulk": _bulk,
    "bulk_atomic": _bulk,
    "bulk_keep_going": _bulk_keep_going,
    "concurrent_bulk": _bulk,
    "clear_metadata": _clear,
    "drop_inconsistent_metadata": _drop_inconsistent,
    "export_metadata": _export,
    "get_catalog_state": _get_state,
    "get_inconsistent_metadata": _get_inconsistent,
    "get_source_tables": _source_tables,
    "reload_metadata": _reload,
    "replace_metadata": _replace,
    "run_sql": _run_sql,
    "set_catalog_state": _set_state,
    "track_tables": _several,
    "untrack_tables": _several,
}

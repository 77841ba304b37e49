"""Runs a statement prepared, past psycopg's cursors: they cost more than a small query does."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from cachetools import LRUCache
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from psycopg import AsyncConnection
    from psycopg.pq.abc import PGresult

# As many as psycopg keeps on a connection; each holds some of Postgres's memory.
_MOST_PREPARED = 100
_MOST_TEXTS = 4_000
_PLACEHOLDER = re.compile(r"%(?:%|\((\w+)\)s)")


class _Prepared(LRUCache[object, bytes]):
    """The names of the statements that a connection has prepared."""

    def __init__(self) -> None:
        super().__init__(_MOST_PREPARED)
        self.made = 0
        self.forgotten: list[bytes] = []

    def new_name(self) -> bytes:
        self.made += 1
        return b"run_logger_%d" % self.made

    def popitem(self) -> tuple[object, bytes]:
        key, name = super().popitem()
        self.forgotten.append(name)
        return key, name


_of_connection: WeakKeyDictionary[AsyncConnection[Any], _Prepared] = WeakKeyDictionary()


async def fetch_row(
    connection: AsyncConnection[Any], sql: str, parameters: Mapping[str, Any]
) -> tuple[Any, ...] | None:
    """Run a statement and return its first row, None if it gives none.

    Args:
        connection: Where it runs; nobody else uses it in the meantime.
        sql: The statement in psycopg's format, with named placeholders.
        parameters: The values of the placeholders.

    Raises:
        psycopg.Error: Postgres refused it, or the connection is lost.
    """
    text, names = _numbered(sql)
    transformer = Transformer(connection)
    values = [parameters[name] for name in names]
    sent = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
    name = await _prepare(connection, text, transformer.types or ())
    connection.pgconn.send_query_prepared(name, sent, transformer.formats)
    result = await _result(connection)
    transformer.set_pgresult(result)
    return transformer.load_row(0, tuple) if result.ntuples else None


async def _prepare(connection: AsyncConnection[Any], text: bytes, types: Sequence[int]) -> bytes:
    """Return the name of the statement on this connection; prepare it at its first use."""
    prepared = _of_connection.get(connection)
    if prepared is None:
        prepared = _of_connection[connection] = _Prepared()
    key = (text, types)
    name = prepared.get(key)
    if name is None:
        name = prepared.new_name()
        connection.pgconn.send_prepare(name, text, types)
        await _result(connection)
        prepared[key] = name
        await _forget(connection, prepared)
    return name


async def _forget(connection: AsyncConnection[Any], prepared: _Prepared) -> None:
    while prepared.forgotten:
        connection.pgconn.send_query_params(b"DEALLOCATE " + prepared.forgotten.pop(), None)
        await _result(connection)


async def _result(connection: AsyncConnection[Any]) -> PGresult:
    result: PGresult = (await connection.wait(execute(connection.pgconn)))[-1]
    if result.status == ExecStatus.FATAL_ERROR:
        raise error_from_result(result, connection.info.encoding)
    return result


@lru_cache(_MOST_TEXTS)
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """Return a statement in Postgres's format, and the names of its placeholders by number."""
    numbers: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        name = found[1]
        return "%" if name is None else f"${numbers.setdefault(name, len(numbers) + 1)}"

    text = _PLACEHOLDER.sub(numbered, sql)
    return text.encode(), tuple(numbers)

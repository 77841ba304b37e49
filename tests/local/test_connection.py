"""Connections that all requests share: lent, waited for, lost, interrupted."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from run_logger.local.connection import Connection, Pool

if TYPE_CHECKING:
    from collections.abc import Callable


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def value(connection: Connection, query: str, *values: Any) -> Any:
    row = await (await connection.execute(query.encode(), values)).fetchone()
    assert row is not None
    return row[0]


async def terminate(dsn: str, pid: int) -> None:
    """End a connection from the side of the server, and wait until it is gone."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other:
        await other.execute("SELECT pg_terminate_backend(%s, 60000)", [pid])


def test_a_connection_is_lent_to_one_at_a_time_and_others_wait_in_order(database: str) -> None:
    async def trial() -> list[str]:
        pool, order = Pool(database, 1), list[str]()

        async def work(name: str) -> None:
            async with pool.lend() as connection:
                await connection.execute("SELECT 1")
                order.append(name)

        async with asyncio.TaskGroup() as tasks, pool.lend():
            for name in "abc":
                tasks.create_task(work(name))
                await asyncio.sleep(0)
        await pool.close()
        return order

    assert asyncio.run(trial()) == ["a", "b", "c"]


def test_who_gives_up_waiting_leaves_the_connection_to_the_next(database: str) -> None:
    async def trial() -> int:
        pool = Pool(database, 1)
        held = await pool.take()
        waiting = [asyncio.ensure_future(pool.take()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await pool.give_back(held)
        # It has been given the connection, and has not had its turn yet.
        waiting[1].cancel()
        connection = await waiting[2]
        assert connection is held
        answer: int = await value(connection, "SELECT 7")
        await pool.give_back(connection)
        await pool.close()
        return answer

    assert asyncio.run(trial()) == 7


def test_a_connection_that_the_server_ended_is_not_lent_again(database: str) -> None:
    async def trial() -> bool:
        pool = Pool(database, 1)
        async with pool.lend() as first:
            pid = first.info.backend_pid
        await terminate(database, pid)
        await until(lambda: first.closed)
        async with pool.lend() as second:
            assert await value(second, "SELECT 1") == 1
        await pool.close()
        return first is second

    assert asyncio.run(trial()) is False


def test_who_waits_for_a_connection_that_is_lost_is_given_a_new_one(database: str) -> None:
    async def trial() -> None:
        pool = Pool(database, 1)
        lost = await pool.take()
        waiting = asyncio.ensure_future(pool.take())
        running = asyncio.ensure_future(lost.execute("SELECT pg_sleep(1000)"))
        await until(lambda: lost.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE)
        await terminate(database, lost.info.backend_pid)
        with pytest.raises(psycopg.OperationalError):
            await running
        await pool.give_back(lost)
        connection = await waiting
        assert await value(connection, "SELECT 1") == 1
        await pool.give_back(connection)
        await pool.close()

    asyncio.run(trial())


def test_where_the_database_is_not_there_all_who_wait_are_told() -> None:
    async def trial() -> list[Any]:
        pool = Pool("host=/nowhere", 1)
        return await asyncio.gather(*(pool.take() for _ in range(3)), return_exceptions=True)

    assert [type(error) for error in asyncio.run(trial())] == [psycopg.OperationalError] * 3


def test_a_statement_that_is_interrupted_ends_and_the_connection_goes_on(database: str) -> None:
    async def trial() -> None:
        pool = Pool(database, 1)
        async with pool.lend() as connection:
            running = asyncio.ensure_future(connection.execute("SELECT pg_sleep(1000)"))
            active = psycopg.pq.TransactionStatus.ACTIVE
            await until(lambda: connection.pgconn.transaction_status == active)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert await value(connection, "SELECT 1") == 1
        await pool.close()

    asyncio.run(trial())


def test_what_does_not_fit_into_the_socket_at_once_is_sent_whole(database: str) -> None:
    async def trial() -> int:
        pool = Pool(database, 1)
        async with pool.lend() as connection:
            length: int = await value(connection, "SELECT length(%s)", "ä" * 20_000_000)
        await pool.close()
        return length

    assert asyncio.run(trial()) == 20_000_000

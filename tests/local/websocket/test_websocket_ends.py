"""How connections end: the client leaves, the server stops, a client no longer reads."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from run_logger._resources import resource
from run_logger.local.app import create_app
from run_logger.local.auth import Authenticator
from run_logger.local.errors import ServeError
from run_logger.local.http_server import listen, url_of
from run_logger.local.intervals import Intervals
from run_logger.local.options import Options
from run_logger.local.server import run
from run_logger.local.websocket import websocket_routes
from tests.conftest import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from starlette.types import ASGIApp

    from run_logger.local.auth import Session
    from run_logger.local.http_server import HttpServer
    from run_logger.local.subscriptions import Subscriber
    from run_logger.local.view import Prepared
    from tests.conftest import Serve
    from tests.local.websocket.conftest import Connect, Shop

INSERT = 'mutation { slow_insert(args: {label: "kept"}) { id } }'


def test_a_mutation_under_way_is_finished_when_its_client_leaves(
    shop: Shop, connect_to: Connect, protocol: str
) -> None:
    client, other = connect_to(shop.served, protocol), connect_to(shop.served)
    witness = other.start('subscription { item(where: {name: {_eq: "kept"}}) { id } }')
    assert other.data(witness) == {"item": []}
    with shop.held():
        client.start(INSERT)
        shop.wait_for_waiters(1)
        client.socket.close()
    assert other.data(witness) == {"item": [{"id": 3}]}


def test_a_stopped_mutation_is_finished_in_silence(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    with shop.held():
        id_ = client.start(INSERT)
        shop.wait_for_waiters(1)
        client.stop(id_)
    client.is_silent()
    assert shop.run("SELECT count(*) FROM item WHERE name = 'kept'") == [(1,)]


def test_a_stopped_query_is_cancelled(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    with shop.held():
        id_ = client.start("{ slow { id } }")
        shop.wait_for_waiters(1)
        client.stop(id_)
        client.is_silent()
        shop.wait_for_waiters(0)


def test_many_operations_at_once_are_all_answered(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    ids = [client.start("{ item { id } }") for _ in range(1_500)]
    answered = [client.receive()["id"] for _ in range(3_000)][::2]
    assert answered == ids


def test_operations_stopped_before_they_begin_leave_room_for_others(
    shop: Shop, connect_to: Connect
) -> None:
    client = connect_to(shop.served)
    with shop.held():
        client.start("{ slow { id } }")
        for _ in range(1_500):
            client.stop(client.start("{ item { id } }"))
    while client.receive()["type"] != "complete":
        pass
    client.is_silent()


class Faulty:
    """An engine with a bug."""

    inconsistencies: tuple[object, ...] = ()

    async def execute(self, request: Mapping[str, Any], session: Session) -> bytes:
        raise NotImplementedError

    async def prepare(self, request: Mapping[str, Any], session: Session) -> Prepared:
        raise ZeroDivisionError(f"a bug, with {request['variables']} of {session} in it")

    async def run(self, prepared: Prepared, session: Session) -> bytes:
        raise NotImplementedError

    def subscribe(self, prepared: Prepared, session: Session) -> AbstractContextManager[Subscriber]:
        raise NotImplementedError

    async def changed(self) -> None:
        await asyncio.Event().wait()


def test_a_fault_of_ours_ends_its_operation_alone_and_is_logged_without_values(
    serve_app: Callable[[ASGIApp], str],
    connect_to: Connect,
    protocol: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine, authenticator = Faulty(), Authenticator(None)
    routes = websocket_routes(engine, authenticator, Intervals())
    base_url = serve_app(create_app(engine, authenticator, Options(), routes))
    client = connect_to(Served(base_url, dsn=""), protocol)
    for _ in range(2):
        id_ = client.start("{ any }", password="hunter2")  # noqa: S106  of this test alone
        assert "internal error" in str(client.receive()["payload"])
        assert client.receive() == {"type": "complete", "id": id_}
    client.send("ping")
    assert client.receive() == {"type": "pong"}
    assert "ZeroDivisionError" in caplog.text
    assert "hunter2" not in caplog.text


class Visitors(Authenticator):
    """Lets everybody in for a fifth of a second."""

    def session(self, headers: Mapping[str, str]) -> Session:
        return replace(super().session(headers), expires=time.time() + 0.2)


async def code_at_the_end(
    database: str, authenticator: Authenticator, *, stops: bool
) -> int | None:
    """Follow a live query until the server ends the connection, and return the code."""
    ready: asyncio.Future[HttpServer] = asyncio.get_running_loop().create_future()
    with listen("127.0.0.1", 0) as listener:
        serving = asyncio.create_task(
            run(listener, database, resource("schema"), authenticator, ready.set_result)
        )
        server = await ready
        url = url_of(listener).replace("http", "ws") + "/v1/graphql"
        async with connect(
            url, subprotocols=[Subprotocol("graphql-ws")], open_timeout=60, ping_interval=None
        ) as socket:
            await socket.send('{"type": "connection_init"}')
            await socket.send(
                '{"type": "start", "id": "1", "payload": {"query": "subscription { run { id } }"}}'
            )
            with suppress(ConnectionClosed):
                while json.loads(await socket.recv())["type"] != "data":
                    pass
            server.should_exit = stops
            await socket.wait_closed()
        server.should_exit = True
        await asyncio.wait_for(serving, 60)
        return socket.close_code


def test_a_server_that_stops_says_that_it_restarts(project_database: str) -> None:
    """As Hasura does, so that clients come back."""
    ending = code_at_the_end(project_database, Authenticator(None), stops=True)
    assert asyncio.run(ending) == 1012


def test_a_session_that_expires_ends_the_connection(project_database: str) -> None:
    ending = code_at_the_end(project_database, Visitors(None), stops=False)
    assert asyncio.run(ending) == 1001


def test_a_change_of_the_metadata_ends_connections(
    shop: Shop, connect_to: Connect, protocol: str
) -> None:
    client = connect_to(shop.served, protocol)
    client.data(client.start("subscription { item { id } }"))
    # Functions that return its rows go with it.
    untrack = {"type": "pg_untrack_table", "args": {"table": "item", "cascade": True}}
    answer = httpx.post(f"{shop.served.base_url}/v1/metadata", json=untrack, timeout=60)
    assert answer.status_code == 200, answer.text
    assert client.closed() == (1012, "Server state changed, restarting the server")
    again = connect_to(shop.served, protocol)
    id_ = again.start("subscription { item { id } }")
    assert again.receive()["type"] == "error"
    assert again.receive() == {"type": "complete", "id": id_}


def test_an_interval_that_is_none_is_refused_by_name(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = "HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE"
    for value in ("0", "-1", "5s", "1.5"):
        monkeypatch.setenv(variable, value)
        with pytest.raises(ServeError, match=f"{variable} is '{value}'"):
            serve()

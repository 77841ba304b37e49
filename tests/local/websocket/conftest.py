"""Clients on websockets, of both protocols."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

import orjson
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.conftest import MakeProject, Serve, Served

# Whatever is waited for comes much sooner, unless the machine has a lot else to do.
_PATIENCE = 60
LEGACY = "graphql-ws"
TRANSPORT = "graphql-transport-ws"


_MINE = {
    "function": {"schema": "public", "name": "mine"},
    "configuration": {"session_argument": "session"},
}


@dataclass
class Client:
    """A client that takes every message as it comes; signs of life are left out."""

    socket: ClientConnection
    protocol: str

    def __post_init__(self) -> None:
        self._ids = count(1)

    @property
    def result(self) -> str:
        """The type of a message that holds a result."""
        return "data" if self.protocol == LEGACY else "next"

    def send(self, type_: str, **rest: Any) -> None:
        self.socket.send(orjson.dumps({"type": type_, **rest}).decode())

    def receive_any(self, timeout: float = _PATIENCE) -> dict[str, Any]:
        """Return the next message, a sign of life too."""
        message: dict[str, Any] = orjson.loads(self.socket.recv(timeout))
        return message

    def receive(self, timeout: float = _PATIENCE) -> dict[str, Any]:
        while (message := self.receive_any(timeout))["type"] in {"ka", "ping"}:
            pass
        return message

    def start(self, query: str, **variables: Any) -> str:
        """Start an operation and return its id."""
        id_ = str(next(self._ids))
        payload = {"query": query, "variables": variables}
        self.send("start" if self.protocol == LEGACY else "subscribe", id=id_, payload=payload)
        return id_

    def stop(self, id_: str) -> None:
        self.send("stop" if self.protocol == LEGACY else "complete", id=id_)

    def data(self, id_: str) -> Any:
        """Return the data of the next message, which is of this operation."""
        message = self.receive()
        assert (message["type"], message["id"]) == (self.result, id_), message
        assert list(message["payload"]) == ["data"], message
        return message["payload"]["data"]

    def ask(self, query: str, **variables: Any) -> Any:
        """Return the data of a query or mutation."""
        id_ = self.start(query, **variables)
        data = self.data(id_)
        assert self.receive() == {"type": "complete", "id": id_}
        return data

    def closed(self) -> tuple[int, str]:
        """Wait until the server closes, and return its code and reason."""
        with pytest.raises(ConnectionClosed) as raised:
            self.receive()
        frame = raised.value.rcvd
        assert frame is not None
        return frame.code, frame.reason

    def is_silent(self) -> None:
        """Check that nothing came before the answer to this."""
        assert self.ask("{ __typename }") == {"__typename": "query_root"}


class Connect(Protocol):
    def __call__(
        self,
        served: Served,
        protocol: str = TRANSPORT,
        *,
        headers: Mapping[str, str] | None = None,
        handshake: Mapping[str, str] | None = None,
        initialise: bool = True,
    ) -> Client: ...


@pytest.fixture
def connect_to() -> Iterator[Connect]:
    """Open websockets, which are closed when the test ends."""
    with ExitStack() as opened:

        def start(
            served: Served,
            protocol: str = TRANSPORT,
            *,
            headers: Mapping[str, str] | None = None,
            handshake: Mapping[str, str] | None = None,
            initialise: bool = True,
        ) -> Client:
            socket = connect(
                served.url.replace("http", "ws"),
                subprotocols=[Subprotocol(protocol)],
                additional_headers=dict(handshake or {}),
                max_size=None,
                compression=None,
                open_timeout=_PATIENCE,
                close_timeout=1,
                ping_interval=None,  # a client that does not read would miss the answer
                max_queue=1,  # the client takes no more off the socket than it is asked for
            )
            client = Client(opened.enter_context(socket), protocol)
            if initialise:
                client.send("connection_init", payload={"headers": dict(headers or {})})
                assert client.receive() == {"type": "connection_ack"}
            return client

        yield start


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients take their time to say who they are."""
    variable = "HASURA_GRAPHQL_WEBSOCKET_CONNECTION_INIT_TIMEOUT"
    monkeypatch.setenv(variable, str(_PATIENCE))


@pytest.fixture(params=[LEGACY, TRANSPORT])
def protocol(request: pytest.FixtureRequest) -> str:
    """Each of the two protocols."""
    name: str = request.param
    return name


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> float:
    """Poll ten times a second; returns the interval in seconds."""
    monkeypatch.setenv("HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL", "100")
    monkeypatch.setenv("HASURA_GRAPHQL_STREAMING_QUERIES_MULTIPLEXED_REFETCH_INTERVAL", "100")
    return 0.1


@dataclass(frozen=True)
class Shop:
    """A served project of one table, and of functions that count and fail."""

    served: Served

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """Run SQL in its database, and return the rows if there are any."""
        with psycopg.connect(self.served.dsn, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the slow functions wait for as long as the context lasts."""
        with psycopg.connect(self.served.dsn, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(4711)")
            yield

    def wait_for_waiters(self, number: int) -> None:
        """Wait until so many of the slow functions wait."""
        waiting = """
            SELECT count(*) FROM pg_stat_activity
            WHERE wait_event = 'advisory' AND datname = current_database()
        """
        self._wait(waiting, lambda count: count == number)

    def wait_for_calls(self, number: int) -> None:
        """Wait until the function `counted` was called so many times more."""
        calls = "SELECT last_value FROM calls"
        begin = self.run(calls)[0][0]
        self._wait(calls, lambda count: count >= begin + number)

    def _wait(self, sql: str, holds: Callable[[int], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        with psycopg.connect(self.served.dsn, autocommit=True) as connection:
            while not holds(connection.execute(sql.encode()).fetchall()[0][0]):
                assert time.monotonic() < deadline, sql


@pytest.fixture
def shop(make_project: MakeProject, serve: Serve, quick: float) -> Shop:
    """A table `item`, and functions: `counted` counts its calls, the slow ones wait if `held`."""
    del quick
    project = make_project(
        """
        CREATE TABLE item (id serial PRIMARY KEY, name text, price numeric);
        CREATE SEQUENCE calls;
        CREATE FUNCTION counted(lowest integer) RETURNS SETOF item STABLE LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM nextval('calls');
            RETURN QUERY SELECT * FROM item WHERE id >= lowest ORDER BY id;
        END $$;
        CREATE FUNCTION slow() RETURNS SETOF item STABLE LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_lock_shared(4711), pg_advisory_unlock_shared(4711);
            RETURN QUERY SELECT * FROM item ORDER BY id;
        END $$;
        CREATE FUNCTION slow_insert(label text) RETURNS SETOF item VOLATILE LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_lock_shared(4711), pg_advisory_unlock_shared(4711);
            RETURN QUERY INSERT INTO item (name) VALUES (label) RETURNING *;
        END $$;
        CREATE FUNCTION mine(session json) RETURNS SETOF item STABLE LANGUAGE sql AS
            $$ SELECT * FROM item WHERE name = session ->> 'x-hasura-name' $$;
        INSERT INTO item (name, price) VALUES ('pen', 1.50), ('ink', 4);
        """,
        tables=["item"],
        functions=["counted", "slow", "slow_insert", _MINE],
    )
    return Shop(serve(project))

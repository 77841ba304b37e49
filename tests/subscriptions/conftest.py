"""A served table `item`, a proxy before it that can cut, and servers that say what a test wants."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import orjson
import psycopg
import pytest
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from run_logger.transport import Transport
from tests.subscriptions.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from websockets.http11 import Request, Response

    from run_logger.transport import Subscription
    from tests.conftest import MakeProject, Serve, Served

LIVE = "subscription items { item(order_by: {id: asc}) { id name } }"

STREAM = """
    subscription items($after: Int!, $size: Int!) {
      item_stream(cursor: {initial_value: {id: $after}}, batch_size: $size) { id name }
    }
"""


@dataclass(frozen=True)
class Shop:
    """A served table of items, and the proxy before the server."""

    served: Served
    proxy: TcpProxy
    client: Transport

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """Run SQL in its database, and return the rows if there are any."""
        with psycopg.connect(self.served.dsn, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def add(self, *names: str) -> None:
        """Insert items, one after the other."""
        for name in names:
            self.run(f"INSERT INTO item (name) VALUES ('{name}')")

    def live(self) -> Subscription[list[str]]:
        """Follow the names of all items."""
        return self.client.subscribe(LIVE, "items", {}, names_in)

    def stream(self, size: int = 1, after: int = 0) -> Subscription[list[str]]:
        """Follow the names of new items, by batches."""
        return self.client.subscribe(
            STREAM, "items", {"after": after, "size": size}, names_in_stream
        )

    def query(self) -> list[str]:
        """Ask for the names of all items, over HTTP."""
        return names_in(self.client.execute("{ item(order_by: {id: asc}) { name } }"))


def names_in(data: dict[str, Any]) -> list[str]:
    return [row["name"] for row in data["item"]]


def names_in_stream(data: dict[str, Any]) -> list[str]:
    return [row["name"] for row in data["item_stream"]]


def proxied(served: Served, proxy: TcpProxy) -> str:
    """Return the URL of the API behind the proxy."""
    return f"http://127.0.0.1:{proxy.port}{urlsplit(served.url).path}"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll twenty times a second."""
    monkeypatch.setenv("HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL", "50")
    monkeypatch.setenv("HASURA_GRAPHQL_STREAMING_QUERIES_MULTIPLEXED_REFETCH_INTERVAL", "50")


@pytest.fixture
def shop(make_project: MakeProject, serve: Serve, quick: None) -> Iterator[Shop]:
    """The table `item`, without rows; `parts` is 1 / 0 for one whose name is "broken"."""
    del quick
    project = make_project(
        """
        CREATE TABLE item (
            id serial PRIMARY KEY, name text, made timestamptz DEFAULT now(), price numeric
        );
        CREATE FUNCTION parts(item_row item) RETURNS integer STABLE LANGUAGE sql AS
            $$ SELECT 1 / CASE item_row.name WHEN 'broken' THEN 0 ELSE 1 END $$;
        """,
        tables="""
            - table: {name: item, schema: public}
              computed_fields: [{name: parts, definition: {function: parts}}]
        """,
    )
    served = serve(project)
    port = urlsplit(served.url).port
    assert port is not None
    with TcpProxy(port) as proxy, Transport(proxied(served, proxy)) as client:
        yield Shop(served, proxy, client)


class Say(Protocol):
    def __call__(self, *sent: dict[str, Any] | tuple[int, str] | str) -> str: ...


@dataclass
class Conversation:
    """What a scripted server was sent."""

    received: list[dict[str, Any]]
    connections: int = 0


@contextmanager
def scripted(
    handler: Callable[[ServerConnection], None],
    tls: ssl.SSLContext | None = None,
    answer: Callable[[ServerConnection, Request], Response | None] | None = None,
) -> Iterator[str]:
    """Run a websocket server in a thread; yields its URL over HTTP."""
    with serve(
        handler,
        "127.0.0.1",
        0,
        ssl=tls,
        process_request=answer,
        subprotocols=[Subprotocol("graphql-transport-ws")],
    ) as server:
        thread = threading.Thread(target=server.serve_forever, name="scripted-server")
        thread.start()
        try:
            port = server.socket.getsockname()[1]
            yield f"http{'s' if tls else ''}://127.0.0.1:{port}/v1/graphql"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def conversation() -> Conversation:
    """What the server of `say` was sent."""
    return Conversation([])


@pytest.fixture
def say(conversation: Conversation) -> Iterator[Say]:
    """Serve a script: messages or bare texts, at last perhaps how to close; returns the URL.

    It is said on each connection. What comes before the message `connection_ack` is said after the
    client's first message, what comes after it when the client has subscribed.
    """
    with ExitStack() as running:

        def start(*sent: dict[str, Any] | tuple[int, str] | str) -> str:
            def handle(connection: ServerConnection) -> None:
                conversation.connections += 1
                conversation.received.append(orjson.loads(connection.recv()))
                for message in sent:
                    if isinstance(message, tuple):
                        connection.close(*message)
                        return
                    if isinstance(message, str):
                        connection.send(message)
                        continue
                    connection.send(orjson.dumps(message).decode())
                    if message["type"] == "connection_ack":
                        conversation.received.append(orjson.loads(connection.recv()))
                for text in connection:
                    conversation.received.append(orjson.loads(text))

            return running.enter_context(scripted(handle))

        yield start

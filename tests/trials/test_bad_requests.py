"""Whatever comes in at the local server: an error in Hasura's shape, and nothing is left behind."""

from __future__ import annotations

import resource
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import orjson
import psycopg
import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.trials.nonsense import BODIES, MESSAGES, QUERIES, STRINGS
from tests.trials.oracle import Verdict
from tests.trials.stage import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from tests.trials.conftest import Record, Server, Size

PATIENCE = 200.0
"""Seconds until a server counts as hung."""

LEAK = 64 << 20
"""Bytes by which the server may grow: a leak of the largest requests would be many times that."""


@dataclass
class Guarded:
    """A server that is watched while it gets what it should not."""

    server: Server
    client: httpx.Client
    database: psycopg.Connection

    def post(self, body: bytes, **headers: str) -> httpx.Response:
        """Send a body to the GraphQL API."""
        return self.client.post(self.server.endpoint, content=body, headers=headers)

    def ask(self, query: str, variables: object = None, **more: object) -> Any:
        """Send a query, and return the answer."""
        body = {"query": query, "variables": variables or {}, **more}
        return self.post(orjson.dumps(body)).json()

    def works(self) -> bool:
        """Return whether it answers what it is asked."""
        return bool(self.ask("{ run(limit: 0) { id } }") == {"data": {"run": []}})

    def memory(self) -> int:
        """Return how much memory it has, in bytes."""
        resident = Path(f"/proc/{self.server.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(resident) * resource.getpagesize()

    def files(self) -> int:
        """Return how many files and connections it has open."""
        return len([*Path(f"/proc/{self.server.pid}/fd").iterdir()])

    def open_statements(self) -> int:
        """Return how many of its connections are within a statement or a transaction."""
        query = """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND pid != pg_backend_pid() AND state != 'idle'
        """
        found = self.database.execute(query).fetchone()
        assert found is not None
        return int(found[0])

    def check(self) -> None:
        """See that it works on, that no statement is open, and that it has said nothing of bugs."""
        assert self.works()
        assert eventually(lambda: self.open_statements() == 0)
        assert "Traceback" not in self.server.said()
        assert "report it" not in self.server.said()


@pytest.fixture
def guarded(trial_server: Server) -> Iterator[Guarded]:
    """The server, seen to be well before and after."""
    with (
        httpx.Client(timeout=PATIENCE) as client,
        psycopg.connect(trial_server.dsn, autocommit=True) as database,
    ):
        guarded = Guarded(trial_server, client, database)
        guarded.check()
        yield guarded
        guarded.check()


def error_of(response: httpx.Response) -> str:
    """Return the message of an answer that is to be an error in Hasura's shape."""
    answer = response.json()
    assert answer.keys() == {"errors"}, response.text[:500]
    assert answer["errors"]
    for error in answer["errors"]:
        assert isinstance(error["message"], str)
        assert error["extensions"].keys() >= {"path", "code"}, error
        assert error["extensions"]["code"] != "unexpected", error
    return str(answer["errors"][0]["message"])


def test_bodies_that_are_no_requests(guarded: Guarded, record: Record) -> None:
    for body in BODIES:
        error_of(guarded.post(body))
        error_of(guarded.post(body, **{"content-encoding": "identity", "content-type": "x/y"}))
    record(Verdict(records=2 * len(BODIES)))


def test_queries_that_cannot_be_answered(guarded: Guarded, record: Record) -> None:
    before = guarded.ask("{ run_aggregate { aggregate { count } } }")
    for query in QUERIES:
        error_of(guarded.post(orjson.dumps({"query": query})))
    assert guarded.ask("{ run_aggregate { aggregate { count } } }") == before
    record(Verdict(records=len(QUERIES)))


def test_bad_requests_leave_nothing_behind(
    guarded: Guarded, size: Size, rng: Random, record: Record
) -> None:
    bodies = [*BODIES, *(orjson.dumps({"query": query}) for query in QUERIES)]
    for body in bodies:  # what is allocated once, and kept on purpose
        guarded.post(body)
    memory, files = guarded.memory(), guarded.files()
    requests = rng.choices(bodies, k=size(60, 1_000))
    for body in requests:
        guarded.post(body)
    grown = guarded.memory() - memory
    assert grown < LEAK, f"the server has grown by {grown} bytes"
    assert eventually(lambda: guarded.files() <= files + 4)  # of its pool
    record(Verdict(records=len(requests)), grown_by_kilobytes=max(0, grown >> 10))


WRITE = """
mutation ($text: String!, $metadata: jsonb!, $log: jsonb!, $spec: jsonb!) {
  insert_run_one(object: {
    metadata: $metadata
    charts: {data: [{name: $text, spec: $spec}]}
    run_logs: {data: [{log: $log}]}
  }) { id metadata charts { name spec } run_logs { log } }
}
"""

READ = """
query ($id: Int!, $text: String!, $value: jsonb!) {
  run(where: {id: {_eq: $id}}) {
    by_name: charts(where: {name: {_eq: $text}}) { name }
    by_pattern: charts(where: {name: {_ilike: $text}}) { name }
    by_list: charts(where: {name: {_in: [$text]}}) { name }
    by_expression: charts(where: {name: {_regex: $text}}) { name }
    by_key: run_logs(where: {log: {_has_key: $text}}) { log }
    by_keys: run_logs(where: {log: {_has_keys_any: [$text]}}) { log }
    by_value: run_logs(where: {log: {_contains: $value}}) { log }
  }
}
"""


def test_sql_in_every_string_is_text(guarded: Guarded, record: Record) -> None:
    tables = "SELECT array_agg(tablename ORDER BY 1) FROM pg_tables WHERE schemaname = 'public'"
    before = guarded.database.execute(tables.encode()).fetchone()
    for text in STRINGS:
        value = {text: text}
        variables = {"text": text, "metadata": value, "log": value, "spec": value}
        run = guarded.ask(WRITE, variables)["data"]["insert_run_one"]
        assert run["metadata"] == value
        assert run["charts"] == [{"name": text, "spec": value}]
        assert run["run_logs"] == [{"log": value}]
        literal = orjson.dumps(text).decode()
        for query, given in (
            (READ, {"id": run["id"], "text": text, "value": value}),
            (f"{{ run(where: {{charts: {{name: {{_eq: {literal}}}}}}}) {{ id }} }}", {}),
            (f"{{ run(where: {{metadata: {{_has_key: {literal}}}}}) {{ id }} }}", {}),
            (f"{{ run(limit: 1) {{ metadata(path: {literal}) }} }}", {}),
            (f"mutation {{ update_run(where: {{id: {{_eq: {run['id']}}}}},"
             f" _delete_key: {{metadata: {literal}}}) {{ affected_rows }} }}", {}),
        ):  # fmt: skip
            answer = guarded.ask(query, given)
            assert "data" in answer or not is_of_postgres(answer), (text, query[:200], answer)
        guarded.ask("query a { run { id } }", operationName=text)
        guarded.post(b'{"query": "{ run { id } }"}', **{"x-request-id": "'; --", "x-hasura-a": "'"})
    assert guarded.database.execute(tables.encode()).fetchone() == before
    record(Verdict(records=len(STRINGS)))


def is_of_postgres(answer: Any) -> bool:
    """Return whether an error says that a statement was none."""
    return "syntax error" in orjson.dumps(answer).decode()


def test_names_that_need_quoting(guarded: Guarded, record: Record) -> None:
    """Tracked by hand, as a user of the console does."""
    sql = """
        CREATE SCHEMA IF NOT EXISTS "My Schema";
        DROP TABLE IF EXISTS "My Schema"."Order ""by""; DROP";
        CREATE TABLE "My Schema"."Order ""by""; DROP" (
            "select" serial CONSTRAINT "Select" PRIMARY KEY,
            "User" text, "a b" int, "x""; --" jsonb DEFAULT '{}'
        )
    """
    table = {"schema": "My Schema", "name": 'Order "by"; DROP'}
    columns = {"a b": {"custom_name": "a_b"}, 'x"; --': {"custom_name": "odd"}}
    configuration = {"custom_name": "orders", "column_config": columns}
    admin = guarded.server.endpoint.removesuffix("/v1/graphql")
    guarded.client.post(
        f"{admin}/v2/query", json={"type": "run_sql", "args": {"sql": sql}}
    ).raise_for_status()
    arguments = {"source": "default", "table": table, "configuration": configuration}
    metadata = f"{admin}/v1/metadata"
    try:
        track = {"type": "pg_track_table", "args": arguments}
        guarded.client.post(metadata, json=track).raise_for_status()
        answers = [guarded.ask(query) for query in ORDERS]
    finally:
        untrack = {"type": "pg_untrack_table", "args": {"source": "default", "table": table}}
        guarded.client.post(metadata, json=untrack).raise_for_status()
    assert not any("errors" in answer for answer in answers), answers
    assert answers[-1] == {"data": {"orders": [], "orders_aggregate": {"aggregate": {"count": 0}}}}
    record(Verdict(records=len(ORDERS)))


ORDERS = (
    """mutation { insert_orders(
        objects: [{User: "a", a_b: 1, odd: {k: 1}}, {User: "b", a_b: 2}]
        on_conflict: {constraint: Select, update_columns: [User, a_b, odd]}
    ) { affected_rows returning { select User a_b odd(path: "k") } } }""",
    """{ orders(where: {User: {_eq: "a"}, a_b: {_lt: 5}, odd: {_has_key: "k"}},
        order_by: [{a_b: desc}, {select: asc}], distinct_on: [a_b]) { select User a_b odd } }""",
    "{ orders_aggregate { aggregate { count(columns: [a_b, User]) max { a_b User } } } }",
    "mutation { update_orders(where: {}, _inc: {a_b: 1}, _append: {odd: {l: 2}}) "
    "{ returning { odd } } }",
    "mutation { delete_orders(where: {a_b: {_gte: 0}}) { affected_rows } }",
    "{ orders { select } orders_aggregate { aggregate { count } } }",
)


@pytest.mark.parametrize("protocol", ["graphql-ws", "graphql-transport-ws"])
def test_a_websocket_that_speaks_nonsense(
    protocol: str, guarded: Guarded, size: Size, rng: Random, record: Record
) -> None:
    url = guarded.server.endpoint.replace("http", "ws", 1)
    files = guarded.files()
    initialised = '{"type": "connection_init", "payload": {}}'
    connections = size(20, 400)
    for _ in range(connections):
        spoken_to = connect(url, subprotocols=[Subprotocol(protocol)], close_timeout=0.1)
        # What the server says to it is up to the protocol; it may hang up, and stays well.
        with spoken_to, suppress(WebSocketException, OSError):
            if rng.random() < 0.5:
                spoken_to.send(initialised)
            for message in rng.choices(MESSAGES, k=4):
                spoken_to.send(message)
            spoken_to.recv(0.01)
    for number in range(connections):
        shake_hands_and_send(guarded.server.endpoint, rng.randbytes(1 + number % 200))
    assert eventually(lambda: guarded.files() <= files + 4)
    record(Verdict(records=2 * connections))


def shake_hands_and_send(endpoint: str, frames: bytes) -> None:
    """Open a websocket, send bytes that are no frames, and leave without a word."""
    with suppress(OSError), reaching(endpoint) as connection:
        connection.sendall(
            b"GET /v1/graphql HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\n"
            b"connection: upgrade\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-protocol: graphql-ws\r\n\r\n"
        )
        connection.recv(1024)
        connection.sendall(frames)


def reaching(endpoint: str) -> socket.socket:
    """Return a connection that is reset when it is closed: its other end gets no good-bye."""
    address = urlsplit(endpoint)
    connection = socket.create_connection((address.hostname, address.port or 80), timeout=PATIENCE)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return connection


LARGE = 4 << 20


def test_clients_that_go_away_in_the_middle(
    guarded: Guarded, size: Size, rng: Random, record: Record
) -> None:
    insert = "mutation ($m: jsonb!) { insert_run_one(object: {metadata: $m}) { id } }"
    run_id = guarded.ask(insert, {"m": {"large": "x" * LARGE}})["data"]["insert_run_one"]["id"]
    query = f"{{ run(where: {{id: {{_eq: {run_id}}}}}) {{ metadata }} }}"
    requests = [
        request_of(orjson.dumps({"query": query})),
        request_of(orjson.dumps({"query": insert, "variables": {"m": {"gone": "x" * LARGE}}})),
        b"POST /v1/graphql HTTP/1.1\r\nhost: a\r\ncontent-length: -5\r\n\r\n",
        b"POST /v1/graphql HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ]
    files, clients = guarded.files(), size(20, 1_000)
    for request in rng.choices(requests, k=clients):
        with suppress(OSError), reaching(guarded.server.endpoint) as connection:
            whole = rng.random() < 0.5
            connection.sendall(request if whole else request[: rng.randrange(len(request))])
            if whole:
                connection.recv(rng.choice((1, 1 << 16)))
    assert eventually(lambda: guarded.files() <= files + 4)
    guarded.ask("mutation ($id: Int!) { delete_run_by_pk(id: $id) { id } }", {"id": run_id})
    guarded.ask('mutation { delete_run(where: {metadata: {_has_key: "gone"}}) { affected_rows } }')
    record(Verdict(records=clients))


def request_of(body: bytes) -> bytes:
    """Return the bytes of a request over HTTP."""
    head = b"POST /v1/graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body

"""Streaming subscriptions: rows after a cursor, in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.conftest import MakeProject, Serve
    from tests.local.websocket.conftest import Client, Connect, Shop

STREAM = """subscription ($after: Int, $size: Int!, $where: item_bool_exp) {
    item_stream(cursor: {initial_value: {id: $after}}, batch_size: $size, where: $where) { id }
}"""


def ids(client: Client, id_: str) -> list[int]:
    return [row["id"] for row in client.data(id_)["item_stream"]]


def test_a_stream_gives_what_is_there_in_batches_and_then_what_comes(
    shop: Shop, connect_to: Connect, protocol: str
) -> None:
    shop.run("INSERT INTO item (name) SELECT 'more' FROM generate_series(3, 5)")
    client = connect_to(shop.served, protocol)
    id_ = client.start(STREAM, after=0, size=2)
    assert [ids(client, id_) for _ in range(3)] == [[1, 2], [3, 4], [5]]
    shop.run("INSERT INTO item (name) VALUES ('new')")
    assert ids(client, id_) == [6]


def test_nothing_is_sent_for_no_rows_and_for_changes_of_old_ones(
    shop: Shop, connect_to: Connect
) -> None:
    client = connect_to(shop.served)
    id_ = client.start(STREAM, after=2, size=2)
    other = connect_to(shop.served)
    witness = other.start("subscription { item(where: {id: {_eq: 1}}) { name } }")
    other.data(witness)
    for name in "abc":
        shop.run(f"UPDATE item SET name = '{name}'")
        other.data(witness)
    client.is_silent()
    shop.run("INSERT INTO item (name) VALUES ('new')")
    assert ids(client, id_) == [3]


def test_a_stream_can_be_filtered(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    id_ = client.start(STREAM, after=0, size=10, where={"name": {"_neq": "pen"}})
    assert ids(client, id_) == [2]
    shop.run("INSERT INTO item (name) VALUES ('pen'), ('cup')")
    assert ids(client, id_) == [4]


def test_a_stream_can_descend(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    id_ = client.start(
        "subscription { item_stream(cursor: [{initial_value: {id: 9}, ordering: DESC}],"
        " batch_size: 1) { id } }"
    )
    assert [ids(client, id_) for _ in range(2)] == [[2], [1]]
    shop.run("INSERT INTO item (id) VALUES (0), (7)")
    assert ids(client, id_) == [0]


@pytest.mark.parametrize(
    ("type_", "before", "first", "second"),
    [
        ("bigint", "1", "9007199254740993", "9007199254740994"),
        ("text", "-", "a\"b'{", "b%(v0)s"),
        ("timestamptz", "-infinity", "2020-01-01T00:00:00.123456Z", "2020-01-01T00:00:00.123457Z"),
        ("uuid", f"{0:032}", f"{0:031}a", f"{0:031}b"),
        ("numeric", "0", "1.00000000000000000000001", "1.00000000000000000000002"),
        ("float8", "0", "0.1", "0.30000000000000004"),
        ("int[]", "{0}", "{1,2}", "{1,3}"),
    ],
)
def test_a_column_of_any_ordered_type_can_be_the_cursor(  # noqa: PLR0913
    make_project: MakeProject,
    serve: Serve,
    connect_to: Connect,
    quick: float,
    type_: str,
    before: str,
    first: str,
    second: str,
) -> None:
    del quick
    served = serve(make_project(f'CREATE TABLE "T" ("A" {type_}, n integer)', tables=["T"]))
    client = connect_to(served)
    with psycopg.connect(served.dsn, autocommit=True) as connection:
        connection.execute('INSERT INTO "T" VALUES (%s, 1), (%s, 2)', (first, second))
    query = """subscription ($v: T_stream_cursor_value_input!) {
        T_stream(cursor: {initial_value: $v}, batch_size: 1) { n }
    }"""
    id_ = client.start(query, v={"A": before})
    assert [client.data(id_) for _ in range(2)] == [{"T_stream": [{"n": n}]} for n in (1, 2)]


def test_streams_with_cursors_of_their_own_share_a_statement(
    shop: Shop, connect_to: Connect
) -> None:
    shop.run("INSERT INTO item (name) SELECT 'more' FROM generate_series(3, 120)")
    client = connect_to(shop.served)
    started = {client.start(STREAM, after=n, size=1): n for n in range(119)}
    seen: dict[str, list[int]] = {id_: [] for id_ in started}
    while min(map(len, seen.values())) == 0:
        message = client.receive()
        seen[message["id"]] += [row["id"] for row in message["payload"]["data"]["item_stream"]]
    for id_, after in started.items():
        assert seen[id_] == list(range(after + 1, after + 1 + len(seen[id_])))


def test_a_stream_loses_no_row_of_one_writer(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    id_ = client.start(STREAM, after=2, size=1000)
    seen: list[int] = []
    with psycopg.connect(shop.served.dsn, autocommit=True) as connection:
        for _ in range(500):
            connection.execute("INSERT INTO item (name) SELECT 'x' FROM generate_series(1, 3)")
    while not seen or seen[-1] < 1502:
        seen += ids(client, id_)
    assert seen == list(range(3, 1503))


def test_a_stream_waits_for_a_client_that_does_not_read(shop: Shop, connect_to: Connect) -> None:
    shop.run("INSERT INTO item (name) SELECT repeat('x', 3000000) FROM generate_series(3, 12)")
    query = """subscription {
        item_stream(cursor: {initial_value: {id: 2}}, batch_size: 1) { id name }
    }"""
    idle, other = connect_to(shop.served), connect_to(shop.served)
    idle_id, other_id = idle.start(query), other.start(query)
    assert [ids(other, other_id) for _ in range(10)] == [[n] for n in range(3, 13)]
    assert [ids(idle, idle_id) for _ in range(10)] == [[n] for n in range(3, 13)]


def test_a_cursor_without_a_value_waits_for_ever(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    query = """subscription ($after: String) {
        item_stream(cursor: {initial_value: {name: $after}}, batch_size: 1) { name }
    }"""
    client.start(query, after=None)
    id_ = client.start(query, after="ink")
    assert client.data(id_) == {"item_stream": [{"name": "pen"}]}
    client.is_silent()

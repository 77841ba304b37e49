"""Live queries: polled, multiplexed, and sent when they changed."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.local.websocket.conftest import Client, Connect, Shop

ITEMS = "subscription { item(order_by: {id: asc}) { id name } }"
COUNTED = "subscription ($n: Int) { counted(args: {lowest: $n}) { id } }"


def test_a_live_query_gives_its_result_at_once_and_whenever_it_changes(
    shop: Shop, connect_to: Connect, protocol: str
) -> None:
    client = connect_to(shop.served, protocol)
    id_ = client.start(ITEMS)
    assert client.data(id_) == {"item": [{"id": 1, "name": "pen"}, {"id": 2, "name": "ink"}]}
    shop.run("UPDATE item SET name = 'cup' WHERE id = 1")
    assert client.data(id_)["item"][0] == {"id": 1, "name": "cup"}
    shop.run("DELETE FROM item")
    assert client.data(id_) == {"item": []}


def test_every_kind_of_query_can_be_live(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    queries = {
        "subscription ($id: Int!) { x: item_by_pk(id: $id) { name } }": {"x": {"name": "ink"}},
        "subscription ($id: Int!) { item(where: {id: {_eq: $id}}, limit: 1) { id } }": {
            "item": [{"id": 2}]
        },
        "subscription ($id: Int!) { item_aggregate(where: {id: {_lt: $id}}) {"
        " aggregate { count } } }": {"item_aggregate": {"aggregate": {"count": 1}}},
        "subscription ($id: Int) { counted(args: {lowest: $id}) { id } }": {"counted": [{"id": 2}]},
        "subscription ($id: Int) { counted_aggregate(args: {lowest: $id}) { nodes { name } } }": {
            "counted_aggregate": {"nodes": [{"name": "ink"}]}
        },
    }
    for query, data in queries.items():
        assert client.data(client.start(query, id=2)) == data
    gone = client.start("subscription { item_by_pk(id: 99) { name } }")
    assert client.data(gone) == {"item_by_pk": None}


def test_a_live_query_is_silent_while_nothing_changes(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    client.data(client.start(ITEMS))
    client.data(client.start(COUNTED, n=1))
    shop.wait_for_calls(5)
    client.is_silent()


def test_a_stopped_query_is_silent_and_its_id_is_free(
    shop: Shop, connect_to: Connect, protocol: str
) -> None:
    client = connect_to(shop.served, protocol)
    id_ = client.start(ITEMS)
    client.data(id_)
    client.stop(id_)
    client.stop("unknown")
    other = connect_to(shop.served)
    witness = other.start(ITEMS)
    other.data(witness)
    shop.run("DELETE FROM item")
    assert other.data(witness) == {"item": []}
    client.is_silent()
    client.send("start", id=id_, payload={"query": "{ item { id } }"})
    assert client.data(id_) == {"item": []}


def test_a_hundred_subscribers_of_equal_values_cost_one_query_a_poll(
    shop: Shop, connect_to: Connect, quick: float
) -> None:
    clients = [connect_to(shop.served) for _ in range(10)]
    for client in clients:
        for _ in range(10):
            client.data(client.start(COUNTED, n=2))
    begin = time.monotonic()
    shop.wait_for_calls(10)
    assert time.monotonic() - begin > 8 * quick


def test_subscribers_with_other_values_share_a_statement_and_get_their_own_rows(
    shop: Shop, connect_to: Connect
) -> None:
    shop.run("INSERT INTO item (name) SELECT n::text FROM generate_series(3, 150) AS n")
    client = connect_to(shop.served)
    query = "subscription ($id: Int) { item(where: {id: {_eq: $id}}) { id } }"
    ids = {client.start(query, id=number): number for number in range(1, 151)}
    for _ in ids:
        message = client.receive()
        assert message["payload"]["data"] == {"item": [{"id": ids[message["id"]]}]}


def test_session_variables_are_the_subscribers_own(shop: Shop, connect_to: Connect) -> None:
    query = "subscription { mine { name } }"
    for name in ("pen", "ink", "pen"):
        client = connect_to(shop.served, headers={"X-Hasura-Name": name})
        assert client.data(client.start(query)) == {"mine": [{"name": name}]}


def test_a_query_goes_on_until_its_last_subscriber_leaves(shop: Shop, connect_to: Connect) -> None:
    first, second = connect_to(shop.served), connect_to(shop.served)
    query = "subscription { slow { id } }"
    with shop.held():
        id_ = first.start(query)
        shop.wait_for_waiters(1)
        second.start(query)
        second.is_silent()
        first.stop(id_)
        first.is_silent()
        shop.wait_for_waiters(1)
        # It vanishes without a word.
        second.socket.socket.shutdown(socket.SHUT_RDWR)
        shop.wait_for_waiters(0)


def test_a_poll_that_fails_is_told_and_polling_goes_on(
    shop: Shop, connect_to: Connect, protocol: str
) -> None:
    client = connect_to(shop.served, protocol)
    id_ = client.start(ITEMS)
    client.data(id_)
    shop.run("ALTER TABLE item RENAME TO hidden")
    message = client.receive()
    assert (message["type"], message["id"]) == (client.result, id_)
    assert message["payload"]["data"] is None
    (error,) = message["payload"]["errors"]
    assert error["message"] == "database query error"
    assert error["extensions"] == {"path": "$", "code": "unexpected"}
    shop.run("ALTER TABLE hidden RENAME TO item")
    while "errors" in (message := client.receive())["payload"]:
        pass
    assert len(message["payload"]["data"]["item"]) == 2


def test_values_that_fail_are_the_fault_of_their_subscriber_alone(
    shop: Shop, connect_to: Connect
) -> None:
    query = "subscription ($n: Int) { item(where: {id: {_eq: $n}}) { name } }"
    good, bad = connect_to(shop.served), connect_to(shop.served)
    id_ = good.start(query, n=1)
    assert good.data(id_) == {"item": [{"name": "pen"}]}
    bad_id = bad.start(query, n="nonsense")
    for _ in range(3):
        message = bad.receive()
        assert message["id"] == bad_id
        assert message["payload"]["errors"][0]["extensions"]["code"] == "data-exception"
    good.is_silent()
    shop.run("UPDATE item SET name = 'cup'")
    assert good.data(id_) == {"item": [{"name": "cup"}]}


def test_a_slow_query_holds_up_no_other(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    with shop.held():
        slow = client.start("subscription { slow { id } }")
        id_ = client.start(ITEMS)
        assert client.data(id_)["item"]
        shop.run("DELETE FROM item")
        assert client.data(id_) == {"item": []}
    # The query that was under way still saw what was there.
    assert [len(client.data(slow)["slow"]) for _ in range(2)] == [2, 0]


def test_a_client_that_does_not_read_holds_up_no_other_and_then_gets_the_latest(
    shop: Shop, connect_to: Connect
) -> None:
    shop.run("DELETE FROM item WHERE id > 1")
    idle, other = connect_to(shop.served), connect_to(shop.served)
    idle_id, other_id = idle.start(ITEMS), other.start(ITEMS)
    other.data(other_id)
    # Enough for the buffers of the sockets on both sides.
    for number in range(12):
        shop.run(f"UPDATE item SET name = repeat('{number:02}', 2000000)")
        assert other.data(other_id)["item"][0]["name"].startswith(f"{number:02}")
    names = read_until(idle, idle_id, "11")
    assert len(names) < 13


def read_until(client: Client, id_: str, last: str) -> list[str]:
    names: list[str] = []
    while not names or names[-1] != last:
        names.append(client.data(id_)["item"][0]["name"][:2])
    return names


def test_a_value_is_only_a_value(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    query = "subscription ($t: String) { item(where: {name: {_eq: $t}}) { name } }"
    insert = "mutation ($t: String) { insert_item_one(object: {name: $t}) { id } }"
    for text in ("100%", '"; DROP TABLE item; --', "%(v0)s", "{}", "é\u2028", "_subs.v0"):
        id_ = client.start(query, t=text)
        assert client.data(id_) == {"item": []}
        shop.served.query(insert, {"t": text})
        assert client.data(id_) == {"item": [{"name": text}]}

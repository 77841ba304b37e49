"""The two protocols, line by line as Hasura v2 speaks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

if TYPE_CHECKING:
    from tests.conftest import Serve
    from tests.local.websocket.conftest import Connect, Shop

LEGACY, TRANSPORT = "graphql-ws", "graphql-transport-ws"
KEEP_ALIVE = {
    LEGACY: {"type": "ka"},
    TRANSPORT: {"type": "ping", "payload": {"message": "keepalive"}},
}
SECRET = "hunter2"  # noqa: S105  of this file alone
UNKNOWN_FIELD = {
    "message": "field 'nothing' not found in type: 'query_root'",
    "extensions": {"path": "$.selectionSet.nothing", "code": "validation-failed"},
}


@pytest.mark.parametrize(
    ("offered", "answered"),
    [([TRANSPORT], TRANSPORT), ([LEGACY], LEGACY), ([TRANSPORT, LEGACY], LEGACY)],
)
def test_only_the_newer_protocol_alone_is_the_newer_protocol(
    shop: Shop, offered: list[str], answered: str
) -> None:
    url = shop.served.url.replace("http", "ws")
    with connect(url, subprotocols=[Subprotocol(name) for name in offered]) as socket:
        assert socket.subprotocol == answered


def test_both_addresses_take_websockets_and_no_other(shop: Shop) -> None:
    base_url = shop.served.base_url.replace("http", "ws")
    for path in ("/v1/graphql", "/v1alpha1/graphql"):
        with connect(base_url + path, subprotocols=[Subprotocol(LEGACY)]) as socket:
            socket.send('{"type": "connection_init"}')
            assert socket.recv(20) == '{"type":"connection_ack"}'
    with pytest.raises(InvalidStatus) as raised:
        connect(f"{base_url}/v1/graphql/else")
    assert raised.value.response.status_code == 404


def test_a_sign_of_life_follows_the_acknowledgement_and_then_comes_regularly(
    serve: Serve, connect_to: Connect, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE", "1")
    client = connect_to(serve(), protocol, initialise=False)
    client.send("connection_init")
    messages = [client.receive_any() for _ in range(3)]
    assert messages == [{"type": "connection_ack"}, KEEP_ALIVE[protocol], KEEP_ALIVE[protocol]]


def test_a_ping_is_answered_with_its_payload(
    shop: Shop, connect_to: Connect, protocol: str
) -> None:
    client = connect_to(shop.served, protocol)
    client.send("ping", payload={"message": "there?"})
    assert client.receive() == {"type": "pong", "payload": {"message": "there?"}}
    client.send("ping")
    assert client.receive() == {"type": "pong"}
    client.send("pong")
    client.is_silent()


def test_a_ping_is_answered_while_a_query_runs(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    with shop.held():
        query = client.start("{ slow { id } }")
        client.send("ping")
        assert client.receive() == {"type": "pong"}
    assert len(client.data(query)["slow"]) == 2


@pytest.mark.parametrize(
    ("handshake", "headers"),
    [
        ({}, {"X-Hasura-Admin-Secret": SECRET}),
        ({}, {"x-hasura-access-key": SECRET}),
        ({"x-hasura-admin-secret": SECRET}, {}),
        ({"x-hasura-admin-secret": "wrong"}, {"x-hasura-admin-secret": SECRET}),
    ],
)
def test_headers_of_the_handshake_and_of_the_first_message_count_together(
    serve: Serve,
    connect_to: Connect,
    protocol: str,
    handshake: dict[str, str],
    headers: dict[str, str],
) -> None:
    served = serve(admin_secret=SECRET)
    connect_to(served, protocol, handshake=handshake, headers=headers).is_silent()


def test_who_may_not_connect_is_sent_away(serve: Serve, connect_to: Connect) -> None:
    served = serve(admin_secret=SECRET)
    problem = 'invalid "x-hasura-admin-secret"/"x-hasura-access-key"'
    legacy = connect_to(served, LEGACY, initialise=False)
    legacy.send("connection_init", payload={"headers": {"x-hasura-admin-secret": "wrong"}})
    assert legacy.receive() == {"type": "connection_error", "payload": problem}
    assert legacy.closed()[0] == 4400
    transport = connect_to(served, TRANSPORT, initialise=False)
    transport.send("connection_init")
    assert transport.closed() == (4403, '{"server_error_msg":"4403: Forbidden"}')


def test_a_page_of_another_site_cannot_pretend_to_be_a_local_one(
    shop: Shop, connect_to: Connect
) -> None:
    client = connect_to(
        shop.served, initialise=False, handshake={"Origin": "https://elsewhere.example"}
    )
    client.send("connection_init", payload={"headers": {"origin": "http://localhost"}})
    assert client.closed()[0] == 4403


def test_pages_of_other_domains_than_the_given_ones_cannot_connect(
    serve: Serve, connect_to: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HASURA_GRAPHQL_CORS_DOMAIN", "https://lab.example")
    served = serve(admin_secret=SECRET)
    headers = {"x-hasura-admin-secret": SECRET}
    mine = connect_to(served, handshake={"Origin": "https://lab.example"}, headers=headers)
    mine.is_silent()
    with pytest.raises(InvalidStatus) as raised:
        connect_to(served, handshake={"Origin": "https://other.example"}, headers=headers)
    assert raised.value.response.status_code == 400
    assert b"does not match configured CORS domains" in raised.value.response.body


def test_who_does_not_say_who_it_is_is_sent_away(
    serve: Serve, connect_to: Connect, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HASURA_GRAPHQL_WEBSOCKET_CONNECTION_INIT_TIMEOUT", "1")
    client = connect_to(serve(), protocol, initialise=False)
    assert client.closed()[0] == {LEGACY: 1011, TRANSPORT: 4408}[protocol]


def test_queries_and_mutations_give_one_result_and_end(
    shop: Shop, connect_to: Connect, protocol: str
) -> None:
    client = connect_to(shop.served, protocol)
    insert = "mutation ($n: String) { insert_item_one(object: {name: $n}) { id name } }"
    assert client.ask(insert, n="ä") == {"insert_item_one": {"id": 3, "name": "ä"}}
    assert client.ask("{ item_by_pk(id: 3) { name } }") == {"item_by_pk": {"name": "ä"}}


def test_numbers_keep_their_digits(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    payload = (
        '{"query":"mutation ($p: numeric) { insert_item_one(object: {price: $p}) { price } }",'
        '"variables":{"p":12345678901234567890.123456789}}'
    )
    client.socket.send(f'{{"type":"subscribe","id":"1","payload":{payload}}}')
    assert client.receive()["id"] == "1"
    assert shop.run("SELECT price::text FROM item WHERE id = 3") == [
        ("12345678901234567890.123456789",)
    ]


def test_operations_of_a_client_run_one_after_another(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    insert = "mutation ($n: String) { insert_item_one(object: {name: $n}) { name } }"
    with shop.held():
        ids = [
            client.start("{ slow { id } }"),
            *(client.start(insert, n=str(n)) for n in range(20)),
        ]
    messages = [client.receive() for _ in range(2 * len(ids))]
    assert [message["id"] for message in messages if message["type"] == "complete"] == ids
    assert shop.run("SELECT name FROM item WHERE id > 2 ORDER BY id") == [
        (str(number),) for number in range(20)
    ]


def test_introspection_works_over_the_socket(shop: Shop, connect_to: Connect) -> None:
    data = connect_to(shop.served).ask('{ __type(name: "item") { name } }')
    assert data == {"__type": {"name": "item"}}


def test_a_query_that_is_refused_is_an_error(
    shop: Shop, connect_to: Connect, protocol: str
) -> None:
    client = connect_to(shop.served, protocol)
    id_ = client.start("{ nothing }")
    payload: Any = {LEGACY: {"errors": [UNKNOWN_FIELD]}, TRANSPORT: [UNKNOWN_FIELD]}[protocol]
    assert client.receive() == {"type": "error", "id": id_, "payload": payload}
    assert client.receive() == {"type": "complete", "id": id_}


def test_a_mutation_that_fails_is_an_error_without_the_statement(
    shop: Shop, connect_to: Connect, protocol: str
) -> None:
    client = connect_to(shop.served, protocol)
    id_ = client.start("mutation { insert_item_one(object: {id: 1}) { id } }")
    message = client.receive()
    if protocol == LEGACY:
        assert message["type"] == "data"
        assert message["payload"]["data"] is None
        (error,) = message["payload"]["errors"]
    else:
        assert message["type"] == "error"
        (error,) = message["payload"]
    assert error["extensions"] == {
        "path": "$.selectionSet.insert_item_one.args.object",
        "code": "constraint-violation",
    }
    assert client.receive() == {"type": "complete", "id": id_}


REFUSED = [
    (
        "subscription { a: item { id } b: item { id } }",
        "validation-failed",
        "subscriptions must select one top level field",
    ),
    (
        "subscription { __schema { types { name } } }",
        "validation-failed",
        "field '__schema' not found in type: 'subscription_root'",
    ),
    (
        "subscription { __typename }",
        "not-supported",
        "Introspection is not supported over subscriptions",
    ),
    ("subscription {", "validation-failed", "not a valid graphql query"),
    (
        "subscription { item_stream(batch_size: 1, cursor: []) { id } }",
        "validation-failed",
        "one streaming column field is expected",
    ),
    (
        "subscription { item_stream(batch_size: 1, cursor: {initial_value: {}}) { id } }",
        "validation-failed",
        "one streaming column field is expected",
    ),
    (
        'subscription { item_stream(batch_size: 1, cursor: {initial_value: {id: 1, name: "a"}})'
        " { id } }",
        "validation-failed",
        "multiple column cursors are not supported yet",
    ),
]


def test_a_subscription_that_is_refused_says_why(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served)
    for query, code, message in REFUSED:
        id_ = client.start(query)
        (error,) = client.receive()["payload"]
        assert (error["extensions"]["code"], error["message"]) == (code, message)
        assert client.receive() == {"type": "complete", "id": id_}


def test_subscriptions_over_http_are_refused(shop: Shop) -> None:
    answer = shop.served.query("subscription { item { id } }")
    assert answer["errors"][0]["extensions"]["code"] == "unexpected-payload"


UNREADABLE: list[str | bytes] = [
    "",
    "{",
    "7",
    "[]",
    "{}",
    '{"type": "nonsense"}',
    '{"type": "start"}',
    '{"type": "start", "id": 7, "payload": {"query": "{ item { id } }"}}',
    '{"type": "start", "id": "1"}',
    '{"type": "stop"}',
    '{"type": "connection_init", "payload": {"headers": {"a": 7}}}',
    "\ud83d".encode("utf-16-le", "surrogatepass"),
]


def test_what_is_no_message_is_said_to_be_none(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served, LEGACY)
    for data in UNREADABLE:
        client.socket.send(data)
        message = client.receive()
        assert message["type"] == "connection_error"
        assert message["payload"].startswith("parsing ClientMessage failed: Error in $"), message
    client.is_silent()


def test_the_newer_protocol_ends_at_what_is_no_message(shop: Shop, connect_to: Connect) -> None:
    for data in UNREADABLE:
        client = connect_to(shop.served)
        client.socket.send(data)
        code, reason = client.closed()
        assert code == 4400
        assert reason.startswith('{"server_error_msg":"4400: ')


def start_failed(message: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"path": "$", "code": "start-failed"}}


@pytest.mark.parametrize("used", [True, False])
def test_an_operation_needs_an_id_of_its_own_and_an_initialised_connection(
    shop: Shop, connect_to: Connect, protocol: str, used: bool
) -> None:
    client = connect_to(shop.served, protocol, initialise=used)
    problem = "start received before the connection is initialised"
    if used:
        client.send("start", id="1", payload={"query": "subscription { item { id } }"})
        client.receive()
        problem = "an operation already exists with this id: 1"
    client.send("start", id="1", payload={"query": "{ item { id } }"})
    assert client.receive() == {"type": "error", "id": "1", "payload": start_failed(problem)}
    assert client.receive() == {"type": "complete", "id": "1"}
    if protocol == LEGACY:
        client.send("connection_init")
        assert client.receive()["type"] == "connection_ack"
    else:
        assert client.closed() == (
            1000,
            orjson.dumps({"server_error_msg": f"4400: {problem}"}).decode(),
        )


def test_a_client_may_take_its_leave(shop: Shop, connect_to: Connect) -> None:
    client = connect_to(shop.served, LEGACY)
    client.send("connection_terminate")
    assert client.closed() == (1000, "GQL_CONNECTION_TERMINATE received")

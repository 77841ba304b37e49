"""Subscriptions of roles: each sees its own rows, whoever else follows the same query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import MakeProject, Serve, Served
    from tests.local.websocket.conftest import Client, Connect

SECRET = "hunter2"  # noqa: S105  of this file alone
NOTES: dict[str, Any] = {
    "table": {"schema": "public", "name": "note"},
    "select_permissions": [
        {
            "role": "writer",
            "permission": {
                "columns": ["id", "text"],
                "filter": {"writer": {"_eq": "X-Hasura-User-Id"}},
                "limit": 2,
            },
        }
    ],
}


@pytest.fixture
def served(make_project: MakeProject, serve: Serve, quick: float) -> Served:
    del quick
    sql = """
        CREATE TABLE note (id serial PRIMARY KEY, writer text NOT NULL, text text);
        INSERT INTO note (writer, text) SELECT w, w || n
            FROM generate_series(1, 3) AS n, (VALUES ('ada'), ('bob')) AS t(w);
    """
    return serve(make_project(sql, [NOTES]), admin_secret=SECRET)


def writer(connect_to: Connect, served: Served, name: str) -> Client:
    headers = {
        "x-hasura-admin-secret": SECRET,
        "x-hasura-role": "writer",
        "x-hasura-user-id": name,
    }
    return connect_to(served, headers=headers)


def test_a_live_query_shows_each_its_own_rows(served: Served, connect_to: Connect) -> None:
    clients = {name: writer(connect_to, served, name) for name in ("ada", "bob")}
    for name, client in clients.items():
        id_ = client.start("subscription { note(order_by: {id: desc}) { text } }")
        assert [note["text"] for note in client.data(id_)["note"]] == [f"{name}3", f"{name}2"]
    insert = 'mutation { insert_note_one(object: {writer: "bob", text: "new"}) { id } }'
    served.query(insert, headers={"x-hasura-admin-secret": SECRET})
    assert clients["bob"].data("1")["note"][0] == {"text": "new"}
    clients["ada"].is_silent()


def test_a_stream_shows_each_its_own_rows(served: Served, connect_to: Connect) -> None:
    query = """subscription {
        note_stream(cursor: {initial_value: {id: 0}}, batch_size: 9) { text }
    }"""
    for name in ("ada", "bob"):
        client = writer(connect_to, served, name)
        id_ = client.start(query)
        batches = [client.data(id_)["note_stream"] for _ in range(2)]
        assert [[note["text"] for note in batch] for batch in batches] == [
            [f"{name}1", f"{name}2"],
            [f"{name}3"],
        ]


def test_what_a_role_may_not_see_is_not_in_its_schema(served: Served, connect_to: Connect) -> None:
    client = writer(connect_to, served, "ada")
    client.start("subscription { note { writer } }")
    assert client.receive()["payload"][0]["message"] == "field 'writer' not found in type: 'note'"


def test_a_missing_session_variable_is_refused(served: Served, connect_to: Connect) -> None:
    client = connect_to(
        served, headers={"x-hasura-admin-secret": SECRET, "x-hasura-role": "writer"}
    )
    client.start("subscription { note { id } }")
    message = client.receive()
    assert message["type"] == "error"
    assert "x-hasura-user-id" in message["payload"][0]["message"]

"""`/v1/metadata`: the metadata are shown and changed while the server serves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest
from websockets import ConnectionClosedError, Subprotocol
from websockets.sync.client import connect

from run_logger.local.metadata import table_name

if TYPE_CHECKING:
    from pathlib import Path

    from websockets.sync.client import ClientConnection

    from tests.conftest import MakeProject, Serve, Served

_SQL = """
    CREATE TABLE author (id serial PRIMARY KEY, name text NOT NULL);
    CREATE TABLE article (
        id serial PRIMARY KEY, title text, author_id int NOT NULL REFERENCES author
    );
    CREATE TABLE "odd name" (id int PRIMARY KEY);
    CREATE FUNCTION authors_called(wanted text) RETURNS SETOF author LANGUAGE sql STABLE
        AS 'SELECT * FROM author WHERE name = wanted';
    INSERT INTO author (name) VALUES ('Ann'), ('Bo');
    INSERT INTO article (title, author_id) VALUES ('first', 1), ('second', 1);
"""
_TO_AUTHOR = {"name": "author", "using": {"foreign_key_constraint_on": "author_id"}}


@pytest.fixture
def served(serve: Serve, make_project: MakeProject) -> Served:
    """Two tables of which `author` is tracked."""
    return serve(make_project(_SQL, ["author"]))


def post(served: Served, kind: str, args: Any = None, **more: Any) -> httpx.Response:
    body: dict[str, Any] = {"type": kind, "args": {} if args is None else args, **more}
    return httpx.post(f"{served.base_url}/v1/metadata", json=body)


def done(served: Served, kind: str, args: Any = None, **more: Any) -> Any:
    answer = post(served, kind, args, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(served: Served, kind: str, args: Any = None, **more: Any) -> tuple[int, str, str]:
    answer = post(served, kind, args, **more)
    body = answer.json()
    return answer.status_code, body["code"], body["error"]


def tables(served: Served) -> list[str]:
    exported = done(served, "export_metadata")
    return [table_name(entry["table"]).name for entry in exported["sources"][0]["tables"]]


def test_a_table_that_is_tracked_is_served_at_once_and_untracked_is_gone(served: Served) -> None:
    assert done(served, "pg_track_table", {"source": "default", "table": "article"}) == {
        "message": "success"
    }
    assert served.query("{ article { title } }") == {
        "data": {"article": [{"title": "first"}, {"title": "second"}]}
    }
    done(served, "pg_untrack_table", {"table": {"schema": "public", "name": "article"}})
    assert "errors" in served.query("{ article { title } }")


def test_what_is_tracked_already_or_not_at_all_is_told_apart(served: Served) -> None:
    assert refused(served, "pg_track_table", {"table": "author"}) == (
        400,
        "already-tracked",
        'view/table already tracked: "author"',
    )
    assert refused(served, "pg_untrack_table", {"table": "article"})[1] == "already-untracked"
    assert refused(served, "pg_track_table", {"table": "nothing"}) == (
        400,
        "invalid-configuration",
        'Inconsistent object: no such table/view exists in source: "nothing"',
    )
    assert refused(served, "pg_track_table", {"table": "author", "source": "other"}) == (
        400,
        "not-exists",
        'source with name "other" does not exist',
    )


def test_relationships_are_created_renamed_and_dropped(served: Served) -> None:
    done(served, "pg_track_table", {"table": "article"})
    done(served, "pg_create_object_relationship", {"table": "article", **_TO_AUTHOR})
    by_author = {"column": "author_id", "table": {"schema": "public", "name": "article"}}
    args = {
        "table": "author",
        "name": "articles",
        "using": {"foreign_key_constraint_on": by_author},
    }
    done(served, "pg_create_array_relationship", args)
    query = "{ author(limit: 1, order_by: {id: asc}) { articles { author { name } } } }"
    ann = {"author": {"name": "Ann"}}
    assert served.query(query) == {"data": {"author": [{"articles": [ann, ann]}]}}
    assert refused(served, "pg_create_array_relationship", args)[1] == "already-exists"
    renaming = {"table": "author", "name": "articles", "new_name": "works"}
    done(served, "pg_rename_relationship", renaming)
    assert "errors" not in served.query("{ author { works { title } } }")
    done(served, "pg_drop_relationship", {"table": "author", "relationship": "works"})
    assert "errors" in served.query("{ author { works { title } } }")


def test_a_relationship_without_its_foreign_key_changes_nothing(served: Served) -> None:
    args = {"table": "author", **_TO_AUTHOR}
    status, code, message = refused(served, "pg_create_object_relationship", args)
    assert (status, code) == (400, "invalid-configuration")
    assert "no foreign constraint exists" in message
    assert done(served, "get_inconsistent_metadata") == {
        "is_consistent": True,
        "inconsistent_objects": [],
    }


def test_what_depends_on_a_table_keeps_it_tracked_unless_it_cascades(served: Served) -> None:
    done(served, "pg_track_table", {"table": "article"})
    done(served, "pg_create_object_relationship", {"table": "article", **_TO_AUTHOR})
    assert refused(served, "pg_untrack_table", {"table": "author"})[1] == "unexpected"
    assert tables(served) == ["author", "article"]
    done(served, "pg_untrack_table", {"table": "author", "cascade": True})
    source = done(served, "export_metadata")["sources"][0]
    assert [entry.get("object_relationships") for entry in source["tables"]] == [[]]


def test_a_permission_opens_a_table_to_a_role(served: Served) -> None:
    permission = {"columns": ["name"], "filter": {"name": {"_eq": "Bo"}}}
    args = {"table": "author", "role": "reader", "permission": permission}
    done(served, "pg_create_select_permission", args)
    reader = {"x-hasura-role": "reader"}
    assert served.query("{ author { name } }", headers=reader) == {
        "data": {"author": [{"name": "Bo"}]}
    }
    done(served, "pg_drop_select_permission", {"table": "author", "role": "reader"})
    assert "errors" in served.query("{ author { name } }", headers=reader)


def test_a_permission_that_does_not_fit_is_refused_and_can_be_dropped(served: Served) -> None:
    permission: dict[str, Any] = {"columns": ["name", "no_column"], "filter": {}}
    args: dict[str, Any] = {"table": "author", "role": "reader", "permission": permission}
    assert refused(served, "pg_create_select_permission", args)[1] == "invalid-configuration"
    entry: dict[str, Any] = {
        "table": "author",
        "select_permissions": [{"role": "reader", "permission": permission}],
    }
    wanted: dict[str, Any] = {"metadata": {"tables": [entry]}, "allow_inconsistent_metadata": True}
    (problem,) = done(served, "replace_metadata", wanted, version=2)["inconsistent_objects"]
    assert problem["name"] == "select_permission reader in table author in source default"
    assert problem["definition"]["permission"] | permission == problem["definition"]["permission"]
    done(served, "drop_inconsistent_metadata")
    assert done(served, "get_inconsistent_metadata")["is_consistent"]
    assert tables(served) == ["author"]


def test_a_function_is_tracked_by_its_name(served: Served) -> None:
    done(served, "pg_track_function", {"function": {"schema": "public", "name": "authors_called"}})
    query = '{ authors_called(args: {wanted: "Bo"}) { id } }'
    assert served.query(query) == {"data": {"authors_called": [{"id": 2}]}}
    done(served, "pg_untrack_function", {"function": "authors_called"})
    assert "errors" in served.query(query)


@pytest.mark.parametrize("name", [{"name": "authors_called"}, "authors_called"])
def test_a_command_may_be_the_name_alone(served: Served, name: Any) -> None:
    done(served, "track_function", name)
    done(served, "untrack_function", name)
    done(served, "track_function", name)
    assert refused(served, "set_function_customization", {"function": "nobody"}) == (
        400,
        "not-exists",
        'function "nobody" does not exist in source: default',
    )


def test_a_role_may_be_kept_from_the_schema(served: Served) -> None:
    permission: dict[str, Any] = {"columns": ["id"], "filter": {}}
    for role in ("curious", "other"):
        arguments: dict[str, Any] = {"table": "author", "role": role, "permission": permission}
        done(served, "pg_create_select_permission", arguments)
    options = {"disabled_for_roles": ["curious"]}
    done(served, "set_graphql_schema_introspection_options", options)
    refusal = {
        "message": 'introspection is disabled for role: "curious"',
        "extensions": {"path": "$", "code": "not-supported"},
    }
    curious, other = {"X-Hasura-Role": "curious"}, {"X-Hasura-Role": "other"}
    for query in ("{ __schema { queryType { name } } }", '{ __type(name: "author") { name } }'):
        assert served.query(query, headers=curious) == {"errors": [refusal]}
        assert "data" in served.query(query, headers=other)
    names = served.query("{ __typename author(limit: 1) { __typename } }", headers=curious)
    assert names == {"data": {"__typename": "query_root", "author": [{"__typename": "author"}]}}


def test_a_table_is_given_other_names(served: Served) -> None:
    configuration = {"custom_root_fields": {"select": "authors"}}
    args = {"table": "author", "configuration": configuration}
    done(served, "pg_set_table_customization", args)
    assert "errors" not in served.query("{ authors { id } }")
    older = {"table": "author", "custom_column_names": {"id": "number"}}
    done(served, "set_table_custom_fields", older)
    assert "errors" not in served.query("{ author { number } }")


def test_what_is_exported_can_be_put_back(served: Served) -> None:
    exported = done(served, "export_metadata")
    assert done(served, "clear_metadata") == {"message": "success"}
    assert served.query("{ no_queries_available }")["data"] != {}
    assert "errors" in served.query("{ author { id } }")
    assert done(served, "replace_metadata", exported) == {"message": "success"}
    assert done(served, "export_metadata") == exported
    assert "errors" not in served.query("{ author { id } }")


def test_metadata_that_do_not_fit_are_refused_unless_that_is_allowed(served: Served) -> None:
    bodies = [{"table": {"schema": "public", "name": name}} for name in ("author", "foobar")]
    wanted = {"version": 3, "sources": [{"name": "default", "kind": "postgres", "tables": bodies}]}
    args = {"metadata": wanted, "allow_inconsistent_metadata": False}
    assert refused(served, "replace_metadata", args, version=2) == (
        400,
        "unexpected",
        "cannot continue due to inconsistent metadata",
    )
    args["allow_inconsistent_metadata"] = True
    problem = {
        "definition": {"schema": "public", "name": "foobar"},
        "name": "table foobar in source default",
        "reason": 'Inconsistent object: no such table/view exists in source: "foobar"',
        "type": "table",
    }
    inconsistent = {"is_consistent": False, "inconsistent_objects": [problem]}
    assert done(served, "replace_metadata", args, version=2) == inconsistent
    assert done(served, "get_inconsistent_metadata") == inconsistent
    assert done(served, "reload_metadata") == {"message": "success", **inconsistent}
    assert httpx.get(f"{served.base_url}/healthz").text.startswith("WARN")
    done(served, "drop_inconsistent_metadata")
    assert tables(served) == ["author"]
    assert httpx.get(f"{served.base_url}/healthz").text == "OK"


def test_metadata_of_version_2_have_no_sources(served: Served) -> None:
    done(served, "replace_metadata", {"version": 2, "tables": [{"table": "article"}]})
    assert "errors" not in served.query("{ article { id } }")


def test_a_reload_finds_what_was_changed_in_the_database(served: Served) -> None:
    with psycopg.connect(served.dsn) as connection:
        connection.execute("ALTER TABLE author ADD COLUMN born date")
    assert "errors" in served.query("{ author { born } }")
    assert done(served, "reload_metadata") == {"message": "success", "is_consistent": True}
    assert "errors" not in served.query("{ author { born } }")


def test_each_change_has_a_version_that_can_be_referred_to(served: Served) -> None:
    before = done(served, "export_metadata", version=2)["resource_version"]
    track = {"table": "article"}
    done(served, "pg_track_table", track, resource_version=before)
    assert done(served, "export_metadata", version=2)["resource_version"] == before + 1
    assert refused(served, "pg_untrack_table", track, resource_version=before)[:2] == (
        409,
        "conflict",
    )


def test_of_a_bulk_everything_happens_or_nothing(served: Served) -> None:
    commands = [
        {"type": "pg_track_table", "args": {"table": "article"}},
        {"type": "pg_track_table", "args": {"table": "nothing"}},
    ]
    answer = post(served, "bulk", commands)
    assert (answer.status_code, answer.json()["path"]) == (400, "$.args[1].args")
    assert tables(served) == ["author"]
    assert done(served, "bulk", commands[:1]) == [{"message": "success"}]
    assert tables(served) == ["author", "article"]


def test_a_bulk_that_keeps_going_answers_each_command(served: Served) -> None:
    commands = [
        {"type": "pg_track_table", "args": {"table": "nothing"}},
        {"type": "pg_track_table", "args": {"table": {"no": "name"}}},
        {"type": "run_sql", "args": {"sql": "SELECT 1/0"}},
        {"type": "pg_track_table", "args": {"table": "article"}},
    ]
    answers = done(served, "bulk_keep_going", commands)
    assert [answer.get("code") for answer in answers] == [
        "invalid-configuration",
        "parse-failed",
        "postgres-error",
        None,
    ]
    assert tables(served) == ["author", "article"]


def test_several_tables_are_tracked_at_once(served: Served) -> None:
    both = [{"table": "article"}, {"table": "author"}]
    done(served, "pg_untrack_tables", {"tables": both[1:]})
    assert done(served, "pg_track_tables", {"tables": both}) == {"message": "success"}
    assert tables(served) == ["article", "author"]


def test_tables_that_cannot_be_tracked_are_warnings_beside_the_others(served: Served) -> None:
    given = [{"table": "author"}, {"table": "article"}, {"table": "nothing"}]
    assert done(served, "pg_track_tables", {"tables": given}) == {
        "message": "success",
        "warnings": [
            {
                "code": "track-table-failed",
                "message": 'view/table already tracked: "author"',
                "name": "table author in source default",
                "type": "table",
            },
            {
                "code": "track-table-failed",
                "message": 'Inconsistent object: no such table/view exists in source: "nothing"',
                "name": "table nothing in source default",
                "type": "table",
            },
        ],
    }
    assert tables(served) == ["author", "article"]


def test_of_several_tables_none_is_tracked_where_warnings_are_not_allowed(served: Served) -> None:
    args = {"tables": [{"table": "article"}, {"table": "nothing"}], "allow_warnings": False}
    expected = (400, "metadata-warnings", "failed due to metadata warnings")
    assert refused(served, "pg_track_tables", args) == expected
    assert tables(served) == ["author"]


def test_several_tables_need_a_list_of_objects_with_a_table_each(served: Served) -> None:
    for given in ("author", ["author"], [{"name": "author"}]):
        assert refused(served, "pg_track_tables", {"tables": given})[1] == "parse-failed"


def test_several_tables_that_all_fail_are_an_error(served: Served) -> None:
    args: dict[str, Any] = {"tables": [{"table": "nothing"}, {"table": "author"}]}
    body = post(served, "pg_track_tables", args).json()
    assert (body["code"], body["error"]) == (
        "invalid-configuration",
        "all tables failed to track",
    )
    assert len(body["internal"]) == 2
    gone = {"tables": [{"table": "nothing"}]}
    assert refused(served, "pg_untrack_tables", gone)[2] == "all tables failed to untrack"


def test_only_an_administrator_may_ask(serve: Serve, make_project: MakeProject) -> None:
    served = serve(make_project(_SQL, ["author"]), admin_secret="secret")  # noqa: S106
    url = f"{served.base_url}/v1/metadata"
    body: dict[str, Any] = {"type": "export_metadata", "args": {}}
    answer = httpx.post(url, json=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "access-denied")
    secret = {"x-hasura-admin-secret": "secret"}
    answer = httpx.post(url, json=body, headers={**secret, "x-hasura-role": "reader"})
    assert (answer.status_code, answer.json()) == (
        400,
        {"path": "$.args", "error": "restricted access : admin only", "code": "access-denied"},
    )
    assert httpx.post(url, json=body, headers=secret).status_code == 200


_NONSENSE = [
    (b"nonsense", "invalid-json"),
    (b"[]", "parse-failed"),
    (b"{}", "parse-failed"),
    (b'{"type": "pg_fly"}', "parse-failed"),
    (b'{"type": "bulk", "args": {}}', "parse-failed"),
    (b'{"type": "pg_track_table", "args": 7}', "parse-failed"),
    (b'{"type": "pg_track_table", "args": {"table": 7}}', "parse-failed"),
    (b'{"type": "replace_metadata", "args": {"sources": 7}}', "parse-failed"),
    (b'{"type": "replace_metadata", "args": {"sources": [7]}}', "parse-failed"),
    (b'{"type": "replace_metadata", "args": {"sources": [{"tables": 7}]}}', "parse-failed"),
    (b'{"type": "replace_metadata", "args": {"sources": [{"tables": [{}]}]}}', "parse-failed"),
    (b'{"type": "replace_metadata", "args": {"metadata": 7}}', "parse-failed"),
    (
        b'{"type": "pg_create_object_relationship", '
        b'"args": {"table": "author", "name": "x", "using": 7}}',
        "invalid-configuration",
    ),
]


def test_nonsense_is_an_error_in_the_shape_of_the_api(served: Served) -> None:
    with httpx.Client(base_url=served.base_url) as client:
        answers = [client.post("/v1/metadata", content=body) for body, _ in _NONSENSE]
    found = [(answer.status_code, answer.json().get("code")) for answer in answers]
    assert found == [(400, code) for _, code in _NONSENSE]
    assert "errors" not in served.query("{ author { id } }")


def test_without_metadata_of_its_own_a_project_shows_what_it_was_told_before(
    serve: Serve, tmp_path: Path, make_project: MakeProject
) -> None:
    first = serve(make_project(_SQL, ["author"]))
    done(first, "pg_track_table", {"table": "article"})
    again = serve(tmp_path / "nothing", database_url=first.dsn)
    assert "errors" not in again.query("{ article { id } author { id } }")
    files = serve(make_project(_SQL, ["author"]), database_url=first.dsn)
    assert tables(files) == ["author"]


def test_the_cli_finds_the_migrations_that_were_applied_here(served: Served) -> None:
    state = done(served, "get_catalog_state")
    assert state["cli_state"]["migrations"] == {"default": {"1": False}}
    told = {"migrations": {"default": {"1": False, "1700000000000": False}}, "settings": {"a": "b"}}
    done(served, "set_catalog_state", {"type": "cli", "state": told})
    assert done(served, "get_catalog_state")["cli_state"] == told
    with psycopg.connect(served.dsn) as connection:
        recorded = connection.execute("SELECT version::text FROM run_logger.migration ORDER BY 1")
        assert recorded.fetchall() == [("1",), ("1700000000000",)]


def test_a_subscription_goes_on_until_what_is_shown_changes(served: Served) -> None:
    address = served.url.replace("http://", "ws://")
    protocol = Subprotocol("graphql-transport-ws")
    with connect(address, subprotocols=[protocol]) as socket:
        socket.send('{"type": "connection_init"}')
        payload = {"query": "subscription { author_aggregate { aggregate { count } } }"}
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        assert _count(socket) == 2
        done(served, "export_metadata")
        done(served, "run_sql", {"sql": "INSERT INTO author (name) VALUES ('Cy')"})
        assert _count(socket) == 3
        done(served, "pg_track_table", {"table": "article"})
        # As with Hasura v2: the client opens another connection, under what is permitted now.
        with pytest.raises(ConnectionClosedError, match="1012"):
            _count(socket)


def _count(socket: ClientConnection) -> int:
    """Return the count in the next result."""
    while True:
        message = json.loads(socket.recv(10))
        if message["type"] == "next":
            count: int = message["payload"]["data"]["author_aggregate"]["aggregate"]["count"]
            return count


def test_requests_are_answered_while_the_metadata_change(served: Served) -> None:
    query = "{ author { id } }"
    with httpx.Client() as client:
        for _ in range(10):
            done(served, "reload_metadata")
            assert "errors" not in client.post(served.url, json={"query": query}).json()

"""`/v1/query`: the commands that read and write rows without GraphQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conftest import MakeProject, Serve, Served

_SQL = """
    CREATE TABLE author (
        id serial PRIMARY KEY, name text NOT NULL UNIQUE, age int, "full name" text
    );
    CREATE TABLE article (
        id serial PRIMARY KEY, title text, author_id int NOT NULL REFERENCES author, tags jsonb
    );
    INSERT INTO author (name, age) VALUES ('Ann', 40), ('Bo', NULL), ('Cy', 20);
    INSERT INTO article (title, author_id) VALUES ('first', 1), ('second', 1), ('third', 2);
"""
_TABLES = """
    - table: {schema: public, name: author}
      configuration:
        custom_name: Writer
        column_config: {age: {custom_name: yearsOld}, full name: {custom_name: fullName}}
      array_relationships:
      - name: articles
        using:
          foreign_key_constraint_on: {column: author_id, table: {schema: public, name: article}}
      select_permissions:
      - {role: reader, permission: {columns: [id, name], filter: {}}}
    - table: {schema: public, name: article}
      object_relationships:
      - {name: author, using: {foreign_key_constraint_on: author_id}}
      select_permissions:
      - role: reader
        permission: {columns: [id, title], filter: {author_id: {_eq: X-Hasura-User-Id}}}
      insert_permissions:
      - role: reader
        permission: {columns: [title], set: {author_id: X-Hasura-User-Id}, check: {}}
"""
_READER = {"X-Hasura-Role": "reader", "X-Hasura-User-Id": "1"}


@pytest.fixture
def served(serve: Serve, make_project: MakeProject) -> Served:
    return serve(make_project(_SQL, _TABLES))


def post(
    served: Served, kind: str, args: Any, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    body = {"type": kind, "args": args}
    return httpx.post(f"{served.base_url}/v1/query", json=body, headers=headers)


def done(served: Served, kind: str, args: Any, headers: Mapping[str, str] | None = None) -> Any:
    answer = post(served, kind, args, headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(
    served: Served, kind: str, args: Any, headers: Mapping[str, str] | None = None
) -> tuple[str, str]:
    answer = post(served, kind, args, headers)
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert body["path"].startswith("$.args")
    return body["code"], body["error"]


def names(served: Served, **args: Any) -> list[str]:
    rows = done(served, "select", {"table": "author", "columns": ["name"], **args})
    return [row["name"] for row in rows]


def test_rows_are_inserted_by_the_names_of_columns(served: Served) -> None:
    objects = [{"name": "Di", "age": 7, "full name": "Di Z"}, {"name": "Ed"}]
    args: dict[str, Any] = {"table": "author", "objects": objects}
    assert done(served, "insert", {**args, "returning": ["id", "age", "name"]}) == {
        "affected_rows": 2,
        "returning": [
            {"id": 4, "age": 7, "name": "Di"},
            {"id": 5, "age": None, "name": "Ed"},
        ],
    }
    article = {"title": "new", "author_id": 4, "tags": {"a": [1]}}
    args = {"table": {"schema": "public", "name": "article"}, "objects": [article]}
    assert done(served, "insert", args) == {"affected_rows": 1}
    assert names(served, where={"full name": "Di Z"}) == ["Di"]


def test_rows_that_are_there_are_ignored_or_updated(served: Served) -> None:
    args: dict[str, Any] = {"table": "author", "objects": [{"name": "Ann", "age": 41}]}
    code, message = refused(served, "insert", args)
    assert code == "constraint-violation"
    assert message.startswith("Uniqueness violation")
    ignore = {"action": "ignore", "constraint_on": ["name"]}
    assert done(served, "insert", {**args, "on_conflict": ignore}) == {"affected_rows": 0}
    update = {"action": "update", "constraint": "author_name_key"}
    assert done(served, "insert", {**args, "on_conflict": update}) == {"affected_rows": 1}
    assert names(served, where={"age": 41}) == ["Ann"]
    unclear = {"action": "ignore"}
    assert refused(served, "insert", {**args, "on_conflict": unclear})[0] == "unexpected-payload"
    first = {"id": 1, "title": "again", "author_id": 1}
    only = {"table": "article", "objects": [first], "on_conflict": unclear}
    assert done(served, "insert", only) == {"affected_rows": 0}


def test_rows_are_selected_with_related_ones(served: Served) -> None:
    articles = {
        "name": "articles",
        "columns": ["title"],
        "where": {"title": {"$ne": "first"}},
        "order_by": "-title",
    }
    args = {
        "table": "author",
        "columns": ["*", articles],
        "where": {"$or": [{"name": {"$eq": "Ann"}}, {"$not": {"id": {"$lt": 3}}}]},
        "order_by": [{"column": "age", "type": "desc", "nulls": "last"}],
    }
    assert done(served, "select", args) == [
        {"id": 1, "name": "Ann", "age": 40, "fullName": None, "articles": [{"title": "second"}]},
        {"id": 3, "name": "Cy", "age": 20, "fullName": None, "articles": []},
    ]


def test_rows_are_sorted_and_cut(served: Served) -> None:
    assert names(served, order_by="+name", limit=2) == ["Ann", "Bo"]
    assert names(served, order_by=["-name"], offset=1) == ["Bo", "Ann"]
    args = {"table": "article", "columns": ["id"], "order_by": ["-author.name", "-id"]}
    assert done(served, "select", args) == [{"id": 3}, {"id": 2}, {"id": 1}]


def test_related_rows_choose_rows(served: Served) -> None:
    assert names(served, where={"articles": {"title": "third"}}) == ["Bo"]


def test_rows_are_counted(served: Served) -> None:
    assert done(served, "count", {"table": "article"}) == {"count": 3}
    one = {"table": "article", "where": {"author_id": {"$in": [1]}}}
    assert done(served, "count", one) == {"count": 2}
    assert done(served, "count", {"table": "article", "distinct": ["author_id"]}) == {"count": 2}


def test_rows_are_updated_and_deleted(served: Served) -> None:
    args = {
        "table": "author",
        "where": {"id": 1},
        "$set": {"name": "Anna"},
        "$inc": {"age": 2},
        "returning": ["name", "age"],
    }
    assert done(served, "update", args) == {
        "affected_rows": 1,
        "returning": [{"name": "Anna", "age": 42}],
    }
    assert done(served, "delete", {"table": "article", "where": {"author_id": 1}}) == {
        "affected_rows": 2
    }
    assert done(served, "count", {"table": "article"}) == {"count": 1}


def test_a_bulk_inserts_into_what_it_has_made_or_does_nothing(served: Served) -> None:
    made = [
        {"type": "run_sql", "args": {"sql": "CREATE TABLE made (id int PRIMARY KEY)"}},
        {"type": "track_table", "args": {"name": "made", "schema": "public"}},
        {"type": "insert", "args": {"table": "made", "objects": [{"id": 1}]}},
    ]
    again = {"type": "insert", "args": {"table": "made", "objects": [{"id": 1}]}}
    assert post(served, "bulk", [*made, again]).json()["path"] == "$.args[3].args"
    assert refused(served, "count", {"table": "made"})[0] == "not-exists"
    assert done(served, "bulk", made)[2] == {"affected_rows": 1}
    assert served.query("{ made { id } }") == {"data": {"made": [{"id": 1}]}}


def test_after_a_command_that_failed_a_bulk_keeps_going_with_what_is_there(
    served: Served,
) -> None:
    failing = [
        {"type": "run_sql", "args": {"sql": "CREATE TABLE made (id int)"}},
        {"type": "run_sql", "args": {"sql": "SELECT 1/0"}},
    ]
    track = {"type": "pg_track_table", "args": {"table": "made"}}
    answers = done(served, "bulk_keep_going", [{"type": "bulk", "args": failing}, track])
    assert [answer["code"] for answer in answers] == ["postgres-error", "invalid-configuration"]


@pytest.mark.parametrize(
    ("kind", "args", "code"),
    [
        ("select", {"table": "nothing", "columns": ["id"]}, "not-exists"),
        ("select", {"table": "author", "columns": ["nothing"]}, "not-exists"),
        ("select", {"table": "author", "columns": []}, "parse-failed"),
        ("select", {"table": "author"}, "parse-failed"),
        ("select", {"table": "author", "columns": [{"columns": ["id"]}]}, "not-exists"),
        ("select", {"table": "author", "columns": [{"name": "articles"}]}, "parse-failed"),
        ("select", {"table": "author", "columns": ["id"], "where": 1}, "parse-failed"),
        ("select", {"table": "author", "columns": ["id"], "where": {"$or": 1}}, "parse-failed"),
        ("select", {"table": "author", "columns": ["id"], "order_by": 1}, "parse-failed"),
        ("count", {"table": "author", "where": {"nothing": 1}}, "not-exists"),
        ("insert", {"table": "author", "objects": [{"nothing": 1}]}, "not-exists"),
        ("insert", {"table": "author", "objects": [1]}, "parse-failed"),
        (
            "insert",
            {"table": "author", "objects": [], "on_conflict": {"action": "x"}},
            "parse-failed",
        ),
        ("update", {"table": "author", "where": {}, "$mul": {"age": 2}}, "not-supported"),
        ("delete", {"table": "author"}, "parse-failed"),
        ("delete", {"table": "author", "where": {}, "source": "other"}, "not-exists"),
    ],
)
def test_what_makes_no_sense_is_refused(
    served: Served, kind: str, args: dict[str, Any], code: str
) -> None:
    assert refused(served, kind, args)[0] == code


def test_a_role_reads_and_writes_what_its_permissions_say(served: Served) -> None:
    select = {"table": "article", "columns": ["*", {"name": "author", "columns": ["name"]}]}
    assert done(served, "select", select, _READER) == [
        {"id": 1, "title": "first", "author": {"name": "Ann"}},
        {"id": 2, "title": "second", "author": {"name": "Ann"}},
    ]
    insert = {"table": "article", "objects": [{"title": "new"}], "returning": ["id"]}
    assert done(served, "insert", insert, _READER) == {
        "affected_rows": 1,
        "returning": [{"id": 4}],
    }
    both = [{"type": "select", "args": {"table": "author", "columns": ["id"]}}]
    assert done(served, "bulk", both, _READER) == [[{"id": 1}, {"id": 2}, {"id": 3}]]


@pytest.mark.parametrize(
    ("kind", "args", "refusal"),
    [
        (
            "select",
            {"table": "author", "columns": ["age"]},
            ("permission-denied", 'role "reader" does not have permission to select column "age"'),
        ),
        (
            "insert",
            {"table": "article", "objects": [{"author_id": 2}]},
            (
                "permission-denied",
                'role "reader" does not have permission to insert column "author_id"',
            ),
        ),
        (
            "delete",
            {"table": "article", "where": {}},
            ("permission-denied", 'delete on "article" for role "reader" is not allowed. '),
        ),
        (
            "count",
            {"table": "nothing"},
            ("permission-denied", 'select on "nothing" for role "reader" is not allowed. '),
        ),
        ("run_sql", {"sql": "SELECT 1"}, ("access-denied", "restricted access : admin only")),
        ("bulk", [{"type": "clear_metadata"}], ("access-denied", "restricted access : admin only")),
    ],
)
def test_a_role_is_refused_what_it_has_no_permission_for(
    served: Served, kind: str, args: Any, refusal: tuple[str, str]
) -> None:
    assert refused(served, kind, args, _READER) == refusal

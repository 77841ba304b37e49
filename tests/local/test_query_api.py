"""`/v2/query` and `/v1/query`: SQL over HTTP, and what becomes of the metadata under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.conftest import MakeProject, Serve, Served

_SQL = """
    CREATE TABLE author (id serial PRIMARY KEY, name text NOT NULL);
    CREATE TABLE article (id serial PRIMARY KEY, author_id int NOT NULL REFERENCES author);
    INSERT INTO author (name) VALUES ('Ann'), ('100 %');
"""
_TABLES = """
    - table: {schema: public, name: author}
    - table: {schema: public, name: article}
      object_relationships:
      - {name: author, using: {foreign_key_constraint_on: author_id}}
"""


@pytest.fixture
def served(serve: Serve, make_project: MakeProject) -> Served:
    return serve(make_project(_SQL, _TABLES))


def post(served: Served, kind: str, args: Any, path: str = "/v2/query") -> httpx.Response:
    return httpx.post(served.base_url + path, json={"type": kind, "args": args})


def run(served: Served, sql: str, **more: Any) -> Any:
    answer = post(served, "run_sql", {"sql": sql, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(served: Served, sql: str, **more: Any) -> dict[str, Any]:
    answer = post(served, "run_sql", {"sql": sql, **more})
    assert answer.status_code == 400
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize("path", ["/v1/query", "/v2/query"])
def test_rows_come_as_text_under_the_names_of_their_columns(served: Served, path: str) -> None:
    sql = "SELECT id, name, NULL AS none, id = 1 AS first FROM author ORDER BY id"
    assert post(served, "run_sql", {"sql": sql}, path).json() == {
        "result_type": "TuplesOk",
        "result": [
            ["id", "name", "none", "first"],
            ["1", "Ann", "NULL", "t"],
            ["2", "100 %", "NULL", "f"],
        ],
    }


def test_of_several_statements_the_last_gives_the_result(served: Served) -> None:
    assert run(served, "SELECT 1; CREATE TABLE made (id int)") == {
        "result_type": "CommandOk",
        "result": None,
    }
    assert run(served, "INSERT INTO made VALUES (7); SELECT id FROM made")["result"] == [
        ["id"],
        ["7"],
    ]
    assert run(served, "SELECT id FROM made WHERE false")["result"] == [["id"]]
    assert run(served, "")["result_type"] == "CommandOk"


def test_an_error_says_what_postgres_says_and_leaves_nothing_behind(served: Served) -> None:
    assert refused(served, "INSERT INTO author (name) VALUES ('x'); SELECT nothing") == {
        "path": "$.args",
        "error": "query execution failed",
        "code": "postgres-error",
        "internal": {
            "statement": "INSERT INTO author (name) VALUES ('x'); SELECT nothing",
            "prepared": False,
            "error": {
                "exec_status": "FatalError",
                "status_code": "42703",
                "message": 'column "nothing" does not exist',
                "description": None,
                "hint": None,
            },
            "arguments": [],
        },
    }
    assert run(served, "SELECT count(*) FROM author")["result"][1] == ["2"]


def test_what_is_read_only_cannot_write(served: Served) -> None:
    assert run(served, "SELECT 1 AS one", read_only=True)["result"] == [["one"], ["1"]]
    error = refused(served, "DELETE FROM author", read_only=True)["internal"]["error"]
    assert error["status_code"] == "25006"


def test_a_new_column_is_served_at_once(served: Served) -> None:
    run(served, "ALTER TABLE author ADD COLUMN born date")
    assert "errors" not in served.query("{ author { born } }")


def test_a_dropped_table_is_untracked(served: Served) -> None:
    run(served, "DROP TABLE article")
    assert "errors" in served.query("{ article { id } }")
    exported = post(served, "export_metadata", {}, "/v1/metadata").json()
    assert [entry["table"]["name"] for entry in exported["sources"][0]["tables"]] == ["author"]


def test_what_the_metadata_need_is_not_dropped_without_them(served: Served) -> None:
    drop = "ALTER TABLE article DROP COLUMN author_id"
    body = refused(served, drop)
    assert (body["code"], body["error"]) == (
        "dependency-error",
        "cannot drop due to the following dependent objects : "
        'object_relation author in table article in source "default"',
    )
    assert "errors" not in served.query("{ article { author { name } } }")
    run(served, drop, cascade=True)
    assert "errors" not in served.query("{ article { id } }")
    consistency = post(served, "get_inconsistent_metadata", {}, "/v1/metadata").json()
    assert consistency["is_consistent"]


def test_without_the_check_the_metadata_become_inconsistent(served: Served) -> None:
    drop = "ALTER TABLE article DROP COLUMN author_id"
    run(served, drop, check_metadata_consistency=False)
    consistency = post(served, "get_inconsistent_metadata", {}, "/v1/metadata").json()
    assert [item["type"] for item in consistency["inconsistent_objects"]] == ["object_relation"]
    assert "errors" not in served.query("{ article { id } }")


def test_a_bulk_is_one_transaction(served: Served) -> None:
    insert = {"type": "run_sql", "args": {"sql": "INSERT INTO author (name) VALUES ('new')"}}
    wrong = {"type": "run_sql", "args": {"sql": "SELECT 1/0"}}
    assert post(served, "bulk", [insert, wrong]).status_code == 400
    assert post(served, "bulk", [insert, insert]).json() == 2 * [
        {"result_type": "CommandOk", "result": None}
    ]
    assert run(served, "SELECT count(*) FROM author")["result"][1] == ["4"]


def test_settings_end_with_their_request(served: Served) -> None:
    run(served, "SET TIME ZONE 'Asia/Tokyo'")
    assert run(served, "SHOW TIME ZONE")["result"] == [["TimeZone"], ["UTC"]]


def test_sql_for_another_source_is_refused(served: Served) -> None:
    assert refused(served, "SELECT 1", source="other")["code"] == "not-exists"


def test_a_copy_to_the_client_is_refused(served: Served) -> None:
    assert refused(served, "COPY author TO STDOUT")["code"] == "postgres-error"
    assert "errors" not in served.query("{ author { id } }")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE late (id int REFERENCES author DEFERRABLE INITIALLY DEFERRED);"
        " INSERT INTO late VALUES (99)",
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "SELECT '\0'",
        "SELECT '%s' || $1",
        "ROLLBACK; SELECT nothing",
    ],
)
def test_whatever_goes_wrong_is_an_error_of_the_api(served: Served, sql: str) -> None:
    assert refused(served, sql)["code"] == "postgres-error"
    assert run(served, "SELECT to_regclass('late') IS NULL AS gone")["result"][1] == ["t"]
    assert "errors" not in served.query("{ author { id } }")


def test_sql_that_ends_its_transaction_is_not_read_only_any_more_but_an_error(
    served: Served,
) -> None:
    assert refused(served, "COMMIT", read_only=True)["code"] == "postgres-error"


def exported(served: Served) -> dict[str, Any]:
    source = post(served, "export_metadata", {}, "/v1/metadata").json()["sources"][0]
    return {entry["table"]["name"]: entry for entry in source["tables"]}


def test_a_renamed_column_is_renamed_in_the_metadata(served: Served) -> None:
    run(served, "ALTER TABLE article RENAME author_id TO written_by")
    using = exported(served)["article"]["object_relationships"][0]["using"]
    assert using == {"foreign_key_constraint_on": "written_by"}
    assert "errors" not in served.query("{ article { written_by author { name } } }")


def test_a_renamed_table_is_renamed_in_the_metadata(served: Served) -> None:
    run(served, "CREATE SCHEMA shop; ALTER TABLE author SET SCHEMA shop")
    run(served, 'ALTER TABLE shop.author RENAME TO "Writer"')
    assert exported(served)["Writer"]["table"] == {"schema": "shop", "name": "Writer"}
    assert "errors" not in served.query("{ shop_Writer { name } article { author { name } } }")


def test_two_tables_may_swap_their_names(served: Served) -> None:
    run(
        served,
        "ALTER TABLE author RENAME TO other; ALTER TABLE article RENAME TO author;"
        " ALTER TABLE other RENAME TO article",
    )
    assert "errors" not in served.query("{ author { author { name } } }")


def test_what_did_not_fit_before_does_not_hinder_a_renaming(served: Served) -> None:
    drop = "ALTER TABLE article DROP COLUMN author_id"
    run(served, drop, check_metadata_consistency=False)
    run(served, "ALTER TABLE article RENAME TO paper")
    assert "errors" not in served.query("{ paper { id } }")
    consistency = post(served, "get_inconsistent_metadata", {}, "/v1/metadata").json()
    assert [item["type"] for item in consistency["inconsistent_objects"]] == ["object_relation"]


_DEPENDENTS = """
    - table: {schema: public, name: author}
      configuration:
        column_config: {name: {custom_name: fullName}}
        custom_column_names: {name: fullName}
      array_relationships:
      - name: articles
        using:
          foreign_key_constraint_on: {column: author_id, table: {schema: public, name: article}}
      insert_permissions:
      - {role: user, permission: {check: {}, columns: [name], set: {name: X-Hasura-Name}}}
    - table: {schema: public, name: article}
      object_relationships:
      - name: author
        using:
          manual_configuration:
            remote_table: {schema: public, name: author}
            column_mapping: {author_id: id}
      select_permissions:
      - role: user
        permission:
          columns: [id, author_id]
          filter:
            _and:
            - author: {name: {_eq: X-Hasura-Name}}
            - _not: {author_id: {_ceq: id}}
            - _exists:
                _table: {schema: public, name: author}
                _where: {id: {_ceq: [$, author_id]}}
"""


def test_what_depends_on_renamed_columns_and_tables_names_them_anew(
    serve: Serve, make_project: MakeProject
) -> None:
    served = serve(make_project(_SQL, _DEPENDENTS))
    run(
        served,
        "ALTER TABLE author RENAME name TO title; ALTER TABLE author RENAME id TO number;"
        " ALTER TABLE article RENAME author_id TO writer; ALTER TABLE author RENAME TO person",
    )
    person = {"schema": "public", "name": "person"}
    tables = exported(served)
    assert tables["person"]["configuration"] == {
        "column_config": {"title": {"custom_name": "fullName"}},
        "custom_column_names": {"title": "fullName"},
    }
    assert tables["person"]["array_relationships"][0]["using"]["foreign_key_constraint_on"] == {
        "column": "writer",
        "table": {"schema": "public", "name": "article"},
    }
    assert tables["person"]["insert_permissions"][0]["permission"] == {
        "check": {},
        "columns": ["title"],
        "set": {"title": "X-Hasura-Name"},
    }
    assert tables["article"]["object_relationships"][0]["using"]["manual_configuration"] == {
        "remote_table": person,
        "column_mapping": {"writer": "number"},
    }
    assert tables["article"]["select_permissions"][0]["permission"] == {
        "columns": ["id", "writer"],
        "filter": {
            "_and": [
                {"author": {"title": {"_eq": "X-Hasura-Name"}}},
                {"_not": {"writer": {"_ceq": "id"}}},
                {"_exists": {"_table": person, "_where": {"number": {"_ceq": ["$", "writer"]}}}},
            ]
        },
    }
    consistency = post(served, "get_inconsistent_metadata", {}, "/v1/metadata").json()
    assert consistency == {"is_consistent": True, "inconsistent_objects": []}

"""What the Hasura CLI asks of a server, command by command, in the order in which it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

if TYPE_CHECKING:
    from tests.conftest import MakeProject, Serve, Served

_SQL = "CREATE TABLE author (id serial PRIMARY KEY, name text NOT NULL)"
_NEXT = """
    CREATE TABLE article (
        id serial PRIMARY KEY, author_id int NOT NULL REFERENCES author, title text
    );
    CREATE INDEX ON article (author_id);
"""
_ARTICLE = {
    "table": {"schema": "public", "name": "article"},
    "object_relationships": [
        {"name": "author", "using": {"foreign_key_constraint_on": "author_id"}}
    ],
}


class Cli:
    """The requests of the CLI; a refusal ends a command."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def metadata(self, kind: str, args: Any = None, **more: Any) -> Any:
        return self._post("/v1/metadata", {"type": kind, "args": args or {}, **more})

    def run_sql(self, sql: str, **more: Any) -> Any:
        args = {"source": "default", "sql": sql, **more}
        (answer,) = self._post(
            "/v2/query", {"type": "bulk", "args": [{"type": "run_sql", "args": args}]}
        )
        return answer

    def dump(self, *options: str) -> str:
        body = {"opts": options, "clean_output": True, "source": "default"}
        answer = httpx.post(f"{self._served.base_url}/v1alpha1/pg_dump", json=body)
        assert answer.status_code == 200, answer.text
        return answer.text

    def migrate(self, version: str, sql: str) -> None:
        """`hasura migrate apply`, of one migration."""
        self.run_sql(sql, check_metadata_consistency=False)
        state = self.metadata("get_catalog_state")["cli_state"]
        state.setdefault("migrations", {}).setdefault("default", {})[version] = False
        assert self.metadata("set_catalog_state", {"type": "cli", "state": state}) == {
            "message": "success"
        }

    def _post(self, path: str, body: Any) -> Any:
        answer = httpx.post(f"{self._served.base_url}{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def served(serve: Serve, make_project: MakeProject) -> Served:
    return serve(make_project(_SQL, ["author"]))


@pytest.fixture
def cli(served: Served) -> Cli:
    return Cli(served)


def test_every_command_begins_with_the_version_and_the_health(served: Served) -> None:
    version = httpx.get(f"{served.base_url}/v1/version").json()
    assert (version["version"][0], version["server_type"]) == ("v", "ce")
    assert httpx.get(f"{served.base_url}/healthz").status_code == 200
    assert httpx.get(f"{served.base_url}/v1alpha1/config").json()["version"] == version["version"]


def test_migrate_apply_runs_what_migrate_status_did_not_list(cli: Cli) -> None:
    assert cli.metadata("get_catalog_state")["cli_state"]["migrations"] == {"default": {"1": False}}
    cli.migrate("1700000000000", _NEXT)
    applied = cli.metadata("get_catalog_state")["cli_state"]["migrations"]["default"]
    assert applied == {"1": False, "1700000000000": False}


def test_migrate_apply_down_takes_a_version_back(cli: Cli) -> None:
    cli.migrate("1700000000000", _NEXT)
    state = cli.metadata("get_catalog_state")["cli_state"]
    cli.run_sql("DROP TABLE article", check_metadata_consistency=False)
    del state["migrations"]["default"]["1700000000000"]
    cli.metadata("set_catalog_state", {"type": "cli", "state": state})
    applied = cli.metadata("get_catalog_state")["cli_state"]["migrations"]["default"]
    assert applied == {"1": False}


def test_metadata_apply_shows_what_metadata_export_then_gives_back(
    cli: Cli, served: Served
) -> None:
    cli.migrate("1700000000000", _NEXT)
    document = cli.metadata("export_metadata")
    document["sources"][0]["tables"].append(_ARTICLE)
    applied = cli.metadata(
        "replace_metadata",
        {"allow_inconsistent_metadata": True, "metadata": document},
        version=2,
    )
    assert applied == {"is_consistent": True, "inconsistent_objects": []}
    assert cli.metadata("export_metadata") == document
    assert served.query("{ article { author { name } } }") == {"data": {"article": []}}


def test_metadata_apply_says_what_does_not_fit_until_that_is_dropped(cli: Cli) -> None:
    document = cli.metadata("export_metadata")
    document["sources"][0]["tables"].append(_ARTICLE)
    arguments = {"allow_inconsistent_metadata": True, "metadata": document}
    applied = cli.metadata("replace_metadata", arguments, version=2)
    assert applied["is_consistent"] is False
    reloaded = cli.metadata("reload_metadata", {"reload_remote_schemas": True})
    assert (reloaded["message"], reloaded["is_consistent"]) == ("success", False)
    listed = cli.metadata("get_inconsistent_metadata")
    assert [item["name"] for item in listed["inconsistent_objects"]] == [
        "table article in source default"
    ]
    assert cli.metadata("drop_inconsistent_metadata") == {"message": "success"}
    assert cli.metadata("get_inconsistent_metadata")["is_consistent"] is True


def test_seed_apply_inserts_rows(cli: Cli, served: Served) -> None:
    answer = cli.run_sql("INSERT INTO author (name) VALUES ('Ann'), ('Bo');")
    assert answer == {"result_type": "CommandOk", "result": None}
    assert served.query("{ author { name } }")["data"] == {
        "author": [{"name": "Ann"}, {"name": "Bo"}]
    }


def test_migrate_create_from_server_makes_a_migration_of_the_database(
    cli: Cli, database: str
) -> None:
    cli.migrate("1700000000000", _NEXT)
    dumped = cli.dump("-O", "-x", "--schema-only", "--schema", "public")
    assert dumped.startswith("SET check_function_bodies = false;\nCREATE TABLE public.article (\n")
    assert not [line for line in dumped.splitlines() if not line or line.startswith(("--", "\\"))]
    with psycopg.connect(database) as connection:
        connection.execute(dumped.encode())
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert {name for (name,) in tables} == {"author", "article"}


def test_seed_create_from_a_table_dumps_its_rows(cli: Cli) -> None:
    cli.run_sql("INSERT INTO author (name) VALUES ('Ann')")
    dumped = cli.dump("--no-owner", "--no-acl", "--data-only", "--column-inserts", "-tauthor")
    assert "INSERT INTO public.author (id, name) VALUES (1, 'Ann');\n" in dumped


@pytest.mark.parametrize("option", ["-f/tmp/x", "-Of/tmp/x", "--file=/tmp/x", "--fil=x", "--db=x"])
def test_a_dump_goes_to_the_client_and_comes_from_the_served_database(
    served: Served, option: str
) -> None:
    answer = httpx.post(f"{served.base_url}/v1alpha1/pg_dump", json={"opts": [option]})
    assert (answer.status_code, answer.json()) == (
        400,
        {"path": "$.opts", "error": f"the option {option} is not allowed", "code": "not-supported"},
    )


def test_a_dump_that_fails_says_why(served: Served) -> None:
    answer = httpx.post(f"{served.base_url}/v1alpha1/pg_dump", json={"opts": ["--table=nothing"]})
    assert answer.status_code == 400
    assert "no matching tables were found" in answer.json()["error"]

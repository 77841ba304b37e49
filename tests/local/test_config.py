"""Hasura's environment variables: one `.env` serves a Hasura and this server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import psycopg
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from run_logger.local.errors import ServeError
from run_logger.local.options import read_options

if TYPE_CHECKING:
    from tests.conftest import MakeProject, Serve

_BIG_SQL = """
    CREATE TABLE number (
        id int PRIMARY KEY, big bigint, exact numeric, double float8, single real, bigs bigint[],
        document jsonb
    );
    INSERT INTO number VALUES
        (1, 9007199254740993, 1.50, 0.5, 0.5, '{1, NULL, 9007199254740993}', '{"a": 1.5}');
"""
_BIG_QUERY = """{
    number { id big exact double single bigs document }
    number_aggregate { aggregate { count sum { id big } max { exact } } }
}"""


@pytest.mark.parametrize(
    ("given", "allowed", "refused"),
    [
        ("*", ["https://any.example"], []),
        (
            "https://lab.example, http://localhost:3000/",
            ["https://lab.example", "http://localhost:3000"],
            ["http://lab.example", "https://xlab.example", "https://labXexample", "null"],
        ),
        (
            "https://*.lab.example:8443",
            ["https://runs.lab.example:8443"],
            ["https://lab.example:8443", "https://evil.example/.lab.example:8443"],
        ),
    ],
)
def test_pages_of_the_given_domains_may_ask(
    given: str, allowed: list[str], refused: list[str]
) -> None:
    options = read_options({"HASURA_GRAPHQL_CORS_DOMAIN": given})
    pattern = re.compile(options.allowed_origins(has_secret=True))
    assert [origin for origin in allowed if not pattern.fullmatch(origin)] == []
    assert [origin for origin in refused if pattern.fullmatch(origin)] == []


@pytest.mark.parametrize(
    "environment",
    [
        {"HASURA_GRAPHQL_CORS_DOMAIN": "lab.example"},
        {"HASURA_GRAPHQL_CORS_DOMAIN": "https://*"},
        {"HASURA_GRAPHQL_DISABLE_CORS": "perhaps"},
        {"HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES": "2"},
        {"HASURA_GRAPHQL_TX_ISOLATION": "none"},
        {"HASURA_GRAPHQL_DEV_MODE": "maybe"},
        {"HASURA_GRAPHQL_LOG_LEVEL": "loud"},
    ],
)
def test_a_variable_without_a_value_of_its_kind_is_named(environment: dict[str, str]) -> None:
    (name,) = environment
    with pytest.raises(ServeError, match=name):
        read_options(environment)


def test_without_cors_no_page_is_told_that_it_may_ask(
    serve: Serve, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HASURA_GRAPHQL_DISABLE_CORS", "true")
    served = serve(make_project("SELECT 1"))
    answer = httpx.get(f"{served.base_url}/healthz", headers={"origin": "http://localhost"})
    assert "access-control-allow-origin" not in answer.headers


def test_numbers_that_a_double_does_not_keep_are_strings_on_demand(
    serve: Serve, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(_BIG_SQL, ["number"])
    plain = serve(project).query(_BIG_QUERY)["data"]
    assert plain["number"][0]["exact"] == 1.5
    monkeypatch.setenv("HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES", "true")
    served = serve(project)
    assert served.query(_BIG_QUERY)["data"] == {
        "number": [
            {
                "id": 1,
                "big": "9007199254740993",
                "exact": "1.50",
                "double": "0.5",
                "single": 0.5,
                "bigs": ["1", None, "9007199254740993"],
                "document": {"a": 1.5},
            }
        ],
        "number_aggregate": {
            "aggregate": {
                "count": 1,
                "sum": {"id": 1, "big": "9007199254740993"},
                "max": {"exact": "1.50"},
            }
        },
    }
    mutation = "mutation { update_number(where: {}, _inc: {big: 1}) { returning { big } } }"
    returned = {"update_number": {"returning": [{"big": "9007199254740994"}]}}
    assert served.query(mutation)["data"] == returned


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, {"admin"}),
        ({"ADMIN_INTERNAL_ERRORS": "false"}, set[str]()),
        ({"DEV_MODE": "true"}, {"admin", "reader"}),
    ],
)
def test_only_who_may_know_is_told_what_happened_in_the_database(
    serve: Serve,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    told: set[str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"HASURA_GRAPHQL_{name}", value)
    permission = {"role": "reader", "permission": {"columns": ["id"], "filter": {}}}
    entry = {"table": {"schema": "public", "name": "t"}, "select_permissions": [permission]}
    served = serve(make_project("CREATE TABLE t (id int)", [entry]))
    with psycopg.connect(served.dsn) as connection:
        connection.execute("DROP TABLE t")
    for role in ("admin", "reader"):
        (error,) = served.query("{ t { id } }", headers={"x-hasura-role": role})["errors"]
        assert error["message"] == "database query error"
        assert ("internal" in error["extensions"]) == (role in told)


def test_transactions_are_as_isolated_as_asked_for(
    serve: Serve, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HASURA_GRAPHQL_TX_ISOLATION", "repeatable-read")
    sql = """
        CREATE TABLE t (id serial PRIMARY KEY,
            level text DEFAULT current_setting('transaction_isolation'));
    """
    served = serve(make_project(sql, ["t"]))
    answer = served.query("mutation { insert_t_one(object: {}) { level } }")
    assert answer["data"] == {"insert_t_one": {"level": "repeatable read"}}


def test_variables_that_ask_for_what_is_not_served_are_told(
    serve: Serve,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("HASURA_GRAPHQL_ENABLE_ALLOWLIST", "true")
    monkeypatch.setenv("HASURA_GRAPHQL_EXPERIMENTAL_FEATURES", "")
    monkeypatch.setenv("HASURA_GRAPHQL_ENABLE_CONSOLE", "true")
    serve(make_project("SELECT 1"))
    (message,) = caplog.messages
    assert message == "what these ask for is not served here: HASURA_GRAPHQL_ENABLE_ALLOWLIST"


def test_only_the_enabled_apis_answer(
    serve: Serve, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HASURA_GRAPHQL_ENABLED_APIS", "graphql, config")
    served = serve(make_project("SELECT 1"))
    assert "data" in served.query("{ __typename }")
    asked = {"type": "export_metadata", "args": {}}
    for path in ("/v1/metadata", "/v1/query", "/v2/query", "/v1alpha1/pg_dump"):
        answer = httpx.post(f"{served.base_url}{path}", json=asked, timeout=60)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    config = httpx.get(f"{served.base_url}/v1alpha1/config", timeout=60)
    assert config.status_code == 200


def test_without_graphql_there_are_no_websockets_either(
    serve: Serve, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HASURA_GRAPHQL_ENABLED_APIS", "metadata")
    served = serve(make_project("SELECT 1"))
    assert httpx.post(served.url, json={"query": "{ __typename }"}, timeout=60).status_code == 404
    with pytest.raises(InvalidStatus) as raised:
        connect(served.url.replace("http", "ws"), open_timeout=60)
    assert raised.value.response.status_code == 404

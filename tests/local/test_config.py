"""Hasura's environment variables: one `.env` serves a Hasura and this server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from run_logger.local.errors import ServerError
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
    ],
)
def test_a_variable_without_a_value_of_its_kind_is_named(environment: dict[str, str]) -> None:
    (name,) = environment
    with pytest.raises(ServerError, match=name):
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

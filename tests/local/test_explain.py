"""`/v1/graphql/explain`, `/v1alpha1/config` and `/v1/version`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.conftest import MakeProject, Serve, Served

_TABLES = """
    - table: {schema: public, name: author}
      select_permissions:
      - role: reader
        permission: {columns: '*', filter: {id: {_eq: X-Hasura-User-Id}}}
"""


@pytest.fixture
def served(serve: Serve, make_project: MakeProject) -> Served:
    sql = "CREATE TABLE author (id serial PRIMARY KEY, name text NOT NULL)"
    return serve(make_project(sql, _TABLES))


def explain(served: Served, query: str, user: Any = None, **variables: Any) -> httpx.Response:
    body = {"query": {"query": query, "variables": variables}, "user": user}
    return httpx.post(f"{served.base_url}/v1/graphql/explain", json=body)


def test_each_field_of_a_query_has_its_sql_and_its_plan(served: Served) -> None:
    query = "query ($name: String!) { some: author(where: {name: {_eq: $name}}) { id } __typename }"
    first, second = explain(served, query, name="it's 100 %").json()
    assert first["field"] == "some"
    assert "'it''s 100 %'" in first["sql"]
    assert any("Seq Scan on author" in line for line in first["plan"])
    assert second == {"field": "__typename", "sql": None, "plan": None}


def test_a_role_is_explained_with_its_filter(served: Served) -> None:
    user = {"X-Hasura-Role": "reader", "X-Hasura-User-Id": "77"}
    (item,) = explain(served, "{ author { name } }", user).json()
    assert "77" in item["sql"]
    answer = explain(served, "{ author { name } }", {"x-hasura-role": "reader"})
    assert (answer.status_code, answer.json()["code"]) == (400, "not-found")


def test_a_subscription_is_explained_as_it_is_polled(served: Served) -> None:
    body = explain(served, "subscription ($n: Int) { author(limit: $n) { name } }", n=3).json()
    assert "unnest" in body["sql"]
    assert body["plan"]
    assert body["variables"]["query"] == {"n": 3}


def test_mutations_and_what_is_refused_anyway_are_not_explained(served: Served) -> None:
    answer = explain(served, "mutation { delete_author(where: {}) { affected_rows } }")
    assert answer.status_code == 400
    assert answer.json() == {
        "path": "$",
        "error": "only queries can be explained",
        "code": "invalid-params",
    }
    answer = explain(served, "{ nothing }")
    assert (answer.status_code, answer.json()["code"]) == (400, "validation-failed")
    assert httpx.post(f"{served.base_url}/v1/graphql/explain", json=7).status_code == 400


def test_the_configuration_is_told_to_administrators_alone(
    served: Served, monkeypatch: pytest.MonkeyPatch, serve: Serve, make_project: MakeProject
) -> None:
    told = httpx.get(f"{served.base_url}/v1alpha1/config").json()
    assert told["live_queries"] == {"batch_size": 100, "refetch_delay": 1.0}
    assert (told["is_admin_secret_set"], told["is_jwt_set"]) == (False, False)
    monkeypatch.setenv("HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL", "500")
    monkeypatch.setenv("HASURA_GRAPHQL_INFER_FUNCTION_PERMISSIONS", "false")
    other = serve(make_project("SELECT 1"), admin_secret="secret")  # noqa: S106
    url = f"{other.base_url}/v1alpha1/config"
    assert httpx.get(url).status_code == 401
    secret = {"x-hasura-admin-secret": "secret"}
    assert httpx.get(url, headers={**secret, "x-hasura-role": "reader"}).json() == {
        "path": "$",
        "error": "You have to be an admin to access this endpoint",
        "code": "access-denied",
    }
    told = httpx.get(url, headers=secret).json()
    assert told["live_queries"]["refetch_delay"] == 0.5
    assert (told["is_admin_secret_set"], told["is_function_permissions_inferred"]) == (True, False)


def test_the_version_is_told_to_everybody(serve: Serve, make_project: MakeProject) -> None:
    served = serve(make_project("SELECT 1"), admin_secret="secret")  # noqa: S106
    version = httpx.get(f"{served.base_url}/v1/version").json()["version"]
    assert version.startswith("v2.")

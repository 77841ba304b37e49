"""A lab's project as labs have them: hundreds of tables, several schemas, roles, oddities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from graphql import build_client_schema, get_introspection_query

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeProject, Serve, Served

_TABLES = 200
_ROLES = 10
_SCHEMAS = ("public", "lab")


def _schema(number: int) -> str:
    return _SCHEMAS[number % len(_SCHEMAS)]


def _name(number: int) -> str:
    return f"{_schema(number)}.table_{number}"


def _migration(number: int) -> str:
    """Return the SQL of a table that refers to the one before and to an enum, and of its view."""
    parent = f"parent_id int REFERENCES {_name(number - 1)}," if number else ""
    return f"""
        CREATE TABLE {_name(number)} (
            id serial PRIMARY KEY, {parent}
            kind text NOT NULL DEFAULT 'a' REFERENCES kind_{number % 5},
            name text, count int, ratio float8, settings jsonb, tags text[], made timestamptz,
            owner text
        );
        CREATE VIEW {_schema(number)}.view_{number} AS SELECT id, name FROM {_name(number)};
    """


def _names(number: int, what: str = "table") -> dict[str, str]:
    return {"schema": _schema(number), "name": f"{what}_{number}"}


def _entry(number: int) -> dict[str, Any]:
    object_relationships: list[Any] = []
    if number:
        using = {"foreign_key_constraint_on": "parent_id"}
        object_relationships.append({"name": "parent", "using": using})
    array_relationships: list[Any] = []
    if number + 1 < _TABLES:
        key: dict[str, Any] = {"table": _names(number + 1), "column": "parent_id"}
        by_key = {"foreign_key_constraint_on": key}
        array_relationships.append({"name": "children", "using": by_key})
    permission = {"columns": "*", "filter": {"owner": {"_eq": "X-Hasura-User-Id"}}}
    return {
        "table": _names(number),
        "object_relationships": object_relationships,
        "array_relationships": array_relationships,
        "select_permissions": [
            {"role": f"role_{role}", "permission": permission} for role in range(_ROLES)
        ],
    }


@pytest.fixture
def large(serve: Serve, make_project: MakeProject) -> Served:
    """A project of 200 tables, each with a migration, a view and permissions for ten roles."""
    project = make_project(
        "CREATE SCHEMA lab;"
        + "".join(
            f"CREATE TABLE kind_{number} (value text PRIMARY KEY, comment text);"
            f"INSERT INTO kind_{number} VALUES ('a', 'first'), ('b', NULL);"
            for number in range(5)
        ),
    )
    for number in range(_TABLES):
        folder = project / f"migrations/warehouse/{number + 2}_table_{number}"
        folder.mkdir(parents=True)
        (folder / "up.sql").write_text(_migration(number))
    (project / "migrations/default/1_init").rename(project / "migrations/warehouse/1_init")
    (project / "migrations/default").rmdir()
    _write_metadata(project)
    return serve(project)


def _write_metadata(project: Path) -> None:
    enums = [
        {"table": {"schema": "public", "name": f"kind_{number}"}, "is_enum": True}
        for number in range(5)
    ]
    views = [{"table": _names(number, "view")} for number in range(_TABLES)]
    missing = {"table": {"schema": "lab", "name": "not_there"}}
    tables = [*enums, *(_entry(number) for number in range(_TABLES)), *views, missing]
    warehouse = {"name": "warehouse", "kind": "postgres", "tables": tables}
    sources: list[Any] = [{"name": "other", "kind": "mssql", "tables": []}, warehouse]
    databases = project / "metadata/databases/databases.yaml"
    databases.write_text(yaml.safe_dump(sources))
    (project / "metadata/cron_triggers.yaml").write_text("- name: nightly\n")


def _introspect(served: Served, **headers: str) -> Any:
    body = {"query": get_introspection_query()}
    answer = httpx.post(served.url, json=body, headers=headers, timeout=60)
    return answer.json()["data"]


def _said(caplog: pytest.LogCaptureFixture) -> str:
    """Return what the server said when it started, which was for the fixture."""
    return "\n".join(record.getMessage() for record in caplog.get_records("setup"))


def test_all_of_it_is_served_but_what_is_not_there(
    large: Served, caplog: pytest.LogCaptureFixture
) -> None:
    schema = build_client_schema(_introspect(large))
    seen = _introspect(large, **{"x-hasura-role": "role_3"})
    assert {"lab_table_199", "table_198", "lab_view_1", "kind_0_enum"} <= schema.type_map.keys()
    assert "lab_table_199" in build_client_schema(seen).type_map
    kept = large.query("{ lab_table_1 { parent { children { kind } } } }")
    assert kept == {"data": {"lab_table_1": []}}
    body: dict[str, Any] = {"type": "get_inconsistent_metadata", "args": {}}
    answer = httpx.post(f"{large.base_url}/v1/metadata", json=body).json()
    assert [item["name"] for item in answer["inconsistent_objects"]] == [
        "table lab.not_there in source warehouse"
    ]
    assert "the source 'other'" in _said(caplog)
    assert "cron triggers" in _said(caplog)
    assert "lab.not_there" in _said(caplog)

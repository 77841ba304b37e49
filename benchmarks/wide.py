"""A Hasura project of many tables, as a large lab has, to measure what its size costs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_CONFIG = "version: 3\nmetadata_directory: metadata\n"


def write_project(directory: Path, tables: int, roles: int) -> Path:
    """Write a project whose tables each refer to the one before.

    Args:
        directory: Where to write it.
        tables: How many tables.
        roles: How many roles (`role_0` and on) may read, insert and update each of them.

    Returns:
        The directory.
    """
    source = {
        "name": "default",
        "kind": "postgres",
        "tables": [_entry(number, tables, roles) for number in range(tables)],
    }
    sql = "".join(map(_sql, range(tables)))
    _write(directory / "config.yaml", _CONFIG)
    _write(directory / "migrations/default/1_init/up.sql", sql)
    _write(directory / "metadata/version.yaml", "version: 3\n")
    # JSON is YAML.
    _write(directory / "metadata/databases/databases.yaml", json.dumps([source]))
    return directory


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _sql(number: int) -> str:
    parent = f"parent_id int REFERENCES t{number - 1}, " if number else ""
    return (
        f"CREATE TABLE t{number} (id serial PRIMARY KEY, {parent}name text, owner text, count int, "
        "ratio float8, settings jsonb, tags text[], made timestamptz);\n"
    )


def _entry(number: int, tables: int, roles: int) -> dict[str, Any]:
    table = {"schema": "public", "name": f"t{number}"}
    entry: dict[str, Any] = {"table": table}
    if number:
        using: dict[str, Any] = {"foreign_key_constraint_on": "parent_id"}
        entry["object_relationships"] = [{"name": "parent", "using": using}]
    if number + 1 < tables:
        child = {"schema": "public", "name": f"t{number + 1}"}
        using = {"foreign_key_constraint_on": {"table": child, "column": "parent_id"}}
        entry["array_relationships"] = [{"name": "children", "using": using}]
    own = {"owner": {"_eq": "X-Hasura-User-Id"}}
    permissions: dict[str, Any] = {
        "select_permissions": {"columns": "*", "filter": own, "allow_aggregations": True},
        "insert_permissions": {"columns": "*", "check": own},
        "update_permissions": {"columns": "*", "filter": own, "check": own},
    }
    for kind, permission in permissions.items():
        entry[kind] = [{"role": f"role_{role}", "permission": permission} for role in range(roles)]
    return entry

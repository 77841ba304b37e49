"""What the clients and the page of run-logger 0.1 ask for is still there, under its old name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

_OBJECTS = {
    "sweep": "id grid_index metadata archived remaining_runs has_logs metadata_path"
    " parameter_choices parameter_choices_aggregate runs runs_aggregate",
    "parameter_choices": "sweep_id Key choice sweep",
    "run": "id sweep_id metadata archived charts charts_aggregate run_blobs run_blobs_aggregate"
    " run_logs run_logs_aggregate sweep",
    "chart": "id run_id spec archived order run",
    "run_log": "id run_id log run",
    "run_blob": "id run_id blob metadata text run",
}
_KEYED = ["sweep", "run", "chart", "run_log", "run_blob"]
_FUNCTIONS = [
    "non_sweep_run",
    "every_nth_run_log",
    "except_every_nth_run_log",
    "empty_sweeps",
    "filter_runs",
    "filter_sweeps",
    "logs_less_than_step",
]
_CONSTRAINTS = {
    "sweep": "sweep_pkey",
    "parameter_choices": "parameter_choices_sweep_id_Key_key",
    "run": "run_pkey",
    "chart": "chart_pkey",
    "run_log": "run_log_pkey",
    "run_blob": "run_blob_pkey",
}


@pytest.fixture
def names(endpoint: str) -> Mapping[str, set[str]]:
    """The names of the fields, or of the enum values, of every type."""
    query = "{ __schema { types { name fields { name } enumValues { name } } } }"
    answer = httpx.post(endpoint, json={"query": query}).json()
    return {
        each["name"]: {member["name"] for member in each["fields"] or each["enumValues"] or []}
        for each in answer["data"]["__schema"]["types"]
    }


def test_the_old_tables_have_their_old_fields(names: Mapping[str, set[str]]) -> None:
    for table, fields in _OBJECTS.items():
        assert set(fields.split()) <= names[table]


@pytest.mark.parametrize("root", ["query_root", "subscription_root"])
def test_the_old_tables_and_functions_are_read_by_their_old_names(
    names: Mapping[str, set[str]], root: str
) -> None:
    fields = [*_OBJECTS, *_FUNCTIONS]
    by_key = {f"{table}_by_pk" for table in _KEYED}

    assert {*fields, *(f"{field}_aggregate" for field in fields)} | by_key <= names[root]


def test_the_old_tables_are_written_by_their_old_names(names: Mapping[str, set[str]]) -> None:
    by_key = {f"{verb}_{table}_by_pk" for verb in ("update", "delete") for table in _KEYED}
    for table in _OBJECTS:
        fields = {f"insert_{table}", f"insert_{table}_one", f"update_{table}", f"delete_{table}"}
        assert fields <= names["mutation_root"]
    assert by_key <= names["mutation_root"]


def test_the_old_constraints_are_named_as_before(names: Mapping[str, set[str]]) -> None:
    for table, constraint in _CONSTRAINTS.items():
        assert constraint in names[f"{table}_constraint"]

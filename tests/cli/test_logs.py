"""`run-logger logs` prints every row of a run, in three formats."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from run_logger import initialize

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Shell


@pytest.fixture
def mixed(endpoint: str) -> str:
    """The id of a run whose rows differ in keys and sorts of values."""
    _, logger = initialize(endpoint)
    with logger:
        logger.log(step=0, loss=1, tags=["a"], big=2**63)
        logger.log(step=1, loss=0.5, text="x,y", mixed=1)
        logger.log(step=2, mixed="one", flag=True)
    return str(logger.run_id)


def test_rows_come_as_json_lines_in_the_order_in_which_they_were_logged(
    shell: Shell, mixed: str
) -> None:
    result = shell("logs", mixed)
    assert result.code == 0
    assert [json.loads(line) for line in result.out.splitlines()] == [
        {"step": 0, "loss": 1, "tags": ["a"], "big": 2**63},
        {"step": 1, "loss": 0.5, "text": "x,y", "mixed": 1},
        {"step": 2, "mixed": "one", "flag": True},
    ]


def test_a_table_of_text_has_a_column_for_each_key_of_any_row(shell: Shell, mixed: str) -> None:
    result = shell("logs", mixed, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert {key: rows[1][key] for key in rows[1]} == {
        "big": "",
        "loss": "0.5",
        "step": "1",
        "tags": "",
        "text": "x,y",
        "mixed": "1",
        "flag": "",
    }
    assert rows[0]["tags"] == '["a"]'


def test_only_the_keys_that_were_asked_for_come(shell: Shell, mixed: str) -> None:
    result = shell("logs", mixed, "--keys", "step,loss", "--json")
    assert [json.loads(line) for line in result.out.splitlines()] == [
        {"step": 0, "loss": 1},
        {"step": 1, "loss": 0.5},
        {"step": 2},
    ]


def test_parquet_has_typed_columns_and_text_where_the_sorts_differ(
    shell: Shell, mixed: str, tmp_path: Path
) -> None:
    path = tmp_path / "log.parquet"
    assert shell("logs", mixed, "--output", str(path)).code == 0
    table = pq.read_table(path)
    types = {field.name: str(field.type) for field in table.schema}
    assert types == {
        "big": "double",
        "loss": "double",
        "step": "int64",
        "tags": "string",
        "text": "string",
        "mixed": "string",
        "flag": "bool",
    }
    assert table["mixed"].to_pylist() == [None, "1", "one"]
    assert table["loss"].to_pylist() == [1.0, 0.5, None]


def test_an_ending_that_names_no_format_is_refused(
    shell: Shell, mixed: str, tmp_path: Path
) -> None:
    result = shell("logs", mixed, "--output", str(tmp_path / "log.xlsx"))
    assert result.code == 1
    assert ".jsonl, .csv or .parquet" in result.err
    assert not (tmp_path / "log.xlsx").exists()


def test_a_run_that_is_not_there_is_an_error(shell: Shell) -> None:
    result = shell("logs", "1")
    assert result.code == 1
    assert "there is no run 1" in result.err

"""The functions and computed fields that the metadata track."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.schema.conftest import Database


@pytest.mark.parametrize(
    ("rows", "max_rows", "kept"),
    [
        (10, 10, 10),
        (10, 100, 10),
        (10, None, 10),
        (10, 0, 0),
        (10, 1, 1),
        (10, 2, 2),
        (10, 3, 3),
        (1, 1, 1),
        (1, 2, 1),
        (0, 5, 0),
        (1000, 7, 7),
        (1000, 999, 999),
        (97, 13, 13),
    ],
)
def test_a_sample_of_logs_is_evenly_spaced(
    shared: Database, rows: int, max_rows: int | None, kept: int
) -> None:
    steps = _sample(shared, _log(shared, rows), max_rows)

    assert len(steps) == kept
    gaps = {after - before for before, after in pairwise(steps)}
    assert not gaps or max(gaps) - min(gaps) <= 1
    if kept > 1:
        assert (steps[0], steps[-1]) == (0, rows - 1), "the first and the last row are kept"
    elif kept == 1:
        assert steps == [rows - 1], "alone the last row is kept"


def test_each_run_of_a_sample_gets_its_own_rows(cleared: Database) -> None:
    _log(cleared, 100)
    _log(cleared, 3)
    _log(cleared, 50)

    sampled = cleared.query(
        "SELECT run_id, count(*) FROM run_log_sample('{1, 2}', 10) GROUP BY 1 ORDER BY 1"
    )

    assert sampled == [(1, 10), (2, 3)]


def _log(database: Database, rows: int) -> int:
    """Make a run that logs its step, from 0, and return its id."""
    run: int = database.value("INSERT INTO run DEFAULT VALUES RETURNING id")
    database.query(
        "INSERT INTO run_log (run_id, log) SELECT %s, jsonb_build_object('step', step)"
        " FROM generate_series(0, %s) AS step",
        [run, rows - 1],
    )
    return run


def _sample(database: Database, run: int, max_rows: int | None) -> list[int]:
    sampled = database.query(
        "SELECT (log ->> 'step')::integer FROM run_log_sample(%s, %s)", [[run], max_rows]
    )
    return [step for (step,) in sampled]


@pytest.fixture
def filled(cleared: Database) -> Database:
    """Two sweeps, one of them with logs, and a run on its own."""
    cleared.query(
        """
        INSERT INTO sweep (metadata) VALUES ('{"name": "first"}'), ('{"name": "second"}');
        INSERT INTO run (sweep_id, metadata)
        VALUES (1, '{"a": {"b": "red"}}'), (2, '{"a": {"b": "green"}}'), (NULL, '{"c": 1}');
        INSERT INTO run_log (run_id, log)
        VALUES (1, '{"step": 1}'), (1, '{"step": 2}'), (1, '{"step": "three"}'), (1, '{"loss": 1}');
        """
    )
    return cleared


_FOUND = {
    "non_sweep_run()": [3],
    "every_nth_run_log(2)": [2, 4],
    "except_every_nth_run_log(2)": [1, 3],
    "logs_less_than_step(1)": [1],
    "logs_less_than_step(2)": [1, 2],
    "empty_sweeps()": [2],
    "filter_runs(null)": [1, 2, 3],
    """filter_runs('{"a": {"b": "red"}}')""": [1],
    "filter_runs(null, path => '{a, b}', pattern => '%re%')": [1, 2],
    "filter_runs(null, path => '{a, b}', pattern => 'g%')": [2],
    """filter_runs('{"c": 1}', '{a, b}')""": [],
    "filter_sweeps(null)": [1, 2],
    "filter_sweeps(null, path => '{name}', pattern => 's%')": [2],
}


def test_the_old_functions_find_their_rows(filled: Database) -> None:
    found = {
        call: [id_ for (id_,) in filled.query(f"SELECT id FROM {call} ORDER BY id")]
        for call in _FOUND
    }

    assert found == _FOUND


def test_a_sweep_has_logs_if_one_of_its_runs_has(filled: Database) -> None:
    assert filled.query("SELECT id, has_logs(sweep) FROM sweep") == [(1, True), (2, False)]


def test_metadata_of_a_sweep_are_read_by_their_path(filled: Database) -> None:
    read = "SELECT sweep_metadata_path(sweep, '{%s}') FROM sweep ORDER BY id"

    assert filled.query(read % "name") == [("first",), ("second",)]
    assert filled.query(read % "no, name") == [(None,), (None,)]


def test_a_blob_can_be_read_as_text(cleared: Database) -> None:
    cleared.query("INSERT INTO run DEFAULT VALUES")
    cleared.query("INSERT INTO run_blob (run_id, blob) VALUES (1, 'a text'), (1, '\\x00ff')")

    texts = cleared.query("SELECT bytea_to_text(run_blob) FROM run_blob ORDER BY id")

    assert texts == [("a text",), (r"\000\377",)]

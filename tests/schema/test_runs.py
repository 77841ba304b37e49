"""What the database does by itself when a run is made, and what it says of a run's state."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from tests.schema.conftest import Database

_INSERT = "INSERT INTO run (sweep_id) VALUES (1) RETURNING sweep_index"


def test_a_null_metadata_becomes_empty(cleared: Database) -> None:
    assert cleared.value("INSERT INTO run (metadata) VALUES (NULL) RETURNING metadata") == {}
    assert cleared.value("INSERT INTO run DEFAULT VALUES RETURNING metadata") == {}


def test_a_metadata_stays_as_it_is(cleared: Database) -> None:
    given = {"parameters": {"lr": 0.1}}

    insert = "INSERT INTO run (metadata) VALUES (%s) RETURNING metadata"

    assert cleared.value(insert, [Jsonb(given)]) == given


def test_a_run_without_a_sweep_has_no_point(cleared: Database) -> None:
    assert cleared.value("INSERT INTO run DEFAULT VALUES RETURNING sweep_index") is None


def test_runs_of_a_sweep_get_its_points_in_order(cleared: Database) -> None:
    cleared.query("INSERT INTO sweep DEFAULT VALUES")

    assert [cleared.value(_INSERT) for _ in range(3)] == [0, 1, 2]
    assert cleared.value("SELECT issued FROM sweep") == 3


def test_a_run_that_names_its_point_takes_none(cleared: Database) -> None:
    cleared.query("INSERT INTO sweep DEFAULT VALUES")

    insert = "INSERT INTO run (sweep_id, sweep_index) VALUES (1, 7) RETURNING sweep_index"

    assert cleared.value(insert) == 7
    assert cleared.value("SELECT issued FROM sweep") == 0


def test_a_sweep_that_does_not_exist_is_named_by_the_foreign_key(cleared: Database) -> None:
    with pytest.raises(errors.ForeignKeyViolation, match="run_sweep_id_fkey"):
        cleared.query(_INSERT)


def test_runs_that_start_together_get_different_points(cleared: Database) -> None:
    cleared.query("INSERT INTO sweep DEFAULT VALUES")

    with ThreadPoolExecutor(2) as pool:
        points = [
            point for points in pool.map(_take, [cleared.dsn] * 2, [50] * 2) for point in points
        ]

    assert sorted(points) == list(range(100))
    assert cleared.value("SELECT issued FROM sweep") == 100


def test_runs_that_start_together_do_not_exceed_the_limit(cleared: Database) -> None:
    cleared.query("INSERT INTO sweep (run_limit) VALUES (60)")

    with ThreadPoolExecutor(2) as pool:
        points = [
            point for points in pool.map(_take, [cleared.dsn] * 2, [50] * 2) for point in points
        ]

    assert sorted(points) == list(range(60))
    assert cleared.value("SELECT issued FROM sweep") == 60


def _take(dsn: str, times: int) -> list[int]:
    """Insert runs into the one sweep, and return the points of those that were not refused."""
    points: list[int] = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        for _ in range(times):
            try:
                points += connection.execute(_INSERT.encode()).fetchone() or ()
            except errors.CheckViolation:
                continue
    return points


def test_a_sweep_at_its_limit_refuses_a_run(cleared: Database) -> None:
    cleared.query("INSERT INTO sweep (run_limit) VALUES (1)")
    cleared.query(_INSERT)

    with pytest.raises(errors.CheckViolation, match=r"^no runs left"):
        cleared.query(_INSERT)

    assert cleared.query("SELECT issued, (SELECT count(*) FROM run) FROM sweep") == [(1, 1)]


def test_a_create_that_is_sent_again_fails_on_its_key_and_uses_up_no_point(
    cleared: Database,
) -> None:
    cleared.query("INSERT INTO sweep DEFAULT VALUES")
    insert = "INSERT INTO run (sweep_id, key) VALUES (1, '00000000-0000-4000-8000-000000000000')"
    cleared.query(insert)

    with pytest.raises(errors.UniqueViolation, match="run_key_key"):
        cleared.query(insert)

    assert cleared.value("SELECT issued FROM sweep") == 1


def test_an_old_client_still_draws_from_its_sweep(upgraded: Database) -> None:
    # In one transaction, as run-logger 0.1.8 sends it.
    upgraded.query(
        "WITH made AS (INSERT INTO run (sweep_id, metadata) VALUES (3, NULL) RETURNING id)"
        " INSERT INTO chart (spec, run_id) SELECT '{}', id FROM made;"
        " UPDATE sweep SET grid_index = grid_index + 1 WHERE id = 3;"
    )

    assert upgraded.query("SELECT grid_index, issued FROM sweep WHERE id = 3") == [(6, 7)]


def test_a_run_is_tried_again_once(cleared: Database) -> None:
    cleared.query("INSERT INTO run DEFAULT VALUES")
    cleared.query("INSERT INTO run (retry_of) VALUES (1)")

    with pytest.raises(errors.UniqueViolation, match="run_retry_of_key"):
        cleared.query("INSERT INTO run (retry_of) VALUES (1)")


def test_a_run_that_was_tried_again_can_be_deleted(cleared: Database) -> None:
    cleared.query("INSERT INTO run DEFAULT VALUES")
    cleared.query("INSERT INTO run (retry_of) VALUES (1)")

    cleared.query("DELETE FROM run WHERE id = 1")

    assert cleared.query("SELECT id, retry_of FROM run") == [(2, None)]


def test_a_run_is_deleted_with_its_rows_in_one_transaction(cleared: Database) -> None:
    _write(cleared, [("finished", 60, 0), (None, 60, 0, "fork")])
    cleared.query("INSERT INTO run_log (run_id, log) VALUES (1, '{}')")
    with pytest.raises(errors.ForeignKeyViolation):
        cleared.query("DELETE FROM run")

    for table in ["run_log", "run_blob", "chart", "writer", "run"]:
        cleared.query(f"DELETE FROM {table}")

    assert cleared.query("SELECT * FROM run") == []


_MINUTE, _HOUR = 60, 3600
# Of each writer: its outcome, how many seconds ago it began, and was last heard of.
_STATES: list[tuple[str, list[tuple[Any, ...]], str | None]] = [
    ("without writers", [], None),
    ("heard of a moment ago", [(None, _HOUR, 10)], "running"),
    ("heard of two minutes ago", [(None, _HOUR, 2 * _MINUTE + 1)], "silent"),
    ("finished", [("finished", _HOUR, 10)], "finished"),
    ("failed", [("failed", _HOUR, 10)], "failed"),
    ("killed", [("killed", _HOUR, 10)], "killed"),
    ("one still runs", [("failed", _HOUR, 10), (None, _HOUR, 10)], "running"),
    ("failed before killed", [("killed", _HOUR, 10), ("failed", _HOUR, 10)], "failed"),
    ("killed before silent", [(None, _HOUR, 999), ("killed", _HOUR, 10)], "killed"),
    ("silent before finished", [("finished", _HOUR, 10), (None, _HOUR, 999)], "silent"),
    ("killed, then resumed", [("killed", _HOUR, 1800), ("finished", 1200, 10)], "finished"),
    ("lost, then resumed", [(None, _HOUR, 1800), ("finished", 1200, 10)], "finished"),
    (
        "resumed on fewer ranks",
        [("killed", _HOUR, 1800), ("killed", _HOUR, 1800), ("finished", 1200, 10)],
        "finished",
    ),
    ("lost, and heard of again", [(None, _HOUR, 10), ("finished", 1200, 900)], "running"),
    ("failed after its fork", [("failed", _HOUR, 1800), ("finished", 1200, 10, "fork")], "failed"),
    ("all forks of other runs", [("finished", _HOUR, 10, "fork")], "finished"),
]


@pytest.mark.parametrize(("writers", "status"), [pytest.param(w, s, id=i) for i, w, s in _STATES])
def test_the_status_of_a_run_follows_from_its_writers(
    shared: Database, writers: list[tuple[Any, ...]], status: str | None
) -> None:
    run = _write(shared, writers)

    assert shared.value("SELECT run_status(run) FROM run WHERE id = %s", [run]) == status


def test_a_silent_run_that_is_heard_of_again_is_running_again(cleared: Database) -> None:
    _write(cleared, [(None, _HOUR, 999)])
    assert cleared.value("SELECT run_status(run) FROM run WHERE id = 1") == "silent"

    cleared.query("UPDATE writer SET heartbeat_at = 'now'")

    assert cleared.value("SELECT run_status(run) FROM run WHERE id = 1") == "running"


def test_a_writer_ends_in_one_of_three_ways(cleared: Database) -> None:
    with pytest.raises(errors.CheckViolation, match="writer_outcome_check"):
        _write(cleared, [("bored", _HOUR, 10)])


def _write(database: Database, writers: list[tuple[Any, ...]]) -> int:
    """Make a run with these writers, forks among them being those of another run's writer."""
    run: int = database.value("INSERT INTO run DEFAULT VALUES RETURNING id")
    parent = database.value(
        "WITH other AS (INSERT INTO run DEFAULT VALUES RETURNING id)"
        " INSERT INTO writer (key, run_id) SELECT gen_random_uuid(), id FROM other RETURNING id"
    )
    for outcome, began, heard, *fork in writers:
        database.query(
            "INSERT INTO writer (key, run_id, parent_id, outcome, started_at, heartbeat_at)"
            " VALUES (gen_random_uuid(), %s, %s, %s, now() - make_interval(secs => %s),"
            " now() - make_interval(secs => %s))",
            [run, parent if fork else None, outcome, began, heard],
        )
    return run

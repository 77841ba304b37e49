"""The wall clock may say what it likes: order and delivery do not depend on it."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

from tests.trials.oracle import Verdict
from tests.trials.programs.clock import ROWS

if TYPE_CHECKING:
    from random import Random

    from tests.trials.conftest import Record, Size
    from tests.trials.stage import Run, Stage

FORWARD = timedelta(days=365)
SHIFTS = [-timedelta(hours=1), FORWARD]
TOLERANCE = timedelta(minutes=30)
"""Far more than a trial takes, and far less than a clock is wrong by."""


def arrived_at(run: Run) -> list[timedelta]:
    """Return by how much the time of each row differs from that of the first one."""
    query = """
        SELECT array_agg(logged_at ORDER BY seq) FROM run_log JOIN run ON run.id = run_id
        WHERE run.key = %s
    """
    times = run.stage.oracle.value(query, run.key)
    return [time - times[0] for time in times]


def test_the_clock_is_set_while_a_run_logs(
    stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    cases, verdict = [*product(SHIFTS, ("", "1"))], Verdict()
    for shift, offline in rng.sample(cases, size(1, len(cases))):
        run = stage.run()
        run.complete("clock", shift.total_seconds(), "log", RUN_LOGGER_OFFLINE=offline)
        stage.sync()
        said = arrived_at(run)
        assert abs(said[ROWS] - shift) < TOLERANCE, "a row has the time that the clock said"
        assert abs(said[-1]) < TOLERANCE
        verdict += run.judge()
    record(verdict)


def test_a_sync_by_a_wrong_clock(stage: Stage, size: Size, rng: Random, record: Record) -> None:
    verdict = Verdict()
    for shift in rng.sample(SHIFTS, size(1, len(SHIFTS))):
        run = stage.run()
        run.complete("count", 0, 500, RUN_LOGGER_OFFLINE=1)
        run.complete("clock", shift.total_seconds(), "sync")
        assert not list(stage.journals())
        verdict += run.judge()
    record(verdict)


STATUS = "SELECT run_status(run) FROM run WHERE key = %s"


def test_a_run_that_failed_by_a_wrong_clock_is_over_when_it_is_requeued(
    stage: Stage, record: Record
) -> None:
    run = stage.run()
    run.complete("clock", FORWARD.total_seconds(), "fail", status=1)
    assert stage.oracle.value(STATUS, run.key) == "failed"
    run.complete("count", 2 * ROWS, 3 * ROWS)
    assert stage.oracle.value(STATUS, run.key) == "finished"
    record(run.judge())

"""The life of a run: joined, requeued, silent and back again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from run_logger.delivery.sending import writer_row
from run_logger.hasura_logger import HasuraLogger
from tests.trials.programs.busy import ROWS
from tests.trials.rows import row
from tests.trials.stage import ended, eventually
from tests.trials.test_death import metadata_verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tests.trials.conftest import Record, Size
    from tests.trials.stage import Run, Stage

STATUS = "SELECT run_status(run) FROM run WHERE key = %s"
HEARTBEAT = "SELECT max(heartbeat_at) FROM writer JOIN run ON run.id = run_id WHERE run.key = %s"
SILENCE = """
    UPDATE writer SET started_at = now() - interval '2 h', heartbeat_at = now() - interval '1 h'
    FROM run WHERE run.id = run_id AND run.key = %s RETURNING 1
"""


def test_a_run_requeued_three_times_offline_is_one_run(stage: Stage, record: Record) -> None:
    run = stage.run()
    for piece in range(3):
        run.complete("count", 100 * piece, 100 * (piece + 1), RUN_LOGGER_OFFLINE=1)
    stage.sync()
    assert len(stage.oracle.writers(run.key)) == 3
    assert stage.oracle.value("SELECT count(*) FROM run WHERE key = %s", run.key) == 1
    record(run.judge() + metadata_verdict(run))


def test_a_run_begun_online_and_requeued_offline_is_one_run(stage: Stage, record: Record) -> None:
    run = stage.run()
    run.complete("count", 0, 100)
    run.complete("count", 100, 200, RUN_LOGGER_OFFLINE=1)
    run.complete("count", 200, 300)
    stage.sync()
    assert len(stage.oracle.writers(run.key)) == 3
    record(run.judge())


def test_a_record_after_the_end_is_kept(stage: Stage, record: Record) -> None:
    run = stage.run()
    logger = HasuraLogger(stage.endpoint, run_key=run.key)
    logger.create_run({})
    for number in range(2):
        logger.log(**row(0, number))
        logger.finish()
        logger.finish()
    assert [writer.outcome for writer in stage.oracle.writers(run.key)] == ["finished"] * 2
    record(stage.oracle.judge(run.key, [2]))


def is_heard_of(run: Run) -> bool:
    """Return whether there is another heartbeat of a run."""
    last = run.stage.oracle.value(HEARTBEAT, run.key)
    return eventually(lambda: run.stage.oracle.value(HEARTBEAT, run.key) > last)


def has_status(run: Run, status: str) -> bool:
    """Return whether a run has this status."""
    return bool(run.stage.oracle.value(STATUS, run.key) == status)


def test_a_silent_run_is_running_again_when_it_is_heard_of(stage: Stage, record: Record) -> None:
    run = stage.run()
    with HasuraLogger(stage.endpoint, run_key=run.key) as logger:
        logger.create_run({})
        assert has_status(run, "running")
        stage.oracle.value(SILENCE, run.key)
        assert has_status(run, "silent")
        logger.log(**row(0, 0))
        assert logger.flush(60)
        assert has_status(run, "running")
    assert has_status(run, "finished")
    record(stage.oracle.judge(run.key, [1]))


@pytest.mark.parametrize("sign", ["a record", "a heartbeat"])
def test_a_run_that_was_taken_for_dead_is_running_again(
    sign: str, stage: Stage, tmp_path: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another machine nobody holds the lock of its journal."""
    monkeypatch.setattr(writer_row, "HEARTBEAT_SECONDS", 0.1 if sign == "a heartbeat" else 3600)
    run, copy = stage.run(), stage.elsewhere(tmp_path / "copy")
    with HasuraLogger(stage.endpoint, run_key=run.key) as logger:
        logger.create_run({})
        logger.log(**row(0, 0))
        shutil.copytree(stage.directory, copy.directory)
        copy.sync()
        if sign == "a record":
            assert has_status(run, "killed")
            logger.log(**row(0, 1))
            assert logger.flush(60)
        assert eventually(lambda: has_status(run, "running"))
    assert has_status(run, "finished")
    record(stage.oracle.judge(run.key, [2 if sign == "a record" else 1]))


@pytest.mark.parametrize("way", ["bytecode", "calls"])
def test_a_writer_says_that_it_lives_while_its_program_is_busy(
    way: str, stage: Stage, size: Size, record: Record
) -> None:
    run, stop = stage.run(), stage.scratch / "stop"
    program = run.start("busy", way, stop, TRIAL_HEARTBEAT_SECONDS=0.1)
    assert program.said() == "busy"
    for _ in range(size(2, 20)):
        assert is_heard_of(run)
    stop.touch()
    assert ended(program).status == 0
    record(run.judge())


def test_a_program_that_holds_the_interpreter_is_not_taken_for_dead(
    stage: Stage, record: Record
) -> None:
    run, stop = stage.run(), stage.scratch / "stop"
    program = run.start("busy", "one call", stop, TRIAL_HEARTBEAT_SECONDS=0.1)
    assert program.said() == "busy"
    stage.oracle.value(SILENCE, run.key)
    stage.sync()
    assert [writer.outcome for writer in stage.oracle.writers(run.key)] == [None]
    assert eventually(lambda: run.counts()[0] == 2 * ROWS)
    assert eventually(lambda: has_status(run, "running"))
    stop.touch()
    assert ended(program).status == 0
    assert has_status(run, "finished")
    record(run.judge())


def test_the_records_of_a_run_that_is_deleted_are_kept(stage: Stage, record: Record) -> None:
    deleted, other = stage.run(), stage.run()
    program = deleted.start("count", 0, 1 << 40, 0.01)
    assert program.said() == "begins"
    for table in ("run_log", "writer"):
        query = f"DELETE FROM {table} WHERE run_id = (SELECT id FROM run WHERE key = %s)"
        stage.oracle.value(f"{query} RETURNING 1", deleted.key)
    stage.oracle.value("DELETE FROM run WHERE key = %s RETURNING 1", deleted.key)
    at_least = deleted.counts()[0] + 50
    while deleted.counts()[0] < at_least:
        assert program.poll() is None, ended(program)
    program.kill()
    ended(program)
    other.complete("count", 0, 50)
    stage.sync(status=1)
    kept = b"".join(path.read_bytes() for path in stage.directory.glob("*.jsonl"))
    assert kept.count(b'{"log":') >= 50
    record(other.judge())

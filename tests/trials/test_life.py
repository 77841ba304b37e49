"""The life of a run: joined, requeued, silent and back again, one of a sweep."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from run_logger.hasura_logger import HasuraLogger
from tests.trials.fault_proxy import FaultProxy
from tests.trials.faults import Fault, deck
from tests.trials.oracle import Verdict
from tests.trials.rows import row
from tests.trials.stage import ended
from tests.trials.test_death import metadata_verdict

if TYPE_CHECKING:
    from tests.trials.conftest import Record, Size
    from tests.trials.stage import Stage


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


def test_a_silent_run_is_running_again_when_it_is_heard_of(stage: Stage, record: Record) -> None:
    run = stage.run()
    status = "SELECT run_status(run) FROM run WHERE key = %s"
    with HasuraLogger(stage.endpoint, run_key=run.key) as logger:
        logger.create_run({})
        assert stage.oracle.value(status, run.key) == "running"
        stage.oracle.value(
            "UPDATE writer SET started_at = now() - interval '2 h', heartbeat_at = now() - "
            "interval '1 h' WHERE run_id = %s RETURNING 1",
            logger.run_id,
        )
        assert stage.oracle.value(status, run.key) == "silent"
        logger.log(**row(0, 0))
        assert logger.flush(20)
        assert stage.oracle.value(status, run.key) == "running"
    assert stage.oracle.value(status, run.key) == "finished"
    record(stage.oracle.judge(run.key, [1]))


def test_the_records_of_a_run_that_is_deleted_are_kept(stage: Stage, record: Record) -> None:
    deleted, other = stage.run(), stage.run()
    program = deleted.start("count", 0, 1 << 40, 0.01)
    assert program.stdout is not None
    assert program.stdout.readline() == "begins\n"
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


def test_a_sweep_gives_every_point_exactly_once(
    stage: Stage, size: Size, seed: int, record: Record
) -> None:
    processes, length = size(4, 64), size(2, 10)
    points = length**3
    space = {name: list(range(length)) for name in "abc"}
    created = HasuraLogger(stage.endpoint).client.create_sweep(
        space=space, grid_index=0, run_limit=points, metadata={}, parameter_choices=[]
    )
    assert created is not None
    lossy = deck(seed, [Fault.LOSE_ANSWER, Fault.CUT_ANSWER, Fault.STATUS_503], passes=12)
    with FaultProxy(stage.endpoint, lossy) as proxy:
        run = stage.run(endpoint=proxy.url)
        parts = [range(points)[i::processes] for i in range(processes)]
        programs = [run.start("sweep", created.id, len(part)) for part in parts]
        ends = [ended(program) for program in programs]
    assert not any(end.status for end in ends), ends
    drawn = Counter(line for end in ends for line in end.output.splitlines())
    runs = stage.oracle.value("SELECT count(*) FROM run WHERE sweep_id = %s", created.id)
    lost, doubled = points - len(drawn), max(runs, drawn.total()) - points
    record(Verdict(points, lost, doubled), processes=processes)

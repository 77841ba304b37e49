"""Many threads, processes and syncs at once: each record arrives once, in its source's order."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest

from run_logger.hasura_logger import HasuraLogger
from tests.trials.fault_proxy import FaultProxy
from tests.trials.faults import Fault, deck
from tests.trials.oracle import Verdict
from tests.trials.stage import ended, eventually
from tests.trials.test_death import metadata_verdict

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from tests.trials.conftest import Record, Size
    from tests.trials.stage import Program, Run, Stage


WAYS = {
    "threads": (32, 50, 10_000),
    "tasks": (8, 50, 2_000),
    "forks": (4, 100, 5_000),
    "pool": (3, 100, 5_000),
    "spawn": (2, 100, 5_000),
}
"""How many log at once, in each way, and how many rows each: in a quick selection, and in full."""


@pytest.mark.parametrize("way", WAYS)
def test_many_log_at_once(way: str, stage: Stage, size: Size, record: Record) -> None:
    workers, few_rows, all_rows = WAYS[way]
    run = stage.run(sources=workers + 1)
    end = run.complete("parallel", way, workers, size(few_rows, all_rows))
    assert min(run.counts()) >= 1
    stage.sync()
    said = (line.split(": ") for line in end.output.splitlines())
    record(run.judge(sources=workers + 1), **{name: int(figure) for name, figure in said})


@pytest.mark.parametrize("way", ["forks", "pool"])
def test_a_forked_process_is_a_writer_of_its_own(way: str, stage: Stage, record: Record) -> None:
    run = stage.run(sources=4)
    run.complete("parallel", way, 3, 20)
    stage.sync()
    parent, *children = stage.oracle.writers(run.key)
    assert parent.outcome == "finished"
    assert len(children) == 3
    assert {child.parent_id for child in children} == {parent.id}
    record(run.judge(sources=4))


def test_a_fork_in_every_moment_of_a_delivery(stage: Stage, size: Size, record: Record) -> None:
    run = stage.run(sources=2)
    run.complete("forks", size(10, 1000))
    stage.sync()
    record(run.judge(sources=2))


def offline_run(stage: Stage, rows: int) -> Run:
    """Log rows and metadata without a server."""
    run = stage.run()
    run.complete("count", 0, rows, RUN_LOGGER_OFFLINE=1)
    return run


def test_two_syncs_with_other_batch_sizes_killed_midway(
    stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    verdict, kills = Verdict(), 0
    for _ in range(size(1, 40)):
        run = offline_run(stage, 2000)
        plan = deck(rng.randrange(1 << 32), [Fault.LOSE_ANSWER, Fault.STATUS_503], passes=6)
        with (
            FaultProxy(stage.endpoint, plan, largest=rng.randrange(10_000, 100_000)) as lossy,
            FaultProxy(stage.endpoint, largest=rng.randrange(10_000, 100_000)) as sound,
        ):
            proxies = lossy, sound
            syncs = [stage.start_sync("--endpoint", proxy.url) for proxy in proxies]
            for sync, proxy in zip(syncs, proxies, strict=True):
                kills += killed_after(sync, proxy, requests=rng.randrange(3, 12))
            for sync in syncs:
                ended(sync)
        stage.sync()
        verdict += run.judge() + metadata_verdict(run)
    record(verdict, kills=kills)


def killed_after(sync: Program, proxy: FaultProxy, requests: int) -> bool:
    """Kill a sync once it has sent so many requests; return whether it had not ended before."""
    assert eventually(lambda: proxy.requests >= requests or sync.poll() is not None)
    in_time = sync.poll() is None
    sync.kill()
    return in_time


def test_two_syncs_of_one_journal(stage: Stage, size: Size, record: Record) -> None:
    verdict = Verdict()
    for _ in range(size(1, 20)):
        run = offline_run(stage, 2000)
        ends = [ended(sync) for sync in [stage.start_sync() for _ in range(2)]]
        assert not any(end.status for end in ends), ends
        verdict += run.judge() + metadata_verdict(run)
    record(verdict)


def test_a_second_sync_finds_nothing(stage: Stage, record: Record) -> None:
    run = offline_run(stage, 50)
    stage.sync("--dry-run")
    assert not stage.oracle.rows(run.key)
    stage.sync()
    stage.sync()
    record(run.judge() + metadata_verdict(run))


def test_a_sync_while_the_run_lives(stage: Stage, size: Size, record: Record) -> None:
    run = stage.run()
    process = run.start("count", 0, size(2000, 50_000), 0.002)
    syncs = 0
    while process.poll() is None:
        ended(stage.start_sync())
        syncs += 1
    end = ended(process)
    assert end.status == 0, end
    record(run.judge() + metadata_verdict(run), syncs=syncs)


def test_a_copy_of_the_directory_synced_elsewhere(
    stage: Stage, tmp_path: Path, record: Record
) -> None:
    run = offline_run(stage, 2000)
    copy = stage.elsewhere(tmp_path / "copy")
    shutil.copytree(stage.directory, copy.directory)
    ends = [ended(sync) for sync in [stage.start_sync(), copy.start_sync()]]
    assert not any(end.status for end in ends), ends
    copy.sync()
    record(run.judge() + metadata_verdict(run))


def test_an_old_copy_of_a_journal_brings_nothing_back(
    stage: Stage, tmp_path: Path, record: Record
) -> None:
    run = offline_run(stage, 100)
    copy = stage.elsewhere(tmp_path / "copy")
    shutil.copytree(stage.directory, copy.directory)
    (journal,) = copy.journals()
    content = journal.read_bytes()
    journal.write_bytes(content[: content.rindex(b'{"metadata"')])
    stage.sync()
    copy.sync()
    record(run.judge() + metadata_verdict(run))


def test_a_path_may_be_given(stage: Stage, tmp_path: Path, record: Record) -> None:
    run = offline_run(stage.elsewhere(tmp_path / "given"), 50)
    stage.sync()
    assert not stage.oracle.rows(run.key)
    stage.sync(tmp_path / "given")
    record(run.judge())


def test_the_next_run_delivers_what_a_dead_one_left(stage: Stage, record: Record) -> None:
    dead = stage.run()
    dead.complete("exits", "kill -9 after the append", status=-9)
    alive = stage.run()
    with HasuraLogger(stage.endpoint, run_key=alive.key) as logger:
        logger.create_run({})
        deadline = time.monotonic() + 20
        while dead.judge().lost and time.monotonic() < deadline:
            time.sleep(0.05)
    record(dead.judge())

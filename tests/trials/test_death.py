"""What a process recorded outlives its death, at whatever moment."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING, Self

import pytest

from tests.trials.fault_proxy import FaultProxy
from tests.trials.faults import Fault, deck
from tests.trials.oracle import Verdict
from tests.trials.programs import victim
from tests.trials.programs.count import updated
from tests.trials.stage import ended

if TYPE_CHECKING:
    from random import Random

    from tests.trials.conftest import Record, Size
    from tests.trials.faults import Answer
    from tests.trials.stage import Program, Run, Stage

LIFETIME = 0.3
"""The longest life of a victim, in seconds: from the creation of its run to tens of batches."""

WITH_ROWS = 0.9
"""The part of the victims that live until they have logged; the others may die before."""

PAUSES = (0.0, 0.002, 0.02)
"""Seconds between a victim's rows, every few of them."""

TOGETHER = 20
"""Deaths between two syncs."""

POINTS = (Fault.LOSE_ANSWER, Fault.CUT_ANSWER, Fault.CUT_REQUEST, Fault.STALL, Fault.STALL_ANSWER)
LOST_ON_THE_WAY = (*POINTS[:3], Fault.STATUS_503)


class KillAt:
    """Kills a process when a fault happens to a request of its."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self.process: Program | None = None

    def __call__(self, fault: Fault | Answer) -> None:
        if fault is self._fault and self.process is not None:
            self.process.kill()


def metadata_verdict(run: Run) -> Verdict:
    """Compare the run's metadata with what the updates of `count` programs leave.

    A call that was under way when the program died may be in it, or not.
    """
    accepted = run.counts()[1]
    metadata = run.stage.oracle.metadata(run.key) or {}
    stored = {key: value for key, value in metadata.items() if key.startswith("update")}
    return Verdict(lost=int(stored not in (updated(accepted), updated(accepted + 1))))


@dataclass(frozen=True)
class Fate:
    """How long a victim lives, in seconds, from its start or from its first row, and its pace."""

    lifetime: float
    logs: bool
    pause: float

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        return cls(rng.uniform(0, LIFETIME), rng.random() < WITH_ROWS, rng.choice(PAUSES))


def live_and_die(run: Run, fate: Fate) -> None:
    """Let a victim log, and kill it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([victim.__name__])
    environment = run.environment()
    process = context.Process(target=victim.log_until_killed, args=(environment, fate.pause))
    process.start()
    while fate.logs and not run.counts()[0] and process.is_alive():
        time.sleep(0.005)
    time.sleep(fate.lifetime)
    process.kill()
    process.join()


def test_kill_9_at_random_moments(stage: Stage, size: Size, rng: Random, record: Record) -> None:
    verdict, with_rows, deaths = Verdict(), 0, size(6, 1000)
    plan = deck(rng.randrange(1 << 32), LOST_ON_THE_WAY, passes=12)
    with FaultProxy(stage.endpoint, plan) as proxy, ThreadPoolExecutor(2) as pool:
        victims = [stage.run(endpoint=proxy.url) for _ in range(deaths)]
        for first in range(0, deaths, TOGETHER):
            together = victims[first : first + TOGETHER]
            list(pool.map(live_and_die, together, [Fate.drawn(rng) for _ in together]))
            stage.sync("--endpoint", stage.endpoint)
            for run in together:
                verdict += run.judge(in_flight=1) + metadata_verdict(run)
                with_rows += run.counts()[0] > 0
    record(verdict, deaths=deaths, deaths_with_rows=with_rows)


def test_kill_9_at_a_point_of_a_delivery(
    stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    verdict, deaths = Verdict(), size(1, 100)
    for fault in rng.choices(POINTS, k=deaths):
        verdict += killed_at(stage, fault, after=rng.randrange(2, 12))
    record(verdict, deaths=deaths)


def killed_at(stage: Stage, fault: Fault, after: int) -> Verdict:
    """Kill a program when this happens to a request of its, after so many that passed."""
    plan = chain(repeat(Fault.PASS, after), [fault])
    kill = KillAt(fault)
    with FaultProxy(stage.endpoint, plan, kill) as proxy:
        run = stage.run(endpoint=proxy.url)
        kill.process = run.start("count", 0, 1 << 40, 0.002, TRIAL_DEBOUNCE=0.02)
        assert ended(kill.process).status == -signal.SIGKILL
    stage.sync("--endpoint", stage.endpoint)
    return run.judge(in_flight=1) + metadata_verdict(run)


def test_kill_9_of_a_sync_at_a_point_of_a_delivery(
    stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    verdict, deaths = Verdict(), size(1, 60)
    for fault in rng.choices(POINTS[:3], k=deaths):
        run = stage.run()
        run.complete("count", 0, 3000, RUN_LOGGER_OFFLINE=1)
        plan = chain(repeat(Fault.PASS, rng.randrange(1, 5)), [fault])
        kill = KillAt(fault)
        with FaultProxy(stage.endpoint, plan, kill) as proxy:
            kill.process = stage.start_sync("--endpoint", proxy.url)
            assert ended(kill.process).status == -signal.SIGKILL
        stage.sync()
        verdict += run.judge() + metadata_verdict(run)
    record(verdict, deaths=deaths)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_kill_9_around_the_append(moment: str, stage: Stage, record: Record) -> None:
    run = stage.run()
    run.complete("exits", f"kill -9 {moment} the append", status=-signal.SIGKILL)
    stage.sync()
    record(run.judge())


def test_a_stopped_process_goes_on(stage: Stage, rng: Random, record: Record) -> None:
    run = stage.run()
    process = run.start("count", 0, 3000, 0.001)
    for _ in range(3):
        time.sleep(rng.uniform(0.1, 0.5))
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(0.2)
        os.kill(process.pid, signal.SIGCONT)
    end = ended(process)
    assert end.status == 0, end
    record(run.judge() + metadata_verdict(run))

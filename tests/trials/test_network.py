"""Whatever the network and the server do, each record arrives once, in order."""

from __future__ import annotations

import time
from itertools import repeat
from typing import TYPE_CHECKING

from run_logger.hasura_logger import HasuraLogger
from tests.trials.fault_proxy import FaultProxy
from tests.trials.faults import ANSWERS, Fault, deck
from tests.trials.oracle import Verdict
from tests.trials.rows import row

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.trials.conftest import Record, Size
    from tests.trials.stage import Stage

FAULTS = tuple(fault for fault in Fault if fault is not Fault.PASS)
PASSES = 10
"""Requests of a round that go through, beside one for each fault."""


def test_every_fault_between_client_and_server(
    stage: Stage, size: Size, seed: int, record: Record
) -> None:
    processes, loggers, rounds = size(2, 4), size(8, 24), size(2, 313)
    plan = deck(seed, FAULTS, PASSES)
    with FaultProxy(stage.endpoint, plan) as proxy:
        runs = [stage.run(sources=loggers + 1, endpoint=proxy.url) for _ in range(processes)]
        programs = [
            run.start("flushed", loggers, stage.scratch / "stop", TRIAL_TIMEOUT=0.3) for run in runs
        ]
        enough = proxy.wait_until(
            lambda counts: all(counts[fault] >= rounds for fault in FAULTS), timeout=3000
        )
        proxy.follow(repeat(Fault.PASS))
        assert proxy.wait_until(lambda _: all(min(r.counts()[:loggers]) for r in runs), 60)
        (stage.scratch / "stop").touch()
        ends = [program.communicate(timeout=200) for program in programs]
    assert enough, proxy.counts
    assert all(program.returncode == 0 for program in programs), ends
    stage.sync("--endpoint", stage.endpoint)
    stage.sync("--rejected", "--endpoint", stage.endpoint)
    verdict = sum((run.judge(resent=True, sources=loggers) for run in runs), Verdict())
    fewest = min(proxy.counts[fault] for fault in FAULTS)
    record(verdict, requests=proxy.requests, fewest_of_a_fault=fewest)


HANGS = (Fault.STALL, Fault.STALL_ANSWER, Fault.SLOW_ANSWER, Fault.REFUSE, Fault.STATUS_503)
ROWS = 2_000


def test_a_server_that_hangs_holds_up_neither_log_nor_flush(
    stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    verdict = Verdict()
    for fault in rng.sample(HANGS, size(1, len(HANGS))):
        run = stage.run(sources=1)
        with (
            FaultProxy(stage.endpoint) as proxy,
            HasuraLogger(proxy.url, run_key=run.key, timeout=1) as logger,
        ):
            logger.create_run({})
            proxy.follow(repeat(fault))
            logged = seconds(lambda: log_all(logger))
            flushed = seconds(lambda: logger.flush(0.5))
            proxy.follow(repeat(Fault.PASS))
            assert logger.flush(30), logger.stats()
        assert logged < 1, f"{ROWS} calls took as long as the server did"
        assert flushed < 1.5, "flush took longer than its timeout"
        verdict += stage.oracle.judge(run.key, [ROWS])
    record(verdict)


def log_all(logger: HasuraLogger) -> None:
    for number in range(ROWS):
        logger.log(**row(0, number))


def seconds(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def test_an_answer_of_each_kind_and_then_a_good_one(
    stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    answers, verdict = [*ANSWERS, Fault.TRUNCATED_JSON], Verdict()
    for fault in rng.sample(answers, size(3, len(answers))):
        run = stage.run(sources=1)
        with (
            FaultProxy(stage.endpoint) as proxy,
            HasuraLogger(proxy.url, run_key=run.key) as logger,
        ):
            logger.create_run({})
            proxy.follow([fault])
            for number in range(20):
                logger.log(**row(0, number))
            assert logger.flush(20), (fault, logger.stats())
            assert not logger.stats().rejected, fault
        verdict += stage.oracle.judge(run.key, [20])
    record(verdict)

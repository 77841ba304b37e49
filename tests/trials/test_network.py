"""Whatever the network and the server do, each record arrives once, in order."""

from __future__ import annotations

import time
from itertools import repeat
from typing import TYPE_CHECKING

from run_logger.hasura_logger import HasuraLogger
from tests.trials.fault_proxy import FaultProxy
from tests.trials.faults import Fault, deck
from tests.trials.oracle import Verdict
from tests.trials.rows import row
from tests.trials.stage import ended, eventually

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
    processes, loggers, rounds = size(2, 4), size(4, 8), size(1, 313)
    plan = deck(seed, FAULTS, PASSES)
    with FaultProxy(stage.endpoint, plan) as proxy:
        runs = [stage.run(sources=loggers + 1, endpoint=proxy.url) for _ in range(processes)]
        programs = [
            run.start("flushed", loggers, stage.scratch / "stop", TRIAL_TIMEOUT=1.5) for run in runs
        ]
        while not all(proxy.counts[fault] >= rounds for fault in FAULTS):
            assert not any(program.poll() for program in programs), programs[0].complaints()
            time.sleep(0.1)
        proxy.follow(repeat(Fault.PASS))
        assert eventually(lambda: all(min(run.counts()[:loggers]) for run in runs))
        (stage.scratch / "stop").touch()
        ends = [ended(program) for program in programs]
    assert not any(end.status for end in ends), ends
    stage.sync("--endpoint", stage.endpoint)
    stage.sync("--rejected", "--endpoint", stage.endpoint)
    verdict = sum((run.judge(resent=True, sources=loggers) for run in runs), Verdict())
    fewest = min(proxy.counts[fault] for fault in FAULTS)
    record(verdict, requests=proxy.requests, fewest_of_a_fault=fewest)


HANGS = (Fault.STALL, Fault.STALL_ANSWER, Fault.SLOW_ANSWER, Fault.REFUSE, Fault.STATUS_503)
ROWS = 2_000
LONGER_THAN_ANY_TRIAL = 3_600.0
"""Seconds that a client waits for an answer: whoever waits for the server never comes back."""


def test_a_server_that_hangs_holds_up_neither_log_nor_flush(
    stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    verdict, took = Verdict(), [0]
    for fault in rng.sample(HANGS, size(2, len(HANGS))):
        run = stage.run(sources=1)
        with (
            FaultProxy(stage.endpoint) as proxy,
            HasuraLogger(proxy.url, run_key=run.key, timeout=LONGER_THAN_ANY_TRIAL) as logger,
        ):
            logger.create_run({})
            proxy.follow(repeat(fault))
            took.append(microseconds(lambda: log_all(logger)) // ROWS)
            assert not logger.flush(0.5), "the server has answered nothing yet"
            proxy.follow(repeat(Fault.PASS))
            proxy.hang_up()
            assert logger.flush(60), logger.stats()
        verdict += stage.oracle.judge(run.key, [ROWS])
    record(verdict, microseconds_per_log=max(took))


def log_all(logger: HasuraLogger) -> None:
    for number in range(ROWS):
        logger.log(**row(0, number))


def microseconds(work: Callable[[], object]) -> int:
    start = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - start) // 1_000


def test_a_server_that_hangs_keeps_no_program_from_its_end(
    stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    # One half dies of the signal, the other ends by itself and has half a minute for that.
    handlers = [*["none"] * size(1, 4), *["returns"] * size(0, 4)]
    with FaultProxy(stage.endpoint) as proxy:
        runs = [stage.run(endpoint=proxy.url) for _ in handlers]
        programs = [
            run.start("signalled", "SIGTERM", handler, "yes", TRIAL_TIMEOUT=LONGER_THAN_ANY_TRIAL)
            for run, handler in zip(runs, handlers, strict=True)
        ]
        for program in programs:
            assert program.said() == "begins"
        proxy.follow(rng.choice(HANGS) for _ in repeat(None))
        for program in programs:
            program.terminate()
        ends = [ended(program) for program in programs]
    stage.sync("--endpoint", stage.endpoint)
    record(sum((run.judge(in_flight=1) for run in runs), Verdict()), programs=len(ends))

"""Whatever a server or a gateway answers: what it has not taken is sent again, in its time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import repeat
from typing import TYPE_CHECKING

import pytest

from run_logger.errors import RunLoggerError
from run_logger.hasura_logger import HasuraLogger
from tests.trials.fault_proxy import FaultProxy
from tests.trials.faults import ANSWERS, Answer, Fault
from tests.trials.oracle import Verdict, same
from tests.trials.rows import row

if TYPE_CHECKING:
    from random import Random

    from tests.trials.conftest import Record, Size
    from tests.trials.stage import Stage

ROWS = 20


def log_all(logger: HasuraLogger, rows: int = ROWS) -> None:
    for number in range(rows):
        logger.log(**row(0, number))


def test_answers_of_each_kind_and_then_a_good_one(
    stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    answers, verdict, times = [*ANSWERS, Fault.TRUNCATED_JSON], Verdict(), size(1, 20)
    for fault in rng.sample(answers, size(3, len(answers))):
        run = stage.run(sources=1)
        with (
            FaultProxy(stage.endpoint) as proxy,
            HasuraLogger(proxy.url, run_key=run.key) as logger,
        ):
            logger.create_run({})
            # What is refused for its content is soon taken for that: once is a gateway's mistake.
            is_about_content = fault in (Fault.STATUS_413, Fault.REFUSED_CONTENT)
            proxy.follow([fault] if is_about_content else [fault] * times)
            log_all(logger)
            while proxy.counts[fault] < (1 if is_about_content else times):
                logger.flush(0.1)
            assert logger.flush(60), (fault, logger.stats())
            assert not logger.stats().rejected, fault
        verdict += stage.oracle.judge(run.key, [ROWS])
    record(verdict, answers=len(answers))


ABSURD = (
    "-5",
    "0",
    "soon",
    "",
    "nan",
    "1e400",
    "9" * 400,
    "99999999999999999999",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Sun, 06 Nov 99999 08:49:37 GMT",
    "Mon, 01 Jan 2024 00:00:00 +9999999999999",
    "Mon, 01 Jan 2024 99999999999999999999:00:00 GMT",
)


def test_a_server_that_says_absurdly_when_to_come_back(
    stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    verdict = Verdict()
    for text in rng.sample(ABSURD, size(4, len(ABSURD))):
        run, absurd = stage.run(sources=1), Answer.asking_to_wait(429, text)
        with (
            FaultProxy(stage.endpoint, [absurd]) as proxy,
            HasuraLogger(proxy.url, run_key=run.key) as logger,
        ):
            create(logger)
            proxy.follow([absurd])
            log_all(logger)
            while proxy.counts[absurd] < 2:
                logger.flush(0.1)
            assert logger.flush(60), (text, logger.stats())
        verdict += stage.oracle.judge(run.key, [ROWS])
    record(verdict)


def create(logger: HasuraLogger) -> None:
    """Create the run, in a second attempt where the server asks for more patience than there is."""
    try:
        logger.create_run({})
    except RunLoggerError:
        logger.create_run({})


CLOCKS_DIFFER = 0.05
"""Seconds by which one clock may differ from another within such a time."""


@pytest.mark.parametrize("form", ["seconds", "a date"])
def test_a_server_is_left_alone_for_as_long_as_it_asks(
    form: str, stage: Stage, record: Record
) -> None:
    run, moments = stage.run(sources=1), list[tuple[Fault | Answer, float]]()

    def note(fault: Fault | Answer) -> None:
        moments.append((fault, time.time()))

    with (
        FaultProxy(stage.endpoint, on_fault=note) as proxy,
        HasuraLogger(proxy.url, run_key=run.key) as logger,
    ):
        logger.create_run({})
        date = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
        asked = "1" if form == "seconds" else format_datetime(date, usegmt=True)
        busy = Answer.asking_to_wait(503, asked)
        proxy.follow([busy])
        log_all(logger)
        assert proxy.wait_until(lambda counts: counts[busy] == 1, 60)
        before = proxy.requests
        assert proxy.wait_until(lambda counts: counts.total() > before, 60)
    faults = [fault for fault, _ in moments]
    (_, refused), (_, asked_again) = moments[faults.index(busy) :][:2]
    due = refused + 1 if form == "seconds" else date.timestamp()
    assert asked_again >= due - CLOCKS_DIFFER
    record(stage.oracle.judge(run.key, [ROWS]))


def test_a_gateway_that_lets_little_through_gets_smaller_batches(
    stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    verdict, rows = Verdict(), size(300, 5_000)
    for _ in range(size(1, 10)):
        run = stage.run(sources=1)
        with (
            FaultProxy(stage.endpoint, largest=rng.randrange(4_000, 40_000)) as proxy,
            HasuraLogger(proxy.url, run_key=run.key) as logger,
        ):
            logger.create_run({})
            log_all(logger, rows)
            assert logger.flush(120), logger.stats()
            assert not logger.stats().rejected
            assert proxy.counts[Fault.STATUS_413]
        verdict += stage.oracle.judge(run.key, [rows])
    record(verdict)


def test_a_record_that_no_gateway_lets_through_is_set_aside_alone(
    stage: Stage, record: Record
) -> None:
    run, blob = stage.run(), bytes(range(256)) * 200
    rows = [row(0, number) for number in range(ROWS)]
    rows.insert(ROWS // 2, {"text": "too much " * 10_000})
    with (
        FaultProxy(stage.endpoint, largest=50_000) as proxy,
        HasuraLogger(proxy.url, run_key=run.key) as logger,
    ):
        logger.create_run({})
        logger.blob(blob, {})
        for each in rows:
            logger.log(**each)
        assert logger.flush(60)
        assert logger.stats().rejected == {"http-413": 2}
    assert len(stage.oracle.rows(run.key)) == ROWS
    stage.sync("--rejected", "--endpoint", stage.endpoint)
    stored = [found.log for found in stage.oracle.rows(run.key)]
    assert same(stored, rows)
    assert stage.oracle.blobs(run.key) == [blob]
    record(Verdict(records=ROWS + 2))


def test_errors_for_long_and_then_none(stage: Stage, size: Size, record: Record) -> None:
    run, errors, number = stage.run(), size(20, 200), 0
    with FaultProxy(stage.endpoint) as proxy, HasuraLogger(proxy.url, run_key=run.key) as logger:
        logger.create_run({})
        proxy.follow(repeat(Fault.STATUS_500))
        while proxy.counts[Fault.STATUS_500] < errors:
            logger.log(**row(0, number))
            logger.flush(0.05)  # which does not wait for the next attempt's time to come
            number += 1
        proxy.follow(repeat(Fault.PASS))
        assert logger.flush(60), logger.stats()
    record(stage.oracle.judge(run.key, [number]), errors=errors)

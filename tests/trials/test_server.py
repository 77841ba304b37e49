"""A server that is killed, starts again, or does not let us in: what it said it has, it has."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise, repeat
from typing import TYPE_CHECKING

import httpx

from run_logger.hasura_logger import HasuraLogger
from tests.trials.fault_proxy import FaultProxy
from tests.trials.faults import Fault
from tests.trials.oracle import Verdict
from tests.trials.rows import row
from tests.trials.stage import ended

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    import pytest

    from tests.trials.conftest import Record, Size
    from tests.trials.stage import Run, Stage


@contextmanager
def served(data: Path, port: int, end: signal.Signals = signal.SIGKILL) -> Iterator[str]:
    """Serve a data directory, until the server is told to end, or is killed."""
    command = [sys.executable, "-m", "run_logger.cli", "serve", "--data-dir", str(data)]
    server = subprocess.Popen(
        [*command, "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with server:
        assert server.stdout is not None
        endpoint = server.stdout.readline().strip()
        assert endpoint, "run-logger serve did not start"
        yield endpoint
        server.send_signal(end)


def test_a_server_that_is_killed_has_what_it_answered(
    stage: Stage, size: Size, rng: Random, tmp_path: Path, record: Record
) -> None:
    kills, data = size(1, 30), tmp_path / "data"
    with served(data, 0) as endpoint:
        port = httpx.URL(endpoint).port or 0
        run = replace(stage, endpoint=endpoint).run()
        program = run.start("count", 0, 1 << 40, 0.005)
        while not run.counts()[0]:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.5))
    for _ in range(kills - 1):
        with served(data, port, rng.choice((signal.SIGKILL, signal.SIGTERM))):
            time.sleep(rng.uniform(0.2, 1.2))
    with served(data, port):
        program.kill()
        ended(program)
        stage.sync("--endpoint", endpoint)
        found = logged_numbers(endpoint, run)
    record(verdict_of(found, run.counts()[0]), kills=kills)


def verdict_of(found: list[int], count: int) -> Verdict:
    """Compare the numbers of a run's rows, in order, with how many were accepted."""
    return Verdict(
        records=count,
        lost=len(set(range(count)) - set(found)),
        doubled=len(found) - len(set(found)),
        out_of_order=sum(a > b for a, b in pairwise(found)),
        invented=max(len(set(found)) - count - 1, 0),
    )


def logged_numbers(endpoint: str, run: Run) -> list[int]:
    """Return the numbers of a run's rows, by position."""
    query = """query ($key: uuid!) {
        run_log(where: {run: {key: {_eq: $key}}}, order_by: [{writer_id: asc}, {seq: asc}]) { log }
    }"""
    answer = HasuraLogger(endpoint).execute(query, {"key": str(run.key)})
    return [found["log"]["number"] for found in answer["run_log"]]


def test_a_wrong_secret_is_said_once_and_keeps_all(
    stage: Stage, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    run = stage.run(sources=1)
    with (
        FaultProxy(stage.endpoint) as proxy,
        HasuraLogger(proxy.url, run_key=run.key) as logger,
        caplog.at_level(logging.WARNING, "run_logger"),
    ):
        logger.create_run({})
        proxy.follow(repeat(Fault.DENIED))
        for number in range(10):
            logger.log(**row(0, number))
        assert proxy.wait_until(lambda counts: counts[Fault.DENIED] >= 3, 60)
        assert len(caplog.records) == 1, caplog.text
        proxy.follow(repeat(Fault.PASS))
        assert logger.flush(60)
    record(stage.oracle.judge(run.key, [10]))

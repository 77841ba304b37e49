"""`run-logger logs RUN --follow` shows every row of every writer once, until the run has ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from run_logger.hasura_logger import HasuraLogger

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMAND = [sys.executable, "-m", "run_logger.cli"]

# A writer whose child logs too: three rows each.
_FORKING = """
import os, sys
from run_logger.hasura_logger import HasuraLogger

with HasuraLogger(sys.argv[1], run_key=sys.argv[2]) as logger:
    logger.create_run({})
    for step in range(3):
        logger.log(who="parent", step=step)
    child = os.fork()
    if not child:
        for step in range(3):
            logger.log(who="child", step=step)
        logger.finish()
        os._exit(0)
    os.waitpid(child, 0)
"""


class Start(Protocol):
    def __call__(self, *words: str, **environment: str) -> subprocess.Popen[str]: ...


@pytest.fixture
def start() -> Iterator[Start]:
    """Start processes, which are killed when the test ends."""
    with ExitStack() as running:

        def begin(*words: str, **environment: str) -> subprocess.Popen[str]:
            process = running.enter_context(
                subprocess.Popen(
                    [*words],
                    env={**os.environ, "PYTHONWARNINGS": "ignore", **environment},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            running.callback(process.kill)
            return process

        yield begin


def said(process: subprocess.Popen[str]) -> str:
    """Return the next line of a process, or what it complained of instead."""
    assert process.stdout is not None
    assert process.stderr is not None
    return process.stdout.readline().strip() or process.stderr.read()


def rows_of(who: str, *steps: int) -> list[dict[str, Any]]:
    return [{"who": who, "step": step} for step in steps]


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["who"], row["step"]))


def insert_as_version_0_1_does(dsn: str, run_id: int, rows: list[dict[str, Any]]) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for row in rows:
            connection.execute(
                "INSERT INTO run_log (run_id, log) VALUES (%s, %s)", (run_id, json.dumps(row))
            )


def test_every_row_of_every_writer_comes_once_over_a_restart_of_the_server(
    project_database: str, start: Start
) -> None:
    def serve(port: int) -> subprocess.Popen[str]:
        words = ["serve", "--database-url", project_database, "--port", str(port)]
        return start(*_COMMAND, *words)

    server, key = serve(0), uuid4()
    endpoint = said(server)
    loggers = [HasuraLogger(endpoint, run_key=key) for _ in range(3)]
    for rank, logger in enumerate(loggers):
        logger.create_run({})
        logger.log(who=f"rank {rank}", step=0)
    run_id = loggers[0].run_id
    assert run_id is not None
    insert_as_version_0_1_does(project_database, run_id, rows_of("old", 0, 1))
    following = start(*_COMMAND, "logs", str(run_id), "--follow", "--endpoint", endpoint)
    seen = [json.loads(said(following)) for _ in range(5)]

    server.kill()
    server.wait(60)
    assert following.stderr is not None
    assert "Waiting for it" in following.stderr.readline()
    for rank, logger in enumerate(loggers):
        logger.log(who=f"rank {rank}", step=1)
    insert_as_version_0_1_does(project_database, run_id, rows_of("old", 2))
    said(serve(urlsplit(endpoint).port or 0))
    forking = start(sys.executable, "-c", _FORKING, endpoint, str(key))
    assert forking.wait(60) == 0, said(forking)
    seen += [json.loads(said(following)) for _ in range(4 + 6)]
    for rank, logger in enumerate(loggers):
        logger.log(who=f"rank {rank}", step=2)
        logger.finish()
    out, err = following.communicate(timeout=60)

    seen += [json.loads(line) for line in out.splitlines()]
    expected = [row for rank in range(3) for row in rows_of(f"rank {rank}", 0, 1, 2)]
    expected += rows_of("old", 0, 1, 2) + rows_of("parent", 0, 1, 2) + rows_of("child", 0, 1, 2)
    assert in_order(seen) == in_order(expected)
    assert following.returncode == 0, err
    assert err == f"run {run_id} finished\n"


def test_a_run_that_failed_is_shown_from_its_beginning_and_its_outcome_is_said(
    endpoint: str, start: Start
) -> None:
    logger = HasuraLogger(endpoint)
    logger.create_run({})
    logger.log(step=0, loss=0.5)
    logger.finish("failed")
    words = ["logs", str(logger.run_id), "-f", "--keys", "step", "--endpoint", endpoint]
    out, err = start(*_COMMAND, *words).communicate(timeout=60)
    assert (out, err) == ('{"step":0}\n', f"run {logger.run_id} failed\n")


def test_ctrl_c_ends_it_without_a_word(endpoint: str, start: Start) -> None:
    with HasuraLogger(endpoint) as logger:
        logger.create_run({})
        logger.log(step=0)
        following = start(*_COMMAND, "logs", str(logger.run_id), "-f", "--endpoint", endpoint)
        assert json.loads(said(following)) == {"step": 0}
        following.send_signal(signal.SIGINT)
        out, err = following.communicate(timeout=60)
    assert (following.returncode, out, err) == (130, "", "")


def test_a_table_cannot_be_followed(endpoint: str, start: Start) -> None:
    with HasuraLogger(endpoint) as logger:
        logger.create_run({})
        words = ["logs", str(logger.run_id), "-f", "--format", "csv", "--endpoint", endpoint]
        following = start(*_COMMAND, *words)
        out, err = following.communicate(timeout=60)
    assert (following.returncode, out) == (1, "")
    assert "--format jsonl" in err

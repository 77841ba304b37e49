"""The command line, called as a shell calls it, against runs that the logger recorded."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from run_logger import initialize
from run_logger.cli import main
from run_logger.hasura_logger import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell(Protocol):
    def __call__(self, *words: str) -> Result: ...


@pytest.fixture
def shell(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Shell:
    """Run `run-logger WORDS` in a wide terminal, with the endpoint in the environment."""
    monkeypatch.setenv("RUN_LOGGER_ENDPOINT", endpoint)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["run-logger", *words])
        capfd.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capfd.readouterr()
        code = exit_.value.code
        return Result(code if isinstance(code, int) else 0, out, err)

    return run


CHART = {
    "title": "the loss",
    "data": {"name": "data"},
    "mark": "line",
    "encoding": {
        "x": {"field": "step", "type": "quantitative"},
        "y": {"field": "loss", "type": "quantitative"},
    },
}


@pytest.fixture
def runs(endpoint: str) -> list[int]:
    """Two finished runs: of lr 0.1 and 0.2, with three rows of log, a chart and a blob each."""
    ids: list[int] = []
    for lr in (0.1, 0.2):
        _, logger = initialize(endpoint, name="fit", charts=[CHART], lr=lr, optimizer="adam")
        with logger:
            for step in range(3):
                logger.log(step=step, loss=lr / (step + 1), note=None)
            logger.blob(b"weights", {"kind": "weights"})
        assert logger.run_id is not None
        ids.append(logger.run_id)
    return ids


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An endpoint at which nothing listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}/v1/graphql"


_RECORDS = """
import os, signal, sys
from run_logger.hasura_logger import HasuraLogger

endpoint, rows, end = sys.argv[1:]
logger = HasuraLogger(endpoint, debounce_time=3600)
logger.create_run({"name": "victim"})
for step in range(int(rows)):
    logger.log(step=step)
print(logger.run_id, flush=True)
if end == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
sys.stdin.read()
"""


@dataclass(frozen=True, slots=True)
class Recorder:
    """A process that has recorded rows, of which nothing is delivered yet.

    Attributes:
        process: It lives until its standard input is closed, or was killed already.
        run_id: Its run; None if it has none yet, being offline.
    """

    process: subprocess.Popen[str]
    run_id: int | None


class Record(Protocol):
    def __call__(
        self, endpoint: str, rows: int = 5, *, end: str = "killed", **environment: str
    ) -> Recorder: ...


@pytest.fixture
def record(journals: Path) -> Iterator[Record]:
    """Record a run in a process of its own, which is "killed" then, or "waits" to be ended."""
    with ExitStack() as processes:

        def start(
            endpoint: str, rows: int = 5, *, end: str = "killed", **environment: str
        ) -> Recorder:
            process = processes.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", _RECORDS, endpoint, str(rows), end],
                    env={**os.environ, "RUN_LOGGER_DIR": str(journals), **environment},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            assert line, "the process recorded nothing"
            if end == "killed":
                assert process.wait(60) == -signal.SIGKILL
            return Recorder(process, None if line == "None" else int(line))

        yield start


def steps(endpoint: str, run_id: int | None = None) -> list[int]:
    """Return the steps that were logged, of one run or of all, by their place in the journal."""
    query = """
        query ($where: run_log_bool_exp!) {
          run_log(where: $where, order_by: [{run_id: asc}, {writer_id: asc}, {seq: asc}]) { log }
        }
    """
    where = {} if run_id is None else {"run_id": {"_eq": run_id}}
    with Client(endpoint) as client:
        return [row["log"]["step"] for row in client.execute(query, {"where": where})["run_log"]]

"""A server to measure against: `run-logger serve` over an embedded Postgres of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from run_logger.hasura_logger import HasuraLogger

__all__ = ["ROW", "count_rows", "own_journals", "sender_seconds", "serving"]

ROW = {f"metric{number}": 1 / (3 + number) for number in range(10)} | {"step": 1}
"""What is logged: ten floats and a step."""


@contextmanager
def serving() -> Iterator[str]:
    """Run a server with a new database, durable as a user's; yields its endpoint."""
    with tempfile.TemporaryDirectory(prefix="run-logger-bench-") as directory:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "run_logger.cli",
                "serve",
                "--port",
                "0",
                "--data-dir",
                directory,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        with server:
            if server.stdout is None or not (endpoint := server.stdout.readline().strip()):
                raise RuntimeError("run-logger serve did not start")
            try:
                yield endpoint
            finally:
                server.terminate()


@contextmanager
def own_journals() -> Iterator[str]:
    """Keep journals in a directory that goes away, and not among the user's."""
    with tempfile.TemporaryDirectory(prefix="run-logger-bench-") as directory:
        os.environ["RUN_LOGGER_DIR"] = directory
        yield directory


def count_rows(logger: HasuraLogger) -> int:
    """Return the number of rows that the database has of a run."""
    query = (
        "query ($run: Int!) {"
        " run_log_aggregate(where: {run_id: {_eq: $run}}) { aggregate { count } } }"
    )
    answer = logger.execute(query, {"run": logger.run_id})
    return int(answer["run_log_aggregate"]["aggregate"]["count"])


def sender_seconds() -> float:
    """Return the CPU time that the library's threads have used, in seconds."""
    threads = [t for t in threading.enumerate() if t.name.startswith("run-logger")]
    clocks = [time.pthread_getcpuclockid(t.ident) for t in threads if t.ident is not None]
    return sum(map(time.clock_gettime, clocks))

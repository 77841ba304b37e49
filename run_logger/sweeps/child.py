"""The command of one run, running."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from run_logger.sweeps.command import environment_of, filled

if TYPE_CHECKING:
    from pathlib import Path

    from run_logger.sweeps.command import Assigned

__all__ = ["Child"]

GRACE = 10.0
"""Seconds that a command which is asked to end has, before it is killed."""


class Child:
    """A command in a process group of its own, so that Ctrl-C in a terminal does not reach it.

    Args:
        run: What it is for.
        endpoint: The endpoint of the sweep.
        output: The file that takes what it prints.

    Attributes:
        run: What it is for.
        output: The file that takes what it prints.
        failure: Why it could not be started, None if it was.
        value: The last value of the metric that is known.
    """

    def __init__(self, run: Assigned, endpoint: str, output: Path) -> None:
        self.run = run
        self.output = output
        self.failure: str | None = None
        self.value: float | None = None
        self._started = time.monotonic()
        self._asked_to_end: float | None = None
        self._ended: float | None = None
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = _start(run, endpoint, output)
        except OSError as error:
            self.failure = f"not started: {error}"

    @property
    def seconds(self) -> float:
        """How long it runs, or has run."""
        return (self._ended or time.monotonic()) - self._started

    def has_ended(self) -> bool:
        """Tell whether it has ended; one that does not end when it is asked to is killed."""
        if self._process is None or self._process.poll() is not None:
            self._ended = self._ended or time.monotonic()
            return True
        if self._asked_to_end and time.monotonic() - self._asked_to_end > GRACE:
            self._signal(signal.SIGKILL)
        return False

    def stop(self) -> None:
        """Ask it to end."""
        self._asked_to_end = self._asked_to_end or time.monotonic()
        self._signal(signal.SIGTERM)

    def outcome(self) -> tuple[str, str | None]:
        """Return how it ended, as a writer's outcome and its error."""
        if self._process is None:
            return "failed", self.failure
        status = self._process.returncode
        if status < 0:
            return "killed", f"killed by {_name_of_signal(-status)}"
        if self._asked_to_end:
            return "killed", "stopped with its agent"
        return ("failed", f"exit status {status}") if status else ("finished", None)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def _start(run: Assigned, endpoint: str, output: Path) -> subprocess.Popen[bytes]:
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("ab") as file:
        return subprocess.Popen(
            filled(run),
            env=environment_of(run, endpoint),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _name_of_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

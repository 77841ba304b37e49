"""Running a program for its output, with a bound on both its time and its output."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Output", "ProgramError", "run"]

_MAX_BYTES = 1 << 20
_CHUNK = 1 << 16

_LAST_WAIT = 0.5
"""Seconds for a killed program to be gone; one that waits for a broken disk is not, and is left."""


class ProgramError(Exception):
    """A program failed, or took too long."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a program wrote.

    Attributes:
        text: Its standard output, up to the limit.
        complete: Whether there was no more.
    """

    text: str
    complete: bool


def run(
    command: Sequence[str],
    seconds: float,
    *,
    max_bytes: int = _MAX_BYTES,
    directory: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Output:
    """Run a program, and return what it writes.

    Args:
        command: The program and its arguments.
        seconds: How long it may take; it is killed then, with what it has started.
        max_bytes: How much of its output is read; it is killed when it writes more.
        directory: Where it runs.
        variables: Variables of its environment, on top of our own.

    Raises:
        ProgramError: It took too long, or its exit status is not 0.
        OSError: It cannot be started.
    """
    end = time.monotonic() + seconds
    process = subprocess.Popen(
        command,
        cwd=directory,
        env={**os.environ, **(variables or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the run alone, and a kill reaches its children
    )
    try:
        written = _read(process, end, max_bytes)
        complete = len(written) <= max_bytes
        if complete and process.wait(max(0.0, end - time.monotonic())):
            raise ProgramError(f"{command[0]} ended with status {process.returncode}")
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        raise ProgramError(f"{command[0]} took longer than {seconds:.1f} s") from error
    finally:
        _end(process)
    return Output(written[:max_bytes].decode(errors="replace"), complete)


def _read(process: subprocess.Popen[bytes], end: float, max_bytes: int) -> bytes:
    written = bytearray()
    assert process.stdout is not None  # noqa: S101  (it is a pipe)
    with process.stdout as pipe, selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while len(written) <= max_bytes:
            if not selector.select(max(0.0, end - time.monotonic())):
                raise TimeoutError
            chunk = os.read(pipe.fileno(), _CHUNK)
            if not chunk:
                break
            written += chunk
    return bytes(written)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LAST_WAIT)

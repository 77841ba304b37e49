"""Signals that ask the process to end, while it starts or stops what must not be left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path
    from types import FrameType

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def end_in_order() -> Callable[[], None]:
    """Let a signal unwind whatever runs, from now on: by default SIGTERM ends it on the spot.

    The first raises `SystemExit`, with the exit code that a shell gives to such an end; more of
    them do nothing, so that nothing interrupts the unwinding.

    Returns:
        What makes the first do nothing either, for when the process ends by itself.
    """
    is_ending = False

    def end(number: int, _: FrameType | None) -> None:
        nonlocal is_ending
        if not is_ending:
            is_ending = True
            raise SystemExit(128 + number)

    def end_anyway() -> None:
        nonlocal is_ending
        is_ending = True

    for number in _SIGNALS:
        signal.signal(number, end)
    return end_anyway


@contextmanager
def uninterrupted() -> Generator[None]:
    """Hold signals back until the end of the context; other threads get none anyway."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: arrived.append(number))
        for number in _SIGNALS
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for held in arrived:
            signal.raise_signal(held)


def run_whole(command: list[str], directory: Path, lock: int) -> tuple[int, str]:
    """Run a program to its end, or end it with all that it has started.

    Args:
        command: The program.
        directory: Where it runs.
        lock: Who comes after us waits for it, should we be killed.

    Returns:
        Its exit code, and what it said on standard error.
    """
    with uninterrupted():
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=directory,
            start_new_session=True,
            pass_fds=(lock,),
        )
    try:
        _, said = process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        # The last of them closes the pipe.
        process.communicate()
        raise
    return process.returncode, said

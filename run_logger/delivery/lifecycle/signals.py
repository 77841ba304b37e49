"""The signals that end a process: recorded where nobody handles them, noted where somebody does."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

__all__ = ["Signals"]

_ENDING = frozenset({signal.SIGTERM, signal.SIGHUP})
"""What asks a process to end; SIGINT is an exception in Python, and recorded as one."""


class Signals:
    """Sees the signals that end this process, without standing in the way of anybody.

    Where a signal has no handler, one of ours records the end and dies of the same signal. The
    handlers of others stay as they are: what they handle, set before us or after, is read from the
    pipe into which Python writes the number of each signal that comes in. An event loop that has a
    pipe of its own there keeps it: then the handlers that it has set by now are called by one of
    ours, which notes the signal. What its handlers see that are set later is not noted.

    Args:
        record: Called in the main thread before the process dies of a signal.
    """

    def __init__(self, record: Callable[[], None]) -> None:
        self._record = record
        self._pipe: tuple[int, int] | None = None
        self._held = threading.local()
        self._is_asked = False
        self._is_dying = False

    def watch(self) -> None:
        """Look out from now on; outside of the main thread Python allows nothing of this."""
        with contextlib.suppress(ValueError):
            for number in _ENDING:
                if signal.getsignal(number) is signal.SIG_DFL:
                    signal.signal(number, self._die)
            if not self._listen():
                self._listen_in()

    def rest(self) -> None:
        """Leave signals without a handler to the system again, and forget what was noted."""
        self.is_asked_to_end()
        self._is_asked = False
        with contextlib.suppress(ValueError):
            for number in _ENDING:
                handler = signal.getsignal(number)
                if handler == self._die:
                    signal.signal(number, signal.SIG_DFL)
                elif isinstance(handler, _Noting):
                    _replace(number, handler.handler)

    def hold(self) -> None:
        """Hold signals back while the process forks: Python forgets those that come meanwhile."""
        self._held.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)

    def let_go(self) -> None:
        """Let the signals come that were held back."""
        signal.pthread_sigmask(signal.SIG_SETMASK, self._held.mask)

    def rest_in_child(self) -> None:
        """Do so in a forked process, which is not to write into the pipe of its parent."""
        if self._pipe is not None:
            for inherited, own in zip(self._pipe, _pipe(), strict=True):
                os.dup2(own, inherited, inheritable=False)
                os.close(own)
        self.rest()

    def is_asked_to_end(self) -> bool:
        """Return whether a handler of somebody's has seen a signal that asks for the end."""
        noted = b"" if self._pipe is None else _read(self._pipe[0])
        self._is_asked |= any(_asks_for_the_end(number) for number in noted)
        return self._is_asked

    def _listen(self) -> bool:
        """Have Python write into our pipe; return whether it does, since nobody else wants that."""
        # It stays open for good: who takes its place may put it back at any time.
        self._pipe = self._pipe or _pipe()
        # It takes 65,536 signals, and it is no harm if it is full.
        other = signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        if other in (-1, self._pipe[1]):
            return True
        signal.set_wakeup_fd(other)
        return False

    def _listen_in(self) -> None:
        """Note what the handlers of an event loop are called for."""
        for number in _ENDING:
            handler = signal.getsignal(number)
            if callable(handler) and handler != self._die and not isinstance(handler, _Noting):
                _replace(number, _Noting(handler, self._note))

    def _note(self) -> None:
        self._is_asked = True

    def _die(self, number: int, _frame: FrameType | None) -> None:
        """Record the end, and die of the signal as a process without a handler does."""
        if self._is_dying:
            return
        self._is_dying = True
        try:
            self._record()
        finally:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)


@dataclass(frozen=True, slots=True)
class _Noting:
    """A handler that notes the signal before it calls the handler that was there."""

    handler: Callable[[int, FrameType | None], Any]
    note: Callable[[], None]

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.note()
        self.handler(number, frame)


def _replace(number: int, handler: Callable[[int, FrameType | None], Any]) -> None:
    signal.signal(number, handler)
    signal.siginterrupt(number, False)  # as event loops want it, and `signal.signal` undoes


def _asks_for_the_end(number: int) -> bool:
    if number == signal.SIGINT:
        # Python's own handler makes an exception of it, which the program handles or does not.
        # Where it is ignored by now, as by a notebook between two cells, that one had it before.
        handler = signal.getsignal(number)
        return callable(handler) and handler is not signal.default_int_handler
    return number in _ENDING


def _pipe() -> tuple[int, int]:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    return reading, writing


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except BlockingIOError:
        return b""

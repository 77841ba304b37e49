"""How this process ends, and what its open writers record of that.

Python tells of its end in several places: handlers at exit, the last exception, signals, forks. The
writers that are open stand here, so that each of these reaches all of them.
"""

from __future__ import annotations

import _thread
import atexit
import os
import sys
import threading
import time
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from run_logger.delivery.lifecycle.signals import Signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "COMPANION_SECONDS",
    "FINISH_SECONDS",
    "Ending",
    "OpenWriter",
    "Outcome",
    "ending",
    "outcome_of",
]

FINISH_SECONDS = 30.0
"""The longest wait of `finish` for the server; at exit, for all writers together."""

SIGNAL_SECONDS = 4.0
"""The same where a signal ends the process: who sent it may send SIGKILL soon."""

GRACE_SECONDS = 1.0
"""How much longer to wait then for the last words on what is left."""

COMPANION_SECONDS = 5.0
"""The longest wait for what is gathered beside a short run."""

_POLL_SECONDS = 0.01

Outcome = tuple[str, str | None]
"""How a writer ended ("finished", "failed" or "killed"), and the type and message of an error."""


class OpenWriter(Protocol):
    """What a writer is asked when the process ends or forks."""

    @property
    def thread(self) -> threading.Thread:
        """The thread that opened it."""
        ...

    def part_from_companions(self, seconds: float) -> None:
        """Let what records beside the run say its last, for a bounded time."""

    def record_end(self, outcome: str, error: str | None) -> None:
        """Record how it ended, unless that is recorded already."""

    def finish(self, outcome: str, error: str | None, timeout: float) -> object:
        """Record how it ended, and deliver for a bounded time."""

    def leave_to_parent(self) -> None:
        """Take no more records: this is a forked child, and the journal is its parent's."""


class Ending:
    """The end of this process, awaited by the writers that are open.

    Attributes:
        lock: Held while a writer is opened; a forked child has its own.
    """

    def __init__(self) -> None:
        self.lock: threading.RLock = threading.RLock()
        self._writers: dict[OpenWriter, Outcome | None] = {}
        self._signals = Signals(self._killed)
        self._exit: tuple[Outcome, float] | None = None
        self._watches_threads = False
        atexit.register(self._at_exit)
        os.register_at_fork(
            before=self._signals.hold,
            after_in_parent=self._signals.let_go,
            after_in_child=self._in_child,
        )

    def await_for(self, writer: OpenWriter) -> None:
        """Finish a writer when the process ends, if it has not been finished by then."""
        if not self._writers:
            _call_at_end_of_worker(self._at_exit)
        self._writers[writer] = None
        self._signals.watch()
        if writer.thread is not threading.main_thread() and not self._watches_threads:
            self._watch_threads()

    def forget(self, writer: OpenWriter) -> None:
        """Leave a writer alone from now on: it has ended."""
        self._writers.pop(writer, None)
        if not self._writers:
            self._signals.rest()

    def outcome(self, error: BaseException | None) -> Outcome:
        """Return the outcome that an exception stands for, or a signal that came before.

        Args:
            error: What ends the process or a block; None if nothing does.
        """
        outcome, text = outcome_of(error)
        return ("killed" if self._signals.is_asked_to_end() else outcome), text

    def at_exit(self) -> tuple[Outcome, float] | None:
        """Return the outcome and the seconds that are left, once the process is ending; else None.

        A writer that is opened by then is to be finished at once: nobody else will do it.
        """
        if self._exit is None:
            return None
        outcome, end = self._exit
        return outcome, max(0.0, end - time.monotonic())

    def _at_exit(self) -> None:
        outcome = self.outcome(_last_error())
        self._exit = outcome, time.monotonic() + FINISH_SECONDS
        for writer in [*self._writers]:
            writer.part_from_companions(COMPANION_SECONDS)
        # What every journal says comes before the server, which may take all the time.
        for writer, noted in [*self._writers.items()]:
            writer.record_end(*(noted or outcome))
        for writer in [*self._writers]:
            writer.finish(*outcome, max(0.0, self._exit[1] - time.monotonic()))
        if isinstance(_last_error(), KeyboardInterrupt):
            _stay_interrupted()

    def _killed(self) -> None:
        """Record in the main thread, and deliver beside it.

        The main thread may have been interrupted at any place, with any lock in its hands: here it
        takes none that it may not take twice, and waits for nobody without a bound.
        """
        end = time.monotonic() + SIGNAL_SECONDS
        writers = [*self._writers]
        for writer in writers:
            writer.record_end("killed", None)
        if writers:
            done: list[None] = []
            with suppress(RuntimeError):  # the interpreter starts no thread any more
                _thread.start_new_thread(_finish_all, (writers, end, done))
            while not done and time.monotonic() < end + GRACE_SECONDS:
                time.sleep(_POLL_SECONDS)

    def _in_child(self) -> None:
        """Begin anew: the locks may be held by threads that are not here, the writers elsewhere."""
        self.lock = threading.RLock()
        writers, self._writers = self._writers, {}
        for writer in writers:
            writer.leave_to_parent()
        self._exit = None
        self._signals.rest_in_child()
        self._signals.let_go()

    def _watch_threads(self) -> None:
        """Note the exception that ends the thread of a writer: it does not end the process."""
        self._watches_threads = True
        report = threading.excepthook

        def note_and_report(args: threading.ExceptHookArgs) -> None:
            for writer in [*self._writers]:
                if writer.thread is args.thread:
                    self._writers[writer] = outcome_of(args.exc_value)
            report(args)

        threading.excepthook = note_and_report


def outcome_of(error: BaseException | None) -> Outcome:
    """Return the outcome that an exception stands for, and its type and message.

    Args:
        error: What ended the process or the block, None if nothing did.
    """
    if error is None or (isinstance(error, SystemExit) and not error.code):
        return "finished", None
    return "failed", "".join(traceback.format_exception_only(error)).strip()


def _last_error() -> BaseException | None:
    """Return what ends the process; None for an ordinary end and for an interactive session."""
    # A worker of multiprocessing ends while its exception is on the way out.
    raised = sys.exc_info()[1]
    if raised is not None or hasattr(sys, "ps1"):
        return raised
    last: BaseException | None = getattr(sys, "last_value", None)
    return last


def _stay_interrupted() -> None:
    """Let Python end by SIGINT, as it does after a KeyboardInterrupt that nobody caught.

    It remembers the interrupt only until some text is compiled and run: modules do that (those of
    data classes, say) that a delivery at the end imports.
    """
    with suppress(KeyboardInterrupt):
        exec("raise KeyboardInterrupt")  # noqa: S102  (a text of our own)


def _call_at_end_of_worker(function: Callable[[], None]) -> None:
    """Call a function when a worker of multiprocessing ends: it runs no handlers of atexit."""
    parent = sys.modules.get("multiprocessing.process")
    if parent is not None and parent.parent_process() is not None:
        from multiprocessing.util import Finalize  # noqa: PLC0415

        Finalize(None, function, exitpriority=0)


def _finish_all(writers: Iterable[OpenWriter], end: float, done: list[None]) -> None:
    try:
        for writer in writers:
            writer.finish("killed", None, max(0.0, end - time.monotonic()))
    finally:
        done.append(None)


ending: Ending = Ending()

"""The sender: one daemon thread that keeps a courier going, whatever the server does."""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from typing import TYPE_CHECKING

from run_logger.deadline import within
from run_logger.errors import RunLoggerError, RunNotFoundError, ServerError

if TYPE_CHECKING:
    from run_logger.delivery.recovery.adoption import Adopter
    from run_logger.delivery.sending.courier import Courier

__all__ = ["Sender", "back_off"]

FIRST_PAUSE = 0.5
"""Seconds before the first retry; each further pause is twice as long."""

LONGEST_PAUSE = 30.0
"""Seconds: so soon after the server is back, its data are on their way."""

LONGEST_RETRY_AFTER = 120.0
"""Seconds: a server that asks for more is asked again all the same."""

_log = logging.getLogger("run_logger")


def back_off(attempt: int, first: float = FIRST_PAUSE) -> float:
    """Return how long to wait before a retry, in seconds.

    Args:
        attempt: How many attempts have failed in a row, from 1 up.
        first: The pause after the first failure.

    Returns:
        A pause that doubles with each failure up to a bound, less a random part of up to a half:
        clients that lost their server together do not come back together.
    """
    pause = min(first * 2.0 ** min(attempt - 1, 20), LONGEST_PAUSE)
    return pause * random.uniform(0.5, 1.0)  # noqa: S311  (no secret depends on it)


class Sender:
    """Delivers a journal in the background until it is stopped.

    Args:
        courier: Delivers the journal.
        interval: The least time between two deliveries, in seconds; what waits beyond a full batch
            follows at once.
        adopter: Delivers what dead processes left; it gets its turn when nothing waits here.

    Attributes:
        courier: Delivers the journal.
        hopeless: Why nothing will ever be delivered: the run does not exist, or no longer.
    """

    def __init__(
        self, courier: Courier, interval: float, *, adopter: Adopter | None = None
    ) -> None:
        self.hopeless: RunNotFoundError | None = None
        self.courier = courier
        self._adopter = adopter
        self._interval = interval
        self._wake = threading.Event()
        self._stopping = False
        self._delivering = threading.Lock()
        self._moved = threading.Condition()
        self._failures = 0
        self._said: type[Exception] | None = None
        self._thread = threading.Thread(target=self._run, name="run-logger-sender", daemon=True)

    def start(self) -> None:
        """Start the thread; where Python starts none any more, at exit, `flush` delivers itself."""
        with contextlib.suppress(RuntimeError):
            self._thread.start()

    def flush(self, offset: int, timeout: float | None = None) -> bool:
        """Deliver at once, and wait until that is done.

        Args:
            offset: Up to where in the journal.
            timeout: The longest wait in seconds; None waits for as long as it takes.

        Returns:
            Whether everything before the offset is in the database or set aside.
        """
        if not self._thread.is_alive():
            return self._flush_here(offset, timeout)
        self._wake.set()
        with self._moved:
            self._moved.wait_for(lambda: self._is_over(offset), timeout)
        return self.courier.has_reached(offset)

    def stop(self, timeout: float) -> bool:
        """Ask the thread to end after the request that is under way, and wait for that.

        Args:
            timeout: The longest wait, in seconds.

        Returns:
            Whether it has ended.
        """
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _is_over(self, offset: int) -> bool:
        return self.hopeless is not None or self.courier.has_reached(offset)

    def _run(self) -> None:
        pause = self._interval
        while not self._stopping:
            self._wake.wait(pause)
            self._wake.clear()
            pause = self._deliver_all()
            if not self._failures and self._adopts():
                pause = 0.0
        if self._adopter is not None:
            self._adopter.release()

    def _adopts(self) -> bool:
        """Deliver a batch of somebody else's; return whether there is more to do at once."""
        return self._adopter is not None and not self._stopping and self._adopter.step()

    def _flush_here(self, offset: int, timeout: float | None) -> bool:
        end = None if timeout is None else time.monotonic() + timeout
        with within(timeout):
            while not self._is_over(offset):
                pause = self._deliver_all()
                if end is not None and time.monotonic() + pause > end:
                    break
                if self._failures:
                    time.sleep(pause)
        return self.courier.has_reached(offset)

    def _deliver_all(self) -> float:
        """Deliver batch after batch; return how long to wait before the next time, in seconds."""
        try:
            with self._delivering:
                # What comes meanwhile waits for the next time, to go with more of its kind.
                end = self.courier.tend()
                while self._is_behind(end) and self.courier.step():
                    self._recovered()
                    self._tell()
                self.courier.row.beat()
        except Exception as error:  # noqa: BLE001  (it is said, and a dead sender helps nobody)
            return self._failed(error)
        self._recovered()
        return self._interval

    def _is_behind(self, end: int) -> bool:
        return self.courier.row.mark < end and not self._stopping

    def _tell(self) -> None:
        with self._moved:
            self._moved.notify_all()

    def _failed(self, error: Exception) -> float:
        self._failures += 1
        if isinstance(error, RunNotFoundError):
            self.hopeless = error
            self._tell()
        if type(error) is not self._said:
            self._said = type(error)
            _log.warning(
                "nothing is delivered for now, and everything is kept: %s",
                error,
                exc_info=None if isinstance(error, (RunLoggerError, OSError)) else error,
            )
        asked = error.retry_after if isinstance(error, ServerError) else None
        return max(back_off(self._failures), min(asked or 0.0, LONGEST_RETRY_AFTER))

    def _recovered(self) -> None:
        if self._failures:
            _log.info("delivering again")
        self._failures, self._said = 0, None

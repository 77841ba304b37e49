"""A writer: one process that writes one run, with its journal and its sender."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from run_logger.delivery.courier import Courier
from run_logger.delivery.journal import Journal, journal_directory
from run_logger.delivery.reader import Reader
from run_logger.delivery.sender import Sender

if TYPE_CHECKING:
    from run_logger_client import Client

    from run_logger.delivery.journal import Header

__all__ = ["Stats", "Writer", "outcome_of"]

FINISH_SECONDS = 30.0
"""The longest wait of `finish` for the server; what is left then stays in the journal."""

STOP_SECONDS = 1.0
"""The longest wait for a request that is under way when the writer ends."""

_log = logging.getLogger("run_logger")


@dataclass(frozen=True, slots=True)
class Stats:
    """What has become of the records that a writer took.

    Attributes:
        accepted: The number of records in all; the others add up to it.
        delivered: Those that are in the database.
        waiting: Those that are in the journal alone.
        rejected: Those that the server refused, by the code of its error.
    """

    accepted: int
    delivered: int
    waiting: int
    rejected: dict[str, int]


class Writer:
    """Takes the records of one run and sees to their delivery.

    Args:
        client: Talks to the endpoint.
        header: Who writes which run.
        interval: The least time between two deliveries, in seconds.

    Attributes:
        journal: Takes the records.

    Raises:
        OSError: The journal cannot be made.
    """

    def __init__(self, client: Client, header: Header, interval: float) -> None:
        self.journal = Journal(journal_directory(), header)
        self._owner = os.getpid()
        self._courier = Courier(client, Reader(self.journal.path), header)
        self._sender = Sender(self._courier, interval)
        self._sender.start()
        atexit.register(self._at_exit)

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything that was written so far is in the database or set aside.

        Args:
            timeout: The longest wait in seconds; None waits for as long as it takes.

        Returns:
            Whether it is.
        """
        return self._sender.flush(self.journal.size(), timeout)

    def stats(self) -> Stats:
        """Return the counts of records as they are now."""
        rejected = dict(self._courier.rejected.counts)
        delivered, waiting = self._courier.delivered, self._courier.waiting()
        return Stats(delivered + waiting + sum(rejected.values()), delivered, waiting, rejected)

    def finish(self, outcome: str, error: str | None = None) -> Stats:
        """Record how the writer ended, deliver for a bounded time, and say what is left.

        Args:
            outcome: "finished", "failed" or "killed".
            error: What went wrong, if something did.

        Returns:
            The last counts; the writer takes no more records.
        """
        atexit.unregister(self._at_exit)
        self.journal.finish(outcome, error)
        self.flush(FINISH_SECONDS)
        self._sender.stop(STOP_SECONDS)
        stats = self.stats()
        self._say(stats)
        if not stats.waiting:
            self.journal.path.unlink()
        return stats

    def _say(self, stats: Stats) -> None:
        counts = f"{stats.accepted} records, {stats.delivered} delivered"
        if stats.waiting:
            counts += f", {stats.waiting} left in {self.journal.path}"
        if stats.rejected:
            counts += f", {sum(stats.rejected.values())} refused: {self._courier.rejected.path}"
        level = logging.WARNING if stats.waiting or stats.rejected else logging.INFO
        _log.log(level, "%s", counts)

    def _at_exit(self) -> None:
        if os.getpid() != self._owner:
            return  # a forked child: the journal is its parent's
        # An interactive session goes on after an exception; its end is not the exception's doing.
        uncaught = None if hasattr(sys, "ps1") else getattr(sys, "last_value", None)
        self.finish(*outcome_of(uncaught))


def outcome_of(error: BaseException | None) -> tuple[str, str | None]:
    """Return the outcome that an exception stands for, and its type and message.

    Args:
        error: What ended the process or the block, None if nothing did.
    """
    if error is None or (isinstance(error, SystemExit) and not error.code):
        return "finished", None
    return "failed", "".join(traceback.format_exception_only(error)).strip()

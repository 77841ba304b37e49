"""A writer: one process that writes one run, with its journal and its sender."""

from __future__ import annotations

import logging
import os
import shlex
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from run_logger.delivery.journal.journal import Journal
from run_logger.delivery.journal.reader import Reader
from run_logger.delivery.lifecycle.ending import COMPANION_SECONDS, FINISH_SECONDS, ending
from run_logger.delivery.storage.files import journal_directory

if TYPE_CHECKING:
    from run_logger_client import Client

    from run_logger.delivery.journal.header import Header
    from run_logger.delivery.journal.identity import WriterIdentity
    from run_logger.delivery.sending.sender import Sender

__all__ = ["Companion", "Options", "Stats", "Writer"]

STOP_SECONDS = 0.5
"""The longest wait for a request that is under way when the writer ends."""

_log = logging.getLogger("run_logger")


@dataclass(frozen=True, slots=True)
class Options:
    """How a writer keeps and delivers records.

    Attributes:
        interval: The least time between two deliveries, in seconds.
        durable: What a record outlives: the "process", or a loss of "power" too.
        on_full: What becomes of a record where neither disk nor memory has room for it.
        adopt: Whether to deliver the journals of dead writers too.
    """

    interval: float
    durable: Literal["process", "power"] = "process"
    on_full: Literal["drop", "block"] = "drop"
    adopt: bool = True


@dataclass(frozen=True, slots=True)
class Stats:
    """What has become of the records that a writer took.

    Attributes:
        accepted: The number of records in all; the others add up to it.
        delivered: Those that are in the database.
        waiting: Those that are in the journal alone.
        rejected: Those that the server refused, by the code of its error.
        dropped: Those that found no room, with the disk and the memory full.
    """

    accepted: int = 0
    delivered: int = 0
    waiting: int = 0
    rejected: dict[str, int] = field(default_factory=dict[str, int])
    dropped: int = 0


class Companion(Protocol):
    """What records beside the run, in a thread of its own."""

    def end(self, seconds: float) -> None:
        """Record nothing more, after so many seconds at the latest."""


class Writer:
    """Takes the records of one run and sees to their delivery.

    Args:
        client: Talks to the endpoint; None keeps the records for a later delivery.
        header: Who writes which run.
        options: How.
        writer_id: Its row in the database, if the server has told it.

    Attributes:
        identity: Who it is.
        thread: The thread that made it.
        journal: Takes the records.
        companions: What ends before it does.

    Raises:
        OSError: The journal cannot be made.
    """

    def __init__(
        self,
        client: Client | None,
        header: Header,
        options: Options,
        *,
        writer_id: int | None = None,
    ) -> None:
        self.identity: WriterIdentity = header.writer
        self.thread: threading.Thread = threading.current_thread()
        self.journal: Journal = Journal(
            journal_directory(), header, durable=options.durable, on_full=options.on_full
        )
        self.companions: list[Companion] = []
        self._owner = os.getpid()
        self._is_said = False
        self._sender = (
            None
            if client is None
            else _start_sender(client, self.journal, header, writer_id, options)
        )
        ending.await_for(self)

    def is_of_this_process(self) -> bool:
        """Return whether it is not that of the process which this one was forked from."""
        return self._owner == os.getpid()

    def is_open(self) -> bool:
        """Return whether its journal takes records."""
        return self.is_of_this_process() and not self.journal.is_final()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything that was written so far is in the database or set aside.

        Args:
            timeout: The longest wait in seconds; None waits for as long as it takes.

        Returns:
            Whether it is; offline it never is, and there is no wait.
        """
        return self._sender is not None and self._sender.flush(self.journal.size(), timeout)

    def stats(self) -> Stats:
        """Return the counts of records as they are now."""
        dropped = self.journal.store.dropped
        if self._sender is None:
            waiting, _ = Reader(self.journal.store).count(0)
            return Stats(waiting + dropped, 0, waiting, {}, dropped)
        courier = self._sender.courier
        rejected = dict(courier.rejected.counts)
        delivered, waiting = courier.delivered, courier.waiting()
        accepted = delivered + waiting + sum(rejected.values()) + dropped
        return Stats(accepted, delivered, waiting, rejected, dropped)

    def part_from_companions(self, seconds: float) -> None:
        """Let what records beside the run say its last, for a bounded time."""
        while self.companions:
            self.companions.pop().end(seconds)

    def record_end(self, outcome: str, error: str | None) -> None:
        """Record how it ended, unless that is recorded already; it takes no records after this.

        Args:
            outcome: "finished", "failed" or "killed".
            error: What went wrong, if something did.
        """
        self.journal.finish(outcome, error)

    def finish(self, outcome: str, error: str | None, timeout: float | None = None) -> Stats:
        """Record how it ended, deliver for a bounded time, and say what is left.

        Args:
            outcome: "finished", "failed" or "killed".
            error: What went wrong, if something did.
            timeout: The longest wait for the server in seconds, by default 30.

        Returns:
            The last counts.
        """
        end = time.monotonic() + (FINISH_SECONDS if timeout is None else timeout)
        self.part_from_companions(min(COMPANION_SECONDS, end - time.monotonic()))
        self.record_end(outcome, error)
        is_delivered = self.flush(max(0.0, end - time.monotonic()))
        is_quiet = self._sender is None or self._sender.stop(STOP_SECONDS)
        stats = self.stats()
        self._say(stats)
        ending.forget(self)
        if is_delivered and is_quiet:
            self._remove_journal()
        self.journal.release()
        return stats

    def leave_to_parent(self) -> None:
        """Take no more records: this is a forked child, and the journal is its parent's."""
        self.journal.leave_to_parent()

    def _remove_journal(self) -> None:
        try:
            self.journal.remove()
        except OSError as error:
            path = self.journal.path
            _log.warning("%s stays though all of it is delivered: %s", path, error)

    def _say(self, stats: Stats) -> None:
        if self._is_said:
            return
        self._is_said = True
        troubled = stats.waiting or stats.rejected or stats.dropped
        _log.log(logging.WARNING if troubled else logging.INFO, "%s", self._summary(stats))

    def _summary(self, stats: Stats) -> str:
        parts = [f"{stats.accepted} records", f"{stats.delivered} delivered"]
        if stats.rejected:
            refused = sum(stats.rejected.values())
            parts.append(f"{refused} refused, kept in {self.journal.store.files.rejected}")
        if stats.dropped:
            parts.append(f"{stats.dropped} dropped for want of room")
        if stats.waiting:
            parts.append(self._what_is_left(stats.waiting))
        return ", ".join(parts)

    def _what_is_left(self, waiting: int) -> str:
        path = self.journal.path
        if not self.journal.store.is_persistent:
            return f"{waiting} left, of them those in memory alone are lost with this process"
        return f"{waiting} left in {path}: run-logger sync {shlex.quote(str(path))} delivers them"


def _start_sender(
    client: Client, journal: Journal, header: Header, writer_id: int | None, options: Options
) -> Sender:
    """Begin to deliver a journal in the background."""
    # Without a server none of it is needed.
    from run_logger.delivery.recovery.adoption import Adopter  # noqa: PLC0415
    from run_logger.delivery.sending.courier import Courier  # noqa: PLC0415
    from run_logger.delivery.sending.sender import Sender  # noqa: PLC0415

    courier = Courier(client, Reader(journal.store), header, writer_id=writer_id)
    adopter = Adopter(client, journal.store.files.directory) if options.adopt else None
    sender = Sender(courier, options.interval, adopter=adopter)
    sender.start()
    return sender

"""Adoption: delivering the journals that dead processes left in the same directory."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from run_logger.delivery.recovery.shipment import Shipment
from run_logger.delivery.recovery.stored import StoredJournal, read_header
from run_logger.delivery.storage.files import JournalFiles
from run_logger.errors import RunLoggerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from run_logger_client import Client

__all__ = ["Adopter"]

FIRST_LOOK = 5.0
"""Seconds before the first look: a run has to begin with its own affairs."""

PAUSE = 60.0
"""Seconds between two looks at the directory."""

_log = logging.getLogger("run_logger")


class Adopter:
    """Delivers orphaned journals for one endpoint, a batch at a time.

    No secret is in a journal, so only those are adopted that are for the endpoint of the client.

    Args:
        client: Talks to the endpoint.
        directory: Where the journals lie.
    """

    def __init__(self, client: Client, directory: Path) -> None:
        self._client = client
        self._directory = directory
        self._orphans: Iterator[StoredJournal] = iter(())
        self._current: tuple[StoredJournal, Shipment] | None = None
        self._next_look = time.monotonic() + FIRST_LOOK
        self._complaints: set[Path] = set()

    def step(self) -> bool:
        """Deliver a batch of an orphan, if there is one; return whether to come back at once."""
        try:
            return self._step()
        except Exception as error:  # noqa: BLE001  (what others left must not stop our own)
            orphan = self._current
            self._complain(self._directory if orphan is None else orphan[0].files.journal, error)
            self.release()
            return True

    def release(self) -> None:
        """Leave the orphan at hand to others."""
        if self._current is not None:
            self._current[0].release()
            self._current = None

    def _step(self) -> bool:
        if self._current is None and not self._find_next():
            return False
        if self._current is not None:
            self._deliver(*self._current)
        return True

    def _deliver(self, journal: StoredJournal, shipment: Shipment) -> None:
        if shipment.step():
            return
        done = shipment.conclude()
        self.release()
        _log.info(
            "%d records of a process that has died are delivered: %s",
            done.delivered,
            journal.files.journal,
        )

    def _find_next(self) -> bool:
        journal = next(self._orphans, None)
        if journal is not None:
            self._current = journal, Shipment(journal, self._client)
            return True
        if time.monotonic() < self._next_look:
            return False
        self._next_look = time.monotonic() + PAUSE
        self._orphans = self._look()
        return True

    def _look(self) -> Iterator[StoredJournal]:
        found = (JournalFiles.of(path) for path in sorted(self._directory.glob("*.jsonl")))
        for files in dict.fromkeys(files for files in found if files is not None):
            if files.segments():
                journal = self._take(files)
                if journal is not None:
                    yield journal

    def _take(self, files: JournalFiles) -> StoredJournal | None:
        try:
            header = read_header(files)
            if header is not None and header.endpoint != self._client.endpoint:
                return None
            journal = StoredJournal(files)
        except (RunLoggerError, OSError) as error:
            self._complain(files.journal, error)
            return None
        if journal.is_final():
            return journal
        journal.release()
        return None

    def _complain(self, path: Path, error: Exception) -> None:
        if path not in self._complaints:
            self._complaints.add(path)
            _log.warning(
                "what a process that has died left in %s stays for now: %s",
                path,
                error,
                exc_info=None if isinstance(error, (RunLoggerError, OSError)) else error,
            )

"""The files that a journal goes on in: on disk where that can be, else in memory."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Literal

from run_logger.delivery.storage.disk import Disk
from run_logger.delivery.storage.memory import Memory

if TYPE_CHECKING:
    from run_logger.delivery.storage.files import JournalFiles
    from run_logger.delivery.storage.segments import Segment

__all__ = ["SegmentFactory"]

DISK_PAUSE = 10.0
"""Seconds between two attempts to come back to a disk that could not be written."""

_log = logging.getLogger("run_logger")


class SegmentFactory:
    """Makes segments, and says once that they are in memory alone.

    Args:
        files: The names of those on disk.
        header: The first line of each.
        power: Whether what is on disk is to outlive a loss of power.
        on_full: What becomes of a line when disk and memory are full.

    Attributes:
        disk: Makes those on disk.
        memory: Makes those in memory.
    """

    def __init__(
        self, files: JournalFiles, header: bytes, *, power: bool, on_full: Literal["drop", "block"]
    ) -> None:
        self.disk: Disk = Disk(files, header, power=power)
        self.memory: Memory = Memory(header, on_full)
        self._has_warned = False
        self._next_attempt = 0.0

    def create(self, first: int) -> Segment:
        """Make a segment, in memory if there is no other way.

        Args:
            first: Its offset in the journal.

        Raises:
            FileExistsError: This writer has a journal already.
        """
        try:
            return self.disk.create(first)
        except FileExistsError:
            raise
        except OSError as error:
            self.warn(error.strerror or str(error))
            return self.create_in_memory(first)

    def create_in_memory(self, first: int) -> Segment:
        """Make a segment in memory."""
        self._next_attempt = time.monotonic() + DISK_PAUSE
        return self.memory.create(first)

    def try_disk(self, first: int) -> Segment | None:
        """Make a segment on disk, every now and then; None if that cannot be done yet."""
        if time.monotonic() < self._next_attempt:
            return None
        try:
            segment = self.disk.create(first)
        except OSError:
            self._next_attempt = time.monotonic() + DISK_PAUSE
            return None
        self._has_warned = False
        _log.info("the journal goes on in %s", segment.path)
        return segment

    def warn(self, reason: str) -> None:
        """Say that nothing can be written to disk, once until that is mended."""
        if not self._has_warned:
            self._has_warned = True
            _log.warning(
                "the journal %s cannot be written (%s): what is recorded is kept in memory for now,"
                " and will not outlive the process unless it is delivered",
                self.disk.files.journal,
                reason,
            )

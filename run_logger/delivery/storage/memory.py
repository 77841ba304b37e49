"""A bounded place in memory, where a journal goes on when it cannot be written to disk."""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
from typing import TYPE_CHECKING, Literal

from run_logger.delivery.storage.segments import Segment

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

__all__ = ["MEMORY_BYTES", "Memory"]

MEMORY_BYTES = 64 << 20
"""The most that is kept in memory where nothing can be written to disk."""

_log = logging.getLogger("run_logger")


class Memory:
    """Makes segments in memory, and sees to it that they stay within their bound.

    Args:
        header: The first line of each segment.
        on_full: What becomes of a record that finds no room.

    Attributes:
        dropped: The number of records that found none.
    """

    def __init__(self, header: bytes, on_full: Literal["drop", "block"]) -> None:
        self.dropped: int = 0
        self._header = header
        self._on_full = on_full

    def create(self, first: int) -> Segment:
        """Make a segment.

        Args:
            first: Its offset in the journal.
        """
        segment = Segment(first, _open_anonymous_file(), None)
        os.write(segment.descriptor, self._header)
        return segment

    def is_long(self, segment: Segment) -> bool:
        """Return whether a segment is to be followed by another: delivered ones make room."""
        return segment.size() > MEMORY_BYTES // 8

    def admits(self, size: int, used: Callable[[], int], freed: threading.Condition) -> bool:
        """Return whether there is room for a record; wait for that unless it is to be dropped.

        Args:
            size: The size of the record, in bytes.
            used: Returns how many bytes are in use.
            freed: Held by the caller; notified when it may be less.
        """
        while used() + size > MEMORY_BYTES:
            if self._on_full == "drop" or size > MEMORY_BYTES:
                self._drop()
                return False
            freed.wait()
        return True

    def _drop(self) -> None:
        if not self.dropped:
            _log.warning("the memory for records is full as well: from now on records are dropped")
        self.dropped += 1


def _open_anonymous_file() -> int:
    """Return the descriptor of a new file without a name, for reading and appending."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("run-logger-journal", os.MFD_CLOEXEC)
    else:  # not Linux
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_APPEND)
    return descriptor

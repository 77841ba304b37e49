"""Where the lines of a journal go: a file on disk, then the next one, in need one in memory.

Appending takes no lock. So that the lines can go on in another file all the same, a segment is
sealed with a last line, and whoever was writing to it meanwhile looks whether the own line has come
after that one; if so it does not count, and is written again to the new segment.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from run_logger.delivery.closed import JournalClosedError
from run_logger.delivery.disk import Disk
from run_logger.delivery.memory import Memory
from run_logger.delivery.segments import NEXT, Segment

if TYPE_CHECKING:
    from run_logger.delivery.files import JournalFiles

__all__ = ["JournalClosedError", "Store"]

SEGMENT_BYTES = 64 << 20
"""From here on a journal goes on in another file, so that what is delivered frees its disk."""

DISK_PAUSE = 10.0
"""Seconds between two attempts to come back to a disk that could not be written."""

# Offsets left out between two segments: more than the lines under way when the first is sealed.
_GAP = 1 << 32

_log = logging.getLogger("run_logger")


class Store:
    """Takes lines from any thread.

    Args:
        files: The names of the files.
        header: The first line of each.
        power: Whether a line is to outlive a loss of power.
        on_full: What becomes of a line when disk and memory are full.

    Raises:
        FileExistsError: The files are there already.
    """

    def __init__(
        self, files: JournalFiles, header: bytes, *, power: bool, on_full: Literal["drop", "block"]
    ) -> None:
        self.disk = Disk(files, header)
        self.memory = Memory(header, on_full)
        self.is_ended = False
        self._power = power
        self._lock = threading.RLock()  # a signal handler may log while its thread holds it
        self._freed = threading.Condition(self._lock)
        self._too_late: Counter[tuple[int, bytes]] = Counter()
        self._has_warned = False
        self._next_attempt = 0.0
        self._segment = self._new_segment(0)
        self.segments: tuple[Segment, ...] = (self._segment,)

    @property
    def is_on_disk(self) -> bool:
        """Whether lines go to disk now."""
        return self._segment.path is not None

    def append(self, line: bytes) -> None:
        """Append a line, with its end; once this returns it outlives the process.

        Raises:
            JournalClosedError: The last line has been written.
        """
        segment = self._segment
        if segment.path is None and not self._admits(line):
            return
        # One write on an O_APPEND descriptor: no other thread's line lands inside of it.
        try:
            whole = os.write(segment.descriptor, line) == len(line)
        except OSError as error:
            self._failed(segment, line, error)
            return
        if not whole or segment is not self._segment:
            self._look_after(segment, line, whole=whole)
        if self._power:
            self._sync(segment)

    def end(self, line: bytes) -> None:
        """Append the last line; a second call does nothing."""
        with self._lock:
            if self.is_ended:
                return
            self.is_ended = True
            last, self._segment = self._segment, _closed_segment()
            if not last.seal(line):
                last = self.memory.create(last.first + last.size() + _GAP)
                self.segments = (*self.segments, last)
                last.seal(line)
        if self._power:
            self._sync(last)

    def leave_to_parent(self) -> None:
        """Take no more lines, and leave all as it is: in a forked child, whose parent goes on.

        The lock may be held by a thread that the child does not have.
        """
        self.is_ended, self._segment = True, _closed_segment()

    def tend(self) -> None:
        """See whether to go on in another file: every now and then, from any thread."""
        segment = self._segment
        if self.is_ended:
            return
        if segment.path is None:
            if time.monotonic() >= self._next_attempt:
                self._return_to_disk(segment)
        elif not segment.is_in_place():
            self._warn("it has been removed")
            self._go_on(segment)
        elif segment.size() >= SEGMENT_BYTES:
            self._go_on(segment)

    def discard(self, delivered: int) -> None:
        """Remove the segments that lie wholly before an offset.

        Raises:
            OSError: One cannot be removed.
        """
        if len(self.segments) == 1:
            return
        with self._lock:
            done = sum(after.first <= delivered for _, after in pairwise(self.segments))
            for segment in self.segments[:done]:
                if segment.path is not None:
                    segment.path.unlink(missing_ok=True)
            self.segments = self.segments[done:]
            self._freed.notify_all()

    def _failed(self, segment: Segment, line: bytes, error: OSError) -> None:
        if self.is_ended:
            raise JournalClosedError from None
        self._warn(error.strerror or str(error))
        self._look_after(segment, line, whole=False)

    def _look_after(self, segment: Segment, line: bytes, *, whole: bool) -> None:
        """Write a line again that was not written whole, or came after its segment's end."""
        with self._lock:
            if not whole and segment is self._segment:
                self._warn("there is no room left")
                self._go_on(segment, on_disk=False)
            if whole and not self._came_too_late(segment, line):
                return
        self.append(line)

    def _came_too_late(self, segment: Segment, line: bytes) -> bool:
        # Of several threads with equal lines, as many write again as there are of them too late.
        seen = self._too_late[segment.first, line]
        if segment.lines_too_late(line) <= seen:
            return False
        self._too_late[segment.first, line] = seen + 1
        return True

    def _go_on(self, old: Segment, *, on_disk: bool = True) -> None:
        """Go on in another file, unless some other thread has done so already."""
        with self._lock:
            if old is self._segment:
                first = old.first + old.size() + _GAP
                self._replace(old, self._new_segment(first) if on_disk else self._in_memory(first))

    def _return_to_disk(self, old: Segment) -> None:
        with self._lock:
            if old is not self._segment:
                return
            try:
                new = self.disk.create(old.first + old.size() + _GAP)
            except OSError:
                self._next_attempt = time.monotonic() + DISK_PAUSE
                return
            self._replace(old, new)
        self._has_warned = False
        _log.info("the journal goes on in %s", new.path)

    def _replace(self, old: Segment, new: Segment) -> None:
        self.segments = (*self.segments, new)
        self._segment = new
        if old.path is not None and new.path is None:
            old.close()  # the disk is full: half a line may stand at the end
        else:
            old.seal(NEXT + b"%d}\n" % new.first)

    def _new_segment(self, first: int) -> Segment:
        try:
            return self.disk.create(first)
        except FileExistsError:
            raise
        except OSError as error:
            self._warn(error.strerror or str(error))
            return self._in_memory(first)

    def _in_memory(self, first: int) -> Segment:
        self._next_attempt = time.monotonic() + DISK_PAUSE
        return self.memory.create(first)

    def _admits(self, line: bytes) -> bool:
        with self._lock:
            admitted = self.memory.admits(len(line), self._bytes_in_memory, self._freed)
            segment = self._segment
            if admitted and segment.path is None and self.memory.is_long(segment):
                self._go_on(segment, on_disk=False)
        return admitted

    def _bytes_in_memory(self) -> int:
        return sum(segment.size() for segment in self.segments if segment.path is None)

    def _sync(self, segment: Segment) -> None:
        if segment.path is not None:
            os.fdatasync(segment.descriptor)

    def _warn(self, reason: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            _log.warning(
                "the journal %s cannot be written (%s): what is recorded is kept in memory for now,"
                " and will not outlive the process unless it is delivered",
                self.disk.files.journal,
                reason,
            )


def _closed_segment() -> Segment:
    """Return a segment that nothing can be written to."""
    return Segment(0, os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), Path(os.devnull))

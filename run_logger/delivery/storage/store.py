"""Where the lines of a journal go: a file on disk, then the next one, in need one in memory.

Appending takes no lock. So that the lines can go on in another file all the same, a segment is
sealed with a last line, and whoever was writing to it meanwhile looks whether the own line has come
after that one; if so it does not count, and is written again to the new segment.
"""

from __future__ import annotations

import logging
import os
import threading
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from run_logger.delivery.storage.closed import JournalClosedError
from run_logger.delivery.storage.factory import SegmentFactory
from run_logger.delivery.storage.segments import NEXT, Segment

if TYPE_CHECKING:
    from run_logger.delivery.storage.disk import Disk
    from run_logger.delivery.storage.files import JournalFiles

__all__ = ["Store"]

SEGMENT_BYTES = 64 << 20
"""From here on a journal goes on in another file, so that what is delivered frees its disk."""

# Offsets left out between two segments: more than the lines under way when the first is sealed.
_GAP = 1 << 32

_log = logging.getLogger("run_logger")


class Store:
    """Takes lines from any thread, and keeps the files that they are in.

    Args:
        files: The names of the files.
        header: The first line of each.
        power: Whether a line is to outlive a loss of power.
        on_full: What becomes of a line when disk and memory are full.

    Attributes:
        files: The names of the files.
        disk: Removes them, and holds their lock.

    Raises:
        FileExistsError: The files are there already.
    """

    def __init__(
        self, files: JournalFiles, header: bytes, *, power: bool, on_full: Literal["drop", "block"]
    ) -> None:
        self.files = files
        self._factory = SegmentFactory(files, header, power=power, on_full=on_full)
        self.disk: Disk = self._factory.disk
        self._power = power
        self._lock = threading.RLock()  # a signal handler may log while its thread holds it
        self._freed = threading.Condition(self._lock)
        self._is_ended = False
        self._segment = self._factory.create(0)
        self._segments: tuple[Segment, ...] = (self._segment,)

    @property
    def is_on_disk(self) -> bool:
        """Whether lines go to disk now."""
        return self._segment.path is not None

    @property
    def is_persistent(self) -> bool:
        """Whether all that is here would outlive the process; False where some is in memory."""
        return all(segment.path is not None for segment in self._segments)

    @property
    def dropped(self) -> int:
        """The number of lines that found no room, neither on disk nor in memory."""
        return self._factory.memory.dropped

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
            segment.sync()

    def end(self, line: bytes) -> None:
        """Append the last line; a second call does nothing."""
        with self._lock:
            if self._is_ended:
                return
            self._is_ended = True
            last, self._segment = self._segment, _closed_segment()
            if not last.seal(line):
                last = self._factory.memory.create(_offset_after(last))
                self._segments = (*self._segments, last)
                last.seal(line)
        if self._power:
            last.sync()

    def leave_to_parent(self) -> None:
        """Take no more lines, and leave all as it is: in a forked child, whose parent goes on.

        The lock may be held by a thread that the child does not have.
        """
        self._is_ended, self._segment = True, _closed_segment()

    def segments(self) -> tuple[Segment, ...]:
        """Return the files that there are, in order."""
        return self._segments

    def is_final(self) -> bool:
        """Return whether nothing can be added any more."""
        return self._is_ended

    def tend(self) -> None:
        """See whether to go on in another file: every now and then, from any thread."""
        segment = self._segment
        if self._is_ended:
            return
        if segment.path is None:
            self._return_to_disk(segment)
        elif not segment.is_in_place():
            _log.warning(
                "the journal %s has been removed and goes on in another file: what it held is"
                " delivered by this process or not at all",
                segment.path,
            )
            self._go_on(segment)
        elif segment.size() >= SEGMENT_BYTES:
            self._go_on(segment)

    def discard(self, delivered: int) -> None:
        """Remove the segments that lie wholly before an offset.

        Raises:
            OSError: One cannot be removed.
        """
        if len(self._segments) == 1:
            return
        with self._lock:
            done = sum(after.first <= delivered for _, after in pairwise(self._segments))
            for segment in self._segments[:done]:
                if segment.path is not None:
                    segment.path.unlink(missing_ok=True)
            self._segments = self._segments[done:]
            self._freed.notify_all()

    def discard_blob(self, name: str) -> None:
        """Remove the file of a blob that is delivered."""
        (self.files.directory / name).unlink(missing_ok=True)

    def _failed(self, segment: Segment, line: bytes, error: OSError) -> None:
        if self._is_ended:
            raise JournalClosedError from None
        self._factory.warn(error.strerror or str(error))
        self._look_after(segment, line, whole=False)

    def _look_after(self, segment: Segment, line: bytes, *, whole: bool) -> None:
        """Write a line again that was not written whole, or came after its segment's end."""
        with self._lock:
            if not whole and segment is self._segment:
                self._factory.warn("there is no room left")
                self._go_on(segment, on_disk=False)
            if whole and not segment.is_too_late(line):
                return
        self.append(line)

    def _go_on(self, old: Segment, *, on_disk: bool = True) -> None:
        """Go on in another file, unless some other thread has done so already."""
        with self._lock:
            if old is self._segment:
                make = self._factory.create if on_disk else self._factory.create_in_memory
                self._replace(old, make(_offset_after(old)))

    def _return_to_disk(self, old: Segment) -> None:
        with self._lock:
            if old is self._segment:
                new = self._factory.try_disk(_offset_after(old))
                if new is not None:
                    self._replace(old, new)

    def _replace(self, old: Segment, new: Segment) -> None:
        self._segments = (*self._segments, new)
        self._segment = new
        if old.path is not None and new.path is None:
            old.close()  # the disk is full: half a line may stand at the end
        else:
            old.seal(NEXT + b"%d}\n" % new.first)

    def _admits(self, line: bytes) -> bool:
        memory = self._factory.memory
        with self._lock:
            admitted = memory.admits(len(line), self._bytes_in_memory, self._freed)
            segment = self._segment
            if admitted and segment.path is None and memory.is_long(segment):
                self._go_on(segment, on_disk=False)
        return admitted

    def _bytes_in_memory(self) -> int:
        return sum(segment.size() for segment in self._segments if segment.path is None)


def _offset_after(segment: Segment) -> int:
    return segment.first + segment.size() + _GAP


def _closed_segment() -> Segment:
    """Return a segment that nothing can be written to."""
    return Segment(0, os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), Path(os.devnull))

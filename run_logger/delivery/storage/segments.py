"""One file of a journal, open: a header line, then records."""

from __future__ import annotations

import contextlib
import errno
import os
import weakref
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

__all__ = ["NEXT", "Segment"]

NEXT = b'{"next":'
"""How a line begins that says that the journal goes on in another segment."""

_CHUNK = 1 << 16


class Segment:
    """A segment of a journal; its descriptor is closed with the last reference to it.

    Args:
        first: The offset of its first byte in the journal.
        descriptor: The open file.
        path: Where it lies, None for one in memory.

    Attributes:
        end: The offset after which nothing in it counts; None as long as that is open.
    """

    __slots__ = ("__weakref__", "_begin", "_too_late", "descriptor", "end", "first", "path")

    def __init__(self, first: int, descriptor: int, path: Path | None) -> None:
        self.first: int = first
        self.descriptor: int = descriptor
        self.path: Path | None = path
        self.end: int | None = None
        self._begin = 0
        self._too_late: Counter[bytes] = Counter()
        # Not earlier: a thread that still writes must not meet a number that is used again.
        weakref.finalize(self, os.close, descriptor).atexit = False

    @classmethod
    def create(cls, first: int, path: Path, header: bytes) -> Self:
        """Make a segment on disk.

        Raises:
            OSError: It cannot be made or written, or is there already; nothing is left of it.
        """
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        segment = cls(first, os.open(path, flags, mode=0o600), path)
        try:
            written = os.write(segment.descriptor, header)
        except OSError:
            path.unlink()
            raise
        if written != len(header):
            path.unlink()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return segment

    @classmethod
    def open(cls, first: int, path: Path) -> Self:
        """Open a segment on disk for reading.

        Raises:
            OSError: It cannot be opened.
        """
        return cls(first, os.open(path, os.O_RDONLY | os.O_CLOEXEC), path)

    @property
    def begin(self) -> int:
        """The offset of the first record, after the header; that of the first byte without one."""
        if not self._begin:
            header = self.whole_lines(self.first, 1 << 12).find(b"\n") + 1
            self._begin = header and self.first + header
        return self._begin or self.first

    def size(self) -> int:
        """Return the size of the file, in bytes."""
        return os.fstat(self.descriptor).st_size

    def stop(self) -> int:
        """Return the offset up to where it may be read now."""
        return self.first + self.size() if self.end is None else self.end

    def is_in_place(self) -> bool:
        """Return whether its file still lies where it was made; a segment in memory always does."""
        if self.path is None:
            return True
        try:
            return self.path.stat().st_ino == os.fstat(self.descriptor).st_ino
        except OSError:
            return False

    def whole_lines(self, offset: int, size: int) -> bytes:
        """Return the whole lines within so many bytes, or the first line if it is longer."""
        chunk = self.read(offset, size)
        end = chunk.rfind(b"\n") + 1
        while not end and len(chunk) == size:
            size *= 4
            chunk = self.read(offset, size)
            end = chunk.find(b"\n") + 1
        return chunk[:end]

    def read(self, offset: int, size: int) -> bytes:
        """Return so many bytes from an offset on, less at the end."""
        if self.end is not None:
            size = min(size, self.end - offset)
        return os.pread(self.descriptor, size, offset - self.first) if size > 0 else b""

    def seal(self, line: bytes) -> bool:
        """Append the last line, and find out where it has landed: what comes after it is too late.

        Returns:
            Whether it could be written; if not, the segment ends with its last whole line.
        """
        size = self.size()
        with contextlib.suppress(OSError):
            os.write(self.descriptor, line)
        landed = self._tail(size).find(line)
        if landed < 0:
            self._end_at(size)
        else:
            self.end = self.first + size + landed + len(line)
        return landed >= 0

    def close(self) -> None:
        """End the segment with the last whole line of now: it cannot be written any more."""
        self._end_at(self.size())

    def line_before(self, offset: int) -> bytes:
        """Return the line that ends at an offset, empty at the beginning."""
        end = offset - self.first
        start = self._end_of_lines(end - 1)
        return os.pread(self.descriptor, end - start, start) if end > start else b""

    def is_too_late(self, line: bytes) -> bool:
        """Return whether a line that was written here stands after the end, and so does not count.

        Of several threads with equal lines, as many get a yes as there are of them after the end:
        ask once for each, one thread at a time.
        """
        after = 0 if self.end is None else self._tail(self.end - self.first).count(line)
        if after <= self._too_late[line]:
            return False
        self._too_late[line] += 1
        return True

    def sync(self) -> None:
        """Wait until what is written to disk would outlive a loss of power."""
        if self.path is not None:
            os.fdatasync(self.descriptor)

    def _end_at(self, position: int) -> None:
        self.end = self.first + self._end_of_lines(position)

    def _tail(self, position: int) -> bytes:
        return os.pread(self.descriptor, self.size() - position, position)

    def _end_of_lines(self, position: int) -> int:
        """Return the position after the last line end before a position."""
        while position > 0:
            start = max(0, position - _CHUNK)
            found = os.pread(self.descriptor, position - start, start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            position = start
        return 0

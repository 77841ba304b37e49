"""Reading a journal from an offset on, whoever writes it meanwhile."""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Reader", "Record"]

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a journal.

    Attributes:
        seq: The byte offset of its end in the journal, which is its identity.
        line: Its JSON, without the line's end.
    """

    seq: int
    line: bytes


class Reader:
    """A journal, open for reading; it never changes the file.

    Args:
        path: The journal.

    Attributes:
        first: The offset where the first record begins, after the header.

    Raises:
        OSError: The file cannot be opened.
    """

    __slots__ = ("__weakref__", "_descriptor", "first", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._descriptor)
        self.first = self._whole_lines(0, 1 << 12).find(b"\n") + 1

    def read(self, offset: int, *, max_rows: int, max_bytes: int) -> list[Record]:
        """Return the records that follow an offset, as many as fit, and one at least.

        Args:
            offset: Where a record begins: 0, or the `seq` of the record before.
            max_rows: The most records to return.
            max_bytes: The most bytes to read; a longer record is returned alone.

        Returns:
            Records in order; none where no whole line follows.
        """
        offset = max(offset, self.first)
        chunk = self._whole_lines(offset, max_bytes)
        records: list[Record] = []
        for line in chunk.split(b"\n")[:-1][:max_rows]:
            offset += len(line) + 1
            records.append(Record(offset, line))
        return records

    def count(self, start: int, end: int | None = None) -> int:
        """Return the number of whole records between two offsets.

        Args:
            start: Where a record begins: 0, or the `seq` of the record before.
            end: The `seq` of a record, or None for the end of the journal.
        """
        start = max(start, self.first)
        return sum(chunk.count(b"\n") for chunk in self._chunks(start, end))

    def _whole_lines(self, offset: int, size: int) -> bytes:
        """Return the whole lines within so many bytes, or the first line if it is longer."""
        chunk = os.pread(self._descriptor, size, offset)
        end = chunk.rfind(b"\n") + 1
        while not end and len(chunk) == size:
            size *= 4
            chunk = os.pread(self._descriptor, size, offset)
            end = chunk.find(b"\n") + 1
        return chunk[:end]

    def _chunks(self, start: int, end: int | None) -> Iterator[bytes]:
        end = os.fstat(self._descriptor).st_size if end is None else end
        for offset in range(start, end, _CHUNK):
            yield os.pread(self._descriptor, min(_CHUNK, end - offset), offset)

"""Reading a journal from an offset on, whoever writes it meanwhile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter
from typing import TYPE_CHECKING, Protocol

from run_logger.delivery.journal.blobs import FILED
from run_logger.delivery.storage.segments import NEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from run_logger.delivery.storage.files import JournalFiles
    from run_logger.delivery.storage.segments import Segment

__all__ = ["FINISH", "RUN", "Chunk", "Reader", "Source"]

RUN = b'{"run":'
"""How the record begins that says what to create the run with."""

FINISH = b'{"finish":'
"""How the last record of a journal begins."""

_LAST = re.compile(b"\n(?:" + re.escape(NEXT) + b"|" + re.escape(FINISH) + b")")
_COUNTED_BYTES = 1 << 20
_FIRST, _SECOND = itemgetter(0), itemgetter(1)


class Source(Protocol):
    """A journal as its reader and its deliverer know it: one's own, or one that lies on disk."""

    @property
    def files(self) -> JournalFiles:
        """The names of its files."""
        ...

    def segments(self) -> Sequence[Segment]:
        """Return the files that there are, in order."""
        ...

    def is_final(self) -> bool:
        """Return whether nothing can be added any more."""
        ...

    def tend(self) -> None:
        """See to what has to be done every now and then."""

    def discard(self, delivered: int) -> None:
        """Remove what lies wholly before an offset, if that is ours to do."""

    def discard_blob(self, name: str) -> None:
        """Remove the file of a blob that is delivered, if that is ours to do."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive records of a journal.

    Attributes:
        start: The offset where the first one begins.
        end: The offset where the last one ends.
        lines: Their JSON, without the lines' ends.
        seqs: The offset of the end of each, which is its identity.
    """

    start: int
    end: int
    lines: Sequence[bytes]
    seqs: Sequence[int]

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.lines)

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        """Return each record with its seq."""
        return zip(self.lines, self.seqs, strict=True)

    def of(self, records: Sequence[tuple[bytes, int]]) -> Chunk:
        """Return what lies between the same offsets with other records in it."""
        return Chunk(self.start, self.end, [*map(_FIRST, records)], [*map(_SECOND, records)])


class Reader:
    """Reads a journal; it never changes a file.

    Args:
        source: The journal.
    """

    __slots__ = ("_ended_at", "_has_looked_back", "source")

    def __init__(self, source: Source) -> None:
        self.source: Source = source
        self._has_looked_back = False
        self._ended_at: int | None = None

    @property
    def path(self) -> Path:
        """The path of the journal."""
        return self.source.files.journal

    def read(self, offset: int, *, max_rows: int, max_bytes: int) -> Chunk:
        """Return the records that follow an offset, as many as fit, and one at least.

        A blob in a file of its own comes alone.

        Args:
            offset: Where a record begins: 0, or the seq of the record before.
            max_rows: The most records to return.
            max_bytes: The most bytes to read; a longer record is returned alone.

        Returns:
            Records in order; none where no whole line follows.
        """
        segment = self._segment_at(offset)
        if segment is None or self._has_ended(segment, offset):
            return Chunk(offset, offset, (), ())
        start = max(offset, segment.begin)
        # Before the look at the text: a line may come between the two.
        is_closed = segment.end is not None or self.source.is_final()
        text, is_sealed = _counting(segment.whole_lines(start, max_bytes))
        if text:
            return self._chunk(start, text, max_rows)
        following = self._after(segment) if is_sealed or is_closed else None
        if following is None:
            return Chunk(start, start, (), ())
        return self.read(following.first, max_rows=max_rows, max_bytes=max_bytes)

    def count(self, start: int, end: int | None = None) -> tuple[int, int]:
        """Return the number of whole records between two offsets: of log, blobs and metadata.

        Args:
            start: Where a record begins: 0, or the seq of the record before.
            end: The seq of a record, or None for the end of the journal.

        Returns:
            The number, and the offset up to where was counted.
        """
        total = 0
        for segment in self.source.segments():
            for text in _texts(segment, start, end):
                total += _count(text)
                start = max(start, segment.begin) + len(text)
        return total, start

    def end(self) -> int:
        """Return the offset of the journal's end now."""
        segments = self.source.segments()
        return segments[-1].stop() if segments else 0

    def has_reached(self, offset: int, target: int) -> bool:
        """Return whether no record lies between an offset and a target."""
        return offset >= target or self.read(offset, max_rows=1, max_bytes=1 << 12).start >= target

    def _segment_at(self, offset: int) -> Segment | None:
        """Return the segment that an offset lies in; that of an earlier time is gone."""
        segments = self.source.segments()
        below = [segment for segment in segments if segment.first <= offset]
        return below[-1] if below else next(iter(segments), None)

    def _has_ended(self, segment: Segment, offset: int) -> bool:
        """Return whether the last record has been read: what follows is in another journal."""
        if not self._has_looked_back:
            self._has_looked_back = True
            if segment.line_before(offset).startswith(FINISH):
                self._ended_at = offset
        return self._ended_at is not None and offset >= self._ended_at

    def _after(self, segment: Segment) -> Segment | None:
        later = (other for other in self.source.segments() if other.first > segment.first)
        return next(later, None)

    def _chunk(self, start: int, text: bytes, max_rows: int) -> Chunk:
        lines = _until_filed(text).split(b"\n", max_rows)[:-1]
        seqs = [*accumulate((len(line) + 1 for line in lines), initial=start)][1:]
        if lines[-1].startswith(FINISH):
            self._ended_at = seqs[-1]
        return Chunk(start, seqs[-1], lines, seqs)


def _counting(text: bytes) -> tuple[bytes, bool]:
    """Return the lines before the one that ends a segment, and whether that one follows them."""
    if text.startswith(NEXT):
        return b"", True
    if text.startswith(FINISH):
        return text[: text.find(b"\n") + 1], False
    last = _LAST.search(text)
    if last is None:
        return text, False
    start = last.start() + 1
    is_record = text.startswith(FINISH, start)
    return text[: text.find(b"\n", start) + 1 if is_record else start], False


def _until_filed(text: bytes) -> bytes:
    """Return the lines before the first blob that has a file; that one alone if it is the first."""
    if text.startswith(FILED):
        return text[: text.find(b"\n") + 1]
    return text[: text.find(b"\n" + FILED) + 1] or text


def _texts(segment: Segment, start: int, end: int | None) -> Iterator[bytes]:
    start = max(start, segment.begin)
    stop = segment.stop() if end is None else min(end, segment.stop())
    while start < stop:
        lines = segment.whole_lines(start, _COUNTED_BYTES)
        text, _ = _counting(lines)
        yield text[: stop - start]
        if not text or len(text) < len(lines):
            break
        start += len(text)


def _count(text: bytes) -> int:
    others = sum(text.count(b"\n" + kind) + text.startswith(kind) for kind in (RUN, FINISH))
    return text.count(b"\n") - others

"""The courier: takes one journal into the database, batch by batch, each record exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from run_logger.delivery.journal.rejected import Rejected
from run_logger.delivery.sending.batch import Batch, readable_part
from run_logger.delivery.sending.tally import Tally
from run_logger.delivery.sending.writer_row import WriterRow
from run_logger.errors import ContentError, QueryError, RunLoggerError

if TYPE_CHECKING:
    from run_logger_client import Client

    from run_logger.delivery.journal.header import Header
    from run_logger.delivery.journal.reader import Chunk, Reader

__all__ = ["Courier"]

MAX_ROWS = 5000
"""Records of a batch: a tenth of a second for the database."""

MAX_BYTES = 1 << 21
"""Bytes of a batch, unless one record is larger or the server lets less through."""

SUSPECTS = 3
"""So many single records refused for one reason, and none accepted: it is not the records."""

_TOO_LARGE = "http-413"
_VIOLATION = "constraint-violation"


class Courier:
    """Delivers what a journal holds and the database does not; knows no threads and no retries.

    Args:
        client: Talks to the endpoint.
        reader: The journal.
        header: What the journal says of itself.
        alive: Whether its writer lives, so that a delivery is a sign of life.
        writer_id: The writer's row, if it is known and nothing was delivered yet.

    Attributes:
        row: The writer as the database has it.
        delivered: The number of records that went into the database.
        rejected: The records that the server refused.
    """

    def __init__(
        self,
        client: Client,
        reader: Reader,
        header: Header,
        *,
        alive: bool = True,
        writer_id: int | None = None,
    ) -> None:
        self.row: WriterRow = WriterRow(client, reader, header, alive=alive, row_id=writer_id)
        self.delivered: int = 0
        self.rejected: Rejected = Rejected(reader.source.files.rejected, header)
        self._reader = reader
        self._header = header
        self._tally = Tally(reader)
        self._max_rows, self._max_bytes = MAX_ROWS, MAX_BYTES
        self._is_proven = False
        self._doubts_lines = False

    def tend(self) -> int:
        """See to the journal's files, and return the offset of its end."""
        self._reader.source.tend()
        self.rejected.write_held()
        return self._reader.end()

    def step(self) -> int:
        """Deliver the next batch, or part of it if the server refuses something in it.

        Returns:
            The number of lines that it looked at; 0 means that nothing waits.

        Raises:
            RunNotFoundError: The run is not, or no longer, in the database.
            RunLoggerError: The server cannot be reached or cannot take anything now; what waits is
                kept, and the next step tries again.
            OSError: The journal cannot be read, or a record not be set aside.
        """
        self.row.id()
        mark = self.row.mark
        self._tally.settle(mark, 0)
        chunk = self._reader.read(mark, max_rows=self._max_rows, max_bytes=self._max_bytes)
        if chunk.lines:
            self._take(chunk)
        return len(chunk)

    def has_reached(self, offset: int) -> bool:
        """Return whether everything before an offset is in the database or set aside."""
        return self._reader.has_reached(self.row.mark, offset)

    def waiting(self) -> int:
        """Return the number of records that are still to be delivered."""
        return self._tally.waiting()

    def _take(self, chunk: Chunk) -> None:
        if self._doubts_lines:
            chunk = self._without_damage(chunk)
        batch = Batch(chunk)
        if batch.unreadable:
            self._doubts_lines = True
            return
        try:
            self._deliver(batch)
        except (ContentError, QueryError) as error:
            self._refused(chunk, error)
        except FileNotFoundError as error:
            self._blob_is_missing(chunk, error)
        else:
            self._max_rows = min(2 * self._max_rows, MAX_ROWS)
            self._doubts_lines = False

    def _without_damage(self, chunk: Chunk) -> Chunk:
        """Set aside the lines that are no records; return the others."""
        good: list[tuple[bytes, int]] = []
        for line, seq in chunk:
            readable = readable_part(line)
            if readable:
                good.append((readable, seq))
            if readable != line:
                damaged = line.removesuffix(readable)
                self.rejected.add_unreadable(damaged, seq, "the line is no record of a journal")
        return chunk.of(good)

    def _deliver(self, batch: Batch) -> None:
        if not self.row.send(batch, batch.chunk.end):
            self._follow()
            return
        self._is_proven = self._is_proven or bool(batch.chunk.lines)
        self._settle(batch.count, delivered=batch.count)
        text = batch.blob_text(self._reader.source.files.directory)
        if text is not None:
            self._reader.source.discard_blob(text.path.name)

    def _follow(self) -> None:
        """Go on from where another delivery of this journal has moved the mark."""
        before = self.row.mark
        self.row.follow()
        count, _ = self._reader.count(before, self.row.mark)
        self._settle(count, delivered=count)

    def _settle(self, count: int, *, delivered: int) -> None:
        """Note that so many more records before the mark are delivered or set aside."""
        self.delivered += delivered
        self._tally.settle(self.row.mark, count)
        self._reader.source.discard(self.row.mark)

    def _refused(self, chunk: Chunk, reason: ContentError | QueryError) -> None:
        """Look for the record at fault in half of the batch; set it aside once it stands alone."""
        if reason.code == _VIOLATION and not self.row.is_there():
            raise self.row.gone() from reason
        # A damaged key is a field that the server does not know.
        if any(readable_part(line) != line for line in chunk.lines):
            self._doubts_lines = True
        elif isinstance(reason, QueryError):
            raise reason
        elif len(chunk) > 1:
            self._send_less(chunk, reason)
        elif chunk.lines:
            self._set_aside(chunk, reason)
        else:
            raise reason

    def _send_less(self, chunk: Chunk, reason: ContentError) -> None:
        self._max_rows = len(chunk) // 2
        if reason.code == _TOO_LARGE:
            self._max_bytes = (chunk.end - chunk.start) // 2

    def _set_aside(self, chunk: Chunk, reason: ContentError) -> None:
        if self._is_suspicious(reason) and self._refuses_all(chunk, reason):
            raise RunLoggerError(
                f"the server refuses every record: {reason.problem}",
                endpoint=self._header.endpoint,
                remedy="Everything is kept; compare its tables and triggers with our schema.",
            ) from reason
        [(line, seq)] = chunk
        self.rejected.add(line, seq, reason)
        self._skip(chunk)

    def _skip(self, chunk: Chunk) -> None:
        """Move the mark past records that are set aside."""
        if self.row.send(Batch(chunk.of([])), chunk.end):
            self._settle(Batch(chunk).count, delivered=0)
        else:
            self._follow()

    def _is_suspicious(self, reason: ContentError) -> bool:
        """Return whether a refusal may concern the set-up: no record was ever accepted."""
        return not (self._is_proven or self.row.is_resumed) and reason.code != _TOO_LARGE

    def _refuses_all(self, first: Chunk, reason: ContentError) -> bool:
        """Return whether the server refuses the next records too, each for the same reason."""
        others = self._reader.read(first.end, max_rows=SUSPECTS - 1, max_bytes=self._max_bytes)
        return len(others) == SUSPECTS - 1 and all(
            self._refusal_of(others.of([record])) == (reason.code, reason.problem)
            for record in others
        )

    def _refusal_of(self, chunk: Chunk) -> tuple[str, str] | None:
        """Send one record without moving the mark; sent again later it is there once, too."""
        batch = Batch(chunk)
        batch.finish = {}
        try:
            self.row.send(batch, self.row.mark)
        except ContentError as error:
            return error.code, error.problem
        self._is_proven = True
        return None

    def _blob_is_missing(self, chunk: Chunk, error: FileNotFoundError) -> None:
        """Go on from where another has delivered the blob; set aside what nobody can."""
        before = self.row.mark
        self._follow()
        if self.row.mark == before:
            [(line, seq)] = chunk
            self.rejected.add_unreadable(line, seq, f"its file is gone: {error.filename}")
            self._skip(chunk)

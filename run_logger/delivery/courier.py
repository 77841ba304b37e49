"""The courier: takes one journal into the database, batch by batch, each record exactly once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from run_logger_client.deliver import Deliver
from run_logger_client.operations import DELIVER_GQL

from run_logger.delivery.batch import Batch, readable_part
from run_logger.delivery.joining import gone, join, read_mark
from run_logger.delivery.rejected import Rejected
from run_logger.delivery.tally import Tally
from run_logger.errors import ContentError, QueryError, RunLoggerError, RunNotFoundError

if TYPE_CHECKING:
    from run_logger_client import Client

    from run_logger.delivery.journal import Header
    from run_logger.delivery.reader import Chunk, Reader

__all__ = ["Courier"]

MAX_ROWS = 5000
"""Records of a batch: a tenth of a second for the database."""

MAX_BYTES = 1 << 21
"""Bytes of a batch, unless one record is larger or the server lets less through."""

HEARTBEAT_SECONDS = 30
"""A writer not heard of for two minutes counts as silent."""

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

    Attributes:
        run_id: The run in the database; None until an offline run is created.
        delivered: The number of records that went into the database.
        rejected: The records that the server refused.
    """

    def __init__(
        self, client: Client, reader: Reader, header: Header, *, alive: bool = True
    ) -> None:
        self.run_id = header.run_id
        self.delivered = 0
        self.rejected = Rejected(reader.source.files.rejected, header)
        self._client = client
        self._reader = reader
        self._header = header
        self._alive = alive
        self._writer_id: int | None = None
        self._mark = 0
        self._max_rows, self._max_bytes = MAX_ROWS, MAX_BYTES
        self._is_proven = False
        self._doubts_lines = False
        self._last_contact = time.monotonic()
        self._tally = Tally(reader)

    def is_before(self, offset: int) -> bool:
        """Return whether something before an offset may still have to be delivered."""
        return self._mark < offset

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
        self.writer_id()
        chunk = self._reader.read(self._mark, max_rows=self._max_rows, max_bytes=self._max_bytes)
        if chunk.lines:
            self._take(chunk)
        return len(chunk)

    def beat(self) -> None:
        """Say that the writer is alive, if nothing else has said so for a while.

        Raises:
            RunNotFoundError: The run is no longer in the database.
            RunLoggerError: The server cannot be reached.
        """
        if time.monotonic() - self._last_contact < HEARTBEAT_SECONDS:
            return
        mark = self._client.heartbeat(self.writer_id())
        if mark is None:
            raise self._gone()
        if mark.outcome is not None and not self._reader.source.is_final():
            self._client.reopen_writer(mark.id)
        self._last_contact = time.monotonic()

    def has_reached(self, offset: int) -> bool:
        """Return whether everything before an offset is in the database or set aside."""
        return self._reader.has_reached(self._mark, offset)

    def waiting(self) -> int:
        """Return the number of records that are still to be delivered."""
        return self._tally.waiting()

    def writer_id(self) -> int:
        """Return the writer's id; the first time, ask for it and for how far its journal is.

        Raises:
            RunNotFoundError: The run does not exist.
            RunLoggerError: The server cannot be reached.
        """
        if self._writer_id is None:
            mark = join(self._client, self._reader, self._header, alive=self._alive)
            self._writer_id, self.run_id, self._mark = mark.id, mark.run_id, mark.delivered
            self._is_proven = mark.delivered > 0
            self._tally.settle(self._mark, 0)
        return self._writer_id

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
        chunk = batch.chunk
        if self._send(batch, chunk.end):
            self._is_proven = self._is_proven or bool(chunk.lines)
            self._settle(chunk.end, batch.count, batch.count)
            self._discard_blob(batch)
        else:
            self._follow_mark()

    def _send(self, batch: Batch, end: int) -> bool:
        """Send a batch, and move the mark to an offset; return whether it stood where it should."""
        writer_id = self.writer_id()
        if self._header.run_id is None and batch.metadata.get("run_id", 0) is None:
            batch.metadata["run_id"] = self.run_id  # nobody knew it when this was recorded
        variables = batch.variables(self.run_id or 0, writer_id) | {
            "from_offset": self._mark,
            "contact": self._contact(batch),
            "mark": {"delivered": end} | batch.finish,
        }
        text = batch.blob_text(self._reader.source.files.directory)
        data = self._client.send(DELIVER_GQL, "deliver", variables, text=text)
        mark = self._client.parse(Deliver, data).mark
        self._last_contact = time.monotonic()
        return mark is not None and mark.affected_rows > 0

    def _contact(self, batch: Batch) -> dict[str, Any]:
        if not self._alive:
            return {"host": self._header.writer.host}
        if batch.finish:
            return {"heartbeat_at": "now"}
        # Whoever took this writer for dead was wrong.
        return {"heartbeat_at": "now", "outcome": None, "error": None, "finished_at": None}

    def _settle(self, offset: int, count: int, delivered: int) -> None:
        self._mark = offset
        self.delivered += delivered
        self._tally.settle(offset, count)
        self._reader.source.discard(offset)

    def _discard_blob(self, batch: Batch) -> None:
        text = batch.blob_text(self._reader.source.files.directory)
        if text is not None:
            self._reader.source.discard_blob(text.path.name)

    def _follow_mark(self) -> None:
        """Go on from where another delivery of this journal has moved the mark."""
        mark = read_mark(self._client, self._header.writer.key)
        if mark is None:
            raise self._gone()
        count, _ = self._reader.count(self._mark, mark.delivered)
        self._settle(mark.delivered, count, count)

    def _gone(self) -> RunNotFoundError:
        return gone(self._client, self._reader, self._header, self.run_id)

    def _refused(self, chunk: Chunk, reason: ContentError | QueryError) -> None:
        """Look for the record at fault in half of the batch; set it aside once it stands alone."""
        if reason.code == _VIOLATION and not read_mark(self._client, self._header.writer.key):
            raise self._gone() from reason
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
        if not self._is_proven and reason.code != _TOO_LARGE and self._refuses_all(chunk, reason):
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
        count = Batch(chunk).count
        if self._send(Batch(chunk.of([])), chunk.end):
            self._settle(chunk.end, count, 0)
        else:
            self._follow_mark()

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
            self._send(batch, self._mark)
        except ContentError as error:
            return error.code, error.problem
        self._is_proven = True
        return None

    def _blob_is_missing(self, chunk: Chunk, error: FileNotFoundError) -> None:
        """Go on from where another has delivered the blob; set aside what nobody can."""
        before = self._mark
        self._follow_mark()
        if self._mark == before:
            [(line, seq)] = chunk
            self.rejected.add_unreadable(line, seq, f"its file is gone: {error.filename}")
            self._skip(chunk)

"""The courier: takes one journal into the database, batch by batch, each record exactly once."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from run_logger_client.deliver import Deliver
from run_logger_client.operations import DELIVER_GQL

from run_logger.delivery.batch import Batch
from run_logger.delivery.rejected import Rejected
from run_logger.errors import ContentError, RunLoggerError, RunNotFoundError

if TYPE_CHECKING:
    from run_logger_client import Client, WriterMark

    from run_logger.delivery.journal import Header
    from run_logger.delivery.reader import Reader

__all__ = ["Courier"]

MAX_ROWS = 500
"""Records of a batch: the rate of inserts grows little beyond."""

MAX_BYTES = 1 << 19
"""Bytes of a batch, unless one record is larger: half of what nginx lets through by default."""

HEARTBEAT_SECONDS = 30
"""A writer not heard of for two minutes counts as silent."""


class Courier:
    """Delivers what a journal holds and the database does not; knows no threads and no retries.

    Args:
        client: Talks to the endpoint.
        reader: The journal.
        header: What the journal says of itself.

    Attributes:
        offset: How far the database has the journal, refused records included.
        delivered: The number of records that went into the database.
        rejected: The records that the server refused.
    """

    def __init__(self, client: Client, reader: Reader, header: Header) -> None:
        self._client = client
        self._reader = reader
        self._header = header
        self._writer_id: int | None = None
        self._max_rows = MAX_ROWS
        self._last_contact = time.monotonic()
        self.offset = 0
        self.delivered = 0
        self.rejected = Rejected(reader.path)

    def step(self) -> bool:
        """Deliver the next batch, or part of it if the server refuses something in it.

        Returns:
            Whether there was one; False means that nothing waits.

        Raises:
            RunLoggerError: The server cannot be reached or cannot take anything now; what waits is
                kept, and the next step tries again.
            OSError: The journal cannot be read, or a record not be set aside.
        """
        writer_id = self._joined()
        records = self._reader.read(self.offset, max_rows=self._max_rows, max_bytes=MAX_BYTES)
        if not records:
            return False
        batch = Batch(self.offset, records[-1].seq, records)
        try:
            self._deliver(batch, writer_id)
        except ContentError as error:
            self._refused(batch, error, writer_id)
        else:
            self._max_rows = min(2 * self._max_rows, MAX_ROWS)
        return True

    def beat(self) -> None:
        """Say that the writer is alive, if nothing else has said so for a while.

        Raises:
            RunLoggerError: The server cannot be reached.
        """
        if time.monotonic() - self._last_contact >= HEARTBEAT_SECONDS:
            self._client.heartbeat(self._joined())
            self._last_contact = time.monotonic()

    def has_reached(self, offset: int) -> bool:
        """Return whether everything before an offset is in the database or set aside."""
        return max(self.offset, self._reader.first) >= offset

    def waiting(self) -> int:
        """Return the number of records that are still to be delivered."""
        return self._reader.count(self.offset)

    def _joined(self) -> int:
        """Return the writer's id; the first time, ask for it and for how far its journal is."""
        if self._writer_id is None:
            mark = self._join()
            self._writer_id, self.offset = mark.id, mark.delivered
        return self._writer_id

    def _join(self) -> WriterMark:
        run_id, writer = self._header.run_id, self._header.writer
        endpoint = self._header.endpoint
        try:
            mark = self._client.join_run(
                run_id, writer.key, host=writer.host, pid=writer.pid, rank=writer.rank
            )
        except ContentError as error:
            raise RunNotFoundError(
                f"run {run_id} cannot be joined: {error.problem}", endpoint=endpoint
            ) from error
        if mark is None:
            raise RunLoggerError(f"run {run_id} cannot be joined", endpoint=endpoint)
        return mark

    def _deliver(self, batch: Batch, writer_id: int) -> None:
        variables = batch.variables(self._header.run_id, writer_id)
        data = self._client.send(DELIVER_GQL, "deliver", variables)
        mark = self._client.parse(Deliver, data).mark
        self._last_contact = time.monotonic()
        if mark is not None and mark.affected_rows:
            self._advance(batch.end, len(batch.records))
        else:
            self._read_mark()

    def _advance(self, offset: int, delivered: int) -> None:
        self.offset = offset
        self.delivered += delivered

    def _read_mark(self) -> None:
        """Go on from where another delivery of this journal has moved the mark."""
        key = self._header.writer.key
        writers = self._client.writer_by_key(key)
        if not writers:
            raise RunLoggerError(
                f"the writer {key} of run {self._header.run_id} is gone",
                endpoint=self._header.endpoint,
                remedy=f"Its records are kept in {self._reader.path}.",
            )
        offset = writers[0].delivered
        self._advance(offset, self._reader.count(self.offset, offset))

    def _refused(self, batch: Batch, reason: ContentError, writer_id: int) -> None:
        """Look for the record at fault in half of the batch; set it aside once it stands alone."""
        if len(batch.records) > 1:
            self._max_rows = len(batch.records) // 2
            return
        self.rejected.add(batch.records[0], reason)
        self._deliver(replace(batch, records=()), writer_id)

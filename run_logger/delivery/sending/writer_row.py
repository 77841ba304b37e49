"""The writer of a journal as the database has it, and the deliveries that move its mark."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from run_logger_client.operations import DELIVER_GQL

from run_logger.delivery.sending.joining import (
    gone,
    join,
    load_answers,
    read_mark,
    without_keys_of_run,
)

if TYPE_CHECKING:
    from run_logger_client import Client

    from run_logger.delivery.journal.header import Header
    from run_logger.delivery.journal.reader import Reader
    from run_logger.delivery.sending.batch import Batch
    from run_logger.errors import RunNotFoundError

__all__ = ["WriterRow"]

HEARTBEAT_SECONDS = 30
"""A writer not heard of for two minutes counts as silent."""


class WriterRow:
    """The row of a writer, which knows the mark: how far its journal is in the database.

    Args:
        client: Talks to the endpoint.
        reader: The journal.
        header: What the journal says of itself.
        alive: Whether the writer lives, so that a delivery is a sign of life.
        row_id: The row's id, if it is known and its mark is 0.

    Attributes:
        run_id: The run in the database; None until an offline run is created.
        mark: The offset up to which everything is in the database or set aside, as far as is known
            here; 0 before `id` has asked.
        is_resumed: Whether an earlier delivery had moved the mark when `id` asked.
    """

    def __init__(
        self,
        client: Client,
        reader: Reader,
        header: Header,
        *,
        alive: bool,
        row_id: int | None,
    ) -> None:
        self.run_id = header.run_id
        self.mark: int = 0
        self.is_resumed: bool = False
        self._client = client
        self._reader = reader
        self._header = header
        self._alive = alive
        self._id = row_id
        self._last_contact = time.monotonic()

    def id(self) -> int:
        """Return the row's id; the first time, ask for it and for the mark.

        Raises:
            RunNotFoundError: The run does not exist.
            RunLoggerError: The server cannot be reached.
        """
        if self._id is None:
            row = join(self._client, self._reader, self._header, alive=self._alive)
            self._id, self.run_id, self.mark = row.id, row.run_id, row.delivered
            self.is_resumed = row.delivered > 0
        return self._id

    def is_there(self) -> bool:
        """Return whether the database still has the row.

        Raises:
            RunLoggerError: The server cannot be reached.
        """
        return read_mark(self._client, self._header.writer.key) is not None

    def beat(self) -> None:
        """Say that the writer is alive, if nothing else has said so for a while.

        Raises:
            RunNotFoundError: The run is no longer in the database.
            RunLoggerError: The server cannot be reached.
        """
        if time.monotonic() - self._last_contact < HEARTBEAT_SECONDS:
            return
        load_answers()
        row = self._client.heartbeat(self.id())
        if row is None:
            raise self.gone()
        if row.outcome is not None and not self._reader.source.is_final():
            self._client.reopen_writer(row.id)
        self._last_contact = time.monotonic()

    def send(self, batch: Batch, end: int) -> bool:
        """Send a batch and move the mark, in one transaction.

        Args:
            batch: The records.
            end: Where the mark is to stand then.

        Returns:
            Whether the mark stood where it was known to; if not, nothing of the batch counts.

        Raises:
            RunLoggerError: The server cannot be reached, or refuses the batch.
            OSError: The file of a blob cannot be read.
        """
        row_id = self.id()
        if self._header.run_id is None and batch.metadata.get("run_id", 0) is None:
            batch.metadata["run_id"] = self.run_id  # nobody knew it when this was recorded
        run_id = self.run_id or 0
        batch.metadata = without_keys_of_run(self._client, run_id, batch.defaults) | batch.metadata
        variables = batch.variables(run_id, row_id) | {
            "from_offset": self.mark,
            "contact": self._contact(batch),
            "mark": {"delivered": end} | self._end(batch),
        }
        text = batch.blob_text(self._reader.source.files.directory)
        data = self._client.send(DELIVER_GQL, "deliver", variables, text=text)
        self._last_contact = time.monotonic()
        # Read as it is: the generated models would have to be imported before the first delivery.
        moved: dict[str, int] | None = data["mark"]
        if not moved or not moved["affected_rows"]:
            return False
        self.mark = end
        return True

    def follow(self) -> None:
        """Take over the mark from the database: another delivery of this journal has moved it.

        Raises:
            RunNotFoundError: The run is no longer in the database.
            RunLoggerError: The server cannot be reached.
        """
        row = read_mark(self._client, self._header.writer.key)
        if row is None:
            raise self.gone()
        self.mark = row.delivered

    def gone(self) -> RunNotFoundError:
        """Return the error for a row that the database had once, or its run."""
        return gone(self._client, self._reader, self._header, self.run_id)

    def _end(self, batch: Batch) -> dict[str, Any]:
        """Return what is to be recorded of the writer's end, if it has come."""
        if not (batch.finish and self._alive):
            return batch.finish
        # By the clock of the heartbeats: that of this machine may be wrong.
        return {**batch.finish, "finished_at": "now"}

    def _contact(self, batch: Batch) -> dict[str, Any]:
        if not self._alive:
            return {"host": self._header.writer.host}
        if batch.finish:
            return {"heartbeat_at": "now"}
        # Whoever took this writer for dead was wrong.
        return {"heartbeat_at": "now", "outcome": None, "error": None, "finished_at": None}

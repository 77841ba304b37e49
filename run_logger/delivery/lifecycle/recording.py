"""What one logger records of one run: in a writer, and in another after its end or in a fork.

It is imported with the library: what takes time to import is imported when there is a run.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from run_logger.delivery.storage.closed import JournalClosedError
from run_logger.errors import NotStartedError, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from run_logger.connection import Connection
    from run_logger.delivery.journal.identity import WriterIdentity
    from run_logger.delivery.journal.journal import Journal
    from run_logger.delivery.lifecycle.writer import Stats, Writer

__all__ = ["Recording"]


class Recording:
    """The writers of one run in this process, one after the other.

    Args:
        connection: The clients of the endpoint.
        run_key: The key of the run; None where only its id is known.
        run_id: The id of a run that is there already.
        options: What `run_logger.delivery.lifecycle.writer.Options` takes.
        offline: Whether nothing is delivered by this process.

    Attributes:
        journal: Takes records, or says that it is closed: then `again` takes them.
        run_key: The key of the run.
        run_id: The id of the run in the database, if it is known.
        writer_id: The same of the writer to begin with.
    """

    def __init__(
        self,
        connection: Connection[Any],
        run_key: UUID | None,
        run_id: int | None,
        options: Mapping[str, Any],
        *,
        offline: bool,
    ) -> None:
        self.journal: Journal | _NoJournal = _NoJournal()
        self.run_key = run_key
        self.run_id = run_id
        self.writer_id: int | None = None
        self._first: WriterIdentity | None = None
        # Each journal that begins without a server says what to create the run with: it may be the
        # only one that arrives.
        self._run: tuple[Any, Sequence[Any]] | None = None
        self._connection = connection
        self._options = options
        self._offline = offline
        self._is_started = run_id is not None
        self._writer: Writer | None = None
        self._last_stats: Stats | None = None

    @property
    def is_started(self) -> bool:
        """Whether the run has been created or joined."""
        return self._is_started

    def first_identity(self) -> WriterIdentity:
        """Return who begins the run: the same at each attempt, since an earlier one may be there.

        An attempt whose answer is lost may have created the run, and the writer with it.
        """
        from run_logger.delivery.journal.identity import WriterIdentity  # noqa: PLC0415

        if self._first is None or self._first.pid != os.getpid():
            self._first = WriterIdentity.of_this_process()
        return self._first

    def begin(self, identity: WriterIdentity, first: tuple[Any, Sequence[Any]] | None) -> Writer:
        """Begin to record the run.

        Args:
            identity: Its first writer here.
            first: Metadata and charts to create the run with when it is delivered; None for a run
                that the server has.
        """
        self._run = first
        return self._use(self._open(identity))

    def again(self, call: str, record: Callable[[Journal], None]) -> None:
        """Record in a new journal: after the end, in a forked process, in a run joined by its id.

        Args:
            call: What the user has called.
            record: Does so in a journal.

        Raises:
            NotStartedError: There is no run.
        """
        if not self._is_started:
            raise NotStartedError(f"{call} called before create_run") from None
        from run_logger.delivery.lifecycle.ending import ending  # noqa: PLC0415

        recorded = False
        while not recorded:
            with suppress(JournalClosedError):
                record(self._reopened(ending.lock).journal)
                recorded = True
        at_exit = ending.at_exit()
        if at_exit is not None:
            outcome, seconds = at_exit
            self.finish(*outcome, seconds)

    def current(self) -> Writer | None:
        """Return the writer; a forked process has none of its own before it records."""
        writer = self._writer
        return writer if writer is not None and writer.is_of_this_process() else None

    def finish(self, outcome: str, error: str | None, seconds: float | None = None) -> None:
        """Finish the writer, if there is one.

        Args:
            outcome: "finished", "failed" or "killed".
            error: What went wrong, if something did.
            seconds: The longest wait for the server, by default 30.
        """
        writer = self.current()
        if writer is not None:
            self._writer = None
            self._last_stats = writer.finish(outcome, error, seconds)

    def stats(self) -> Stats:
        """Return the counts of the writer's records, or of the last one's."""
        from run_logger.delivery.lifecycle.writer import Stats  # noqa: PLC0415

        writer = self.current()
        return writer.stats() if writer is not None else self._last_stats or Stats()

    def _reopened(self, lock: AbstractContextManager[Any]) -> Writer:
        """Return the writer that takes records now; the first of several threads opens it."""
        from run_logger.delivery.journal.identity import WriterIdentity  # noqa: PLC0415

        with lock:
            writer = self._writer
            if writer is not None and writer.is_open():
                return writer
            parent = None if writer is None or writer.is_of_this_process() else writer.identity.key
            return self._use(self._open(WriterIdentity.of_this_process(parent)))

    def _use(self, writer: Writer) -> Writer:
        self._writer, self.journal, self._is_started = writer, writer.journal, True
        return writer

    def _open(self, identity: WriterIdentity) -> Writer:
        from importlib.metadata import version  # noqa: PLC0415

        from run_logger.delivery.journal.header import Header  # noqa: PLC0415
        from run_logger.delivery.lifecycle.writer import Options, Writer  # noqa: PLC0415

        endpoint = without_secrets(self._connection.endpoint)
        header = Header(endpoint, self.run_key, self.run_id, identity, version("run-logger"))
        client = None if self._offline else self._connection.own
        writer_id, self.writer_id = self.writer_id, None
        writer = Writer(client, header, Options(**self._options), writer_id=writer_id)
        if self._run is not None:
            writer.journal.run(*self._run)
        return writer


class _NoJournal:
    """Stands where a journal will be, and takes no record."""

    def log(self, row: Any) -> None:
        del row
        raise JournalClosedError

    def blob(self, blob: Any, metadata: Any) -> None:
        del blob, metadata
        raise JournalClosedError

    def metadata(self, metadata: Any) -> None:
        del metadata
        raise JournalClosedError

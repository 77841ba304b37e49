"""The journal: an append-only file per writer, a line of JSON a record.

The first line is the header. A record is an object whose first key says what it is: `run`, `log`,
`blob`, `metadata` or `finish`. Its bytes stand as the database is to get them. A journal goes on in
further files, each with the header; a line `next` ends the one before.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson

from run_logger.delivery.files import JournalFiles
from run_logger.delivery.moment import logged_at, now
from run_logger.delivery.store import JournalClosedError, Store
from run_logger.jsonify import encode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from run_logger.delivery.identity import WriterIdentity
    from run_logger.delivery.reader import Reader
    from run_logger.delivery.segments import Segment

__all__ = ["FORMAT", "Header", "Journal", "JournalClosedError", "journal_directory"]

FORMAT = 1
"""The version of the format; a reader refuses one that it does not know."""

LARGE_BLOB = 64 << 10
"""Bytes: a larger blob is a file of its own."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a journal says of itself; no secret is in it.

    Attributes:
        endpoint: The URL of the GraphQL API, without its secrets.
        run_key: The key of the run; None where only its id is known.
        run_id: The id of the run in the database; None where the delivery is to create it.
        writer: Who writes; its key names the file too.
        version: The library's version.
    """

    endpoint: str
    run_key: UUID | None
    run_id: int | None
    writer: WriterIdentity
    version: str

    def line(self) -> bytes:
        """Return the header as the first line of a journal."""
        return orjson.dumps({"journal": FORMAT, **asdict(self)}) + b"\n"


class Journal:
    """The journal of this process for one run, open for appending.

    Where nothing can be written to disk it goes on in memory, up to a bound, and says so once.

    Args:
        directory: Where it lies; made with mode 0700 where it is missing.
        header: What stands in its first line.
        durable: What a record outlives once its method returns: the "process", or a loss of
            "power" too.
        on_full: What becomes of a record when the memory is full: "drop" it, or "block".

    Attributes:
        files: The names of its files.

    Raises:
        FileExistsError: This writer has a journal already.
    """

    __slots__ = ("_append", "_power", "_store", "files")

    def __init__(
        self,
        directory: Path,
        header: Header,
        *,
        durable: Literal["process", "power"] = "process",
        on_full: Literal["drop", "block"] = "drop",
    ) -> None:
        self.files = JournalFiles(directory, str(header.writer.key))
        self._power = durable == "power"
        self._store = Store(self.files, header.line(), power=self._power, on_full=on_full)
        self._append = self._store.append

    @property
    def path(self) -> Path:
        """The first file of the journal, which stands for all of them."""
        return self.files.journal

    @property
    def directory(self) -> Path:
        """Where its files lie."""
        return self.files.directory

    @property
    def persistent(self) -> bool:
        """Whether all that waits would outlive the process; False where some is in memory alone."""
        return all(segment.path is not None for segment in self._store.segments)

    @property
    def dropped(self) -> int:
        """The number of records that found no room, neither on disk nor in memory."""
        return self._store.memory.dropped

    def log(self, row: dict[str, Any]) -> None:
        """Append a row of the run's log.

        Raises:
            TypeError: A value in it has no JSON form; nothing is written.
            JournalClosedError: The journal has ended.
        """
        self._append(b'{"log":' + encode(row) + logged_at())

    def blob(self, blob: bytes | str, metadata: Any) -> None:
        r"""Append a blob: bytes, or Postgres's text form of them (`\x00ff`, or plain text).

        Raises:
            TypeError: The metadata has no JSON form; nothing is written.
            JournalClosedError: The journal has ended.
        """
        encoded = encode(metadata)
        if self._store.is_ended:  # before a file is written that nothing would lead to
            raise JournalClosedError
        text = self._filed(blob) or encode(blob if isinstance(blob, str) else rf"\x{blob.hex()}")
        self._append(b'{"blob":%b,"metadata":%b%b' % (text, encoded, logged_at()))

    def metadata(self, metadata: Any) -> None:
        """Append what is to be merged into the run's metadata.

        Raises:
            TypeError: It is no mapping, or a value in it has no JSON form; nothing is written.
            JournalClosedError: The journal has ended.
        """
        text = encode(metadata)
        if not text.startswith(b"{"):
            raise TypeError(f"metadata is a mapping, not a {type(metadata).__name__}")
        self._append(b'{"metadata":%b}\n' % text)

    def run(self, metadata: Any, charts: Sequence[Any]) -> None:
        """Append what the delivery is to create the run with: the first record, if any.

        Args:
            metadata: The metadata of the run, a mapping.
            charts: The specifications of its charts, in order.

        Raises:
            TypeError: A value has no JSON form; nothing is written.
        """
        entry = b'{"run":{"metadata":%b,"charts":%b}}\n'
        self._append(entry % (encode(metadata), encode([*charts])))

    def finish(self, outcome: str, error: str | None = None) -> None:
        """Append how the writer ended; nothing follows. Only the first call counts."""
        end = encode({"outcome": outcome, "error": error})
        self._store.end(b'{"finish":%b,"finished_at":"%b"}\n' % (end, now().encode()))

    def size(self) -> int:
        """Return the offset of the journal's end, in bytes."""
        return self._store.segments[-1].stop()

    def reader(self) -> Reader:
        """Return a reader of this journal, for this process."""
        from run_logger.delivery.reader import Reader  # noqa: PLC0415  (not needed to log)

        return Reader(self)

    def segments(self) -> tuple[Segment, ...]:
        """Return the files that there are, in order."""
        return self._store.segments

    def is_final(self) -> bool:
        """Return whether nothing can be added any more."""
        return self._store.is_ended

    def tend(self) -> None:
        """See whether to go on in another file: every now and then, from any thread."""
        self._store.tend()

    def discard(self, delivered: int) -> None:
        """Remove the segments that lie wholly before an offset.

        Raises:
            OSError: One cannot be removed.
        """
        self._store.discard(delivered)

    def discard_blob(self, name: str) -> None:
        """Remove the file of a blob that is delivered."""
        (self.directory / name).unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the journal's files, and let go of its lock; what the server refused stays.

        Raises:
            OSError: Something cannot be removed.
        """
        self._store.disk.remove()

    def leave_to_parent(self) -> None:
        """Take no more records: this process is a forked child, and the journal is its parent's."""
        self._store.leave_to_parent()

    def release(self) -> None:
        """Let go of the lock and keep the files: from now on others may deliver and remove them."""
        self._store.disk.release()

    def _filed(self, blob: bytes | str) -> bytes | None:
        """Write a large blob to a file of its own, if that can be done; return what to record."""
        if len(blob) <= LARGE_BLOB or not self._store.is_on_disk:
            return None
        from run_logger.delivery.blobs import write_blob  # noqa: PLC0415  (not needed to log)

        try:
            return orjson.dumps(write_blob(self.files.new_blob(), blob, durable=self._power))
        except OSError:
            return None  # it finds its place where the other records go, in memory at last


def journal_directory() -> Path:
    """Return the directory of journals: `RUN_LOGGER_DIR`, else the platform's state directory."""
    given = os.environ.get("RUN_LOGGER_DIR")
    if given:
        return Path(given)
    import platformdirs  # noqa: PLC0415  (keeps the import of the library light)

    return platformdirs.user_state_path("run-logger")

"""The journal: an append-only file per writer, a line of JSON a record.

The first line is the header. A record is an object whose first key says what it is: `run`, `log`,
`blob`, `metadata`, `defaults` or `finish`. Its bytes stand as the database is to get them. A
journal goes on in further files, each with the header; a line `next` ends the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import orjson

from run_logger.delivery.journal.moment import logged_at, now
from run_logger.delivery.storage.closed import JournalClosedError
from run_logger.delivery.storage.files import JournalFiles
from run_logger.delivery.storage.store import Store
from run_logger.jsonify import encode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from run_logger.delivery.journal.header import Header

__all__ = ["Journal"]

LARGE_BLOB = 64 << 10
"""Bytes: a larger blob is a file of its own."""


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
        store: Where its lines go, and what its readers read.

    Raises:
        FileExistsError: This writer has a journal already.
    """

    __slots__ = ("_append", "_power", "store")

    def __init__(
        self,
        directory: Path,
        header: Header,
        *,
        durable: Literal["process", "power"] = "process",
        on_full: Literal["drop", "block"] = "drop",
    ) -> None:
        files = JournalFiles(directory, str(header.writer.key))
        self._power = durable == "power"
        self.store: Store = Store(files, header.line(), power=self._power, on_full=on_full)
        self._append = self.store.append

    @property
    def path(self) -> Path:
        """The first file of the journal, which stands for all of them."""
        return self.store.files.journal

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
        if self.is_final():  # before a file is written that nothing would lead to
            raise JournalClosedError
        text = self._filed(blob) or encode(blob if isinstance(blob, str) else rf"\x{blob.hex()}")
        self._append(b'{"blob":%b,"metadata":%b%b' % (text, encoded, logged_at()))

    def metadata(self, metadata: Any) -> None:
        """Append what is to be merged into the run's metadata.

        Raises:
            TypeError: It is no mapping, or a value in it has no JSON form; nothing is written.
            JournalClosedError: The journal has ended.
        """
        self._append(b'{"metadata":%b}\n' % _encoded_mapping(metadata))

    def defaults(self, metadata: Any) -> None:
        """Append what is to be merged into the run's metadata as far as it has no such keys.

        Raises:
            TypeError: As from `metadata`.
            JournalClosedError: The journal has ended.
        """
        self._append(b'{"defaults":%b}\n' % _encoded_mapping(metadata))

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
        self.store.end(b'{"finish":%b,"finished_at":"%b"}\n' % (end, now().encode()))

    def size(self) -> int:
        """Return the offset of the journal's end, in bytes."""
        return self.store.segments()[-1].stop()

    def is_final(self) -> bool:
        """Return whether nothing can be added any more."""
        return self.store.is_final()

    def remove(self) -> None:
        """Remove the journal's files, and let go of its lock; what the server refused stays.

        Raises:
            OSError: Something cannot be removed.
        """
        self.store.disk.remove()

    def leave_to_parent(self) -> None:
        """Take no more records: this process is a forked child, and the journal is its parent's."""
        self.store.leave_to_parent()

    def release(self) -> None:
        """Let go of the lock and keep the files: from now on others may deliver and remove them."""
        self.store.disk.release()

    def _filed(self, blob: bytes | str) -> bytes | None:
        """Write a large blob to a file of its own, if that can be done; return what to record."""
        if len(blob) <= LARGE_BLOB or not self.store.is_on_disk:
            return None
        from run_logger.delivery.journal.blobs import write_blob  # noqa: PLC0415

        path = self.store.files.new_blob()
        try:
            return orjson.dumps(write_blob(path, blob, durable=self._power))
        except OSError:
            return None  # it finds its place where the other records go, in memory at last


def _encoded_mapping(metadata: Any) -> bytes:
    text = encode(metadata)
    if not text.startswith(b"{"):
        raise TypeError(f"metadata is a mapping, not a {type(metadata).__name__}")
    return text

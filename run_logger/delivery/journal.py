"""The journal: an append-only file per writer, a line of JSON a record.

The first line is the header. A record is an object whose first key says what it is: `log`, `blob`,
`metadata` or `finish`. Its bytes stand as the database is to get them.
"""

from __future__ import annotations

import os
import weakref
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from run_logger.jsonify import encode

if TYPE_CHECKING:
    from uuid import UUID

    from run_logger.delivery.identity import WriterIdentity

__all__ = ["Header", "Journal", "journal_directory"]

FORMAT = 1
"""The version of the format; a reader refuses one that it does not know."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a journal says of itself; no secret is in it.

    Attributes:
        endpoint: The URL of the GraphQL API, without its secrets.
        run_key: The key of the run; None where only its id is known.
        run_id: The id of the run in the database.
        writer: Who writes; its key names the file too.
        version: The library's version.
    """

    endpoint: str
    run_key: UUID | None
    run_id: int
    writer: WriterIdentity
    version: str

    def line(self) -> bytes:
        """Return the header as the first line of a journal."""
        return orjson.dumps({"journal": FORMAT, **asdict(self)}) + b"\n"


class Journal:
    """The journal of this process for one run, open for appending.

    Args:
        directory: Where it lies; made with mode 0700 where it is missing.
        header: What stands in its first line.

    Raises:
        OSError: The directory or the file cannot be made or written.
    """

    __slots__ = ("__weakref__", "_descriptor", "path")

    def __init__(self, directory: Path, header: Header) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = directory / f"{header.writer.key}.jsonl"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, mode=0o600)
        # Closed with the last reference: a thread that still writes must not meet a reused number.
        weakref.finalize(self, os.close, self._descriptor)
        self._write(header.line())

    def log(self, row: dict[str, Any]) -> None:
        """Append a row of the run's log.

        Raises:
            TypeError: A value in it has no JSON form; nothing is written.
        """
        self._write(b'{"log":%b,"logged_at":%b}\n' % (encode(row), _now()))

    def blob(self, blob: bytes | str, metadata: Any) -> None:
        r"""Append a blob: bytes, or Postgres's text form of them (`\x00ff`, or plain text).

        Raises:
            TypeError: The metadata has no JSON form; nothing is written.
        """
        text = encode(blob if isinstance(blob, str) else rf"\x{blob.hex()}")
        entry = b'{"blob":%b,"metadata":%b,"logged_at":%b}\n'
        self._write(entry % (text, encode(metadata), _now()))

    def metadata(self, metadata: Any) -> None:
        """Append what is to be merged into the run's metadata.

        Raises:
            TypeError: It is no mapping, or a value in it has no JSON form; nothing is written.
        """
        text = encode(metadata)
        if not text.startswith(b"{"):
            raise TypeError(f"metadata is a mapping, not a {type(metadata).__name__}")
        self._write(b'{"metadata":%b}\n' % text)

    def finish(self, outcome: str, error: str | None) -> None:
        """Append how the writer ended; the last record of a journal."""
        end = encode({"outcome": outcome, "error": error})
        self._write(b'{"finish":%b,"finished_at":%b}\n' % (end, _now()))

    def size(self) -> int:
        """Return the offset of the journal's end, in bytes."""
        return os.fstat(self._descriptor).st_size

    def _write(self, line: bytes) -> None:
        # One write on an O_APPEND descriptor: no other thread's line lands inside of it.
        written = os.write(self._descriptor, line)
        if written != len(line):
            raise OSError(f"{self.path}: only {written} of {len(line)} bytes could be written")


def journal_directory() -> Path:
    """Return the directory of journals: `RUN_LOGGER_DIR`, else the platform's state directory."""
    given = os.environ.get("RUN_LOGGER_DIR")
    if given:
        return Path(given)
    import platformdirs  # noqa: PLC0415  (keeps the import of the library light)

    return platformdirs.user_state_path("run-logger")


def _now() -> bytes:
    """Return this moment as a JSON string."""
    return orjson.dumps(datetime.now(UTC))

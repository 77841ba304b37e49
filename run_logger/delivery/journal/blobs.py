"""Large blobs: files beside the journal, and their text in JSON, made while it is sent."""

from __future__ import annotations

import codecs
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from run_logger.delivery.storage.disk import sync_directory
from run_logger.jsonify import without_nul

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FILED", "BlobText", "filed_blob", "write_blob"]

FILED = b'{"blob":{'
"""How the record of a blob begins that lies in a file of its own."""

_CHUNK = 1 << 20


def write_blob(path: Path, blob: bytes | str, *, durable: bool) -> dict[str, Any]:
    """Write a blob to a file, and return what its record says of it.

    Args:
        path: The file; it has this name only once it is whole.
        blob: Bytes, or Postgres's text form of them.
        durable: Whether it is to outlive a loss of power.

    Raises:
        OSError: It cannot be written; nothing is left of it.
    """
    part = path.with_suffix(".blob.part")
    try:
        size = _write(part, _pieces(blob), durable=durable)
        part.rename(path)
        if durable:
            sync_directory(path.parent)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    return {"file": path.name, "bytes": size, "text": isinstance(blob, str)}


def _write(path: Path, pieces: Iterator[bytes], *, durable: bool) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, mode=0o600), "wb", buffering=0) as file:
        size = sum(_write_whole(file.fileno(), piece) for piece in pieces)
        if durable:
            os.fsync(file.fileno())
    return size


def _write_whole(descriptor: int, piece: bytes) -> int:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    return len(piece)


def _pieces(blob: bytes | str) -> Iterator[bytes]:
    """Return a blob piece by piece; a text is never as a whole in memory a second time."""
    if not isinstance(blob, str):
        yield blob
        return
    for start in range(0, len(blob), _CHUNK):
        yield blob[start : start + _CHUNK].encode(errors="replace")


def filed_blob(line: bytes) -> dict[str, Any] | None:
    """Return what a record says of the file of its blob; None where it has none."""
    if not line.startswith(FILED):
        return None
    entry: dict[str, Any] = orjson.loads(line)["blob"]
    return entry


@dataclass(frozen=True, slots=True)
class BlobText:
    """The text of a blob in a request, as a JSON string; made anew for each that iterates over it.

    Attributes:
        path: The file.
        is_text: Whether it holds Postgres's text form already.
    """

    path: Path
    is_text: bool

    def __iter__(self) -> Iterator[bytes]:
        """Yield the JSON string piece by piece.

        Raises:
            OSError: The file cannot be read.
        """
        yield b'"' if self.is_text else rb'"\\x'
        with self.path.open("rb") as file:
            chunks = iter(lambda: file.read(_CHUNK), b"")
            yield from _escaped(chunks) if self.is_text else map(_hex, chunks)
        yield b'"'

    def __len__(self) -> int:
        """Return the size of the whole string, in bytes."""
        if self.is_text:
            return sum(map(len, self))
        return 2 * self.path.stat().st_size + len(rb'"\\x"')


def _hex(chunk: bytes) -> bytes:
    return chunk.hex().encode()


def _escaped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for text in codecs.iterdecode(chunks, "utf-8"):
        yield without_nul(orjson.dumps(text)[1:-1])

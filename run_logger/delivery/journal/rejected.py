"""The records that the server refuses: kept beside the journal, each with the reason."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from pathlib import Path

    from run_logger.delivery.journal.header import Header
    from run_logger.errors import ContentError

__all__ = ["UNREADABLE", "Rejected"]

UNREADABLE = "unreadable"
"""The code of what is no record: a damaged line, a blob whose file is gone."""

HELD_BYTES = 16 << 20
"""The most that is held in memory as long as the file cannot be written."""

_log = logging.getLogger("run_logger")


class Rejected:
    """The file `<writer key>.rejected.jsonl`, a journal too; it begins with the first such record.

    Args:
        path: Where it lies, or will.
        header: The header of the journal.

    Attributes:
        counts: The number of records that were added, by the code of the server's error.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.counts: dict[str, int] = {}
        self._header = header
        self._seqs: set[int] | None = None
        self._held: list[bytes] = []

    def add(self, line: bytes, seq: int, reason: ContentError) -> None:
        """Keep a record with the server's reason, once, however often it is refused.

        Raises:
            OSError: The file cannot be written, and much is held back already.
        """
        record = orjson.Fragment(line)
        self._add(seq, reason.code, reason.problem, {"record": record})

    def add_unreadable(self, line: bytes, seq: int, reason: str) -> None:
        """Keep a line that is no record.

        Raises:
            OSError: As from `add`.
        """
        self._add(seq, UNREADABLE, reason, {"line": line.decode("utf-8", "backslashreplace")})

    def write_held(self) -> None:
        """Write what could not be written when it came.

        Raises:
            OSError: It still cannot, and much is held back already.
        """
        try:
            while self._held:
                self._write(self._held[0])
                del self._held[0]
        except OSError as error:
            if sum(map(len, self._held)) > HELD_BYTES:
                raise
            _log.debug("%s cannot be written for now: %s", self.path, error)

    def _add(self, seq: int, code: str, reason: str, record: dict[str, object]) -> None:
        if self._seqs is None:
            self._seqs = _seqs_in(self.path)
        if seq in self._seqs:
            return
        entry = {"seq": seq, "code": code, "reason": reason, **record}
        self._held.append(orjson.dumps(entry) + b"\n")
        self._seqs.add(seq)
        self.counts[code] = self.counts.get(code, 0) + 1
        self.write_held()

    def _write(self, line: bytes) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        with os.fdopen(os.open(self.path, flags, mode=0o600), "wb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            text = line if size else self._header.line() + line
            if file.write(text) != len(text):
                file.truncate(size)
                raise OSError(f"there is no room left in {self.path}")


def _seqs_in(path: Path) -> set[int]:
    """Return the seqs of the records that are in the file already."""
    try:
        lines = path.read_bytes().splitlines()[1:]
    except FileNotFoundError:
        return set()
    seqs: set[int] = set()
    for line in lines:
        try:
            seqs.add(orjson.loads(line)["seq"])
        except (orjson.JSONDecodeError, KeyError):
            continue  # cut off when the disk was full
    return seqs

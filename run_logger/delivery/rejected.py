"""The records that the server refuses: kept beside the journal, each with the reason."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from pathlib import Path

    from run_logger.delivery.reader import Record
    from run_logger.errors import ContentError

__all__ = ["Rejected"]


class Rejected:
    """The file `<writer key>.rejected.jsonl` of a journal; it begins with the first such record.

    Args:
        journal: The path of the journal.

    Attributes:
        path: Where the file lies, or will.
        counts: The number of records in it, by the code of the server's error.
    """

    def __init__(self, journal: Path) -> None:
        self.path = journal.with_suffix(".rejected.jsonl")
        self.counts: dict[str, int] = {}
        self._last_seq = 0

    def add(self, record: Record, reason: ContentError) -> None:
        """Keep a record with the server's reason, once, however often it is refused.

        Raises:
            OSError: The file cannot be written.
        """
        if record.seq == self._last_seq:
            return
        entry = {
            "seq": record.seq,
            "code": reason.code,
            "reason": reason.problem,
            "record": orjson.Fragment(record.line),
        }
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        with os.fdopen(os.open(self.path, flags, mode=0o600), "wb") as file:
            file.write(orjson.dumps(entry) + b"\n")
        self.counts[reason.code] = self.counts.get(reason.code, 0) + 1
        self._last_seq = record.seq

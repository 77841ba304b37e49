"""Records of a journal as the variables of one delivery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from run_logger.jsonify import decode, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from run_logger.delivery.reader import Record

__all__ = ["Batch"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive records of one journal, to be delivered in one transaction.

    Attributes:
        start: The offset where the first record begins.
        end: The offset where the last one ends.
        records: The records; none of them if the mark alone is to move.
    """

    start: int
    end: int
    records: Sequence[Record]

    def variables(self, run_id: int, writer_id: int) -> dict[str, Any]:
        """Return the variables of the operation `deliver`.

        Rows go in as they stand in the journal; who they belong to is spliced into their bytes.

        Args:
            run_id: The run that the rows belong to.
            writer_id: The writer whose journal this is.
        """
        metadata = self._metadata()
        return {
            "run_id": run_id,
            "writer_id": writer_id,
            "from_offset": self.start,
            "mark": {"delivered": self.end} | self._finish(),
            "logs": self._rows(b'{"log":', run_id, writer_id),
            "blobs": self._rows(b'{"blob":', run_id, writer_id),
            "metadata": orjson.Fragment(encode(metadata)),
            "with_metadata": bool(metadata),
        }

    def _rows(self, kind: bytes, run_id: int, writer_id: int) -> orjson.Fragment:
        tail = b',"run_id":%d,"writer_id":%d,"seq":%%d}' % (run_id, writer_id)
        rows = [
            record.line[:-1] + tail % record.seq
            for record in self.records
            if record.line.startswith(kind)
        ]
        return orjson.Fragment(b"[" + b",".join(rows) + b"]")

    def _metadata(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for record in self.records:
            if record.line.startswith(b'{"metadata":'):
                merged |= decode(record.line)["metadata"]
        return merged

    def _finish(self) -> dict[str, Any]:
        for record in reversed(self.records):
            if record.line.startswith(b'{"finish":'):
                entry = decode(record.line)
                return {**entry["finish"], "finished_at": entry["finished_at"]}
        return {}

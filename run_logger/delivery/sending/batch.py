"""Records of a journal as the variables of one delivery."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from run_logger.delivery.journal.blobs import FILED, BlobText, filed_blob
from run_logger.delivery.journal.reader import FINISH, RUN, Chunk
from run_logger.delivery.storage.files import is_blob
from run_logger.jsonify import decode, encode
from run_logger.transport import STREAMED

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Batch", "readable_part"]

LOG = b'{"log":'
BLOB = b'{"blob":'
METADATA = b'{"metadata":'
DEFAULTS = b'{"defaults":'

_KEYS = {
    LOG: {"log", "logged_at"},
    BLOB: {"blob", "metadata", "logged_at"},
    METADATA: {"metadata"},
    DEFAULTS: {"defaults"},
    FINISH: {"finish", "finished_at"},
    RUN: {"run"},
}
"""The keys of each kind of record."""

_INNER_KEYS = {
    FILED: ("blob", {"file", "bytes", "text"}),
    FINISH: ("finish", {"outcome", "error"}),
    RUN: ("run", {"metadata", "charts"}),
}
"""The keys of the objects in records that are ours, not the user's."""


@dataclass(slots=True)
class Batch:
    """Consecutive records of one journal, to be delivered in one transaction, by their kinds.

    Attributes:
        chunk: The records.
        logs: Those of the log, with their seqs.
        blobs: The blobs, with their seqs.
        metadata: What is to be merged into the run's metadata.
        defaults: The same, as far as the run has no such keys.
        finish: What is to be recorded of the writer's end; empty as long as it goes on.
        unreadable: Lines that are no records, with their seqs.
        count: The number of records in all, but for `run` and `finish`.
    """

    chunk: Chunk
    logs: list[tuple[bytes, int]] = field(default_factory=list[tuple[bytes, int]])
    blobs: list[tuple[bytes, int]] = field(default_factory=list[tuple[bytes, int]])
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    defaults: dict[str, Any] = field(default_factory=dict[str, Any])
    finish: dict[str, Any] = field(default_factory=dict[str, Any])
    unreadable: list[tuple[bytes, int]] = field(default_factory=list[tuple[bytes, int]])
    count: int = 0

    def __post_init__(self) -> None:
        """Sort the records by their kinds."""
        self.count = len(self.chunk)
        for line, seq in self.chunk:
            if line.startswith(LOG):
                self.logs.append((line[:-1], seq))
            else:
                self._add(line, seq)

    def variables(self, run_id: int, writer_id: int) -> dict[str, Any]:
        """Return the variables of the operation `deliver` that the records give.

        Rows go in as they stand in the journal; who they belong to is spliced into their bytes.

        Args:
            run_id: The run that the rows belong to.
            writer_id: The writer whose journal this is.
        """
        return {
            "run_id": run_id,
            "writer_id": writer_id,
            "logs": _rows(self.logs, run_id, writer_id),
            "blobs": _rows([(_unfiled(line), seq) for line, seq in self.blobs], run_id, writer_id),
            "metadata": orjson.Fragment(encode(self.metadata)),
            "with_metadata": bool(self.metadata),
        }

    def blob_text(self, directory: Path) -> BlobText | None:
        """Return the text of the blob that lies in a file, which stands alone; None without one."""
        entry = filed_blob(self.blobs[0][0] + b"}") if self.blobs else None
        return None if entry is None else BlobText(directory / entry["file"], entry["text"])

    def _add(self, line: bytes, seq: int) -> None:
        try:
            if line.startswith(BLOB):
                if line.startswith(FILED):
                    _check_file(_entry(line)["blob"])
                self.blobs.append((line[:-1], seq))
            elif line.startswith(METADATA):
                self.metadata |= _entry(line)["metadata"]
            elif line.startswith(DEFAULTS):
                self.defaults |= _entry(line)["defaults"]
            elif line.startswith(FINISH):
                entry = _entry(line)
                self.finish = {**entry["finish"], "finished_at": entry["finished_at"]}
                self.count -= 1
            elif line.startswith(RUN):
                _entry(line)
                self.count -= 1
            else:
                self.unreadable.append((line, seq))
        except (ValueError, TypeError, RecursionError):
            self.unreadable.append((line, seq))


def readable_part(line: bytes) -> bytes:
    """Return a line if it is a record; of a torn record with a whole one behind it that one.

    Args:
        line: A line of a journal.

    Returns:
        The record, empty if there is none.
    """
    starts = [0, *(line.rfind(kind) for kind in (LOG, BLOB, METADATA, DEFAULTS))]
    return next((line[start:] for start in starts if start >= 0 and _is_record(line[start:])), b"")


def _is_record(line: bytes) -> bool:
    try:
        _entry(line)
    except (ValueError, RecursionError):
        return False
    return not Batch(Chunk(0, 0, [line], [0])).unreadable


def _entry(line: bytes) -> Any:
    """Return what a record says.

    Raises:
        ValueError: It is no JSON, or its keys are not those of its kind.
    """
    entry = decode(line.decode())
    if not any(line.startswith(kind) and entry.keys() == keys for kind, keys in _KEYS.items()):
        raise ValueError("a record of no kind")
    for kind, (key, keys) in _INNER_KEYS.items():
        if line.startswith(kind) and (not isinstance(entry[key], dict) or {*entry[key]} != keys):
            raise ValueError(f"a record with other keys in {key!r}")
    return entry


def _check_file(blob: dict[str, Any]) -> None:
    """See that a file beside the journal is meant: a journal may come from anybody.

    Raises:
        ValueError: It is another file.
        TypeError: It is no name.
    """
    if not is_blob(blob["file"]):
        raise ValueError(f"{blob['file']!r} is no blob of a journal")


def _rows(rows: list[tuple[bytes, int]], run_id: int, writer_id: int) -> orjson.Fragment:
    row = b'%%b,"run_id":%d,"writer_id":%d,"seq":%%d}' % (run_id, writer_id)
    return orjson.Fragment(b"[" + b",".join([row % entry for entry in rows]) + b"]")


def _unfiled(line: bytes) -> bytes:
    """Return the record of a blob with a place for its text, instead of the name of its file."""
    if not line.startswith(FILED):
        return line
    return BLOB + STREAMED + line[line.index(b"}") + 1 :]

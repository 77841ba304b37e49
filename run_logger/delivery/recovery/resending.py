"""Sending once more what the server refused, after whatever was wrong has been mended."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from run_logger_client.operations import INSERT_REJECTED_GQL

from run_logger.delivery.journal.reader import Chunk, Reader
from run_logger.delivery.journal.rejected import UNREADABLE
from run_logger.delivery.recovery.shipment import Delivery
from run_logger.delivery.sending.batch import Batch
from run_logger.delivery.sending.joining import join, without_keys_of_run
from run_logger.errors import ContentError, JournalError
from run_logger.jsonify import decode, encode

if TYPE_CHECKING:
    from pathlib import Path

    from run_logger_client import Client

    from run_logger.delivery.recovery.stored import StoredJournal

__all__ = ["Resending"]


class Resending:
    """Sends the rejected records of a journal one by one, each under its own seq.

    Args:
        journal: The journal.
        client: Talks to the endpoint.

    Raises:
        JournalError: Nothing says whose records these are.
        OSError: The file of refused records cannot be read.
    """

    def __init__(self, journal: StoredJournal, client: Client) -> None:
        if journal.header is None:
            raise JournalError(f"{journal.files.rejected} does not say whose records these are")
        self._journal = journal
        self._header = journal.header
        self._client = client
        self._waiting = _lines_of(journal.files.rejected)
        self._kept = self._waiting[:1]
        del self._waiting[:1]
        self._rejected: dict[str, int] = {}
        self._delivered = 0
        self._ids: tuple[int, int] | None = None

    def step(self) -> bool:
        """Send the next record; return whether there was one.

        Raises:
            RunLoggerError: The server cannot be reached.
            OSError: The file of a blob cannot be read.
        """
        if not self._waiting:
            return False
        line = self._waiting[0]
        code = self._refusal_of(line)
        if code is None:
            self._delivered += 1
        else:
            self._kept.append(line)
            self._rejected[code] = self._rejected.get(code, 0) + 1
        del self._waiting[0]
        return True

    def conclude(self) -> Delivery:
        """Take what is delivered out of the file, if that is ours to do.

        Raises:
            OSError: The file cannot be written.
        """
        removed = False
        if self._delivered and self._journal.is_final():
            removed = len(self._kept) == 1
            _rewrite(self._journal.files.rejected, [] if removed else self._kept)
            if removed and not self._journal.segments():
                self._journal.remove()
        run_id = self._ids[0] if self._ids else self._header.run_id
        return Delivery(run_id, self._delivered, self._rejected, 0, removed)

    def _refusal_of(self, line: bytes) -> str | None:
        """Send what a line of the file keeps; return the code of the server's error, if any."""
        entry = _entry_in(line)
        if not entry or "record" not in entry:
            return UNREADABLE
        record, seq = encode(entry["record"]), int(entry["seq"])
        ids = self._joined()
        try:
            self._send(Batch(Chunk(seq, seq, [record], [seq])), *ids)
        except ContentError as error:
            return error.code
        return None

    def _joined(self) -> tuple[int, int]:
        """Return the ids of the run and the writer; the first time, ask for them."""
        if self._ids is None:
            mark = join(self._client, Reader(self._journal), self._header, alive=False)
            self._ids = mark.run_id, mark.id
        return self._ids

    def _send(self, batch: Batch, run_id: int, writer_id: int) -> None:
        variables = batch.variables(run_id, writer_id)
        if batch.metadata or batch.defaults:
            absent = without_keys_of_run(self._client, run_id, batch.defaults)
            self._client.append_metadata(run_id, absent | batch.metadata)
            return
        rows = {"logs": variables["logs"], "blobs": variables["blobs"]}
        text = batch.blob_text(self._journal.files.directory)
        self._client.send(INSERT_REJECTED_GQL, "insert_rejected", rows, text=text)
        if text is not None:
            self._journal.discard_blob(text.path.name)


def _lines_of(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []


def _entry_in(line: bytes) -> Any:
    try:
        return decode(line)
    except ValueError:
        return None


def _rewrite(path: Path, lines: list[bytes]) -> None:
    if not lines:
        path.unlink()
        return
    new = path.with_suffix(".part")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode=0o600), "wb") as file:
        file.writelines(lines)
    new.replace(path)

"""A journal that lies on disk, written by another process, which may be dead."""

from __future__ import annotations

import errno
import time
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from run_logger.delivery.journal.header import FORMAT, Header
from run_logger.delivery.journal.identity import WriterIdentity
from run_logger.delivery.storage.disk import remove_files
from run_logger.delivery.storage.lock import OwnerLock
from run_logger.delivery.storage.segments import Segment
from run_logger.errors import JournalError

if TYPE_CHECKING:
    from pathlib import Path

    from run_logger.delivery.storage.files import JournalFiles

__all__ = ["StoredJournal", "read_header"]

OLD_AGE = 86_400.0
"""Seconds without a change after which a writer counts as dead where no lock can tell."""

_HEADER_BYTES = 1 << 16
_NO_LOCK_FILE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC)


class StoredJournal:
    """The files of a journal, with its lock if nobody else has it.

    Args:
        files: Their names.
        claim: Whether to take the lock; without it nothing here is ours to remove.

    Attributes:
        header: What it says of itself; None if nothing whole is in it.

    Raises:
        JournalError: It is no journal, or of a newer format.
        OSError: It cannot be read.
    """

    def __init__(self, files: JournalFiles, *, claim: bool = True) -> None:
        self.files = files
        self.header: Header | None = read_header(files)
        self._lock = _lock_of(files) if claim else None
        self._open: dict[int, Segment] = {}

    def segments(self) -> list[Segment]:
        """Return the files that there are, in order."""
        for first, path in self.files.segments().items():
            if first not in self._open:
                self._open[first] = Segment.open(first, path)
        return sorted(self._open.values(), key=lambda segment: segment.first)

    def is_final(self) -> bool:
        """Return whether its writer is dead and it is ours: nothing can be added any more."""
        return self._lock is not None and (self._lock.works or self._age() > OLD_AGE)

    def ended_at(self) -> datetime | None:
        """Return when it was changed last, None if nothing of it is left."""
        times = [path.stat().st_mtime for path in self.files.segments().values()]
        return datetime.fromtimestamp(max(times), UTC) if times else None

    def tend(self) -> None:
        """Do nothing: nobody writes here."""

    def discard(self, delivered: int) -> None:
        """Remove the segments that lie wholly before an offset, if the journal is ours.

        Raises:
            OSError: One cannot be removed.
        """
        if not self.is_final():
            return
        for segment, after in pairwise(self.segments()):
            if after.first <= delivered and segment.path is not None:
                segment.path.unlink(missing_ok=True)
                del self._open[segment.first]

    def discard_blob(self, name: str) -> None:
        """Remove the file of a blob that is delivered, if the journal is ours."""
        if self.is_final():
            (self.files.directory / name).unlink(missing_ok=True)

    def remove(self) -> bool:
        """Remove the journal, if it is ours; return whether it is gone.

        Raises:
            OSError: Something cannot be removed.
        """
        if self._lock is None or not self.is_final():
            return False
        remove_files(self.files)
        self._lock.remove()
        return True

    def release(self) -> None:
        """Let go of the lock, for others to take."""
        if self._lock is not None:
            self._lock.release()

    def _age(self) -> float:
        changed = self.ended_at()
        return time.time() - changed.timestamp() if changed else OLD_AGE + 1


def read_header(files: JournalFiles) -> Header | None:
    """Return what a journal says of itself; None if there is nothing whole in it.

    Raises:
        JournalError: It is no journal, or of a newer format.
        OSError: It cannot be read.
    """
    paths = [*files.segments().values(), files.rejected]
    problem: JournalError | None = None
    for path in paths:
        try:
            header = _header_in(path)
        except FileNotFoundError:
            continue
        except JournalError as error:  # a later segment has the same header
            problem = problem or error
            continue
        if header is not None:
            return header
    if problem is not None:
        raise problem
    return None


def _header_in(path: Path) -> Header | None:
    with path.open("rb") as file:
        line = file.readline(_HEADER_BYTES)
    if not line.endswith(b"\n") and len(line) < _HEADER_BYTES:
        return None
    try:
        entry = orjson.loads(line)
        version = entry["journal"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise _damaged(path) from error
    if not isinstance(version, int) or version > FORMAT:
        raise JournalError(
            f"{path} has the format {version}, and this version reads up to {FORMAT}",
            remedy="Use the version of run-logger that wrote it, or a later one.",
        )
    try:
        return _header_of(entry)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(path) from error


def _header_of(entry: dict[str, Any]) -> Header:
    writer = entry["writer"]
    parent = writer.get("parent")
    return Header(
        entry["endpoint"],
        entry["run_key"] and UUID(entry["run_key"]),
        entry["run_id"],
        WriterIdentity(
            UUID(writer["key"]),
            writer["host"],
            writer["pid"],
            writer["rank"],
            parent and UUID(parent),
        ),
        entry["version"],
    )


def _damaged(path: Path) -> JournalError:
    return JournalError(
        f"the first line of {path} does not say whose journal this is",
        remedy="It is left as it is; its records are lines of JSON.",
    )


def _lock_of(files: JournalFiles) -> OwnerLock | None:
    """Return the lock; None if it cannot be had."""
    try:
        return OwnerLock.take(files.lock)
    except OSError as error:
        if error.errno in _NO_LOCK_FILE:
            return None  # it can be read all the same
        raise

"""A journal's place on disk: its directory, the lock beside it, and the files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from run_logger.delivery.storage.lock import OwnerLock
from run_logger.delivery.storage.segments import Segment

if TYPE_CHECKING:
    from pathlib import Path

    from run_logger.delivery.storage.files import JournalFiles

__all__ = ["Disk", "remove_files", "sync_directory"]


class Disk:
    """Makes and removes the files of a journal that this process writes.

    Args:
        files: Their names.
        header: The first line of each segment.
        power: Whether they are to be found again after a loss of power.
    """

    def __init__(self, files: JournalFiles, header: bytes, *, power: bool) -> None:
        self.files = files
        self._header = header
        self._power = power
        self._lock: OwnerLock | None = None

    def create(self, first: int) -> Segment:
        """Make a segment; before the first one, the directory and the lock.

        Args:
            first: The segment's offset in the journal.

        Raises:
            FileExistsError: This writer has a journal already.
            OSError: Something cannot be made or written.
        """
        _make_directory(self.files.directory)
        if self._lock is None or self._lock.is_stale():
            self._lock = OwnerLock.create(self.files.lock)
        segment = Segment.create(first, self.files.segment(first), self._header)
        if self._power:
            sync_directory(self.files.directory)
        return segment

    def remove(self) -> None:
        """Remove all files, and let go of the lock.

        Raises:
            OSError: Something cannot be removed.
        """
        if self._lock is not None:  # without it no file was ever made
            remove_files(self.files)
            self._lock.remove()

    def release(self) -> None:
        """Let go of the lock, and keep the files."""
        if self._lock is not None:
            self._lock.release()


def remove_files(files: JournalFiles) -> None:
    """Remove the segments and blobs of a journal; what the server refused stays.

    Raises:
        OSError: Something cannot be removed.
    """
    for path in files.segments().values():
        path.unlink(missing_ok=True)
    if not files.rejected.exists():
        for path in files.blobs():
            path.unlink(missing_ok=True)


def sync_directory(directory: Path) -> None:
    """Wait until the names of a directory's files would outlive a loss of power.

    Raises:
        OSError: The disk fails.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(error.errno, "it is no directory", str(directory)) from error

"""The lock that says that a journal's owner lives, and that gives a dead one's journal to one heir.

A POSIX lock of fcntl: it ends with the process, however that ends; a forked child does not have it;
and it works over NFS.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

__all__ = ["OwnerLock", "is_owned"]

_BUSY = (errno.EACCES, errno.EAGAIN)
_UNSUPPORTED = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)

# How the C library lays out what is asked of a lock: type, whence, start, length and process.
_IS_LINUX = sys.platform == "linux"
_QUESTION = struct.Struct("hhqqi" if _IS_LINUX else "qqihh")
_TYPE = 0 if _IS_LINUX else 3

# The lock files that this process holds, by device and inode, and the process: to open and close
# one of them again would end its lock, and to lock it again would succeed.
_held: dict[tuple[int, int], int] = {}


class OwnerLock:
    """A lock file, held.

    Attributes:
        path: The file.
        works: Whether the file system knows locks; if not, nobody can tell who holds it.
    """

    __slots__ = ("_descriptor", "_identity", "_owner", "path", "works")

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path: Path = path
        self.works: bool = _lock(descriptor)
        self._descriptor = descriptor
        self._owner = os.getpid()
        self._identity = _identity(os.fstat(descriptor))
        _held[self._identity] = self._owner

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make the lock file of a new journal, and hold it.

        Raises:
            OSError: It cannot be made, or is there already.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        return cls(path, os.open(path, flags, mode=0o600))

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """Take the lock of a journal whose owner is dead; None if somebody holds it.

        Raises:
            OSError: The lock file cannot be opened or made.
        """
        if is_held_here(path):
            return None
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode=0o600)
        try:
            lock = cls(path, descriptor)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if lock.is_stale():  # its holder has just removed it, with the journal
            lock.release()
            return None
        return lock

    def is_stale(self) -> bool:
        """Return whether the path leads elsewhere by now, or nowhere."""
        try:
            return _identity(self.path.stat()) != self._identity
        except FileNotFoundError:
            return True

    def release(self) -> None:
        """Let go of the lock; the file stays. In a forked child this does nothing."""
        if self._owner == os.getpid() and self._identity in _held:
            del _held[self._identity]
            os.close(self._descriptor)

    def remove(self) -> None:
        """Remove the file and let go of the lock."""
        if self._owner == os.getpid():
            self.path.unlink(missing_ok=True)
            self.release()


def is_owned(path: Path) -> bool | None:
    """Return whether some process holds a lock, without taking it; None where nobody can tell.

    To take it, for however short a time, would keep another process from what only its holder may
    do.

    Args:
        path: The lock file; without one nobody holds it.
    """
    if is_held_here(path):
        return True
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return _is_locked(descriptor)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno in (*_UNSUPPORTED, errno.EACCES, errno.EPERM):
            return None
        raise


def is_held_here(path: Path) -> bool:
    """Return whether this very process holds the lock with this path."""
    try:
        return _held.get(_identity(path.stat())) == os.getpid()
    except FileNotFoundError:
        return False


def _lock(descriptor: int) -> bool:
    """Lock a file; return False where the file system knows no locks.

    Raises:
        BlockingIOError: Another process has it.
    """
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            raise BlockingIOError(error.errno, error.strerror) from error
        if error.errno in _UNSUPPORTED:
            return False
        raise
    return True


def _is_locked(descriptor: int) -> bool:
    """Ask whether another process has locked a file."""
    question = (fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    if not _IS_LINUX:
        question = (0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
    answer = fcntl.fcntl(descriptor, fcntl.F_GETLK, _QUESTION.pack(*question))
    return bool(_QUESTION.unpack(answer)[_TYPE] != fcntl.F_UNLCK)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino

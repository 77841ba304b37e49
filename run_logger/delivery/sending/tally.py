"""How many records of a journal wait, without counting any of them twice."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from run_logger.delivery.journal.reader import Reader

__all__ = ["Tally"]


class Tally:
    """Counts the records of a journal that are not settled, as it grows.

    Args:
        reader: The journal.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        self._counted_to = 0
        self._waiting = 0

    def settle(self, offset: int, count: int) -> None:
        """Note that everything before an offset is delivered or set aside.

        Args:
            offset: Where the records end.
            count: The number of them since the last time.
        """
        with self._lock:
            if offset >= self._counted_to:
                self._counted_to, self._waiting = offset, 0
            else:
                self._waiting -= count

    def waiting(self) -> int:
        """Return the number of records that are not settled."""
        with self._lock:
            count, self._counted_to = self._reader.count(self._counted_to)
            self._waiting += count
            return self._waiting

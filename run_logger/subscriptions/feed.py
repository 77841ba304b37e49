"""What came for a subscription and waits to be taken."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

__all__ = ["Feed"]

Data = dict[str, Any]


class Feed:
    """Holds results, errors among them, and at last the end.

    Args:
        keeps_all: Whether every result counts; else a newer one takes the place of an older.

    Attributes:
        has_ended: Whether nothing comes any more.
    """

    def __init__(self, *, keeps_all: bool) -> None:
        self._keeps_all = keeps_all
        self._held: deque[Data | Exception] = deque()
        self.has_ended: bool = False
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        """Return how many results and errors wait."""
        return len(self._held)

    def put(self, item: Data | Exception) -> None:
        """Take in a result, or an error in its place."""
        if not self._keeps_all and self._held and isinstance(self._held[-1], dict):
            self._held.pop()
        self._held.append(item)
        self._changed.set()

    def end(self) -> None:
        """Let nothing come any more; what waits can still be taken."""
        self.has_ended = True
        self._changed.set()

    async def take(self) -> Data | None:
        """Wait for the next result, and return it; None at the end.

        Raises:
            Exception: What came was this error.
        """
        while not self._held:
            if self.has_ended:
                return None
            self._changed.clear()
            await self._changed.wait()
        item = self._held.popleft()
        if isinstance(item, Exception):
            raise item
        return item

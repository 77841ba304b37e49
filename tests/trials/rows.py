"""What trials record: rows that can be told apart and made again."""

from __future__ import annotations

import mmap
import struct
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Tally", "row"]

_COUNT = struct.Struct("q")


def row(source: int, number: int) -> dict[str, Any]:
    """Return the payload of a source's nth row: the same in every process.

    Args:
        source: Who logs: a number for each thread or process of a run.
        number: How many rows the source has logged before.
    """
    return {
        "source": source,
        "number": number,
        "loss": 1 / (1 + number),
        "text": f'é\n"{number}"' * (number % 5),
        "nested": {"list": [number, None, True], "empty": {}},
    }


class Tally:
    """How many records each source had accepted: a file in memory, which outlives kill -9.

    Args:
        path: The file; made where it is missing.
        sources: The number of sources.
    """

    def __init__(self, path: Path, sources: int = 1) -> None:
        with path.open("a+b") as file:
            file.truncate(sources * _COUNT.size)
            self._map = mmap.mmap(file.fileno(), sources * _COUNT.size)
        self._sources = sources

    @classmethod
    def of(cls, path: Path) -> Self:
        """Open the tally of another process."""
        return cls(path, path.stat().st_size // _COUNT.size)

    def set(self, source: int, count: int) -> None:
        """Note that the call for the source's record number `count - 1` has returned."""
        _COUNT.pack_into(self._map, source * _COUNT.size, count)

    def counts(self) -> list[int]:
        """Return the count of each source."""
        return [count for (count,) in _COUNT.iter_unpack(self._map)]

"""The files of a journal, by their names.

- `<writer key>.jsonl`: its first segment, and the path of the journal;
- `<writer key>.<offset>.jsonl`: a later segment, by the offset of its first byte;
- `<writer key>.<name>.blob`: a large blob, named by its record;
- `<writer key>.rejected.jsonl`: what the server refused;
- `<writer key>.lock`: held by whoever may remove the others.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from typing import Self

__all__ = ["JournalFiles", "is_blob", "journal_directory"]

_NAME = re.compile(
    r"(?P<key>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.(?P<part>\d+|rejected))?\.jsonl"
)
_BLOB = re.compile(r"[0-9a-f-]{36}\.[0-9a-f]{32}\.blob")


@dataclass(frozen=True, slots=True)
class JournalFiles:
    """Where the files of one journal lie.

    Attributes:
        directory: The directory of all of them.
        key: The writer's key.
    """

    directory: Path
    key: str

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """Return the files of the journal that a file belongs to; None for a file of none."""
        name = _NAME.fullmatch(path.name)
        return None if name is None else cls(path.parent, name["key"])

    @property
    def journal(self) -> Path:
        """The first segment, which gives the journal its name; it may be gone before the others."""
        return self.directory / f"{self.key}.jsonl"

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.directory / f"{self.key}.lock"

    @property
    def rejected(self) -> Path:
        """The records that the server refused."""
        return self.directory / f"{self.key}.rejected.jsonl"

    def segment(self, first: int) -> Path:
        """Return the path of the segment that begins at an offset."""
        return self.directory / f"{self.key}.{first}.jsonl" if first else self.journal

    def segments(self) -> dict[int, Path]:
        """Return the segments that there are, by their first offset, ascending."""
        found: dict[int, Path] = {}
        for path in self.directory.glob(f"{self.key}*.jsonl"):
            name = _NAME.fullmatch(path.name)
            if name is not None and name["part"] != "rejected":
                found[int(name["part"] or 0)] = path
        return dict(sorted(found.items()))

    def present(self) -> list[Path]:
        """Return the segments and the file of refused records, as far as they are there."""
        return [*self.segments().values(), *([self.rejected] if self.rejected.exists() else [])]

    def new_blob(self) -> Path:
        """Return a path for one more blob."""
        return self.directory / f"{self.key}.{uuid4().hex}.blob"

    def blobs(self) -> list[Path]:
        """Return the blobs that there are, and what is left of unfinished ones."""
        return [*self.directory.glob(f"{self.key}.*.blob*")]


def is_blob(name: str) -> bool:
    """Return whether a file is a journal's blob, by its name; no path is one."""
    return _BLOB.fullmatch(name) is not None


def journal_directory() -> Path:
    """Return the directory of journals: `RUN_LOGGER_DIR`, else the platform's state directory."""
    given = os.environ.get("RUN_LOGGER_DIR")
    if given:
        return Path(given)
    import platformdirs  # noqa: PLC0415  (keeps the import of the library light)

    return platformdirs.user_state_path("run-logger")

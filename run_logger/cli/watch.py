"""Which journals a sync that goes on has to look at again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from run_logger.delivery.storage.files import JournalFiles

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from run_logger.cli.deliveries import Outcome

__all__ = ["Watch"]

QUIET_SECONDS = 60.0
"""A journal whose files have not changed is looked at so often: its process may have died."""


class _State(NamedTuple):
    size: int
    changed: int


class _Visit(NamedTuple):
    state: _State
    moment: float
    outcome: Outcome


class Watch:
    """Remembers when each journal was delivered, and how its files stood then."""

    def __init__(self) -> None:
        self._visits: dict[Path, _Visit] = {}
        self._states: dict[Path, _State] = {}

    @property
    def is_good(self) -> bool:
        """Whether everything went, of the journals that are still there."""
        return all(visit.outcome.is_good for visit in self._visits.values())

    def due(self, journals: Iterable[Path]) -> list[Path]:
        """Return the journals that changed, failed, or were not looked at for a while."""
        present = list(journals)
        self._states = _states(present)
        self._visits = {path: self._visits[path] for path in present if path in self._visits}
        return [path for path in present if self._is_due(path)]

    def visited(self, outcome: Outcome) -> bool:
        """Note what became of a journal that was due; return whether that is worth saying."""
        path = outcome.journal
        before = self._visits.get(path)
        self._visits[path] = _Visit(self._states[path], time.monotonic(), outcome)
        new_problem = before is None or before.outcome.problem != outcome.problem
        return bool(outcome.delivered or outcome.rejected or (outcome.problem and new_problem))

    def _is_due(self, path: Path) -> bool:
        visit = self._visits.get(path)
        if visit is None or not visit.outcome.is_good or visit.state != self._states[path]:
            return True
        return time.monotonic() - visit.moment >= QUIET_SECONDS


def _states(journals: list[Path]) -> dict[Path, _State]:
    """Return the size and the last change of each journal, all its segments together."""
    states = dict.fromkeys(journals, _State(0, 0))
    for directory in {path.parent for path in journals}:
        for path in directory.iterdir():
            files = JournalFiles.of(path)
            if files is not None and files.journal in states:
                states[files.journal] = _with(states[files.journal], path)
    return states


def _with(state: _State, path: Path) -> _State:
    try:
        status = path.stat()
    except FileNotFoundError:
        return state  # delivered and removed meanwhile
    return _State(state.size + status.st_size, max(state.changed, status.st_mtime_ns))

"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from run_logger.errors import RunLoggerError

__all__ = ["Finding", "Level", "Section", "problem_of"]


class Level(StrEnum):
    """How much a finding matters."""

    fine = "fine"
    note = "note"
    problem = "problem"


class Section(StrEnum):
    """What a finding is about, in the order in which they are shown."""

    pending = "pending"
    rejected = "rejected"
    endpoint = "endpoint"
    sweeps = "sweeps"
    environment = "environment"
    extras = "extras"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found.

    Attributes:
        section: What it is about.
        level: `problem` if the user has to do something, `note` if it is worth knowing.
        text: What is so, as a sentence without a full stop.
        remedy: What to do, as sentences; "" if there is nothing to do.
        facts: The figures of the text, for programs.
    """

    section: Section
    level: Level
    text: str
    remedy: str = ""
    facts: dict[str, Any] = field(default_factory=dict[str, Any])


def problem_of(section: Section, error: RunLoggerError, **facts: Any) -> Finding:
    """Return an error of ours as a finding; its kind is among the facts."""
    where = f" at {error.endpoint}" if error.endpoint else ""
    kind = {"error": type(error).__name__}
    return Finding(section, Level.problem, error.problem + where, error.remedy, kind | facts)

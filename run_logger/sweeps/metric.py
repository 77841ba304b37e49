"""What a sweep wants to be large or small."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from run_logger.json_path import json_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    class Logged(Protocol):
        """A row of log, of which the value of a metric was read."""

        value: Any

    class Measured(Protocol):
        """A run, of which the last row with the metric was read."""

        @property
        def run_logs(self) -> Sequence[Logged]:
            """The row, if there is one."""
            ...


__all__ = ["Direction", "Metric", "number", "worth"]

Direction: TypeAlias = Literal["maximize", "minimize"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that runs log, and which way is better.

    Attributes:
        name: Its key in `logger.log(…)`; what counts is the last value that a run logged.
        direction: Whether larger or smaller is better.
    """

    name: str
    direction: Direction = "maximize"

    @property
    def path(self) -> str:
        """The name as a path that Hasura reads in a JSON column."""
        return json_path([self.name])

    def rank(self, value: float) -> float:
        """Return a number that is the larger, the better the value is."""
        return value if self.direction == "maximize" else -value


def worth(run: Measured) -> float | None:
    """Return the last value of the metric that a run logged, None where it logged none."""
    return number(run.run_logs[0].value) if run.run_logs else None


def number(value: object) -> float | None:
    """Return a JSON value as a number, None where it is none."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return float(value) if math.isfinite(value) else None

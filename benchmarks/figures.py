"""What a part of the benchmark measures, and where it is kept until the report."""

from __future__ import annotations

import json
import os
import statistics
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "BUILD",
    "Figures",
    "is_small",
    "keep",
    "load",
    "percentiles",
    "publish",
    "results",
    "scaled",
]

_ROOT = Path(__file__).parents[1]

BUILD = _ROOT / "build" / "bench"
"""What is not to be kept: environments, and the results of smoke runs."""

Figures = dict[str, float]
"""Numbers by name; the name ends in the unit."""


def is_small() -> bool:
    """Return whether this is a smoke run, which shows that all works and measures nothing."""
    return os.environ.get("BENCH_SIZE") == "small"


def results() -> Path:
    """Return the directory of results."""
    return BUILD / "results" if is_small() else _ROOT / "benchmarks" / "results"


def scaled(full: int) -> int:
    """Return how much of something to do: a fiftieth in a smoke run."""
    return max(full // 50, 1) if is_small() else full


def keep(part: str, figures: Figures) -> None:
    """Keep the figures of a part, in place of earlier ones."""
    path = _path(part)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def publish(part: str, figures: Figures) -> None:
    """Keep the figures of a part, and show them."""
    keep(part, figures)
    for name, value in figures.items():
        print(f"  {name:<44} {value:,.3f}")


def load(part: str) -> Figures | None:
    """Return the figures of a part; None where it has not been measured."""
    path = _path(part)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def percentiles(name: str, nanoseconds: Sequence[int]) -> Figures:
    """Return the median and the tails of single calls, in microseconds."""
    cuts = statistics.quantiles(nanoseconds, n=1000, method="inclusive")
    return {
        f"{name} p50 µs": cuts[499] / 1000,
        f"{name} p99 µs": cuts[989] / 1000,
        f"{name} p99.9 µs": cuts[998] / 1000,
    }


def _path(part: str) -> Path:
    return results() / "parts" / f"{part}.json"

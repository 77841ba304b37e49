"""The report: goals beside what was measured, peers in a table, and a plot of them."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vl_convert

from benchmarks.figures import Figures, is_small, load, results
from benchmarks.parts.peers import PEERS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["write_report"]

PARTS = ("latency", "delivery", "start", "outage", "peers")


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached.

    Attributes:
        what: What was measured, in words.
        figure: Its name.
        bound: The goal.
        unit: What the figure is in.
        over: The figure to divide it by.
        at_least: Whether more is better.
    """

    what: str
    figure: str
    bound: float
    unit: str
    over: str | None = None
    at_least: bool = False

    def measured(self, figures: Figures) -> float | None:
        """Return the figure, or the ratio; None where something was not measured."""
        value = figures.get(self.figure)
        if value is None or self.over is None:
            return value
        base = figures.get(self.over)
        return value / base if base else None

    def is_met(self, value: float) -> bool:
        """Return whether a figure reaches the goal."""
        return value >= self.bound if self.at_least else value <= self.bound


_TIMES = "times"
_BEYOND = "finish beyond its timeout, server {}, s"
_20_000 = "seconds to close, of 20,000 calls"
GOALS = (
    Goal("`log()` p50, over `orjson.dumps` + `os.write`", "log p50 µs", 2, _TIMES, "floor p50 µs"),
    Goal("the same of a dict, `log(**row)`", "log of a dict p50 µs", 2, _TIMES, "floor p50 µs"),
    Goal("`log()` p50, over trackio's", "run-logger p50 µs", 1 / 5, _TIMES, "trackio p50 µs"),
    Goal("`log()` p50, over wandb's", "run-logger p50 µs", 1 / 25, _TIMES, "wandb p50 µs"),
    Goal("`log()` p99 while sending, over the floor's", "log p99 µs", 2, _TIMES, "floor p99 µs"),
    Goal("`log()` p99.9 while sending", "log p99.9 µs", 150, "µs"),
    Goal("20,000 rows, first call to all in Postgres", "20,000 rows, wall s", 0.8, "s"),
    Goal("the sender's CPU for them", "20,000 rows, sender CPU s", 0.2, "s"),
    Goal(
        "20,000 rows by run-logger 0.1.8, over ours",
        f"run-logger-0.1.8 {_20_000}",
        50,
        _TIMES,
        "20,000 rows, wall s",
        at_least=True,
    ),
    Goal("sustained delivery", "sustained rows/s", 40_000, "rows/s", at_least=True),
    Goal("sender at 1,000 logs/s", "sender at 1,000 logs/s, % of a core", 3, "% of a core"),
    Goal("`import run_logger` beyond bare Python", "import beyond it ms", 60, "ms"),
    Goal("numpy, httpx, pydantic, client loaded by it", "heavy packages loaded", 0, "packages"),
    Goal("process start to first `log()` of a new run", "process to first log ms", 300, "ms"),
    Goal("growth over 1,000,000 logs, server away", "growth over 1,000,000 logs MB", 20, "MB"),
    Goal(
        "`log()` p50, server hung, over server well",
        "log, server hung, p50 µs",
        1.5,
        _TIMES,
        "log, server well, p50 µs",
    ),
    Goal(
        "`log()` p50, server at 1 byte/s, over server well",
        "log, server at 1 byte/s, p50 µs",
        1.5,
        _TIMES,
        "log, server well, p50 µs",
    ),
    *(
        Goal(f"`finish` beyond its timeout, server {state}", _BEYOND.format(state), 1, "s")
        for state in ("away", "hung", "at 1 byte/s")
    ),
)

PEER_COLUMNS = ("calls", "p50 µs", "p99 µs", "p99.9 µs", _20_000, "CPU seconds, of 20,000 calls")


def write_report() -> None:
    """Write the tables and the plot of what has been measured so far."""
    directory = results()
    directory.mkdir(parents=True, exist_ok=True)
    figures = {name: v for part in PARTS for name, v in (load(part) or {}).items()}
    sections = [_heading(), _table(*_goals(figures)), _table(*_peers(figures))]
    (directory / "benchmarks.md").write_text("\n".join(sections), encoding="utf-8")
    plot = _plot(figures)
    (directory / "log.svg").write_text(vl_convert.vegalite_to_svg(plot), encoding="utf-8")
    (directory / "log.png").write_bytes(vl_convert.vegalite_to_png(plot, scale=2))


def _heading() -> str:
    machine = f"{_processor()}, {platform.system()} {platform.release()}"
    title = "A smoke run: no figure here means anything" if is_small() else "What it costs"
    return (
        f"# {title}\n\nMeasured on {datetime.now(UTC):%Y-%m-%d} by `make bench`: {machine},"
        f" Python {platform.python_version()}. A logger that was too slow for 20,000 calls in its"
        " time has fewer of them, and its sums are extrapolated.\n\n![One call of log](log.svg)\n"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return f"{len(models)} cores of {models[0]}" if models else platform.machine()


def _goals(figures: Figures) -> tuple[Sequence[str], list[list[str]]]:
    rows: list[list[str]] = []
    for goal in GOALS:
        value = goal.measured(figures)
        bound = f"{'≥' if goal.at_least else '≤'} {_number(goal.bound)} {goal.unit}"
        if value is None:
            rows.append([goal.what, bound, "not measured", ""])
        else:
            met = "yes" if goal.is_met(value) else "**no**"
            rows.append([goal.what, bound, f"{_number(value)} {goal.unit}", met])
    return ("what", "goal", "measured", "met"), rows


def _peers(figures: Figures) -> tuple[Sequence[str], list[list[str]]]:
    rows = [
        [peer, *(_number(figures[f"{peer} {column}"]) for column in PEER_COLUMNS)]
        for peer in PEERS
        if f"{peer} calls" in figures
    ]
    return ("logger", *PEER_COLUMNS), rows


def _table(columns: Sequence[str], rows: list[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _number(value: float) -> str:
    whole = value == int(value) or f"{value:.3g}".find("e") > 0
    return f"{value:,.0f}" if whole else f"{value:.3g}"


def _plot(figures: Figures) -> dict[str, Any]:
    """Return one call of each logger, median to p99, as a Vega-Lite specification."""
    values = [
        {"logger": peer, "p50": figures[f"{peer} p50 µs"], "p99": figures[f"{peer} p99 µs"]}
        for peer in PEERS
        if f"{peer} calls" in figures
    ]
    microseconds = {"type": "quantitative", "scale": {"type": "log"}}
    y = {"field": "logger", "type": "nominal", "sort": {"field": "p50"}, "title": None}
    title = "one call of log, µs: the median, and the line to p99"
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": 480,
        "height": {"step": 24},
        "data": {"values": values},
        "encoding": {"y": y},
        "layer": [
            {
                "mark": {"type": "rule", "color": "#888"},
                "encoding": {
                    "x": {"field": "p50", "title": title, **microseconds},
                    "x2": {"field": "p99"},
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
                "encoding": {
                    "x": {"field": "p50", **microseconds},
                    "color": {
                        "condition": {"test": "datum.logger == 'run-logger'", "value": "#c33"},
                        "value": "#357",
                    },
                },
            },
        ],
    }

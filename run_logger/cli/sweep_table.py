"""What an agent shows while it works: a live table in a terminal, lines in a file."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.live import Live
from rich.markup import escape
from rich.table import Table

from run_logger.cli.metadata import short
from run_logger.cli.output import progress_console
from run_logger.sweeps.importance import flat

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from rich.console import Console, RenderableType

    from run_logger.sweeps.agent import Ended, State, Watcher
    from run_logger.sweeps.child import Child
    from run_logger.sweeps.metric import Metric

__all__ = ["watching"]

_STYLES = {"finished": "green", "failed": "red", "killed": "yellow"}


@contextmanager
def watching(metric: Metric | None) -> Generator[Watcher]:
    """Show what an agent does, on standard error.

    Args:
        metric: What to show of each run.
    """
    console = progress_console()
    if not console.is_terminal:
        yield _Lines(console, metric)
        return
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        yield _LiveTable(live, metric)


class _Lines:
    """A line where a run begins, and one where it ends."""

    def __init__(self, console: Console, metric: Metric | None) -> None:
        self._console = console
        self._metric = metric
        self._note = ""

    def began(self, child: Child) -> None:
        text = f"run {child.run.run_id} began: {_parameters(child)}"
        self._print(f"{escape(text)} [dim]({escape(str(child.output))})[/]")

    def ended(self, end: Ended) -> None:
        self._print(_end_of(end, self._metric))

    def show(self, state: State) -> None:
        if state.note and state.note != self._note:
            self._print(f"[yellow]{escape(state.note)}[/]")
        self._note = state.note

    def _print(self, markup: str) -> None:
        self._console.print(markup, soft_wrap=True)


class _LiveTable:
    """A table of what runs, under the lines of what has ended."""

    def __init__(self, live: Live, metric: Metric | None) -> None:
        self._live = live
        self._metric = metric

    def began(self, child: Child) -> None:
        """Wait for the next `show`."""

    def ended(self, end: Ended) -> None:
        self._live.console.print(_end_of(end, self._metric))

    def show(self, state: State) -> None:
        self._live.update(self._table(state))

    def _table(self, state: State) -> RenderableType:
        heads = ["run", "device", "time", "parameters"]
        if self._metric is not None:
            heads.insert(3, self._metric.name)
        table = Table(
            *heads,
            title=_title(state),
            title_justify="left",
            caption=escape(state.note) or None,
            caption_justify="left",
            header_style="bold",
            caption_style="yellow",
        )
        for child in state.children:
            cells = [str(child.run.run_id), child.run.device or "", _duration(child.seconds)]
            if self._metric is not None:
                cells.append("" if child.value is None else f"{child.value:.5g}")
            table.add_row(*cells, escape(_parameters(child)))
        return table


def _title(state: State) -> str:
    sweep = state.sweep
    limit = "" if sweep.run_limit is None else f" of {sweep.run_limit:,}"
    ended = [
        f"[{style}]{state.outcomes[outcome]} {outcome}[/]"
        for outcome, style in _STYLES.items()
        if state.outcomes[outcome]
    ]
    return ", ".join([f"sweep {sweep.id}: {sweep.issued:,}{limit} runs given out", *ended])


def _end_of(end: Ended, metric: Metric | None) -> str:
    child = end.child
    parts = [f"[{_STYLES[end.outcome]}]run {child.run.run_id} {end.outcome}[/]"]
    parts.append(f"after {_duration(child.seconds)}")
    if metric is not None:
        value = "nothing" if child.value is None else f"{child.value:.5g}"
        parts.append(f"{escape(metric.name)} {value}")
    parts.append(f"[dim]{escape(_parameters(child))}[/]")
    if end.error is not None:
        again = "; its point will be tried again" if end.is_retried else ""
        parts.append(f"({escape(end.error)}: {escape(str(child.output))}{again})")
    return "  ".join(parts)


def _parameters(child: Child) -> str:
    return _pairs(child.run.point.parameters)


def _pairs(parameters: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={_cell(value)}" for key, value in flat(parameters).items())


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else short(value)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"

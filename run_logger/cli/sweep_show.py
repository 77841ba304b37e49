"""`run-logger sweep show`: how far a sweep is, and what came out."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from run_logger.charts import draw_chart
from run_logger.cli.endpoint import DEFAULT_ENDPOINT, Endpoint, connect
from run_logger.cli.metadata import name_of, short
from run_logger.cli.output import AsJson, console, print_json
from run_logger.cli.sweep_choice import SweepId, chosen_metric, find_sweep
from run_logger.errors import ConfigError
from run_logger.sweeps.importance import flat, importance_chart, importances
from run_logger.sweeps.metric import Direction, Metric
from run_logger.sweeps.results import check_metric, read_results
from run_logger.sweeps.search import method_of

if TYPE_CHECKING:
    from run_logger_client.sweep_state import SweepStateSweepByPk

    from run_logger.sweeps.results import Result

__all__ = ["show"]

_BAR = 30


def show(
    sweep: SweepId,
    metric: Annotated[
        str | None, typer.Option(help="Compare runs by this, and not by the sweep's metric.")
    ] = None,
    direction: Annotated[
        Direction | None, typer.Option(help="Which way is better, of another metric.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Show so many of the runs, the best first.")] = 10,
    *,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print all runs as comma-separated values.")
    ] = False,
    importance: Annotated[
        Path | None,
        typer.Option(help="Draw how much each parameter matters into this file: .png or .svg."),
    ] = None,
    as_json: AsJson = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
) -> None:
    """Show a sweep: how far it is, its best runs, and how much each parameter matters.

    The importance of a parameter is the share of the metric's variance that it explains alone.

    Examples:
        run-logger sweep show 3
        run-logger sweep show 3 --metric loss --direction minimize --top 5
        run-logger sweep show 3 --csv > runs.csv
        run-logger sweep show 3 --importance importance.png
    """
    client = connect(endpoint)
    found = find_sweep(client, sweep)
    chosen = chosen_metric(found, metric, direction)
    results = _in_order(read_results(client, sweep, chosen), chosen)
    if chosen is not None:
        check_metric(client, sweep, chosen, results)
    if importance is not None:
        _draw(importance, results, chosen)
    if as_json:
        print_json(_as_json(found, results, chosen))
    elif as_csv:
        _print_csv(results, chosen)
    else:
        _print(found, results, chosen, top)


def _in_order(results: Sequence[Result], metric: Metric | None) -> list[Result]:
    """Return the last try at each point, the best first, those without a value last."""
    kept = [result for result in results if not result.is_retried]
    if metric is None:
        return kept
    return sorted(kept, key=lambda run: (run.value is None, -metric.rank(run.value or 0.0), run.id))


def _print(
    sweep: SweepStateSweepByPk, results: Sequence[Result], metric: Metric | None, top: int
) -> None:
    console().print(_progress(sweep, results), markup=False, soft_wrap=True)
    console().print(_table(results[:top], metric))
    if len(results) > top:
        console().print(f"[dim]and {len(results) - top} more: --top, --csv or --json show them[/]")
    _print_importances(results)


def _table(results: Sequence[Result], metric: Metric | None) -> Table:
    """Return a column for each parameter, or all in one where the terminal is narrow."""
    names = _names(results)
    wide = _empty_table(metric, [name.replace(".", ".\n") for name in names])
    narrow = _empty_table(metric, ["parameters"])
    for result in results:
        own, cells = _own_cells(result, metric), _cells(result, names)
        wide.add_row(*own, *cells)
        pairs = zip(names, cells, strict=True)
        narrow.add_row(*own, " ".join(f"{name}={cell}" for name, cell in pairs if cell))
    narrow.columns[-1].no_wrap = False
    unbounded = console().options.update(max_width=10_000)
    is_fitting = console().measure(wide, options=unbounded).maximum <= console().width
    return wide if is_fitting else narrow


def _empty_table(metric: Metric | None, names: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for head in ("run", "status", *([metric.name] if metric else []), *names):
        table.add_column(escape(head), no_wrap=True)
    return table


def _print_importances(results: Sequence[Result]) -> None:
    shares = importances(results)
    width = max(map(len, shares), default=0)
    for name, share in shares.items():
        bar = "█" * round(share * _BAR)
        console().print(f"{name:>{width}} {share:4.0%} {bar}", markup=False)
    if shares:
        console().print("[dim]how much of the metric's variance each parameter explains alone[/]")


def _progress(sweep: SweepStateSweepByPk, results: Sequence[Result]) -> str:
    name = name_of(sweep.metadata)
    limit = "" if sweep.run_limit is None else f" of {sweep.run_limit:,}"
    counts = Counter(_status(result) for result in results)
    states = [f"{count} {status}" for status, count in counts.most_common()]
    archived = " (archived)" if sweep.archived else ""
    head = f"sweep {sweep.id}{f' {name}' if name else ''}{archived}: {method_of(sweep)}"
    return ", ".join([head, f"{sweep.issued:,}{limit} runs given out", *states])


def _status(result: Result) -> str:
    if result.stopped_at is not None and result.status == "finished":
        return "stopped"
    return result.status or "of unknown status"


def _names(results: Sequence[Result]) -> list[str]:
    """Return the parameters in which the runs differ; all of them if they do not."""
    rows = [flat(result.parameters) for result in results]
    names = dict.fromkeys(name for row in rows for name in row)
    differing = [name for name in names if len({short(row.get(name)) for row in rows}) > 1]
    return differing or [*names]


def _own_cells(result: Result, metric: Metric | None) -> list[str]:
    value = [] if metric is None else ["" if result.value is None else f"{result.value:.5g}"]
    return [str(result.id), _status(result), *value]


def _cells(result: Result, names: Sequence[str]) -> list[str]:
    parameters = flat(result.parameters)
    return [escape(_cell(parameters[name])) if name in parameters else "" for name in names]


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else short(value)


def _print_csv(results: Sequence[Result], metric: Metric | None) -> None:
    names = [*dict.fromkeys(name for result in results for name in flat(result.parameters))]
    writer = csv.writer(sys.stdout)
    own = ["run", "sweep_index", "status", *([metric.name] if metric else [])]
    writer.writerow([*own, *names])
    for result in results:
        parameters = flat(result.parameters)
        values = [result.id, result.sweep_index, result.status]
        value = [result.value] if metric else []
        cells = [short(parameters[name]) if name in parameters else None for name in names]
        writer.writerow([*values, *value, *cells])


def _as_json(
    sweep: SweepStateSweepByPk, results: Sequence[Result], metric: Metric | None
) -> dict[str, Any]:
    return {
        "sweep": sweep.id,
        "name": name_of(sweep.metadata) or None,
        "method": method_of(sweep),
        "metric": metric.name if metric else None,
        "direction": metric.direction if metric else None,
        "archived": sweep.archived,
        "issued": sweep.issued,
        "run_limit": sweep.run_limit,
        "importance": importances(results),
        "runs": [
            {
                "run": result.id,
                "sweep_index": result.sweep_index,
                "status": result.status,
                "stopped_at": result.stopped_at,
                "attempt": result.attempt,
                "value": result.value,
                "parameters": result.parameters,
            }
            for result in results
        ],
    }


def _draw(path: Path, results: Sequence[Result], metric: Metric | None) -> None:
    shares = importances(results)
    if metric is None or not shares:
        raise ConfigError(
            "there is nothing yet to draw importances from",
            remedy="Name a metric that at least three runs of different parameters have logged.",
        )
    picture = path.suffix.lower().removeprefix(".")
    if picture not in {"png", "svg"}:
        raise ConfigError(f"{path} is no picture", remedy="Let its name end with .png or .svg.")
    chart = importance_chart(shares, metric.name)
    path.write_bytes(draw_chart(chart, "svg" if picture == "svg" else "png"))

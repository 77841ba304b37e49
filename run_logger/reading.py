"""Reads runs back through the typed client: rows of log by pages, and what their charts need."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from run_logger.json_objects import as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from run_logger_client import Client
    from run_logger_client.charts_of_runs import ChartsOfRunsChart
    from run_logger_client.logs_page import LogsPageRunLog

__all__ = ["ChartGroup", "chart_groups", "chart_rows", "log_rows"]

# A page of so many rows is some hundred kilobytes, and takes some ten milliseconds.
_PAGE = 5_000
# What one picture can show; a browser is quick up to here too.
_MOST_CHART_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class ChartGroup:
    """A chart, and the runs that have it in common.

    Attributes:
        spec: The Vega or Vega-Lite specification, without rows.
        run_ids: The runs, in ascending order.
        order: The place of the chart among those of its first run.
        name: The chart's name, "" if it has none.
    """

    spec: dict[str, Any]
    run_ids: tuple[int, ...]
    order: int
    name: str

    @property
    def file_name(self) -> str:
        """A name for a file without its ending: `runs-3-4-chart-0-loss`."""
        runs = [str(run) for run in self.run_ids]
        # Longer lists would not fit into the name of a file.
        listed = runs if len(runs) <= 8 else [runs[0], "to", runs[-1]]  # noqa: PLR2004
        title = self.name or str(self.spec.get("title") or "")
        words = re.findall(r"[A-Za-z0-9]+", title)
        start = "run" if len(runs) == 1 else "runs"
        return "-".join([start, *listed, "chart", str(self.order), *words])


def log_rows(client: Client, run_id: int) -> Iterator[LogsPageRunLog]:
    """Read every row of a run's log, in the order in which they arrived, page by page.

    Args:
        client: The typed client.
        run_id: The run.

    Yields:
        The rows: `id`, `log`, `logged_at`, `writer_id`, `seq`.

    Raises:
        RunLoggerError: The endpoint does not answer as it should.
    """
    last = 0
    while page := client.logs_page(run_id=run_id, after_id=last, limit=_PAGE):
        yield from page
        last = page[-1].id


def chart_groups(client: Client, run_ids: Sequence[int]) -> list[ChartGroup]:
    """Read the charts of runs that are not archived, equal ones together.

    Args:
        client: The typed client.
        run_ids: The runs.

    Returns:
        The groups, in the order of their charts.
    """
    groups: dict[str, list[ChartsOfRunsChart]] = {}
    for chart in client.charts_of_runs(list(run_ids)):
        groups.setdefault(repr(chart.spec), []).append(chart)
    made = [_group(charts) for charts in groups.values()]
    return sorted(made, key=lambda group: (group.order, group.run_ids))


def chart_rows(client: Client, run_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Read the rows that charts of these runs draw.

    Args:
        client: The typed client.
        run_ids: The runs.

    Returns:
        A mapping a row: the run's parameters, `run_id`, and what was logged, which wins over a
        parameter of the same name. Of more than 20,000 rows an evenly spaced sample.
    """
    from run_logger_client.input_types import run_log_sample_args  # noqa: PLC0415  a slow import

    parameters = _parameters(client, run_ids)
    sample = client.sample_logs(
        run_log_sample_args(run_ids=list(run_ids), max_rows=_MOST_CHART_ROWS)
    )
    return [
        {**parameters.get(row.run_id, {}), "run_id": row.run_id, **as_object(row.log)}
        for row in sample
    ]


def _group(charts: list[ChartsOfRunsChart]) -> ChartGroup:
    first = charts[0]
    runs = {chart.run_id for chart in charts if chart.run_id is not None}
    return ChartGroup(
        spec=as_object(first.spec),
        run_ids=tuple(sorted(runs)),
        order=first.order or 0,
        name=first.name or "",
    )


def _parameters(client: Client, run_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    from run_logger_client.input_types import (  # noqa: PLC0415  as above
        Int_comparison_exp,
        run_bool_exp,
    )

    runs = client.list_runs(where=run_bool_exp(id=Int_comparison_exp(_in=list(run_ids))))
    return {run.id: as_object(as_object(run.metadata).get("parameters")) for run in runs}

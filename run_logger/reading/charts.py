"""What the charts of runs need: their specifications, and the rows that they draw."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from run_logger.json_objects import as_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from run_logger_client import Client
    from run_logger_client.charts_of_runs import ChartsOfRunsChart
    from run_logger_client.fragments import RunSummary
    from run_logger_client.sample_logs import SampleLogsRunLogSample

# What one picture can show; a browser is quick up to here too.
MOST_CHART_ROWS = 20_000


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


def chart_rows(
    client: Client, run_ids: Sequence[int], most: int = MOST_CHART_ROWS
) -> list[dict[str, Any]]:
    """Read the rows that charts of these runs draw.

    Args:
        client: The typed client.
        run_ids: The runs.
        most: Of how many rows of a run on there is an evenly spaced sample.

    Returns:
        A mapping a row: the run's parameters, `run_id`, and what was logged, which wins over a
        parameter of the same name.
    """
    return joined_rows(read_runs(client, run_ids), sampled_logs(client, run_ids, most))


def read_runs(client: Client, run_ids: Sequence[int]) -> list[RunSummary]:
    """Read what lists show of these runs."""
    from run_logger_client.input_types import (  # noqa: PLC0415  a slow import
        Int_comparison_exp,
        run_bool_exp,
    )

    return client.list_runs(where=run_bool_exp(id=Int_comparison_exp(_in=list(run_ids))))


def sampled_logs(client: Client, run_ids: Sequence[int], most: int) -> list[SampleLogsRunLogSample]:
    """Read rows of these runs, of each an evenly spaced sample where it has more than `most`."""
    from run_logger_client.input_types import run_log_sample_args  # noqa: PLC0415  as above

    return client.sample_logs(run_log_sample_args(run_ids=list(run_ids), max_rows=most))


def joined_rows(
    runs: Sequence[RunSummary], logs: Sequence[SampleLogsRunLogSample]
) -> list[dict[str, Any]]:
    """Join rows of log with the parameters of their runs, as charts take them."""
    parameters = {run.id: as_object(as_object(run.metadata).get("parameters")) for run in runs}
    return [
        {**parameters.get(row.run_id, {}), "run_id": row.run_id, **as_object(row.log)}
        for row in logs
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

"""Whether a run of a sweep is so much worse than the others that it should end."""

from __future__ import annotations

import logging
from statistics import median
from typing import TYPE_CHECKING, Any

from run_logger.deadline import within
from run_logger.errors import NotStartedError, RunLoggerError
from run_logger.json_objects import as_list
from run_logger.sweeps.metric import number, worth
from run_logger.sweeps.search import metric_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from run_logger_client import Client

    from run_logger.connection import Connection
    from run_logger.hasura_logger import HasuraLogger
    from run_logger.sweeps.metric import Metric

_log = logging.getLogger("run_logger")

__all__ = ["Pruner", "Report", "reports_of"]

Report = tuple[float, float]
"""A step, and what the metric was worth then."""

FEWEST_RUNS = 5
"""Others that must have come as far: the median of fewer says little."""

MOST_REPORTS = 256
"""What a run keeps of its reports; past that every second one goes."""

PATIENCE = 5.0
"""Seconds to wait for the server: the run has better things to do."""


class Pruner:
    """Compares one run with the others of its sweep.

    Args:
        logger: The logger of the run.
        connection: The clients of its endpoint.

    Attributes:
        run_id: The run.
    """

    def __init__(self, logger: HasuraLogger[Any], connection: Connection[Any]) -> None:
        if logger.run_id is None:
            raise NotStartedError("should_stop called before create_run")
        self.run_id: int = logger.run_id
        self._logger = logger
        self._connection = connection
        self._sweep: tuple[int, Metric | None] | None = None
        self._reports: list[Report] | None = None
        self._has_warned = False

    def should_stop(self, step: float) -> bool:
        """Tell whether the run should end at this step; not so where the server cannot say."""
        try:
            with within(PATIENCE):
                return self._compare(self._connection.own, step)
        except RunLoggerError as error:
            if not self._has_warned:
                self._has_warned = True
                _log.warning("the run cannot be compared with others: %s", error)
            return False

    def _compare(self, client: Client, step: float) -> bool:
        sweep_id, metric = self._sweep = self._sweep or self._find_sweep(client)
        if metric is None or not self._logger.flush(PATIENCE):
            return False
        view = client.pruning_view(self.run_id, sweep_id, metric.name, metric.path)
        value = None if view.own is None else worth(view.own)
        if view.own is None or value is None:
            return False
        own = self._report(view.own.reports, (step, value))
        others = [reached(reports_of(run.reports), step, metric) for run in view.others]
        is_worse = _is_worse(reached(own, step, metric), [o for o in others if o is not None])
        if is_worse:
            self._logger.update_metadata({"stopped_at": step})
        return is_worse

    def _find_sweep(self, client: Client) -> tuple[int, Metric | None]:
        run = client.run_by_id(self.run_id)
        if run is None or run.sweep is None:
            return 0, None
        return run.sweep.id, metric_of(run.sweep)

    def _report(self, stored: Any, report: Report) -> list[Report]:
        """Add a report to those of this run, whatever process made them."""
        if self._reports is None:
            self._reports = reports_of(stored)
        self._reports.append(report)
        if len(self._reports) > MOST_REPORTS:
            self._reports = self._reports[::-2][::-1]  # the last one stays
        self._logger.update_metadata({"sweep_reports": self._reports})
        return self._reports


def reports_of(stored: Any) -> list[Report]:
    """Return the reports that a run's metadata hold; what is none is left out."""
    return [report for item in as_list(stored) if (report := _report(as_list(item)))]


def _report(item: list[Any]) -> Report | None:
    numbers = [value for value in map(number, item) if value is not None]
    return (numbers[0], numbers[1]) if len(numbers) == len(item) == 2 else None  # noqa: PLR2004


def reached(reports: Sequence[Report], step: float, metric: Metric) -> float | None:
    """Return the rank of the best value up to a step; None for a run that did not come so far."""
    if not any(at >= step for at, _ in reports):
        return None
    return max((metric.rank(value) for at, value in reports if at <= step), default=None)


def _is_worse(own: float | None, others: Sequence[float]) -> bool:
    return own is not None and len(others) >= FEWEST_RUNS and own < median(others)

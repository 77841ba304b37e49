"""What the runs of a sweep came to, read from the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from run_logger.errors import SweepError
from run_logger.json_objects import as_object
from run_logger.sweeps.assignment import Point
from run_logger.sweeps.metric import number, worth
from run_logger.sweeps.pruning import reports_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from run_logger_client import Client
    from run_logger_client.sweep_runs import SweepRunsRun

    from run_logger.sweeps.metric import Metric
    from run_logger.sweeps.pruning import Report

__all__ = ["DEAD", "Result", "check_metric", "read_results"]

DEAD = frozenset({"failed", "killed", "silent"})
"""What is said of a run that came to nothing."""

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Result:
    """A run of a sweep, and what it came to.

    Attributes:
        id: The run.
        sweep_index: Its place in the sweep.
        status: As `run.status`; None for a run that version 0.1 recorded.
        archived: Whether it is hidden.
        created_at: When it was created.
        parameters: All its parameters; before it stores them, those of the sweep.
        point: Its point of the sweep, None where none is stored.
        value: The last value of the metric that it logged, else what its metadata say of it.
        reports: What it was worth at which step, where its loop asks `should_stop`.
        stopped_at: The step at which it was told to stop.
        agent: What the agent that created it said of itself, and of the command.
        attempt: Which try at its point it is, from 1.
        retry_of: The run that it is another try of.
        is_retried: Whether there is another try of it.
    """

    id: int
    sweep_index: int | None
    status: str | None
    archived: bool
    created_at: datetime | None
    parameters: dict[str, Any]
    point: Point | None
    value: float | None
    reports: list[Report]
    stopped_at: float | None
    agent: dict[str, Any]
    attempt: int
    retry_of: int | None
    is_retried: bool


def read_results(client: Client, sweep_id: int, metric: Metric | None) -> list[Result]:
    """Read all runs of a sweep, in the order of their ids.

    Args:
        client: Talks to the endpoint.
        sweep_id: The sweep.
        metric: What to read the values of; None leaves them out.
    """
    name, path = ("", '[""]') if metric is None else (metric.name, metric.path)
    results: list[Result] = []
    after = 0
    while page := client.sweep_runs(sweep_id, after, _PAGE, name, path):
        results += map(_result, page)
        after = page[-1].id
    return results


def check_metric(client: Client, sweep_id: int, metric: Metric, results: Sequence[Result]) -> None:
    """Make sure that a metric is not one that runs have finished without logging.

    Raises:
        SweepError: Some runs have finished, and no run has logged it; the message says what they
            log.
    """
    if any(result.value is not None for result in results) or not any(
        result.status == "finished" for result in results
    ):
        return
    rows = [as_object(log.log) for run in client.sweep_log_keys(sweep_id) for log in run.run_logs]
    keys = sorted({key for row in rows for key in row})
    raise SweepError(
        f"no run of sweep {sweep_id} logs {metric.name!r}",
        endpoint=client.endpoint,
        remedy=f"They log {', '.join(keys)}." if keys else "They log nothing.",
    )


def _result(run: SweepRunsRun) -> Result:
    value = worth(run)
    attempt = number(run.attempt)
    sweeps = as_object(run.sweep_parameters)
    return Result(
        id=run.id,
        sweep_index=run.sweep_index,
        status=run.status,
        archived=run.archived,
        created_at=run.created_at,
        parameters=as_object(run.parameters) or sweeps,
        point=Point(sweeps, as_object(run.sweep_trial)) if sweeps else None,
        value=number(run.stated) if value is None else value,
        reports=reports_of(run.sweep_reports),
        stopped_at=number(run.stopped_at),
        agent=as_object(run.agent),
        attempt=1 if attempt is None else int(attempt),
        retry_of=run.retry_of,
        is_retried=run.retry is not None,
    )

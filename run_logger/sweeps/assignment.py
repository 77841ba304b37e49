"""What a run of a sweep is given: its parameters, the same for every process that joins it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from run_logger.errors import RunNotFoundError
from run_logger.json_objects import as_object
from run_logger.sweeps.search import method_of, point_of

if TYPE_CHECKING:
    from run_logger_client import Client, RunIdentity

    from run_logger.delivery.sending.creation import NewRun

__all__ = ["Point", "begin_run", "parameters_of_run", "point_of_run", "settle"]


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a sweep's space.

    Attributes:
        parameters: What a run takes as its parameters.
        trial: What a model-based search has to know of the point later; empty for the others.
    """

    parameters: dict[str, Any]
    trial: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def metadata(self) -> dict[str, Any]:
        """The point as a run's metadata keep it; its process may add other parameters."""
        trial = {"sweep_trial": self.trial} if self.trial else {}
        sources = dict.fromkeys(self.parameters, "sweep")
        return {
            "sweep_parameters": self.parameters,
            "parameters": self.parameters,
            "parameter_sources": sources,
            **trial,
        }


def parameters_of_run(client: Client, run: RunIdentity, seed: int) -> dict[str, Any] | None:
    """Return the parameters that its sweep gives to a run; None for a run without a sweep.

    Args:
        client: Talks to the endpoint.
        run: The run as the database has it.
        seed: The logger's seed.

    Raises:
        SweepError: The sweep cannot give a point.
        RunLoggerError: The server cannot be reached.
    """
    if run.sweep is None or run.sweep_index is None:
        return None
    if run.sweep_parameters is not None:
        return as_object(run.sweep_parameters)
    if method_of(run.sweep) != "tpe":
        return point_of(run.sweep, run.sweep_index, seed)
    return settle(client, run.id, point_of_run(client, run, seed))


def point_of_run(client: Client, run: RunIdentity, seed: int) -> Point:
    """Return the point for a run that was just created.

    Args:
        client: Talks to the endpoint, where a model-based search finds the results so far.
        run: A run of a sweep.
        seed: The logger's seed.
    """
    assert run.sweep is not None  # noqa: S101  (the caller has seen it)
    assert run.sweep_index is not None  # noqa: S101
    if method_of(run.sweep) != "tpe":
        return Point(point_of(run.sweep, run.sweep_index, seed))
    from run_logger.sweeps.tpe import suggest  # noqa: PLC0415  (Optuna takes its time)

    return suggest(client, run.sweep, run.id, run.sweep_index)


def settle(client: Client, run_id: int, point: Point) -> dict[str, Any]:
    """Store the point of a run; one that is stored already stays.

    Args:
        client: Talks to the endpoint.
        run_id: The run.
        point: What it is to be.

    Returns:
        The parameters that are stored now.

    Raises:
        RunNotFoundError: The run has been deleted.
    """
    settled = client.settle_parameters(run_id, point.metadata)
    if settled is not None and settled.affected_rows:
        return point.parameters
    run = client.run_by_id(run_id)
    if run is None:
        raise RunNotFoundError(f"run {run_id} has been deleted", endpoint=client.endpoint)
    return as_object(run.sweep_parameters)


def begin_run(client: Client, run_id: int, begun: NewRun) -> None:
    """Add to a run of an agent's what it would have been created with, once.

    The first process that calls it does so, and may call it again after a lost answer.

    Args:
        client: Talks to the endpoint.
        run_id: The run, which an agent created without knowing what its process would say.
        begun: What the process says: its writer, metadata and charts.
    """
    mine = {"begun_by": str(begun.writer.key)}
    answer = client.begin_run(run_id, mine, {**as_object(begun.metadata), **mine})
    is_first = answer is not None and answer.affected_rows > 0
    if is_first and begun.charts and not client.charts_of_runs([run_id]):
        from run_logger_client import chart_insert_input  # noqa: PLC0415  (slow to import)

        client.insert_charts(
            [
                chart_insert_input(run_id=run_id, spec=chart.spec, order=chart.order)
                for chart in begun.charts
            ]
        )

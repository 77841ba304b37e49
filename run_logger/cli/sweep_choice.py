"""Which sweep and which metric a command is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from run_logger.errors import SweepError
from run_logger.sweeps.metric import Direction, Metric
from run_logger.sweeps.search import metric_of

if TYPE_CHECKING:
    from run_logger_client import Client
    from run_logger_client.sweep_state import SweepStateSweepByPk

SweepId = Annotated[int, typer.Argument(metavar="SWEEP", help="The id of a sweep.")]


def find_sweep(client: Client, sweep_id: int) -> SweepStateSweepByPk:
    """Return a sweep.

    Raises:
        SweepError: There is none with this id.
    """
    sweep = client.sweep_state(sweep_id)
    if sweep is None:
        raise SweepError(
            f"sweep {sweep_id} does not exist",
            endpoint=client.endpoint,
            remedy="Create one: run-logger sweep create -c space.yml",
        )
    return sweep


def chosen_metric(
    sweep: SweepStateSweepByPk, name: str | None, direction: Direction | None = None
) -> Metric | None:
    """Return the metric that was asked for, else that of the sweep, None where there is none."""
    own = metric_of(sweep)
    if name is None or (own is not None and own.name == name):
        return own if own is None or direction is None else Metric(own.name, direction)
    return Metric(name, direction or "maximize")

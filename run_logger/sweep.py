"""Which parameters a sweep gives to one of its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from run_logger.errors import SweepError
from run_logger.params import empty_choice, nth_point, param_sampler, space_size

if TYPE_CHECKING:
    from run_logger_client import SweepSpace

__all__ = ["check_sweep", "sweep_parameters"]


def check_sweep(sweep: SweepSpace) -> None:
    """Make sure that a sweep has something to choose from.

    Raises:
        SweepError: It has no choices, or an empty list among them; the message names which.
    """
    space = _space(sweep)
    if space is None:
        raise SweepError(
            f"sweep {sweep.id} has no choices", remedy="Give it a space, or parameter_choices."
        )
    path = empty_choice(space)
    if path is not None:
        raise SweepError(
            f"sweep {sweep.id} cannot choose: {path or 'its space'} is an empty list",
            remedy="Give that list at least one value.",
        )


def sweep_parameters(sweep: SweepSpace, sweep_index: int, seed: int) -> dict[str, Any]:
    """Return the parameters of a run.

    Args:
        sweep: The sweep: a grid search where it has a `grid_index`, else a random search.
        sweep_index: Which of the sweep's runs it is, from 0 up; a grid is cycled.
        seed: The logger's seed; with the index it decides the draw of a random search.
    """
    space = _space(sweep)
    if sweep.grid_index is not None:
        point: dict[str, Any] = nth_point(space, sweep_index % space_size(space))
        return point
    import numpy as np  # noqa: PLC0415  (keeps the import of the library light)

    draw: dict[str, Any] = param_sampler(space, np.random.default_rng((seed, sweep_index)))
    return draw


def _space(sweep: SweepSpace) -> Any:
    """Return the space as it was written, else that of version 0.1: a list of choices a key."""
    if sweep.space is not None:
        return sweep.space
    return {entry.Key: entry.choice for entry in sweep.parameter_choices} or None

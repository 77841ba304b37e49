"""What a sweep searches, how, and the point that each of its runs gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from run_logger.errors import ConfigError, SweepError
from run_logger.json_objects import as_object
from run_logger.params import empty_choice, nth_point, param_sampler, space_size
from run_logger.sweeps.metric import Direction, Metric
from run_logger.sweeps.notation import read_space

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    class Choices(Protocol):
        """The choices of one parameter, as version 0.1 stored them."""

        Key: str
        choice: list[Any]

    class Sweep(Protocol):
        """What has to be known of a sweep: the generated fragment SweepSpace."""

        id: int
        space: Any
        grid_index: int | None
        archived: bool
        method: Any
        seed: Any
        metric: Any
        direction: Any

        @property
        def parameter_choices(self) -> Sequence[Choices]:
            """Where there is no space."""
            ...


__all__ = ["METHODS", "Method", "check_sweep", "method_of", "metric_of", "point_of", "space_of"]

Method: TypeAlias = Literal["grid", "random", "tpe"]
METHODS: tuple[Method, ...] = get_args(Method)


def check_sweep(sweep: Sweep) -> None:
    """Make sure that a sweep can give points to runs.

    Raises:
        SweepError: It is archived, has no choices, an empty list among them, or a distribution or
            method that is not known; the message says which.
    """
    if sweep.archived:
        raise SweepError(
            f"sweep {sweep.id} is archived", remedy="Bring it back, or create another one."
        )
    method_of(sweep)
    space = space_of(sweep)
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


def method_of(sweep: Sweep) -> Method:
    """Return how a sweep searches; one of version 0.1 by its `grid_index`.

    Raises:
        SweepError: Its method is not one of ours.
    """
    if sweep.method is None:
        return "random" if sweep.grid_index is None else "grid"
    for method in METHODS:
        if sweep.method == method:
            return method
    raise SweepError(
        f"sweep {sweep.id} has the method {sweep.method!r}, which this version does not know",
        remedy="Install the newest run-logger.",
    )


def metric_of(sweep: Sweep) -> Metric | None:
    """Return the metric that a sweep names, None where it names none."""
    if not isinstance(sweep.metric, str):
        return None
    direction: Direction = "minimize" if sweep.direction == "minimize" else "maximize"
    return Metric(sweep.metric, direction)


def space_of(sweep: Sweep) -> Any:
    """Return the space that a sweep searches, None where it has none.

    Raises:
        SweepError: There is a distribution in it that cannot be drawn from.
    """
    if sweep.space is None:
        return {entry.Key: entry.choice for entry in sweep.parameter_choices} or None
    if sweep.method is None:
        return sweep.space  # of version 0.1, which knew no distributions
    try:
        return read_space(sweep.space)
    except ConfigError as error:
        raise SweepError(f"sweep {sweep.id}: {error.problem}", remedy=error.remedy) from error


def point_of(sweep: Sweep, sweep_index: int, seed: int) -> dict[str, Any]:
    """Return the point of a run, where it depends on the run's place in the sweep alone.

    Args:
        sweep: A grid search or a random one.
        sweep_index: Which of the sweep's points it is, from 0 up; a grid is cycled.
        seed: The logger's seed; with the sweep's and the index it decides a random draw.
    """
    space = space_of(sweep)
    if method_of(sweep) == "grid":
        return as_object(nth_point(space, sweep_index % space_size(space)))
    import numpy as np  # noqa: PLC0415  (keeps the import of the library light)

    # A seed of 0 at the end changes nothing.
    rng = np.random.default_rng((seed, sweep_index, seed_of(sweep)))
    return as_object(param_sampler(space, rng))


def seed_of(sweep: Sweep) -> int:
    """Return the seed that a sweep was created with, 0 if with none."""
    return sweep.seed if isinstance(sweep.seed, int) else 0

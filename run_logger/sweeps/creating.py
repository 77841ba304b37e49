"""Storing a new sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from run_logger.errors import ConfigError, RunLoggerError
from run_logger.json_objects import is_list, is_object
from run_logger.params import distributions_of, empty_choice, space_size
from run_logger.sweeps.metric import Metric
from run_logger.sweeps.notation import read_space, write_space
from run_logger.sweeps.search import METHODS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from run_logger_client import Client

    from run_logger.sweeps.metric import Direction
    from run_logger.sweeps.search import Method

__all__ = ["NewSweep", "create_sweep"]

_MOST_RUNS = 2**31 - 1
"""What Postgres's integer holds; no sweep comes so far."""


def create_sweep(  # noqa: PLR0913  (a sweep is what they say; all but two by keyword only)
    space: Mapping[str, Any] | Sequence[Any],
    graphql_endpoint: str,
    *,
    method: Method = "grid",
    runs: int | None = None,
    endless: bool = False,
    seed: int = 0,
    metric: str | None = None,
    direction: Direction = "maximize",
    name: str | None = None,
    project: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> int:
    """Create a sweep: a search over parameters, whose points its runs are given one by one.

    Args:
        space: The parameter space: a mapping is the product of its values, a list is a choice among
            its items, anything else is itself. For "random" and "tpe" there may be distributions
            in it (`run_logger.distributions`).
        graphql_endpoint: The URL of Hasura's GraphQL API, such as `https://host/v1/graphql`.
        method: "grid" gives each point in turn, the last key moving fastest. "random" draws points.
            "tpe" draws them where the results so far promise most; it needs a metric, and the
            package optuna wherever points are given out.
        runs: How many runs there may be in all. None: as many as a grid has points, and without
            an end for the others.
        endless: Let a grid begin again at its first point when it is through.
        seed: Decides, with a run's place in the sweep, what it draws.
        metric: The key under which runs log what they are to be compared by.
        direction: Whether it is to be large ("maximize") or small ("minimize").
        name: The sweep's name.
        project: What the sweep is a part of.
        headers: Further headers of the request.

    Returns:
        The sweep's id: `initialize(…, sweep_id=id)` takes a point, `run-logger sweep run ID` all.

    Raises:
        ConfigError: The space, the method or a number cannot be used; the message says which place.
        RunLoggerError: The server cannot be reached, or refuses the sweep.
        TypeError: A value has no JSON form; the message names its path.
    """
    chosen = None if metric is None else Metric(metric, direction)
    sweep = NewSweep(space, method, runs, chosen, seed, endless=endless)
    from run_logger_client import Client  # noqa: PLC0415  (keeps the import light)

    with Client(graphql_endpoint, headers=headers) as client:
        return sweep.create(client, name, project)


class NewSweep:
    """A sweep that can be created: what it is given is checked first.

    Args:
        space: The parameter space, its distributions as classes or as mappings.
        method: "grid", "random" or "tpe".
        runs: How many runs there may be; None leaves it to the method.
        metric: What runs are compared by.
        seed: Decides what is drawn.
        endless: Whether a grid begins again.

    Attributes:
        space: The space as JSON.
        points: How many points the space has; None where a distribution is in it.
        run_limit: How many runs there may be, None for any number.

    Raises:
        ConfigError: As from `create_sweep`.
        TypeError: A value has no JSON form; the message names its path.
    """

    def __init__(  # noqa: PLR0913  (as above)
        self,
        space: Any,
        method: Method,
        runs: int | None = None,
        metric: Metric | None = None,
        seed: int = 0,
        *,
        endless: bool = False,
    ) -> None:
        self.space: Any = write_space(space)
        self.method = method
        self.metric = metric
        self.seed = seed
        searched = read_space(self.space)
        _check_space(self.space, searched)
        _check_method(method, metric, searched)
        _check_numbers(runs, seed, endless=endless)
        drawn = any(not isinstance(part, list) for part in distributions_of(searched).values())
        self.points: int | None = None if drawn else space_size(searched)
        self.run_limit: int | None = None if endless else runs or self._all_points()

    def create(self, client: Client, name: str | None, project: str | None) -> int:
        """Store it; return its id.

        Args:
            client: Talks to the endpoint.
            name: The sweep's name.
            project: What the sweep is a part of.
        """
        from run_logger_client import parameter_choices_insert_input  # noqa: PLC0415

        created = client.create_sweep(
            space=self.space,
            grid_index=0 if self.method == "grid" else None,
            run_limit=self.run_limit,
            metadata=self._metadata(name, project),
            parameter_choices=[
                parameter_choices_insert_input(Key=key, choice=choice)
                for key, choice in self._choices().items()
            ],
        )
        if created is None:
            raise RunLoggerError("the server stored no sweep", endpoint=client.endpoint)
        return created.id

    def _all_points(self) -> int | None:
        points = self.points if self.method == "grid" else None
        return points if points is not None and points <= _MOST_RUNS else None

    def _metadata(self, name: str | None, project: str | None) -> dict[str, Any]:
        metadata: dict[str, Any] = {"config": self.space, "name": name, "project": project}
        metadata |= {"method": self.method, "seed": self.seed}
        if self.metric is not None:
            metadata |= {"metric": self.metric.name, "direction": self.metric.direction}
        return metadata

    def _choices(self) -> dict[str, list[Any]]:
        """Return the space as version 0.1 stored it: a list of choices for each key."""
        keys = self.space if is_object(self.space) else {"": self.space}
        return {key: value if is_list(value) else [value] for key, value in keys.items()}


def _check_space(written: Any, searched: Any) -> None:
    if not is_object(written) and not is_list(written):
        raise ConfigError(
            f"a parameter space is a mapping or a list, and this is {written!r}",
            remedy="Write one `name: [value, value]` a line.",
        )
    path = empty_choice(searched)
    if path is not None:
        raise ConfigError(
            f"{path or 'the space'} is an empty list", remedy="Give it at least one value."
        )
    if not _has_mappings(searched):
        raise ConfigError(
            "a point of this space is no mapping of parameters",
            remedy="Give each parameter a name: a list at the root holds mappings.",
        )


def _has_mappings(space: Any) -> bool:
    """Tell whether every point of a space is a mapping."""
    if is_list(space):
        return all(map(_has_mappings, space))
    return is_object(space) and ([*space] != [""] or _has_mappings(space[""]))


def _check_method(method: str, metric: Metric | None, searched: Any) -> None:
    if method not in METHODS:
        raise ConfigError(
            f"there is no method {method!r}", remedy=f"There are {', '.join(METHODS)}."
        )
    if method == "tpe" and metric is None:
        raise ConfigError(
            "the method tpe needs a metric to learn from",
            remedy="Name one that the runs log: --metric accuracy, or metric='accuracy'.",
        )
    if method == "grid":
        for place, part in distributions_of(searched).items():
            if not isinstance(part, list):
                raise ConfigError(
                    f"a grid has no points for {place}, which is a distribution",
                    remedy="Write a list of values there, or choose the method random or tpe.",
                )


def _check_numbers(runs: int | None, seed: int, *, endless: bool) -> None:
    if runs is not None and not 0 < runs <= _MOST_RUNS:
        raise ConfigError(f"a sweep cannot have {runs} runs", remedy="Give a number from 1 up.")
    if runs is not None and endless:
        raise ConfigError(
            f"a sweep of {runs} runs is not endless", remedy="Give the one or the other."
        )
    if seed < 0:
        raise ConfigError(f"the seed {seed} is negative", remedy="Give a number from 0 up.")

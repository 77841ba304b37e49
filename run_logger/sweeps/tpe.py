"""Points that a tree-structured Parzen estimator suggests, over Optuna.

Nothing is kept between two points: the study is built anew from the sweep's runs in the database,
so that every agent learns from the runs of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from run_logger.distributions import Choice, IntUniform, LogIntUniform, LogUniform, Uniform
from run_logger.errors import ConfigError, SweepError
from run_logger.json_objects import as_object
from run_logger.params import chosen_point, distributions_of
from run_logger.sweeps.assignment import Point
from run_logger.sweeps.results import Result, check_metric, read_results
from run_logger.sweeps.search import metric_of, seed_of, space_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial, Trial
    from run_logger_client import Client

    from run_logger.distributions import Distribution
    from run_logger.params import Part
    from run_logger.sweeps.metric import Metric
    from run_logger.sweeps.search import Sweep

__all__ = ["require_optuna", "suggest"]


def require_optuna() -> None:
    """Make sure that Optuna is there.

    Raises:
        ConfigError: It is not; the message says how to install it.
    """
    try:
        import optuna  # noqa: PLC0415  (only whoever searches this way needs it)
    except ImportError as error:
        raise ConfigError(
            "the method tpe needs the package optuna",
            remedy="Install it: pip install 'run-logger[optuna]'.",
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def suggest(client: Client, sweep: Sweep, run_id: int, sweep_index: int) -> Point:
    """Return the point that the results so far speak for.

    Args:
        client: Talks to the endpoint.
        sweep: A sweep that names a metric.
        run_id: The run that the point is for.
        sweep_index: Its place in the sweep; with the sweep's seed it decides what chance does.

    Raises:
        ConfigError: Optuna is not installed.
        SweepError: The sweep names no metric.
    """
    require_optuna()
    metric = metric_of(sweep)
    if metric is None:
        raise SweepError(f"sweep {sweep.id} has the method tpe, and no metric")
    results = [result for result in read_results(client, sweep.id, metric) if result.id != run_id]
    check_metric(client, sweep.id, metric, results)
    return suggest_from(results, space_of(sweep), metric, (seed_of(sweep), sweep_index))


def suggest_from(
    results: Sequence[Result], space: Any, metric: Metric, seed: tuple[int, int]
) -> Point:
    """Return the point that results speak for.

    Args:
        results: The runs so far; those that still run count too, so that agents keep apart.
        space: The space to search.
        metric: What is wanted.
        seed: The sweep's seed, and the place of the run in the sweep.
    """
    import numpy as np  # noqa: PLC0415
    from optuna import create_study  # noqa: PLC0415
    from optuna.samplers import TPESampler  # noqa: PLC0415

    number = int(np.random.SeedSequence(seed).generate_state(1)[0])
    sampler = TPESampler(seed=number, constant_liar=True)
    study = create_study(direction=metric.direction, sampler=sampler)
    parts = distributions_of(space)
    study.add_trials([trial for result in results if (trial := _told(result, parts))])
    chooser = _Chooser(study.ask())
    point = chosen_point(space, chooser)
    return Point(as_object(point), chooser.chosen)


class _Chooser:
    """Lets a trial of Optuna's choose, and remembers what it chose at each place."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self.chosen: dict[str, Any] = {}

    def choose(self, place: str, count: int, probabilities: Sequence[float] | None) -> int:
        del probabilities  # what weights hint at, results tell
        index = self._trial.suggest_categorical(place, range(count))
        self.chosen[place] = index
        return int(index)

    def draw(self, place: str, distribution: Distribution) -> float:
        ends = distribution.low, distribution.high
        is_log = isinstance(distribution, (LogUniform, LogIntUniform))
        drawn: float
        if isinstance(distribution, (IntUniform, LogIntUniform)):
            drawn = self._trial.suggest_int(place, int(ends[0]), int(ends[1]), log=is_log)
        else:
            drawn = self._trial.suggest_float(place, *ends, log=is_log)
        self.chosen[place] = drawn
        return drawn


def _told(result: Result, parts: Mapping[str, Part]) -> FrozenTrial | None:
    """Return a run as Optuna's trial, None for one that tells nothing."""
    from optuna.trial import TrialState, create_trial  # noqa: PLC0415

    trial = {} if result.point is None else result.point.trial
    known = {place: value for place, value in trial.items() if place in parts}
    told: dict[str, Any] = {
        "params": known,
        "distributions": {place: _optunas(parts[place]) for place in known},
    }
    if not known or result.archived:
        return None
    if result.status == "running":
        return create_trial(state=TrialState.RUNNING, **told)
    if result.value is None or result.status != "finished":
        return None
    if result.stopped_at is not None:
        steps = {int(step): value for step, value in result.reports}
        return create_trial(state=TrialState.PRUNED, intermediate_values=steps, **told)
    return create_trial(state=TrialState.COMPLETE, value=result.value, **told)


def _optunas(part: Part) -> BaseDistribution:
    """Return Optuna's distribution for what is chosen or drawn from at one place."""
    from optuna import distributions as optunas  # noqa: PLC0415

    if isinstance(part, (Uniform, LogUniform)):
        return optunas.FloatDistribution(part.low, part.high, log=isinstance(part, LogUniform))
    if isinstance(part, (IntUniform, LogIntUniform)):
        is_log = isinstance(part, LogIntUniform)
        return optunas.IntDistribution(part.low, part.high, log=is_log)
    items = part.items if isinstance(part, Choice) else part
    return optunas.CategoricalDistribution(range(len(items)))

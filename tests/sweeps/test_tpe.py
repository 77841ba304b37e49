"""The method tpe learns from the results that are in the database."""

from __future__ import annotations

from typing import Any

import pytest

from run_logger import create_sweep
from run_logger.distributions import IntUniform, LogUniform, Uniform
from run_logger.errors import SweepError
from run_logger.hasura_logger import HasuraLogger
from run_logger.sweeps.assignment import Point
from run_logger.sweeps.metric import Metric
from run_logger.sweeps.results import Result
from run_logger.sweeps.tpe import suggest_from

SPACE = {
    "model": [{"kind": "a"}, {"kind": "b", "depth": IntUniform(1, 4)}],
    "x": Uniform(-1, 1),
    "rate": LogUniform(1e-3, 1),
}
LOSS = Metric("loss", "minimize")


def result(number: int, point: Point, **given: Any) -> Result:
    """Return a finished run; its loss is the distance of x from 0.5, and less for model b."""
    kind, x = point.parameters["model"]["kind"], point.parameters["x"]
    defaults: dict[str, Any] = {
        "id": number,
        "sweep_index": number,
        "status": "finished",
        "archived": False,
        "created_at": None,
        "parameters": point.parameters,
        "point": point,
        "value": abs(x - 0.5) + (kind == "a"),
        "reports": [],
        "stopped_at": None,
        "agent": {},
        "attempt": 1,
        "retry_of": None,
        "is_retried": False,
    }
    return Result(**{**defaults, **given})


def searched(runs: int) -> list[Result]:
    results: list[Result] = []
    for number in range(runs):
        point = suggest_from(results, SPACE, LOSS, (0, number))
        results.append(result(number, point))
    return results


def test_it_comes_to_draw_where_results_are_good() -> None:
    late = [found.parameters for found in searched(40)[25:]]
    assert sum(parameters["model"]["kind"] == "b" for parameters in late) > 10
    assert sum(abs(parameters["x"] - 0.5) < 0.35 for parameters in late) > 8


def test_it_can_be_repeated() -> None:
    assert searched(14) == searched(14)


def test_runs_of_all_fates_can_be_told() -> None:
    results = searched(12)
    point = suggest_from(results, SPACE, LOSS, (0, 12))
    results += [
        result(12, point, status="running", value=None),
        result(13, point, stopped_at=2.0, reports=[(1.0, 3.0), (2.0, 2.0)]),
        result(14, point, status="failed", value=None),
        result(15, point, value=None),
        result(16, point, archived=True),
        result(17, Point({"model": {"kind": "a"}, "x": 0})),
    ]
    assert suggest_from(results, SPACE, LOSS, (0, 18)).parameters.keys() == SPACE.keys()


def test_a_run_gets_a_point_that_is_stored_with_it_and_learns_from_those_before(
    endpoint: str,
) -> None:
    sweep_id = create_sweep(SPACE, endpoint, method="tpe", metric="loss")
    keys: list[Any] = []
    for _ in range(2):
        with HasuraLogger(endpoint) as logger:
            point = logger.create_run({}, sweep_id=sweep_id)
            assert point is not None
            logger.log(loss=point["x"])
        keys.append(logger.run_key)
    with HasuraLogger(endpoint, run_key=keys[-1]) as joined:
        assert joined.create_run({}) == point


def test_a_metric_that_no_run_logs_is_an_error_with_what_they_log(endpoint: str) -> None:
    sweep_id = create_sweep({"x": Uniform(0, 1)}, endpoint, method="tpe", metric="acuracy")
    with HasuraLogger(endpoint) as logger:
        logger.create_run({}, sweep_id=sweep_id)
        logger.log(step=1, accuracy=0.5)
    message = "logs 'acuracy'.*They log accuracy, step"
    with HasuraLogger(endpoint) as logger, pytest.raises(SweepError, match=message):
        logger.create_run({}, sweep_id=sweep_id)

"""Importances tell parameters that matter from those that do not."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from run_logger.sweeps.assignment import Point
from run_logger.sweeps.importance import flat, importance_chart, importances
from tests.sweeps.test_tpe import result

if TYPE_CHECKING:
    from run_logger.sweeps.results import Result


def runs(count: int) -> list[Result]:
    rng = random.Random(0)  # noqa: S311  (no secret depends on it)
    found: list[Result] = []
    for number in range(count):
        parameters: dict[str, Any] = {
            "model": {"kind": rng.choice("ab")},
            "x": rng.uniform(0, 1),
            "noise": rng.random(),
        }
        value = 2 * (parameters["model"]["kind"] == "a") + parameters["x"]
        found.append(result(number, Point(parameters), value=value))
    return found


def test_what_matters_most_comes_first_and_noise_last() -> None:
    shares = importances(runs(200))
    assert [*shares] == ["model.kind", "x", "noise"]
    assert shares["model.kind"] > 0.8
    assert 0.03 < shares["x"] < 0.2
    assert shares["noise"] < 0.05


def test_parameters_that_never_change_and_runs_without_a_value_are_left_out() -> None:
    few = runs(30)
    fixed = [result(r.id, Point({**r.parameters, "epochs": 3}), value=r.value) for r in few]
    fixed.append(result(99, Point({"model": {"kind": "c"}, "x": 0.0}), value=None))
    assert importances(fixed) == pytest.approx(importances(few))


def test_a_number_that_only_some_runs_have_is_no_more_important_for_being_rare() -> None:
    rng = random.Random(1)  # noqa: S311  (as above)
    some: list[Result] = []
    for index in range(60):
        hidden = {"hidden": rng.randint(1, 1000)} if index % 2 else {}
        some.append(
            result(index, Point({"model": {"kind": "a"}, "x": 0, **hidden}), value=rng.random())
        )
    assert importances(some)["hidden"] < 0.2


def test_two_runs_tell_nothing() -> None:
    assert importances(runs(2)) == {}


def test_equal_results_explain_nothing() -> None:
    alike = [result(r.id, Point(r.parameters), value=1.0) for r in runs(20)]
    assert set(importances(alike).values()) == {0.0}


def test_the_chart_has_a_bar_for_each_parameter() -> None:
    chart = importance_chart({"lr": 0.5, "a": 0.25}, "loss")
    assert [row["parameter"] for row in chart["data"]["values"]] == ["lr", "a"]


def test_nested_parameters_stand_side_by_side() -> None:
    assert flat({"a": {"b": 1, "c": {}}, "d": [2]}) == {"a.b": 1, "a.c": {}, "d": [2]}

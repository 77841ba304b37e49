"""Distributions: how they are written, what they draw, and what cannot be drawn from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from run_logger.distributions import Choice, IntUniform, LogIntUniform, LogUniform, Uniform
from run_logger.errors import ConfigError
from run_logger.params import param_sampler
from run_logger.sweeps.notation import read_space, write_space

SPACE = {
    "lr": LogUniform(1e-5, 1e-1),
    "dropout": Uniform(0.0, 0.5),
    "layers": IntUniform(1, 3),
    "width": LogIntUniform(16, 1024),
    "net": [{"kind": Choice(["a", {"b": IntUniform(0, 1)}], [3, 1])}, {"fixed": 1}],
}


def draws(space: Any, count: int = 400) -> list[Any]:
    rng = np.random.default_rng(0)
    return [param_sampler(space, rng) for _ in range(count)]


def test_a_space_is_read_as_it_was_written() -> None:
    written = write_space(SPACE)
    assert written["lr"] == {"$log_uniform": [1e-5, 1e-1]}
    assert written["net"][0]["kind"]["$weights"] == [3, 1]
    assert read_space(written) == SPACE


def test_a_mapping_without_a_dollar_is_a_product_whatever_its_keys() -> None:
    space = {"uniform": [0, 1], "choice": {"weights": [1]}}
    assert read_space(write_space(space)) == space


def test_a_parameter_whose_name_begins_with_a_dollar_is_written_with_another() -> None:
    assert draws(read_space({"$$uniform": [7]}), 1) == [{"$uniform": 7}]


def test_draws_stay_within_their_ends_and_reach_both_of_integers() -> None:
    found = draws(SPACE)
    assert all(1e-5 <= point["lr"] <= 1e-1 and 0 <= point["dropout"] < 0.5 for point in found)
    assert {point["layers"] for point in found} == {1, 2, 3}
    assert all(16 <= point["width"] <= 1024 for point in found)
    assert all(type(point["width"]) is int for point in found)


def test_logarithmic_draws_are_as_often_in_each_order_of_magnitude() -> None:
    found = [point["lr"] for point in draws(SPACE)]
    assert 60 < sum(value < 1e-4 for value in found) < 140


def test_weights_say_how_often_an_item_is_chosen() -> None:
    found = [point["kind"] for point in draws({"kind": Choice(["a", "b"], [9, 1])}, 1000)]
    assert 860 < found.count("a") < 940


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"lr": {"$normal": [0, 1]}}, r"lr: \$normal is no distribution.*\$\$normal"),
        ({"a": [1, {"$uniform": [0]}]}, r"a\[1\]: \$uniform takes two numbers, and not \[0\]"),
        ({"lr": {"$uniform": [1, 0]}}, r"lr: \[1, 0\] are no ends to draw between"),
        ({"lr": {"$uniform": ["0", 1]}}, "lr: .*two numbers, the lower one first"),
        ({"lr": {"$log_uniform": [0, 1]}}, "two numbers above 0"),
        ({"lr": {"$int_uniform": [0.5, 2]}}, "two integers"),
        ({"lr": {"$uniform": [0, 1], "b": 2}}, r"\$uniform b is no distribution"),
        ({"lr": {"$choice": [1, 2], "$weights": [1]}}, "lr: 2 items and 1 weights"),
        ({"lr": {"$choice": [1], "$weights": [-1]}}, r"lr: the weights \[-1\] cannot be used"),
        ({"lr": {"$choice": 1, "$weights": [1]}}, "lr: a choice takes a list"),
        ({"$uniform": [0, 0]}, r"the space: \[0, 0\] are no ends"),
    ],
)
def test_what_cannot_be_drawn_from_is_named_by_its_place(space: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_space(space)

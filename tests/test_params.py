"""Parameter spaces against the rules that version 0.1.8 set, and against each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from run_logger.errors import ConfigError
from run_logger.params import (
    empty_choice,
    nth_point,
    param_generator,
    param_sampler,
    space_size,
)

LEAVES = st.integers() | st.floats(allow_nan=False) | st.text(max_size=3) | st.none()


def spaces(least: int = 0) -> st.SearchStrategy[Any]:
    return st.recursive(
        LEAVES,
        lambda inner: (
            st.lists(inner, min_size=least, max_size=3)
            | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)
            | inner.map(lambda space: {"": space})
        ),
        max_leaves=8,
    )


def test_the_last_key_moves_fastest() -> None:
    points = list(param_generator({"a": [1, 2], "b": {"c": [3, 4]}}))
    assert points == [
        {"a": 1, "b": {"c": 3}},
        {"a": 1, "b": {"c": 4}},
        {"a": 2, "b": {"c": 3}},
        {"a": 2, "b": {"c": 4}},
    ]


def test_nested_lists_and_tuples_are_one_choice() -> None:
    assert list(param_generator({"a": [(1, 2), [3]]})) == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_the_empty_key_alone_stands_for_its_space() -> None:
    assert list(param_generator({"": [{"a": [1, 2]}, {"b": 3}]})) == [{"a": 1}, {"a": 2}, {"b": 3}]


def test_the_empty_key_beside_others_is_a_key() -> None:
    space = {"a": 1, "": [{"b": 2}]}
    assert list(param_generator(space)) == [{"a": 1, "": {"b": 2}}]
    assert param_sampler(space, np.random.default_rng(0)) == {"a": 1, "": {"b": 2}}


def test_an_empty_mapping_has_one_point_and_an_empty_list_none() -> None:
    assert list(param_generator({})) == [{}]
    assert list(param_generator({"a": 1, "b": []})) == []


@settings(deadline=None)  # a loaded machine is no fault
@given(spaces())
def test_size_and_nth_point_agree_with_the_walk(space: Any) -> None:
    points = list(param_generator(space))
    assert space_size(space) == len(points)
    assert [nth_point(space, k) for k in range(len(points))] == points


def test_a_point_of_an_enormous_space_costs_nothing() -> None:
    space = {f"p{i}": list(range(1000)) for i in range(4)}
    assert space_size(space) == 10**12
    point = nth_point(space, 123_456_789_012)
    assert point == {"p0": 123, "p1": 456, "p2": 789, "p3": 12}


@pytest.mark.parametrize("k", [-1, 2])
def test_a_point_outside_of_the_space_is_an_error_with_the_size(k: int) -> None:
    with pytest.raises(IndexError, match="2 points"):
        nth_point({"a": [1, 2]}, k)


def draws_of_0_1_8(space: Any, rng: np.random.Generator) -> Any:
    """Spell out the rule for draws: one `choice` a list, keys in their order, depth first."""
    while isinstance(space, Mapping) and list(space) == [""]:
        space = space[""]
    if isinstance(space, Mapping):
        return {key: draws_of_0_1_8(value, rng) for key, value in space.items()}
    if isinstance(space, (list, tuple)):
        return draws_of_0_1_8(space[rng.choice(len(space))], rng)
    return space


@settings(deadline=None)
@given(spaces(least=1), st.integers(0, 2**32))
def test_a_seed_draws_what_it_drew_in_version_0_1_8(space: Any, seed: int) -> None:
    expected = draws_of_0_1_8(space, np.random.default_rng(seed))
    assert param_sampler(space, np.random.default_rng(seed)) == expected


def test_known_draws_stay() -> None:
    space = {"lr": [0.1, 0.01, 0.001], "net": {"depth": [1, 2, 3, 4], "act": ["relu", "tanh"]}}
    rng = np.random.default_rng(0)
    assert [param_sampler(space, rng) for _ in range(3)] == [
        {"lr": 0.001, "net": {"depth": 3, "act": "tanh"}},
        {"lr": 0.1, "net": {"depth": 2, "act": "relu"}},
        {"lr": 0.1, "net": {"depth": 1, "act": "relu"}},
    ]


def test_an_empty_list_is_named_when_it_is_drawn() -> None:
    with pytest.raises(ConfigError, match=r"net\.depth is an empty list"):
        param_sampler({"net": {"depth": []}}, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("space", "path"),
    [
        ({"a": [1], "b": {"c": [[1], []]}}, "b.c[1]"),
        ({"": {"a b": []}}, '["a b"]'),
        ([], ""),
        ({"a": [1]}, None),
    ],
)
def test_an_empty_list_is_found_by_its_path(space: Any, path: str | None) -> None:
    assert empty_choice(space) == path

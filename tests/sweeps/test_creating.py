"""`create_sweep` stores what new and old clients need, and refuses what no run could use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from run_logger import create_sweep
from run_logger.distributions import Uniform
from run_logger.errors import ConfigError, UnreachableError
from run_logger.hasura_logger import Client, HasuraLogger

if TYPE_CHECKING:
    from collections.abc import Iterator

NOWHERE = "http://127.0.0.1:9/v1/graphql"
SWEEP = """
    query ($id: Int!) {
      sweep_by_pk(id: $id) {
        space grid_index run_limit issued metadata remaining_runs
        parameter_choices(order_by: {Key: asc}) { Key choice }
      }
    }
"""


@pytest.fixture
def client(endpoint: str) -> Iterator[Client]:
    with Client(endpoint) as client:
        yield client


def stored(client: Client, sweep_id: int) -> Any:
    return client.execute(SWEEP, {"id": sweep_id})["sweep_by_pk"]


def test_a_grid_is_stored_for_new_clients_and_for_old_ones(client: Client, endpoint: str) -> None:
    space = {"b": [1, 2], "a": "fixed", "net": {"depth": [1, 2, 3]}}
    sweep = stored(client, create_sweep(space, endpoint, name="first", project="thesis"))
    assert [*sweep["space"]] == ["b", "a", "net"]
    assert sweep["space"] == space
    assert (sweep["grid_index"], sweep["run_limit"], sweep["issued"]) == (0, 6, 0)
    assert sweep["metadata"] == {
        "config": space,
        "name": "first",
        "project": "thesis",
        "method": "grid",
        "seed": 0,
    }
    assert sweep["parameter_choices"] == [
        {"Key": "a", "choice": ["fixed"]},
        {"Key": "b", "choice": [1, 2]},
        {"Key": "net", "choice": [{"depth": [1, 2, 3]}]},
    ]


def test_a_list_at_the_root_stands_under_the_empty_key_for_old_clients(
    client: Client, endpoint: str
) -> None:
    space = [{"a": [1, 2]}, {"b": 3}]
    sweep_id = create_sweep(space, endpoint)
    sweep = stored(client, sweep_id)
    assert sweep["parameter_choices"] == [{"Key": "", "choice": space}]
    assert sweep["run_limit"] == 3
    points: list[Any] = []
    for _ in range(3):
        with HasuraLogger(endpoint) as logger:
            points.append(logger.create_run({}, sweep_id=sweep_id))
    assert points == [{"a": 1}, {"a": 2}, {"b": 3}]


def test_a_search_with_a_metric_says_so_in_its_metadata(client: Client, endpoint: str) -> None:
    sweep = stored(
        client,
        create_sweep(
            {"lr": Uniform(0, 1)},
            endpoint,
            method="random",
            runs=9,
            seed=4,
            metric="loss",
            direction="minimize",
        ),
    )
    assert sweep["space"] == {"lr": {"$uniform": [0, 1]}}
    assert (sweep["grid_index"], sweep["run_limit"]) == (None, 9)
    assert sweep["metadata"] | {"config": None} == {
        "config": None,
        "name": None,
        "project": None,
        "method": "random",
        "seed": 4,
        "metric": "loss",
        "direction": "minimize",
    }


def test_an_enormous_space_costs_nothing(client: Client, endpoint: str) -> None:
    space = {f"p{number}": list(range(1000)) for number in range(4)}
    sweep_id = create_sweep(space, endpoint)
    assert stored(client, sweep_id)["run_limit"] is None  # no integer of Postgres's counts so far
    with HasuraLogger(endpoint) as logger:
        assert logger.create_run({}, sweep_id=sweep_id) == dict.fromkeys(space, 0)


def test_the_runs_of_a_grid_can_be_bounded_or_not(client: Client, endpoint: str) -> None:
    space = {"a": [1, 2, 3]}
    assert stored(client, create_sweep(space, endpoint, runs=2))["run_limit"] == 2
    assert stored(client, create_sweep(space, endpoint, endless=True))["run_limit"] is None


@pytest.mark.parametrize(
    ("space", "given", "message"),
    [
        ({"a": {"b": [[1], []]}}, {}, r"a\.b\[1\] is an empty list"),
        ([], {}, "the space is an empty list"),
        ({"a": {"$choice": [], "$weights": []}}, {"method": "random"}, "a is an empty list"),
        (3, {}, "a parameter space is a mapping or a list, and this is 3"),
        (None, {}, "a parameter space is a mapping or a list, and this is None"),
        ([1, 2], {}, "a point of this space is no mapping of parameters"),
        ({"a": [1]}, {"method": "bayes"}, "there is no method 'bayes'. There are grid, random"),
        ({"a": Uniform(0, 1)}, {}, "a grid has no points for a, which is a distribution"),
        ({"a": [1]}, {"method": "tpe"}, "tpe needs a metric"),
        ({"a": [1]}, {"runs": 0}, "a sweep cannot have 0 runs"),
        ({"a": [1]}, {"runs": 2, "endless": True}, "2 runs is not endless"),
        ({"a": [1]}, {"seed": -1}, "the seed -1 is negative"),
    ],
)
def test_what_no_run_could_use_is_refused_before_anything_is_sent(
    space: Any, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        create_sweep(space, NOWHERE, **given)


def test_a_value_without_json_form_is_named() -> None:
    with pytest.raises(TypeError, match=r"a\[0\]: bytes has no JSON form"):
        create_sweep({"a": [b"x"]}, NOWHERE)


def test_a_server_that_is_away_is_named() -> None:
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9"):
        create_sweep({"a": [1]}, NOWHERE)

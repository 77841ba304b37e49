"""The points that runs get: in order, once, and the same for every process of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from run_logger import create_sweep, initialize
from run_logger.distributions import Uniform
from run_logger.errors import SweepError, SweepExhaustedError
from run_logger.hasura_logger import Client, HasuraLogger
from run_logger.params import param_generator
from tests.trials.fault_proxy import FaultProxy

if TYPE_CHECKING:
    from collections.abc import Iterator

MIXED = {"net": [{"depth": [1, 2]}, {"width": [8]}], "lr": [0.1, 0.01], "fixed": "x"}


@pytest.fixture
def client(endpoint: str) -> Iterator[Client]:
    with Client(endpoint) as client:
        yield client


def points(endpoint: str, sweep_id: int, count: int, seed: int = 0) -> list[Any]:
    found: list[Any] = []
    for _ in range(count):
        with HasuraLogger(endpoint, seed) as logger:
            found.append(logger.create_run({}, sweep_id=sweep_id))
    return found


def test_a_grid_gives_every_point_in_the_order_of_param_generator_and_then_no_more(
    endpoint: str,
) -> None:
    sweep_id = create_sweep(MIXED, endpoint)
    assert points(endpoint, sweep_id, 6) == [*param_generator(MIXED)]
    with pytest.raises(SweepExhaustedError, match=f"sweep {sweep_id} has no runs left"):
        points(endpoint, sweep_id, 1)


def test_an_endless_grid_begins_again_at_its_first_point(endpoint: str) -> None:
    sweep_id = create_sweep({"a": [1, 2]}, endpoint, endless=True)
    assert points(endpoint, sweep_id, 5) == [{"a": a} for a in (1, 2, 1, 2, 1)]


def test_random_points_differ_and_can_be_drawn_again_by_the_seeds(endpoint: str) -> None:
    def drawn(*, of_sweep: int, of_logger: int) -> list[Any]:
        space = {"lr": Uniform(0, 1), "a": list(range(100))}
        sweep_id = create_sweep(space, endpoint, method="random", runs=3, seed=of_sweep)
        return points(endpoint, sweep_id, 3, of_logger)

    first = drawn(of_sweep=0, of_logger=0)
    assert len({point["lr"] for point in first}) == 3
    assert drawn(of_sweep=0, of_logger=0) == first
    assert drawn(of_sweep=1, of_logger=0) != first
    assert drawn(of_sweep=0, of_logger=1) != first


@pytest.mark.parametrize("method", ["grid", "random"])
def test_taking_a_point_costs_one_request(endpoint: str, method: Any) -> None:
    sweep_id = create_sweep({"a": [1, 2, 3]}, endpoint, method=method)
    with FaultProxy(endpoint) as proxy:
        logger = HasuraLogger(proxy.url, debounce_time=3600)
        logger.create_run({}, sweep_id=sweep_id)
        assert proxy.requests == 1
        logger.finish()


def test_who_joins_a_run_gets_the_point_that_is_stored_with_it_whatever_its_seed(
    endpoint: str, client: Client
) -> None:
    sweep_id = create_sweep({"lr": Uniform(0, 1)}, endpoint, method="random")
    key = uuid4()
    settled = {"agent": {}, "sweep_parameters": {"lr": 0.25}}
    client.create_run(key=key, metadata=settled, charts=[], writer_key=uuid4(), sweep_id=sweep_id)
    joined = HasuraLogger(endpoint, seed=5, run_key=key)
    assert joined.create_run({}) == {"lr": 0.25}
    joined.finish()


def test_the_process_that_begins_an_agents_run_adds_its_metadata_and_charts_once(
    endpoint: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep_id = create_sweep({"lr": [0.5]}, endpoint)
    key = uuid4()
    run = client.create_run(
        key=key, metadata={"agent": {}}, charts=[], writer_key=uuid4(), sweep_id=sweep_id
    )
    assert run
    monkeypatch.setenv("RUN_LOGGER_RUN_KEY", str(key))
    for rank in range(2):
        params, logger = initialize(endpoint, metadata={"rank": rank}, charts=[{"n": 1}], lr=0.1)
        logger.finish()
        assert params == {"lr": 0.5}
        assert logger.run_id == run.id
    assert [chart.spec for chart in client.charts_of_runs([run.id])] == [{"n": 1}]
    shown = client.show_run(run.id)
    assert shown
    assert shown.metadata
    assert shown.metadata["rank"] == 0
    assert shown.metadata["parameter_sources"] == {"lr": "sweep"}
    assert len(shown.writers) == 3


def test_an_archived_sweep_gives_no_points(endpoint: str, client: Client) -> None:
    sweep_id = create_sweep({"a": [1]}, endpoint)
    archive = "mutation ($id: Int!) { update_sweep_by_pk(pk_columns: {id: $id}, _set: {archived: true}) { id } }"  # noqa: E501
    client.execute(archive, {"id": sweep_id})
    with pytest.raises(SweepError, match=f"sweep {sweep_id} is archived"):
        points(endpoint, sweep_id, 1)


def test_a_method_of_a_later_version_is_refused(endpoint: str, client: Client) -> None:
    sweep = client.create_sweep({"a": [1]}, {"method": "dreams"}, [])
    assert sweep
    with pytest.raises(SweepError, match="has the method 'dreams', which this version"):
        points(endpoint, sweep.id, 1)


def test_a_dollar_in_a_sweep_of_version_0_1_is_a_name_like_any_other(
    endpoint: str, client: Client
) -> None:
    sweep = client.create_sweep({"$uniform": [1, 2]}, {}, [], grid_index=0)
    assert sweep
    assert points(endpoint, sweep.id, 1) == [{"$uniform": 1}]


def test_a_process_of_an_agent_joins_its_run_and_leaves_no_gap_in_the_ids(
    endpoint: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep_id = create_sweep({"a": [1, 2]}, endpoint)
    ids: list[int] = []
    for _ in range(2):
        key = uuid4()
        run = client.create_run(
            key=key, metadata={"agent": {}}, charts=[], writer_key=uuid4(), sweep_id=sweep_id
        )
        assert run
        ids.append(run.id)
        monkeypatch.setenv("RUN_LOGGER_RUN_KEY", str(key))
        _, logger = initialize(endpoint)
        logger.finish()
    assert ids == [1, 2]

"""`should_stop` ends runs that do worse than the median of the others, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from run_logger import create_sweep, initialize
from run_logger.errors import NotStartedError
from run_logger.hasura_logger import HasuraLogger
from tests.trials.fault_proxy import FaultProxy
from tests.trials.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@pytest.fixture
def sweep_id(endpoint: str) -> int:
    space = {"a": list(range(20))}
    return create_sweep(space, endpoint, metric="loss", direction="minimize")


@pytest.fixture
def logger(endpoint: str, sweep_id: int) -> Iterator[HasuraLogger]:
    with HasuraLogger(endpoint) as logger:
        logger.create_run({}, sweep_id=sweep_id)
        yield logger


def train(endpoint: str, sweep_id: int, losses: Sequence[float]) -> list[bool]:
    """Log a loss a step; return what `should_stop` said after each."""
    with HasuraLogger(endpoint) as logger:
        logger.create_run({}, sweep_id=sweep_id)
        return follow(logger, losses)


def follow(logger: HasuraLogger[Any], losses: Sequence[float]) -> list[bool]:
    said: list[bool] = []
    for step, loss in enumerate(losses):
        logger.log(loss=loss)
        said.append(logger.should_stop(step))
    return said


def test_a_run_that_is_worse_than_the_median_is_told_to_stop(
    endpoint: str, sweep_id: int, logger: HasuraLogger
) -> None:
    for number in range(5):
        assert train(endpoint, sweep_id, [1.0, 0.1 * number]) == [False, False]
    assert train(endpoint, sweep_id, [1.0, 0.15]) == [False, False]
    assert follow(logger, [1.0, 0.9]) == [False, True]
    assert logger.run_id is not None
    assert logger.flush(20)
    run = logger.client.show_run(logger.run_id)
    assert run
    assert run.metadata
    assert run.metadata["stopped_at"] == 1


def test_a_run_is_compared_only_with_those_that_came_as_far(
    endpoint: str, sweep_id: int, logger: HasuraLogger
) -> None:
    for number in range(5):
        train(endpoint, sweep_id, [0.1] if number else [0.1, 0.1])
    logger.log(loss=9)
    assert not logger.should_stop(1)
    assert logger.should_stop(0)


def test_four_others_are_too_few_to_say(endpoint: str, sweep_id: int, logger: HasuraLogger) -> None:
    for _ in range(4):
        train(endpoint, sweep_id, [0.1])
    assert follow(logger, [9]) == [False]


def test_a_run_goes_on_where_it_logs_no_metric_or_its_sweep_names_none(
    endpoint: str, logger: HasuraLogger
) -> None:
    logger.log(other=1)
    assert not logger.should_stop(0)
    sweep_id = create_sweep({"a": [1]}, endpoint)
    assert train(endpoint, sweep_id, [1.0]) == [False]


def test_a_run_without_a_sweep_or_a_server_goes_on(endpoint: str) -> None:
    with HasuraLogger(endpoint) as alone:
        alone.create_run({})
        assert not alone.should_stop(0)
    _, disabled = initialize(None)
    assert not disabled.should_stop(0)
    with HasuraLogger(endpoint, offline=True) as offline:
        offline.create_run({})
        assert not offline.should_stop(0)


def test_a_server_that_fails_lets_the_run_go_on_and_is_named_once(
    endpoint: str, sweep_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    with FaultProxy(endpoint) as proxy, HasuraLogger(proxy.url, timeout=5) as logger:
        logger.create_run({}, sweep_id=sweep_id)
        proxy.follow([Fault.STATUS_500] * 100)
        assert follow(logger, [1.0, 2.0]) == [False, False]
        proxy.follow([])
    said = [r for r in caplog.records if "cannot be compared" in r.message]
    assert len(said) == 1


def test_it_needs_a_run(endpoint: str) -> None:
    with pytest.raises(NotStartedError, match="should_stop called before create_run"):
        HasuraLogger(endpoint).should_stop(0)

"""`initialize` and its parts: where parameters come from, and what is stored of that."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from run_logger import config as config_module
from run_logger import main
from run_logger.errors import ConfigError, RunLoggerError, RunNotFoundError, SweepError
from run_logger.hasura_logger import Client, HasuraLogger
from run_logger.main import (
    NewParams,
    create_run,
    get_load_params,
    initialize,
    update_params,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def start(endpoint: str) -> Iterator[Callable[..., tuple[dict[str, Any], HasuraLogger]]]:
    """Call `initialize` at the endpoint; the loggers are finished when the test ends."""
    loggers: list[HasuraLogger] = []

    def start(**arguments: Any) -> tuple[dict[str, Any], HasuraLogger]:
        params, logger = initialize(endpoint, **arguments)
        loggers.append(logger)
        return params, logger

    yield start
    for logger in loggers:
        logger.finish()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("lr: 1e-3\nseed: 7\ndepth: 3\n")
    return path


def metadata_of(logger: HasuraLogger) -> Any:
    assert logger.flush(20)
    query = "query ($id: Int!) { run_by_pk(id: $id) { metadata } }"
    return logger.execute(query, {"id": logger.run_id})["run_by_pk"]["metadata"]


def new_sweep(endpoint: str) -> int:
    query = "mutation ($sweep: sweep_insert_input!) { insert_sweep_one(object: $sweep) { id } }"
    sweep = {"grid_index": 0, "space": {"lr": [0.5, 0.25], "width": [16]}}
    with Client(endpoint) as client:
        sweep_id: int = client.execute(query, {"sweep": sweep})["insert_sweep_one"]["id"]
    return sweep_id


def count_runs(endpoint: str) -> int:
    with Client(endpoint) as client:
        query = "{ run_aggregate { aggregate { count } } }"
        count: int = client.execute(query)["run_aggregate"]["aggregate"]["count"]
    return count


def test_parameters_come_from_the_highest_source_that_has_them(
    endpoint: str, start: Callable[..., Any], config: Path
) -> None:
    sweep_id = new_sweep(endpoint)
    earlier, earlier_logger = start(width=8, name="earlier")
    assert earlier == {"width": 8}
    assert earlier_logger.flush(20)
    params, logger = start(
        config=config,
        charts=[{"mark": "line"}],
        metadata={"commit": "abc"},
        name="mine",
        sweep_id=sweep_id,
        load_id=earlier_logger.run_id,
        seed=1,
        gamma=0.9,
    )
    assert params == {"seed": 7, "gamma": 0.9, "lr": 0.5, "depth": 3, "width": 8}
    assert metadata_of(logger) == {
        "commit": "abc",
        "parameters": params,
        "parameter_sources": {
            "seed": "config",
            "gamma": "default",
            "lr": "sweep",
            "depth": "config",
            "width": "load",
        },
        "run_id": logger.run_id,
        "name": "mine",
    }


def test_the_parts_do_what_initialize_does(endpoint: str, config: Path) -> None:
    with HasuraLogger(endpoint) as logger:
        new_params = create_run(logger, config, metadata={"a": 1})
        assert new_params == NewParams({"lr": 1e-3, "seed": 7, "depth": 3}, None, None)
        assert update_params(logger, new_params, "mine", lr=1, x=2) == {
            "lr": 1e-3,
            "x": 2,
            "seed": 7,
            "depth": 3,
        }
        assert metadata_of(logger)["name"] == "mine"
        assert metadata_of(logger)["a"] == 1


def test_any_name_may_be_a_parameter(start: Callable[..., Any]) -> None:
    params, logger = start(logger="adam", new_params=1)
    assert params == {"logger": "adam", "new_params": 1}
    assert metadata_of(logger)["parameters"] == params


def test_without_an_endpoint_nothing_is_recorded_and_everything_works(config: Path) -> None:
    params, logger = initialize(None, config, charts=[{}], metadata={}, name="x", lr=1, extra=2)
    assert params == {"lr": 1e-3, "extra": 2, "seed": 7, "depth": 3}
    with logger:
        assert logger.create_run({}) is None
        logger.log(step=1, anything=b"x")
        logger.blob(b"x", object())
        logger.update_metadata({"a": 1})
        assert logger.flush()
        assert logger.execute("{ run { id } }") == {}
        assert logger.run_id is None
        assert logger.stats().accepted == 0
    logger.finish("failed")


def test_offline_the_run_gets_its_id_when_it_is_delivered(
    endpoint: str, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUN_LOGGER_OFFLINE", "1")
    params, logger = initialize(endpoint, lr=1, name="mine")
    with logger:
        assert (params, logger.run_id) == ({"lr": 1}, None)
    command = [sys.executable, "-m", "run_logger.cli", "sync", str(journals)]
    subprocess.run(command, check=True, capture_output=True)
    with Client(endpoint) as client:
        [run] = client.execute("{ run { id metadata } }")["run"]
    assert run["metadata"] == {
        "parameters": {"lr": 1},
        "parameter_sources": {"lr": "default"},
        "run_id": run["id"],
        "name": "mine",
    }


def test_offline_no_run_can_be_loaded(monkeypatch: pytest.MonkeyPatch, journals: Path) -> None:
    monkeypatch.setenv("RUN_LOGGER_OFFLINE", "1")
    with pytest.raises(ConfigError, match="load_id=3 needs the server, and this logger is offline"):
        initialize("http://127.0.0.1:9/v1/graphql", load_id=3)
    assert not journals.exists()


def test_a_disabled_logger_has_no_client() -> None:
    _, logger = initialize()
    with pytest.raises(ConfigError, match="no endpoint"):
        logger.client.list_runs()


def test_a_logger_of_none_creates_and_stores_nothing(config: Path) -> None:
    new_params = create_run(None, config)
    assert new_params.sweep_params is None
    assert update_params(None, new_params, "x", lr=2) == {"lr": 1e-3, "seed": 7, "depth": 3}


@pytest.mark.parametrize("argument", [{"sweep_id": 3}, {"load_id": 3}])
@pytest.mark.parametrize("call", [initialize, create_run])
def test_a_sweep_or_a_run_to_load_needs_an_endpoint(
    call: Callable[..., Any], argument: dict[str, int]
) -> None:
    with pytest.raises(ValueError, match=r"_id=3 needs an endpoint"):
        call(**argument)


def test_a_run_to_load_that_does_not_exist_is_an_error_and_no_run(endpoint: str) -> None:
    with pytest.raises(LookupError, match="run 4711 does not exist") as error:
        initialize(endpoint, load_id=4711)
    assert isinstance(error.value, RunNotFoundError)
    assert count_runs(endpoint) == 0


def test_a_run_without_parameters_has_none_to_load(endpoint: str) -> None:
    with HasuraLogger(endpoint) as logger:
        logger.create_run({"a": 1})
        assert logger.run_id is not None
        assert get_load_params(logger.run_id, logger) == {}
        logger.update_metadata({"parameters": [1]})
        assert logger.flush(20)
        with pytest.raises(ConfigError, match="are no mapping"):
            get_load_params(logger.run_id, logger)


def test_a_bad_config_or_sweep_is_an_error_and_no_run(endpoint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        initialize(endpoint, config=tmp_path / "missing.yaml")
    with pytest.raises(SweepError, match="sweep 12 does not exist"):
        initialize(endpoint, sweep_id=12)
    assert count_runs(endpoint) == 0


def test_a_parameter_without_json_form_is_named_and_the_run_failed(endpoint: str) -> None:
    with pytest.raises(TypeError, match=r"parameters\.key: bytes has no JSON form"):
        initialize(endpoint, key=b"x")
    with Client(endpoint) as client:
        assert client.execute("{ run { status } }") == {"run": [{"status": "failed"}]}


def test_the_signatures_of_version_0_1_stand() -> None:
    def positional(function: Callable[..., Any]) -> list[str]:
        return [
            name
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        ]

    common = ["config", "charts", "metadata"]
    assert positional(initialize) == [
        "graphql_endpoint",
        *common,
        "name",
        "sweep_id",
        "load_id",
    ]
    assert positional(create_run) == ["logger", *common, "sweep_id", "load_id"]
    assert positional(update_params) == ["logger", "new_params", "name"]
    assert positional(get_load_params) == ["load_id", "logger"]
    assert positional(NewParams) == ["config_params", "sweep_params", "load_params"]
    assert main.get_config_params is config_module.get_config_params
    assert issubclass(ConfigError, RunLoggerError)

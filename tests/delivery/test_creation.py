"""Creating a run: exactly once, and with errors that say what to do."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from run_logger.delivery.sending import creation
from run_logger.errors import SchemaError, ServerError, SweepError, UnreachableError
from run_logger.hasura_logger import Client, HasuraLogger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Faults(Protocol):
    """The proxy of conftest.py."""

    url: str

    def fail(self, operation: str, *faults: str) -> None: ...


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creation, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(creation, "PATIENCE", 60)


@pytest.fixture
def create(proxy: Faults) -> Iterator[Callable[[int | None], Any]]:
    """Create runs, each with a logger of its own."""
    loggers: list[HasuraLogger] = []

    def create(sweep_id: int | None) -> Any:
        logger = HasuraLogger(proxy.url)
        loggers.append(logger)
        return logger.create_run({"a": 1}, sweep_id=sweep_id)

    yield create
    for logger in loggers:
        logger.finish()


def new_sweep(endpoint: str, **values: Any) -> int:
    query = "mutation ($sweep: sweep_insert_input!) { insert_sweep_one(object: $sweep) { id } }"
    with Client(endpoint) as client:
        sweep_id: int = client.execute(query, {"sweep": values})["insert_sweep_one"]["id"]
    return sweep_id


def count_runs(endpoint: str) -> int:
    with Client(endpoint) as client:
        query = "{ run_aggregate { aggregate { count } } }"
        count: int = client.execute(query)["run_aggregate"]["aggregate"]["count"]
    return count


@pytest.mark.parametrize("fault", ["no answer", "no request", "503"])
def test_a_create_that_fails_makes_one_run_and_uses_up_one_point(
    endpoint: str, proxy: Faults, create: Callable[[int], Any], fault: str
) -> None:
    sweep_id = new_sweep(endpoint, grid_index=0, space={"lr": [1, 2, 3]})
    points = []
    for _ in range(3):
        proxy.fail("create_run", fault, fault)
        points.append(create(sweep_id))
    assert points == [{"lr": 1}, {"lr": 2}, {"lr": 3}]
    assert count_runs(endpoint) == 3


def test_a_create_that_is_called_again_after_a_lost_answer_leaves_one_writer(
    endpoint: str, proxy: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = HasuraLogger(proxy.url)
    proxy.fail("create_run", "no answer")
    with monkeypatch.context() as impatient:
        impatient.setattr(creation, "PATIENCE", 0)
        with pytest.raises(UnreachableError):
            logger.create_run({})
    logger.create_run({})
    logger.log(step=0)
    logger.finish()
    with Client(endpoint) as client:
        [run] = client.execute("{ run { status writers { outcome } run_logs { log } } }")["run"]
    assert run == {
        "status": "finished",
        "writers": [{"outcome": "finished"}],
        "run_logs": [{"log": {"step": 0}}],
    }


def test_runs_that_are_created_at_once_get_each_point_once(
    endpoint: str, proxy: Faults, create: Callable[[int], Any]
) -> None:
    sweep_id = new_sweep(endpoint, grid_index=0, run_limit=12, space={"lr": list(range(12))})
    proxy.fail("create_run", *["no answer", "no request", "503"] * 3)
    with ThreadPoolExecutor(12) as pool:
        points = list(pool.map(create, [sweep_id] * 12))
    assert sorted(point["lr"] for point in points) == list(range(12))
    assert count_runs(endpoint) == 12


def test_the_answer_to_the_last_run_of_a_sweep_may_be_lost(
    endpoint: str, proxy: Faults, create: Callable[[int], Any]
) -> None:
    sweep_id = new_sweep(endpoint, grid_index=0, run_limit=1, space={"lr": [1, 2]})
    proxy.fail("create_run", "no answer")
    assert create(sweep_id) == {"lr": 1}
    with pytest.raises(SweepError, match=f"sweep {sweep_id} has no runs left"):
        create(sweep_id)
    assert count_runs(endpoint) == 1


def test_a_server_that_does_not_recover_is_an_error(
    proxy: Faults, create: Callable[[None], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creation, "PATIENCE", 0.1)
    proxy.fail("create_run", *["503"] * 1000)
    with pytest.raises(ServerError, match="503"):
        create(None)


def test_no_server_at_the_endpoint_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(creation, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with pytest.raises(UnreachableError) as error:
        HasuraLogger(f"http://me:secret@127.0.0.1:{port}/v1/graphql").create_run({})
    assert f"http://127.0.0.1:{port}/v1/graphql" in str(error.value)
    assert "secret" not in str(error.value)
    assert "run-logger serve" in str(error.value)


@pytest.mark.parametrize(
    ("sql", "tables", "missing"),
    [
        ("CREATE TABLE other (id serial PRIMARY KEY)", ["other"], "baseline"),
        ("CREATE TABLE run (id serial PRIMARY KEY, metadata jsonb)", ["run"], "writers"),
    ],
)
def test_a_database_without_our_tables_is_an_error_that_names_the_migration(
    serve: Callable[[Path], Any],
    make_project: Callable[..., Path],
    sql: str,
    tables: list[str],
    missing: str,
) -> None:
    served = serve(make_project(sql, tables=tables))
    with pytest.raises(SchemaError, match=f"migration '{missing}'"):
        HasuraLogger(served.url).create_run({})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"grid_index": 0}, "has no choices"),
        ({"space": {"lr": {"a": [1, []]}}}, r"lr\.a\[1\] is an empty list"),
        ({"parameter_choices": {"data": [{"Key": "lr", "choice": []}]}}, "lr is an empty list"),
    ],
)
def test_a_sweep_without_anything_to_choose_is_an_error_and_its_run_is_put_away(
    endpoint: str, create: Callable[[int], Any], values: dict[str, Any], message: str
) -> None:
    sweep_id = new_sweep(endpoint, **values)
    with pytest.raises(SweepError, match=message):
        create(sweep_id)
    with Client(endpoint) as client:
        (run,) = client.execute("{ run { archived status } }")["run"]
    assert run == {"archived": True, "status": "failed"}


def test_a_sweep_that_does_not_exist_is_an_error_with_its_id(
    endpoint: str, create: Callable[[int], Any]
) -> None:
    with pytest.raises(SweepError, match="sweep 17 does not exist"):
        create(17)
    assert count_runs(endpoint) == 0

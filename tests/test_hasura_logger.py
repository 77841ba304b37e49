"""The logger as its users see it, against a real server."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import jedi  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import run_logger
from run_logger import Logger
from run_logger.errors import ConfigError, NotStartedError
from run_logger.hasura_logger import Client, HasuraLogger, jsonify
from run_logger.params import param_generator
from run_logger.transport import AsyncTransport, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def new_logger(endpoint: str) -> Iterator[Callable[..., HasuraLogger]]:
    """Make loggers that are finished when the test ends."""
    loggers: list[HasuraLogger] = []

    def new_logger(**options: Any) -> HasuraLogger:
        loggers.append(HasuraLogger(endpoint, **options))
        return loggers[-1]

    yield new_logger
    for logger in loggers:
        logger.finish()


@pytest.fixture
def logger(new_logger: Callable[[], HasuraLogger]) -> HasuraLogger:
    return new_logger()


def run_of(logger: HasuraLogger[Any]) -> Any:
    """Return the run with all that hangs on it, once everything is delivered."""
    assert logger.flush(20)
    query = """query ($id: Int!) { run_by_pk(id: $id) {
        id key metadata sweep_id sweep_index status
        charts(order_by: {id: asc}) { order spec }
        run_logs(order_by: [{writer_id: asc}, {seq: asc}]) { log logged_at }
        run_blobs(order_by: {id: asc}) { blob metadata }
        writers(order_by: {id: asc}) { outcome error pid host }
    } }"""
    return logger.execute(query, {"id": logger.run_id})["run_by_pk"]


def logs_of(logger: HasuraLogger[Any]) -> list[Any]:
    return [row["log"] for row in run_of(logger)["run_logs"]]


def new_sweep(logger: HasuraLogger, **values: Any) -> int:
    query = "mutation ($sweep: sweep_insert_input!) { insert_sweep_one(object: $sweep) { id } }"
    sweep_id: int = logger.execute(query, {"sweep": values})["insert_sweep_one"]["id"]
    return sweep_id


def test_a_run_is_stored_with_its_metadata_and_charts(logger: HasuraLogger) -> None:
    assert logger.run_id is None
    metadata = {"reproducibility": {"commit": "abc"}, "lr": 0.1}
    assert logger.create_run(metadata, charts=[{"mark": "line"}, {"mark": "bar"}]) is None
    run = run_of(logger)
    assert (run["id"], UUID(run["key"])) == (logger.run_id, logger.run_key)
    assert run["metadata"] == metadata
    assert run["charts"] == [
        {"order": 0, "spec": {"mark": "line"}},
        {"order": 1, "spec": {"mark": "bar"}},
    ]
    assert run["status"] == "running"
    [writer] = run["writers"]
    assert writer["pid"] == os.getpid()


def test_logs_blobs_and_metadata_are_stored_as_json(logger: HasuraLogger, tmp_path: Path) -> None:
    logger.create_run(None)
    logger.log(step=1, loss=float("nan"), path=tmp_path, text="a\x00b", big=2**60)
    logger.log(**{"any name": [1, (2, 3)], "self": 1})
    logger.blob(b"\x00\xff", {"kind": "bytes"})
    logger.blob(r"\x0102", {"kind": "hex"})
    logger.blob("plain", None)
    logger.update_metadata({"a": 1, "b": 1})
    logger.update_metadata({"b": {2}})
    run = run_of(logger)
    assert [row["log"] for row in run["run_logs"]] == [
        {"step": 1, "loss": None, "path": str(tmp_path), "text": "a\ufffdb", "big": 2**60},
        {"any name": [1, [2, 3]], "self": 1},
    ]
    assert all(row["logged_at"] for row in run["run_logs"])
    assert run["run_blobs"] == [
        {"blob": r"\x00ff", "metadata": {"kind": "bytes"}},
        {"blob": r"\x0102", "metadata": {"kind": "hex"}},
        {"blob": r"\x706c61696e", "metadata": None},
    ]
    assert run["metadata"] == {"a": 1, "b": [2]}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(-(2.0**53), 2.0**53)  # beyond, jsonb gives back ints
    | st.text(st.characters(exclude_categories=()), max_size=5)
    | st.sampled_from(["\x00", "\\u0000", "\ud800", "'; drop table run; --"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(
    max_examples=5,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(JSON, min_size=30, max_size=60))
def test_what_is_read_back_is_jsonify_of_what_went_in(
    new_logger: Callable[[], HasuraLogger], values: list[Any]
) -> None:
    logger = new_logger()
    logger.create_run({"values": values})
    for value in values:
        logger.log(value=value)
    assert [row["value"] for row in logs_of(logger)] == jsonify(values)
    assert run_of(logger)["metadata"] == {"values": jsonify(values)}


def test_an_object_may_change_after_it_was_logged(logger: HasuraLogger) -> None:
    logger.create_run({})
    values = [1]
    logger.log(values=values)
    values.append(2)
    assert logs_of(logger) == [{"values": [1]}]


@pytest.mark.parametrize(
    "call",
    [
        lambda logger: logger.log(a=1),
        lambda logger: logger.blob(b"x", {}),
        lambda logger: logger.update_metadata({}),
    ],
    ids=["log", "blob", "update_metadata"],
)
@pytest.mark.parametrize("kind", [NotStartedError, AssertionError])
def test_recording_without_a_run_is_an_error_that_says_so(
    call: Callable[[HasuraLogger], None], kind: type[Exception]
) -> None:
    with pytest.raises(kind, match=r"called before create_run.* Call create_run first"):
        call(HasuraLogger("http://127.0.0.1:9/v1/graphql"))


def test_a_value_without_json_form_is_named_and_the_run_goes_on(logger: HasuraLogger) -> None:
    logger.create_run({})
    with pytest.raises(TypeError, match=r"images\[1\]: bytes has no JSON form"):
        logger.log(images=[1, b"x"])
    logger.log(step=1)
    assert logs_of(logger) == [{"step": 1}]


def test_an_existing_run_is_joined_by_its_id(
    logger: HasuraLogger, new_logger: Callable[..., HasuraLogger]
) -> None:
    logger.create_run({"a": 1})
    logger.log(who="first")
    other = new_logger(_run_id=logger.run_id)
    other.log(who="second")
    other.update_metadata({"b": 2})
    assert logger.flush(20)
    assert logs_of(other) == [{"who": "first"}, {"who": "second"}]
    assert run_of(other)["metadata"] == {"a": 1, "b": 2}


def test_loggers_with_one_run_key_write_one_run(new_logger: Callable[..., HasuraLogger]) -> None:
    key = uuid4()
    first, second = new_logger(run_key=key), new_logger(run_key=str(key))
    sweep_id = new_sweep(first, grid_index=0, space={"lr": [1, 2]})
    assert first.create_run({"rank": 0}, sweep_id=sweep_id) == {"lr": 1}
    assert second.create_run({"rank": 1}, sweep_id=sweep_id) == {"lr": 1}
    assert first.run_id == second.run_id
    assert first.run_key == second.run_key == key
    assert run_of(second)["metadata"] == {"rank": 0}


def test_the_run_key_may_come_from_the_environment(
    new_logger: Callable[..., HasuraLogger], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = uuid4()
    monkeypatch.setenv("RUN_LOGGER_RUN_KEY", str(key))
    assert new_logger().run_key == key
    with pytest.raises(ConfigError, match="'seven' is no UUID"):
        new_logger(run_key="seven")


def test_a_second_create_run_begins_another_run(logger: HasuraLogger) -> None:
    logger.create_run({})
    logger.log(run=1)
    first = logger.run_id
    logger.create_run({})
    logger.log(run=2)
    assert logger.run_id != first
    assert logs_of(logger) == [{"run": 2}]


def test_a_record_after_finish_is_stored_too(logger: HasuraLogger) -> None:
    logger.create_run({})
    logger.log(step=1)
    logger.finish()
    logger.finish()
    logger.log(step=2)
    run = run_of(logger)
    assert [row["log"] for row in run["run_logs"]] == [{"step": 1}, {"step": 2}]
    assert [writer["outcome"] for writer in run["writers"]] == ["finished", None]


def test_an_exception_that_leaves_the_block_is_the_outcome(logger: HasuraLogger) -> None:
    logger.create_run({})
    with pytest.raises(ZeroDivisionError), logger:
        logger.log(x=1 // 0)
    run = run_of(logger)
    [writer] = run["writers"]
    assert (writer["outcome"], writer["error"]) == (
        "failed",
        "ZeroDivisionError: integer division or modulo by zero",
    )
    assert run["status"] == "failed"


def test_an_exit_without_an_error_is_no_failure(logger: HasuraLogger) -> None:
    logger.create_run({})
    with pytest.raises(SystemExit), logger:
        sys.exit()
    assert run_of(logger)["status"] == "finished"


def test_metadata_that_is_no_mapping_is_an_error(logger: HasuraLogger) -> None:
    logger.create_run({})
    with pytest.raises(TypeError, match="metadata is a mapping, not a list"):
        logger.update_metadata([1])
    assert run_of(logger)["metadata"] == {}


def test_threads_may_log_at_once(logger: HasuraLogger) -> None:
    logger.create_run({})

    def work(number: int) -> None:
        for step in range(50):
            logger.log(thread=number, step=step)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = logs_of(logger)
    for number in range(4):
        assert [row["step"] for row in rows if row["thread"] == number] == list(range(50))


def test_every_record_is_counted(logger: HasuraLogger) -> None:
    assert logger.stats().accepted == 0
    logger.create_run({})
    for step in range(3):
        logger.log(step=step)
    assert logger.stats().accepted == 3
    assert logger.flush(20)
    stats = logger.stats()
    assert (stats.delivered, stats.waiting, stats.rejected) == (3, 0, {})


def test_a_grid_search_gives_each_point_in_turn_and_cycles(
    new_logger: Callable[[], HasuraLogger],
) -> None:
    space = {"net": {"depth": [1, 2]}, "lr": [0.1, 0.01]}
    sweep_id = new_sweep(new_logger(), grid_index=0, space=space)
    points = [new_logger().create_run({}, sweep_id=sweep_id) for _ in range(5)]
    assert points == [*param_generator(space), {"net": {"depth": 1}, "lr": 0.1}]


def test_a_sweep_of_version_0_1_gives_its_choices_in_the_order_of_their_keys(
    new_logger: Callable[[], HasuraLogger],
) -> None:
    choices = [{"Key": "b", "choice": [1, 2]}, {"Key": "a", "choice": ["x", {"y": [3, 4]}]}]
    sweep_id = new_sweep(new_logger(), grid_index=0, parameter_choices={"data": choices})
    points = [new_logger().create_run({}, sweep_id=sweep_id) for _ in range(3)]
    assert points == [{"a": "x", "b": 1}, {"a": "x", "b": 2}, {"a": {"y": 3}, "b": 1}]


def test_a_random_search_draws_by_seed_and_index(new_logger: Callable[..., HasuraLogger]) -> None:
    space = {"lr": list(range(10**4))}

    def draws(seed: int) -> list[Any]:
        sweep_id = new_sweep(new_logger(), space=space)
        return [new_logger(seed=seed).create_run({}, sweep_id=sweep_id) for _ in range(3)]

    first = draws(seed=0)
    assert len({draw["lr"] for draw in first}) == 3
    assert draws(seed=0) == first
    assert draws(seed=1) != first


def test_the_client_has_the_typed_operations_and_any_other_query(logger: HasuraLogger) -> None:
    logger.create_run({"a": 1})
    assert isinstance(logger.client, Client)
    assert logger.run_id is not None
    run = logger.client.show_run(logger.run_id)
    assert run is not None
    assert run.metadata == {"a": 1}
    query = "query ($id: Int!) { run_by_pk(id: $id) { metadata } }"
    expected = {"run_by_pk": {"metadata": {"a": 1}}}
    assert logger.execute(query, variable_values={"id": logger.run_id}) == expected
    assert Client(logger.graphql_endpoint).execute(query, {"id": logger.run_id}) == expected


def test_a_client_of_ones_own_is_the_one_that_is_offered(endpoint: str) -> None:
    class Own(Transport):
        def versions(self) -> str:
            return "mine"

    with HasuraLogger(endpoint, client=Own) as logger:
        logger.create_run({})
        assert logger.client.versions() == "mine"
        assert logs_of(logger) == []


def test_editors_complete_the_methods_of_the_client_that_is_offered() -> None:
    code = """
from run_logger.hasura_logger import HasuraLogger
from run_logger.transport import AsyncTransport, Transport

class MyClient(Transport):
    def my_runs(self, limit: int) -> list[str]: ...

HasuraLogger("http://host", client=MyClient).client.
HasuraLogger("http://host").client.
"""
    root = Path(run_logger.__file__).parents[1]
    project = jedi.Project(str(root), added_sys_path=[str(root / "generated")])
    script = jedi.Script(code, project=project)
    own, librarys = (
        {completion.name for completion in script.complete(line, len(text))}
        for line, text in enumerate(code.splitlines(), 1)
        if text.endswith(".client.")
    )
    assert {"my_runs", "execute"} <= own
    assert "list_runs" not in own
    assert {"list_runs", "execute"} <= librarys


def test_a_client_that_cannot_be_waited_for_is_refused() -> None:
    client: Any = AsyncTransport
    with pytest.raises(ConfigError, match="AsyncTransport"):
        HasuraLogger("http://127.0.0.1:9/v1/graphql", client=client)


def test_headers_reach_the_server(serve: Callable[..., Any]) -> None:
    served = serve(admin_secret="sesame")  # noqa: S106  (guards nothing)
    with HasuraLogger(served.url, headers={"x-hasura-admin-secret": "sesame"}) as logger:
        logger.create_run({})
        logger.log(a=1)
        assert logs_of(logger) == [{"a": 1}]


def test_offline_a_run_is_recorded_without_a_server(
    endpoint: str, journals: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with HasuraLogger(endpoint, offline=True) as logger:
        assert logger.create_run({"a": 1}, charts=[{"mark": "line"}]) is None
        logger.log(step=1)
        assert (logger.run_id, logger.flush(), logger.stats().waiting) == (None, False, 1)
    [path] = journals.glob("*.jsonl")
    assert f"1 left in {path}: run-logger sync {path} delivers them" in caplog.text
    assert synced(path, endpoint).stdout
    with HasuraLogger(endpoint) as reader:
        query = "query ($key: uuid!) { run(where: {key: {_eq: $key}}) { id } }"
        [run] = reader.execute(query, {"key": logger.run_key})["run"]
    with HasuraLogger(endpoint, _run_id=run["id"]) as reader:
        stored = run_of(reader)
    assert stored["metadata"] == {"a": 1}
    assert stored["charts"] == [{"order": 0, "spec": {"mark": "line"}}]
    assert [row["log"] for row in stored["run_logs"]] == [{"step": 1}]
    assert stored["status"] == "finished"


def synced(path: Path, endpoint: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "run_logger.cli", "sync", str(path), "--endpoint", endpoint]
    return subprocess.run(command, capture_output=True, text=True, check=True)


@pytest.mark.parametrize("value", ["1", "true"])
def test_the_environment_may_say_that_there_is_no_network(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("RUN_LOGGER_OFFLINE", value)
    logger = HasuraLogger("http://127.0.0.1:9/v1/graphql")
    assert logger.offline
    assert not HasuraLogger("http://127.0.0.1:9/v1/graphql", offline=False).offline
    with pytest.raises(ConfigError, match="sweep_id=3 needs the server, and this logger is off"):
        logger.create_run({}, sweep_id=3)
    with pytest.raises(NotStartedError):
        logger.log(step=1)


def test_the_offline_pieces_of_a_requeued_run_join(endpoint: str, journals: Path) -> None:
    key = uuid4()
    for piece in range(3):
        with HasuraLogger(endpoint, offline=True, run_key=key) as logger:
            logger.create_run({"piece": piece})
            logger.log(piece=piece)
    synced(journals, endpoint)
    with HasuraLogger(endpoint, run_key=key) as logger:
        logger.create_run({})
        assert logs_of(logger) == [{"piece": 0}, {"piece": 1}, {"piece": 2}]


def test_system_metrics_and_provenance_are_recorded_where_they_are_asked_for(
    new_logger: Callable[..., HasuraLogger],
) -> None:
    logger = new_logger(system_metrics=0.02, capture={"python": True})
    logger.create_run({"a": 1})
    while logger.stats().accepted < 2:
        logger.flush(1)
    logger.finish()
    run = run_of(logger)
    assert run["metadata"]["a"] == 1
    assert [*run["metadata"]["provenance"]] == ["python"]
    assert all(key.startswith("system/") for row in run["run_logs"] for key in row["log"])


def test_metadata_of_the_users_own_is_not_overwritten(
    new_logger: Callable[..., HasuraLogger],
) -> None:
    logger = new_logger(capture=True)
    logger.create_run({"provenance": "mine"})
    logger.finish()
    assert run_of(logger)["metadata"] == {"provenance": "mine"}


def test_the_provenance_of_a_short_run_is_waited_for(
    new_logger: Callable[..., HasuraLogger],
) -> None:
    logger = new_logger(capture=True)
    logger.create_run({})
    logger.finish()
    assert run_of(logger)["metadata"]["provenance"]["command"]["line"]


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("RUN_LOGGER_CAPTURE", "everything", "no part 'everything'"),
        ("RUN_LOGGER_SYSTEM_METRICS", "often", "RUN_LOGGER_SYSTEM_METRICS is 'often'"),
        ("RUN_LOGGER_SYSTEM_METRICS", "-1", "no number of seconds"),
    ],
)
def test_a_switch_that_says_nothing_is_an_error_and_no_run(
    logger: HasuraLogger, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=problem):
        logger.create_run({})
    assert logger.execute("{ run { id } }") == {"run": []}


def test_several_threads_may_flush_and_finish_at_once(logger: HasuraLogger) -> None:
    logger.create_run({})
    logger.log(step=1)
    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(logger.flush, [20] * 4))
        assert not any(threads.map(lambda _: logger.finish(), range(4)))
    assert logs_of(logger) == [{"step": 1}]


def test_the_first_of_several_threads_opens_the_writer_for_all(logger: HasuraLogger) -> None:
    logger.create_run({})
    logger.finish()
    together = threading.Barrier(8)

    def work(step: int) -> None:
        together.wait()
        logger.log(step=step)

    with ThreadPoolExecutor(8) as threads:
        assert not any(threads.map(work, range(8)))
    run = run_of(logger)
    assert sorted(row["log"]["step"] for row in run["run_logs"]) == [*range(8)]
    assert len(run["writers"]) == 2


def test_a_task_that_logs_keeps_no_other_waiting(logger: HasuraLogger) -> None:
    logger.create_run({})

    async def longest_wait() -> float:
        waits = []
        for step in range(200):
            started = time.perf_counter()
            await asyncio.sleep(0)
            logger.log(step=step)
            waits.append(time.perf_counter() - started)
        return sorted(waits)[len(waits) // 2]

    assert asyncio.run(longest_wait()) < 0.005
    assert len(logs_of(logger)) == 200


def test_a_hasura_logger_is_a_logger() -> None:
    assert issubclass(HasuraLogger, Logger)
    with pytest.raises(TypeError, match="abstract"):
        Logger()  # type: ignore[abstract]


def test_the_import_is_light() -> None:
    script = (
        "import sys, run_logger.hasura_logger, run_logger.params, run_logger.main;"
        "heavy = {'numpy', 'httpx', 'pydantic', 'yaml', 'importlib.metadata', 'run_logger_client',"
        "'logging', 'subprocess'};"
        "print(heavy & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_connections_are_closed_with_the_last_who_uses_them(endpoint: str) -> None:
    logger = HasuraLogger(endpoint)
    logger.create_run({})
    logger.finish()
    pool = logger.client.pool
    del logger
    gc.collect()
    pool.close()

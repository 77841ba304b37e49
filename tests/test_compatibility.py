"""Version 0.1.8: its scripts run on this library, and its client on this server and database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from run_logger._resources import resource
from run_logger.hasura_logger import Client
from run_logger.local.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = """
import sys
from pathlib import Path

import numpy as np

from run_logger.hasura_logger import HasuraLogger
from run_logger.main import create_run, get_load_params, initialize, update_params

endpoint, config, sweep_id = sys.argv[1:]
chart = {"mark": "line", "encoding": {"x": {"field": "step"}, "y": {"field": "loss"}}}
params, logger = initialize(
    graphql_endpoint=endpoint,
    config=config,
    charts=[chart, {"mark": "bar"}],
    metadata={"reproducibility": {"commit": "abc", "path": Path("/a")}},
    name="first",
    sweep_id=int(sweep_id),
    seed=3,
    width=1,
)
assert params == {"seed": 7, "width": 1, "depth": 3, "lr": 0.5}, params
for step in range(5):
    logger.log(
        step=step,
        loss=1 / (step + 1),
        nan=np.nan,
        array=np.arange(4).reshape(2, 2),
        scalar=np.float32(0.5),
        path=Path("/a"),
        nested={"values": (1, 2)},
    )
logger.blob("some text", {"kind": "text"})
logger.blob(r"\\x00ff", metadata={"kind": "hex"})
logger.update_metadata({"done": True})

params, second = initialize(endpoint, metadata={}, name="second", load_id=logger.run_id, width=2)
assert params == {"width": 1, "seed": 7, "depth": 3, "lr": 0.5}, params

with HasuraLogger(endpoint, seed=1, debounce_time=0) as third:
    new_params = create_run(logger=third, config=config, metadata={"a": 1})
    assert new_params.sweep_params is None and new_params.load_params is None
    params = update_params(logger=third, new_params=new_params, name="third", x=1, seed=2)
    assert params == {"x": 1, "seed": 7, "depth": 3}, params
    assert get_load_params(load_id=logger.run_id, logger=third)["lr"] == 0.5
    third.log(a=1)
"""


def referenced_from(table: str, column: str) -> dict[str, Any]:
    """Return how Hasura writes a relationship to the rows of a table that refer to this one."""
    key = {"column": column, "table": {"name": table, "schema": "public"}}
    return {"foreign_key_constraint_on": key}


OLD_TABLES: list[dict[str, Any] | str] = [
    {
        "table": {"name": "sweep", "schema": "public"},
        "array_relationships": [
            {
                "name": "parameter_choices",
                "using": referenced_from("parameter_choices", "sweep_id"),
            }
        ],
    },
    {
        "table": {"name": "run", "schema": "public"},
        "object_relationships": [
            {"name": "sweep", "using": {"foreign_key_constraint_on": "sweep_id"}}
        ],
        "array_relationships": [{"name": "charts", "using": referenced_from("chart", "run_id")}],
    },
    "parameter_choices",
    "chart",
    "run_log",
    "run_blob",
]


@pytest.fixture(scope="session")
def old_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with run-logger 0.1.8 and what its requests need."""
    directory = tmp_path_factory.mktemp("old-client") / "venv"
    python = directory / "bin" / "python"
    uv = [sys.executable, "-m", "uv", "--quiet"]
    subprocess.run([*uv, "venv", "--python", sys.executable, directory], check=True)
    packages = ["run-logger==0.1.8", "gql<4", "numpy<2", "requests", "requests-toolbelt"]
    subprocess.run([*uv, "pip", "install", "--python", python, *packages], check=True)
    return python


@pytest.fixture
def old_endpoint(serve: Callable[..., Any], make_project: Callable[..., Path]) -> str:
    """The URL of a server over the old tables alone."""
    baseline = next((resource("schema") / "migrations" / "default").glob("*_baseline"))
    project = make_project((baseline / "up.sql").read_text(), tables=OLD_TABLES)
    url: str = serve(project).url
    return url


@pytest.fixture
def upgraded_endpoint(serve: Callable[..., Any], database: str) -> str:
    """The URL of a server over a database that was filled in years of use, then upgraded."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute((Path(__file__).parent / "schema" / "old_database.sql").read_bytes())
    migrate(database, resource("schema"))
    url: str = serve(database_url=database).url
    return url


def new_sweep(endpoint: str) -> int:
    """Create a sweep of one point: version 0.1 begins a grid with its second one."""
    query = """mutation ($choices: [parameter_choices_insert_input!]!) {
        insert_sweep_one(object: {grid_index: 0, parameter_choices: {data: $choices}}) { id }
    }"""
    with Client(endpoint) as client:
        choices = [{"Key": "lr", "choice": [0.5]}]
        sweep_id: int = client.execute(query, {"choices": choices})["insert_sweep_one"]["id"]
    return sweep_id


def run_script(python: Path | str, endpoint: str, directory: Path) -> list[Any]:
    """Run the script with a Python, and return the runs that it stored."""
    config = directory / "config.yaml"
    config.write_text("seed: 7\ndepth: 3\n")
    with Client(endpoint) as client:
        last = client.execute("{ run(order_by: {id: desc}, limit: 1) { id } }")["run"]
    arguments = [python, "-c", SCRIPT, endpoint, config, str(new_sweep(endpoint))]
    # Where 0.1.8 meets an error it opens a debugger.
    environment = {**os.environ, "PYTHONBREAKPOINT": "0"}
    done = subprocess.run(
        arguments,
        cwd=directory,  # out of the source tree, which Python would import from
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return stored_runs(endpoint, last[0]["id"] if last else 0)


def stored_runs(endpoint: str, after: int) -> list[Any]:
    """Return the runs after this one, with all that hangs on them, ids counted from there."""
    query = """query ($after: Int!) {
        run(where: {id: {_gt: $after}}, order_by: {id: asc}) {
            id metadata archived charts(order_by: {order: asc}) { order spec archived }
        }
        run_log(where: {run_id: {_gt: $after}}, order_by: {id: asc}) { run_id log }
        run_blob(where: {run_id: {_gt: $after}}, order_by: {id: asc}) { run_id blob metadata }
    }"""
    with Client(endpoint) as client:
        stored = client.execute(query, {"after": after})
    for run in stored["run"]:
        for kind in ("run_log", "run_blob"):
            run[kind] = [
                {key: value for key, value in row.items() if key != "run_id"}
                for row in stored[kind]
                if row["run_id"] == run["id"]
            ]
        assert run["metadata"].pop("run_id") == run.pop("id")
        run["metadata"].pop("parameter_sources", None)
    runs: list[Any] = stored["run"]
    return runs


def test_a_script_of_version_0_1_8_stores_what_it_stored_then(
    endpoint: str, old_endpoint: str, old_python: Path, tmp_path: Path
) -> None:
    now = run_script(sys.executable, endpoint, tmp_path)
    then = run_script(old_python, old_endpoint, tmp_path)
    assert now == then
    first, second, third = now
    assert first["metadata"] == {
        "reproducibility": {"commit": "abc", "path": "/a"},
        "parameters": {"seed": 7, "width": 1, "depth": 3, "lr": 0.5},
        "name": "first",
        "done": True,
    }
    assert [row["log"]["step"] for row in first["run_log"]] == list(range(5))
    assert first["run_log"][0]["log"]["nan"] is None
    assert [blob["blob"] for blob in first["run_blob"]] == [r"\x736f6d652074657874", r"\x00ff"]
    assert [chart["order"] for chart in first["charts"]] == [0, 1]
    assert second["metadata"]["parameters"] == first["metadata"]["parameters"]
    assert third["run_log"] == [{"log": {"a": 1}}]


def test_the_old_client_works_on_an_upgraded_database(
    upgraded_endpoint: str, old_python: Path, tmp_path: Path
) -> None:
    first, _, third = run_script(old_python, upgraded_endpoint, tmp_path)
    assert first["metadata"]["parameters"] == {"seed": 7, "width": 1, "depth": 3, "lr": 0.5}
    assert len(first["run_log"]) == 5
    assert third["metadata"]["name"] == "third"


def test_old_and_new_clients_share_an_upgraded_database(
    upgraded_endpoint: str, old_python: Path, tmp_path: Path
) -> None:
    then = run_script(old_python, upgraded_endpoint, tmp_path)
    now = run_script(sys.executable, upgraded_endpoint, tmp_path)
    assert now == then

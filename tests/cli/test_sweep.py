"""`run-logger sweep` creates sweeps, runs them by agents, and shows what came out."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from run_logger_client import run_log_insert_input

from run_logger import create_sweep
from run_logger.hasura_logger import Client, HasuraLogger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.conftest import Shell

PATIENCE = 60
SWEEP = [sys.executable, "-m", "run_logger.cli", "sweep"]
RUNS = """
    query ($id: Int!) {
      run(where: {sweep_id: {_eq: $id}}, order_by: {id: asc}) {
        id key sweep_index retry_of status metadata
      }
    }
"""
SILENT = """
    mutation ($id: Int!) {
      update_writer(
        where: {run_id: {_eq: $id}}
        _set: {started_at: "2020-01-01", heartbeat_at: "2020-01-01"}
      ) {
        affected_rows
      }
    }
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the files of agents go into the test's directory."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def client(endpoint: str) -> Iterator[Client]:
    with Client(endpoint) as client:
        yield client


def runs_of(client: Client, sweep_id: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.execute(RUNS, {"id": sweep_id})["run"]
    return found


def indexes(client: Client, sweep_id: int) -> list[int]:
    return [run["sweep_index"] for run in runs_of(client, sweep_id)]


def start(endpoint: str, *words: str) -> subprocess.Popen[str]:
    """Start `run-logger sweep WORDS` as a process of its own."""
    return subprocess.Popen(
        [*SWEEP, *words],
        env={**os.environ, "RUN_LOGGER_ENDPOINT": endpoint},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} did not come to pass"
        time.sleep(0.05)


# Creating --------------------------------------------------------------------------------------


def test_create_stores_the_file_in_its_order_and_says_how_many_points_there_are(
    shell: Shell, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "space.yml").write_text("b: [1, 2]\na: {x: [1e-3, 2]}\nfixed: yes it is\n")
    result = shell("sweep", "create", "-c", "space.yml", "--name", "first")
    assert result.code == 0
    assert "sweep 1: 4 points, 4 runs (grid)" in result.out
    (sweep,) = client.list_sweeps()
    assert sweep.space
    assert sweep.metadata
    assert [*sweep.space.items()] == [
        ("b", [1, 2]),
        ("a", {"x": [0.001, 2]}),
        ("fixed", "yes it is"),
    ]
    assert sweep.metadata["name"] == "first"


def test_create_prints_json_for_programs(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "space.yml").write_text("lr: {$uniform: [0, 1]}\n")
    made = shell("sweep", "create", "-c", "space.yml", "-m", "random", "--runs", "7", "--json").json
    assert made == {"sweep": 1, "points": None, "runs": 7}


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        ("a: {b: []}\n", (), "a.b is an empty list"),
        ("just text\n", (), "a parameter space is a mapping or a list, and this is 'just text'"),
        ("a: [1\n", (), "space.yml, line 2"),
        ("a: {$normal: [0, 1]}\n", (), "a: $normal is no distribution"),
        ("a: {$uniform: [0, 1]}\n", (), "a grid has no points for a"),
        ("a: [1]\n", ("--method", "tpe"), "tpe needs a metric"),
    ],
)
def test_create_refuses_a_space_that_cannot_be_searched_and_says_where(
    shell: Shell, tmp_path: Path, text: str, words: tuple[str, ...], message: str
) -> None:
    (tmp_path / "space.yml").write_text(text)
    result = shell("sweep", "create", "-c", "space.yml", *words)
    assert result.code == 1
    assert message in result.err


def test_create_names_a_file_that_is_missing_and_a_method_that_is_unknown(
    shell: Shell, tmp_path: Path
) -> None:
    result = shell("sweep", "create", "-c", "missing.yml")
    assert "missing.yml cannot be read" in result.err
    (tmp_path / "space.yml").write_text("a: [1]\n")
    result = shell("sweep", "create", "-c", "space.yml", "--method", "dreams")
    assert result.code == 2
    assert "'dreams' is not one of 'grid', 'random', 'tpe'" in result.err


# Running ---------------------------------------------------------------------------------------


def test_an_agent_runs_the_command_at_every_point_and_fills_in_its_placeholders(
    shell: Shell, client: Client, endpoint: str, tmp_path: Path
) -> None:
    sweep_id = create_sweep({"a": [1, 2], "b": ["x"]}, endpoint, name="try")
    says = "echo '{run_key} {sweep_id} {parameters} {other}' $RUN_LOGGER_RUN_KEY"
    result = shell("sweep", "run", str(sweep_id), "--output", "out", "--", "sh", "-c", says)
    assert (result.code, result.out) == (0, "2 finished\n")
    runs = runs_of(client, sweep_id)
    assert [run["status"] for run in runs] == ["finished", "finished"]
    assert [run["metadata"]["parameters"] for run in runs] == [
        {"a": 1, "b": "x"},
        {"a": 2, "b": "x"},
    ]
    assert runs[0]["metadata"]["name"] == "try"
    for run in runs:
        printed = (tmp_path / "out" / f"run-{run['id']}.log").read_text()
        parameters = json.dumps(run["metadata"]["parameters"], separators=(",", ":"))
        assert printed == f"{run['key']} {sweep_id} {parameters} {{other}} {run['key']}\n"


TRAINS = """
from run_logger import initialize
import os
params, logger = initialize(os.environ["RUN_LOGGER_ENDPOINT"], charts=[{"mark": "line"}], lr=9, k=1)
with logger:
    logger.log(step=0, accuracy=params["lr"])
"""


def test_a_program_that_uses_the_library_goes_on_with_the_run_of_its_agent(
    shell: Shell, client: Client, endpoint: str
) -> None:
    sweep_id = create_sweep({"lr": [0.5]}, endpoint, metric="accuracy")
    result = shell("sweep", "run", str(sweep_id), "--", sys.executable, "-c", TRAINS)
    assert result.code == 0, result.err
    assert "accuracy 0.5" in result.err
    (run,) = runs_of(client, sweep_id)
    assert run["status"] == "finished"
    assert run["metadata"]["parameters"] == {"lr": 0.5, "k": 1}
    assert run["metadata"]["parameter_sources"] == {"lr": "sweep", "k": "default"}
    assert len(client.charts_of_runs([run["id"]])) == 1


def test_each_device_runs_its_jobs_with_its_own_cuda_visible_devices(
    shell: Shell, client: Client, endpoint: str, tmp_path: Path
) -> None:
    sweep_id = create_sweep({"a": [1, 2, 3, 4]}, endpoint)
    # Each waits for the other three: they can end only if all four run at a time.
    meet = "touch d-$CUDA_VISIBLE_DEVICES-$$; until [ $(ls d-* | wc -l) = 4 ]; do sleep 0.05; done"
    words = ("sweep", "run", str(sweep_id), "--devices", "0", "2,3", "--jobs", "2", "--")
    assert shell(*words, "sh", "-c", meet).out == "4 finished\n"
    devices = sorted(path.name.split("-")[1] for path in tmp_path.glob("d-*"))
    assert devices == ["0", "0", "2,3", "2,3"]
    agents = [run["metadata"]["agent"]["device"] for run in runs_of(client, sweep_id)]
    assert sorted(agents) == ["0", "0", "2,3", "2,3"]


def test_a_command_that_is_not_found_uses_up_no_point(
    shell: Shell, client: Client, endpoint: str
) -> None:
    sweep_id = create_sweep({"a": [1, 2]}, endpoint)
    result = shell("sweep", "run", str(sweep_id), "--", "no-such-program", "--fast")
    assert result.code == 1
    assert "the command 'no-such-program' is not found" in result.err
    assert "No point was used up" in result.err
    assert "there is no command to run" in shell("sweep", "run", str(sweep_id)).err
    assert indexes(client, sweep_id) == []


def test_a_command_that_goes_missing_meanwhile_uses_up_no_further_point(
    shell: Shell, client: Client, endpoint: str, tmp_path: Path
) -> None:
    program = tmp_path / "once"
    program.write_text("#!/bin/sh\nrm $0\n")
    program.chmod(0o755)
    sweep_id = create_sweep({"a": [1, 2, 3]}, endpoint)
    result = shell("sweep", "run", str(sweep_id), "--", "./once")
    assert result.code == 1
    assert "the command './once' is not found" in result.err
    assert indexes(client, sweep_id) == [0]


def test_a_program_that_cannot_be_started_is_a_failed_run_that_can_be_tried_again(
    shell: Shell, client: Client, endpoint: str, tmp_path: Path
) -> None:
    program = tmp_path / "broken"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    sweep_id = create_sweep({"a": [1, 2, 3]}, endpoint)
    result = shell("sweep", "run", str(sweep_id), "--", "./broken")
    assert result.code == 1
    assert "run 1 was not started" in result.err
    assert f"run-logger sweep retry {sweep_id}" in result.err
    assert [run["status"] for run in runs_of(client, sweep_id)] == ["failed"]
    assert shell("sweep", "retry", str(sweep_id), "--", "true").out == "1 finished\n"


def test_a_run_that_fails_is_tried_again_as_often_as_is_asked(
    shell: Shell, client: Client, endpoint: str
) -> None:
    sweep_id = create_sweep({"a": [1, 2]}, endpoint)
    fails_first = "[ -e {sweep_id}-$0 ] || { touch {sweep_id}-$0; exit 3; }"
    words = ("sweep", "run", str(sweep_id), "--max-retries", "1", "--")
    result = shell(*words, "sh", "-c", fails_first, "{parameters}")
    assert (result.code, result.out) == (0, "2 finished\n")
    assert "exit status 3" in result.err
    runs = runs_of(client, sweep_id)
    assert sorted(run["sweep_index"] for run in runs) == [0, 0, 1, 1]
    tried = {run["id"]: run for run in runs}
    again = [run for run in runs if run["retry_of"] is not None]
    for run in again:
        first = tried[run["retry_of"]]
        assert (first["status"], run["status"]) == ("failed", "finished")
        assert run["metadata"]["parameters"] == first["metadata"]["parameters"]
        assert run["metadata"]["attempt"] == 2
    assert len(again) == 2


def test_a_run_that_fails_for_good_is_counted_and_the_exit_code_says_so(
    shell: Shell, endpoint: str
) -> None:
    sweep_id = create_sweep({"a": [1]}, endpoint)
    words = ("sweep", "run", str(sweep_id), "--max-retries", "1", "--json", "--")
    result = shell(*words, "sh", "-c", "kill -9 $$")
    assert result.code == 1
    assert result.json == {"finished": 0, "failed": 0, "killed": 1}
    assert "killed by SIGKILL" in result.err


def test_retry_gives_the_points_out_again_of_runs_that_failed_or_never_started(
    shell: Shell, client: Client, endpoint: str, tmp_path: Path
) -> None:
    sweep_id = create_sweep({"a": [1, 2, 3]}, endpoint)
    command = ("sh", "-c", "[ -e mended ]")
    assert shell("sweep", "run", str(sweep_id), "--count", "1", "--", *command).code == 1
    with HasuraLogger(endpoint) as logger:  # finished: not to be tried again
        logger.create_run({}, sweep_id=sweep_id)
    orphan = client.create_run(
        key=uuid4(),
        metadata={"agent": {"command": [*command]}},
        charts=[],
        writer_key=uuid4(),
        sweep_id=sweep_id,
    )
    assert orphan
    client.execute(SILENT, {"id": orphan.id})
    (tmp_path / "mended").touch()
    assert shell("sweep", "retry", str(sweep_id)).out == "2 finished\n"
    again = [run for run in runs_of(client, sweep_id) if run["retry_of"] is not None]
    assert [(run["sweep_index"], run["metadata"]["parameters"]) for run in again] == [
        (0, {"a": 1}),
        (2, {"a": 3}),
    ]
    assert shell("sweep", "retry", str(sweep_id)).out == "no run was begun\n"


def test_retry_needs_a_command_where_none_is_known_or_a_secret_was_masked(
    shell: Shell, client: Client, endpoint: str
) -> None:
    sweep_id = create_sweep({"a": [1]}, endpoint)
    secret = ("--", "sh", "-c", "exit 1", "--api-key", "sesame-123456")
    shell("sweep", "run", str(sweep_id), *secret)
    assert "sesame" not in json.dumps(runs_of(client, sweep_id))
    result = shell("sweep", "retry", str(sweep_id))
    assert result.code == 1
    assert "the command of run 1 is not known: a secret in it was masked" in result.err


def test_a_sweep_of_the_old_client_is_run_to_the_count_that_is_asked(
    shell: Shell, client: Client
) -> None:
    old = """
        mutation ($choices: [parameter_choices_insert_input!]!) {
          insert_sweep_one(object: {
            grid_index: 0, remaining_runs: 2, metadata: {name: "old"}
            parameter_choices: {data: $choices}
          }) { id }
        }
    """
    choices = [{"Key": "b", "choice": [1, 2]}, {"Key": "a", "choice": ["x"]}]
    sweep_id = client.execute(old, {"choices": choices})["insert_sweep_one"]["id"]
    result = shell("sweep", "run", str(sweep_id), "--count", "3", "--", "true")
    assert result.out == "3 finished\n"
    parameters = [run["metadata"]["parameters"] for run in runs_of(client, sweep_id)]
    assert parameters == [{"a": "x", "b": 1}, {"a": "x", "b": 2}, {"a": "x", "b": 1}]


def test_a_sweep_that_does_not_exist_or_is_archived_is_named_by_every_command(
    shell: Shell, client: Client, endpoint: str
) -> None:
    for words in (("run", "7", "--", "true"), ("retry", "7"), ("show", "7")):
        result = shell("sweep", *words)
        assert result.code == 1
        assert "sweep 7 does not exist" in result.err
    sweep_id = create_sweep({"a": [1]}, endpoint)
    archive(client, sweep_id)
    result = shell("sweep", "run", str(sweep_id), "--", "true")
    assert f"sweep {sweep_id} is archived" in result.err
    assert indexes(client, sweep_id) == []


def archive(client: Client, sweep_id: int) -> None:
    query = "mutation ($id: Int!) { update_sweep(where: {id: {_eq: $id}}, _set: {archived: true}) { affected_rows } }"  # noqa: E501
    client.execute(query, {"id": sweep_id})


# Agents as processes ---------------------------------------------------------------------------


def test_a_sweep_that_is_archived_meanwhile_stops_its_agents_after_their_runs(
    client: Client, endpoint: str, tmp_path: Path
) -> None:
    sweep_id = create_sweep({"a": list(range(100))}, endpoint)
    waits = "touch begun; until [ -e go ]; do sleep 0.05; done"
    agent = start(endpoint, "run", str(sweep_id), "--", "sh", "-c", waits)
    wait_for((tmp_path / "begun").exists, "the first run")
    archive(client, sweep_id)
    (tmp_path / "go").touch()
    out, err = agent.communicate(timeout=PATIENCE)
    assert agent.returncode == 1, out
    assert f"sweep {sweep_id}" in err
    assert "archived" in err
    finished = [run for run in runs_of(client, sweep_id) if run["status"] == "finished"]
    assert finished


def test_ctrl_c_lets_runs_end_and_a_second_one_stops_them(
    client: Client, endpoint: str, tmp_path: Path
) -> None:
    sweep_id = create_sweep({"a": list(range(9))}, endpoint)
    waits = "touch begun; until [ -e go ]; do sleep 0.05; done"
    gentle = start(endpoint, "run", str(sweep_id), "--", "sh", "-c", waits)
    wait_for((tmp_path / "begun").exists, "the first run")
    gentle.send_signal(signal.SIGINT)
    assert gentle.stderr is not None
    while "no further runs" not in gentle.stderr.readline():
        assert gentle.poll() is None
    (tmp_path / "go").touch()
    out, _ = gentle.communicate(timeout=PATIENCE)
    assert (gentle.returncode, out) == (130, "1 finished\n")

    (tmp_path / "begun").unlink()
    (tmp_path / "go").unlink()
    stopped = start(endpoint, "run", str(sweep_id), "--", "sh", "-c", waits)
    wait_for((tmp_path / "begun").exists, "the second run")
    stopped.send_signal(signal.SIGINT)
    assert stopped.stderr is not None
    while "no further runs" not in stopped.stderr.readline():
        assert stopped.poll() is None
    stopped.send_signal(signal.SIGINT)
    out, _ = stopped.communicate(timeout=PATIENCE)
    assert (stopped.returncode, out) == (130, "1 killed\n")
    assert [run["status"] for run in runs_of(client, sweep_id)] == ["finished", "killed"]


def test_a_terminal_shows_a_live_table(client: Client, endpoint: str, tmp_path: Path) -> None:
    sweep_id = create_sweep({"lr": [0.5]}, endpoint, metric="accuracy")
    waits = "touch begun; until [ -e go ]; do sleep 0.05; done"
    here, there = pty.openpty()
    agent = subprocess.Popen(
        [*SWEEP, "run", str(sweep_id), "--devices", "3", "--", "sh", "-c", waits],
        env={**os.environ, "RUN_LOGGER_ENDPOINT": endpoint, "COLUMNS": "100", "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=there,
    )
    os.close(there)
    wait_for((tmp_path / "begun").exists, "the run")
    (run,) = runs_of(client, sweep_id)
    client.insert_logs([run_log_insert_input(run_id=run["id"], log={"accuracy": 0.75})])
    shown = read_until(here, "0.75")
    (tmp_path / "go").touch()
    shown += read_until(here, "finished")
    assert agent.wait(PATIENCE) == 0
    os.close(here)
    for text in ("accuracy", "lr=0.5", f"sweep {sweep_id}: 1 of 1 runs given out", "0:00:0"):
        assert text in shown


def read_until(terminal: int, text: str) -> str:
    shown = ""
    while text not in shown:
        shown += os.read(terminal, 4096).decode(errors="replace")
    return shown


# Showing ---------------------------------------------------------------------------------------


@pytest.fixture
def shown_sweep(endpoint: str) -> int:
    space = {"lr": [0.1, 0.2, 0.3, 0.4], "net": {"depth": [1, 2]}, "k": 1}
    sweep_id = create_sweep(space, endpoint, metric="accuracy", name="all of them")
    for number in range(7):
        with HasuraLogger(endpoint) as logger:
            point = logger.create_run({}, sweep_id=sweep_id)
            logger.update_metadata({"parameters": point})
            if point is not None and number < 6:
                logger.log(accuracy=0.0)
                logger.log(accuracy=point["lr"], loss=-point["lr"])
    return sweep_id


def test_show_has_progress_the_best_runs_and_what_matters(shell: Shell, shown_sweep: int) -> None:
    result = shell("sweep", "show", str(shown_sweep), "--top", "3")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0] == (f"sweep {shown_sweep} all of them: grid, 7 of 8 runs given out, 7 finished")
    rows = [line.split() for line in lines if " finished " in line and "given out" not in line]
    assert [row[2:] for row in rows] == [
        ["0.3", "0.3", "1"],
        ["0.3", "0.3", "2"],
        ["0.2"] * 2 + ["1"],
    ]
    assert "and 4 more" in result.out
    assert any(line.split()[:2] == ["lr", "100%"] for line in lines)


def test_show_compares_by_another_metric_where_asked(shell: Shell, shown_sweep: int) -> None:
    words = ("sweep", "show", str(shown_sweep), "--metric", "loss", "--direction", "minimize")
    shown = shell(*words, "--json").json
    assert (shown["metric"], shown["direction"], shown["issued"]) == ("loss", "minimize", 7)
    values = [run["value"] for run in shown["runs"]]
    assert values == [-0.3, -0.3, -0.2, -0.2, -0.1, -0.1, None]


def test_show_prints_all_runs_as_csv(shell: Shell, shown_sweep: int) -> None:
    rows = list(csv.DictReader(io.StringIO(shell("sweep", "show", str(shown_sweep), "--csv").out)))
    assert len(rows) == 7
    assert [*rows[0]][:4] == ["run", "sweep_index", "status", "accuracy"]
    assert {*rows[0]} - {"run", "sweep_index", "status", "accuracy"} == {"lr", "net.depth", "k"}
    assert (rows[0]["accuracy"], rows[0]["net.depth"]) == ("0.3", "1")


def test_show_draws_what_matters(shell: Shell, shown_sweep: int, tmp_path: Path) -> None:
    result = shell("sweep", "show", str(shown_sweep), "--importance", "importance.svg")
    assert result.code == 0
    assert "importance for accuracy" in (tmp_path / "importance.svg").read_text()
    wrong = shell("sweep", "show", str(shown_sweep), "--importance", "importance.txt")
    assert "importance.txt is no picture" in wrong.err


def test_show_names_a_metric_that_no_run_logs(shell: Shell, shown_sweep: int) -> None:
    result = shell("sweep", "show", str(shown_sweep), "--metric", "acuracy")
    assert result.code == 1
    assert f"no run of sweep {shown_sweep} logs 'acuracy'" in result.err
    assert "They log accuracy, loss." in result.err


def test_show_leaves_out_runs_that_were_tried_again(shell: Shell, endpoint: str) -> None:
    sweep_id = create_sweep({"a": [1]}, endpoint)
    words = ("sweep", "run", str(sweep_id), "--max-retries", "1", "--")
    shell(*words, "sh", "-c", "[ -e was ] || { touch was; exit 1; }")
    (run,) = shell("sweep", "show", str(sweep_id), "--json").json["runs"]
    assert (run["attempt"], run["status"]) == (2, "finished")

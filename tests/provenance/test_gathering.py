"""What is gathered of process and machine, and how it reaches the run."""

from __future__ import annotations

import importlib.metadata
import json
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from run_logger.provenance import PARTS, Gathering, gather, gathering
from run_logger.provenance.masking import MASK

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import GatherIn

_PROGRAM = "import json; from run_logger.provenance import gather; print(json.dumps(gather()))"


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put a program on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    def write(name: str, script: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)

    return write


def test_the_command_is_the_one_that_was_typed_with_secrets_masked(
    gather_in: GatherIn, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text(_PROGRAM, encoding="utf-8")
    arguments = ("-u", "train.py", "--lr", "1e-3", "--name", "two words", "--api-key", "hunter2")
    gathered = gather_in(tmp_path, *arguments)
    line = f"{sys.executable} -u train.py --lr 1e-3 --name 'two words' --api-key {MASK}"
    assert gathered["command"] == {
        "line": line,
        "directory": str(tmp_path),
        "script": str(tmp_path / "train.py"),
    }


def test_a_module_is_named_as_it_was_started(gather_in: GatherIn, tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/train.py").write_text(_PROGRAM, encoding="utf-8")
    command = gather_in(tmp_path, "-m", "package.train", "token=hunter2")["command"]
    assert command["line"] == f"{sys.executable} -m package.train token={MASK}"
    assert command["script"] == str(tmp_path / "package/train.py")


def test_a_program_on_the_command_line_has_no_script_and_is_cut(
    gather_in: GatherIn, tmp_path: Path
) -> None:
    command = gather_in(tmp_path, "-c", _PROGRAM + "#" * 10_000)["command"]
    assert "script" not in command
    assert len(command["line"]) < 8300


def test_a_program_that_comes_through_a_pipe_has_no_script(
    gather_in: GatherIn, tmp_path: Path
) -> None:
    command = gather_in(tmp_path, "-", stdin=_PROGRAM)["command"]
    assert command == {"line": f"{sys.executable} -", "directory": str(tmp_path)}


def test_a_directory_that_is_gone_is_left_out_alone(gather_in: GatherIn, tmp_path: Path) -> None:
    program = f"import os; os.rmdir(os.getcwd()); {_PROGRAM}"
    (tmp_path / "gone").mkdir()
    gathered = gather_in(tmp_path / "gone", "-c", program)
    assert set(gathered["command"]) == {"line"}
    assert gathered["python"]["executable"] == sys.executable


def test_the_machine_and_the_interpreter_are_named() -> None:
    gathered = gather(["host", "python"])
    assert gathered["host"]["name"] == socket.gethostname()
    assert gathered["host"]["cpus"] == os.cpu_count()
    assert gathered["host"]["memory_gib"] > 0
    assert gathered["python"]["version"] == sys.version.split()[0]


def test_the_packages_are_those_that_are_installed() -> None:
    packages = gather(["packages"])["packages"]
    assert packages == {d.name: d.version for d in [*importlib.metadata.distributions()][::-1]}
    assert list(packages) == sorted(packages, key=str.lower)


def test_of_two_versions_of_a_package_it_is_the_imported_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "httpx-0.0.1.dist-info").mkdir()
    metadata = "Metadata-Version: 2.1\nName: httpx\nVersion: 0.0.1\n\nName: other\n"
    (tmp_path / "httpx-0.0.1.dist-info/METADATA").write_text(metadata, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert gather(["packages"])["packages"]["httpx"] == "0.0.1"


def test_the_ids_of_the_slurm_job_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SLURM_")]:
        monkeypatch.delenv(name)
    variables = {"JOB_ID": "71", "ARRAY_TASK_ID": "3", "JOB_NODELIST": "node[1-2]", "PROCID": "0"}
    for name, value in variables.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    monkeypatch.setenv("SLURM_JWT", "hunter2")
    slurm = gather(["slurm"])["slurm"]
    assert slurm == {name.lower(): value for name, value in variables.items()}


def test_outside_of_slurm_there_is_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SLURM_")]:
        monkeypatch.delenv(name)
    assert gather(["slurm"]) == {}


def test_gpus_are_named_by_nvidia_smi(stub: Any) -> None:
    lines = "GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-1-2)\n  MIG 1g.10gb Device 0: (UUID: MIG-1)"
    stub("nvidia-smi", f"cat <<'END'\n{lines}\nGPU 1: Tesla T4 (UUID: GPU-3)\nEND")
    assert gather(["gpus"]) == {"gpus": ["NVIDIA A100-SXM4-80GB", "Tesla T4"]}


def test_a_driver_that_fails_shows_no_gpus(stub: Any) -> None:
    stub("nvidia-smi", "echo 'GPU 0: broken (UUID: x)'; exit 9")
    assert gather(["gpus"]) == {}


def test_only_the_wanted_parts_are_gathered() -> None:
    assert set(gather(["python", "host"])) == {"python", "host"}
    assert gather([]) == {}


def test_the_long_parts_stand_last_in_jsonb() -> None:
    # Postgres orders the keys of jsonb by their length and then by their bytes.
    assert sorted(PARTS, key=lambda part: (len(part), part))[-2:] == ["git_diff", "packages"]


def test_what_is_gathered_is_plain_json() -> None:
    gathered = gather()
    assert yaml.safe_load(yaml.safe_dump(gathered)) == json.loads(json.dumps(gathered)) == gathered


def test_a_driver_that_hangs_is_given_up(stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stub("nvidia-smi", "exec sleep 60")
    monkeypatch.setattr(gathering, "SMI_SECONDS", 0.2)
    assert gather(["gpus"]) == {}


def test_what_is_left_out_is_in_the_debug_log(stub: Any, caplog: pytest.LogCaptureFixture) -> None:
    stub("nvidia-smi", "exit 9")
    with caplog.at_level("DEBUG", logger="run_logger"):
        gather(["gpus"])
    assert "gpus is left out: ProgramError: nvidia-smi ended with status 9" in caplog.text


def test_the_result_is_recorded_once_under_its_key() -> None:
    recorded: list[dict[str, Any]] = []
    gathered = Gathering(["python"], recorded.append)
    gathered.end(20)
    assert recorded == [{"provenance": gather(["python"])}]


def test_nothing_is_recorded_where_there_is_nothing() -> None:
    recorded: list[dict[str, Any]] = []
    Gathering([], recorded.append).end(20)
    assert recorded == []


def test_what_comes_after_the_end_is_not_recorded(stub: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    stub("nvidia-smi", f"read go < {tmp_path / 'go'}; echo 'GPU 0: late'")
    recorded: list[dict[str, Any]] = []
    gathered = Gathering(["gpus"], recorded.append)
    gathered.end(0)
    (tmp_path / "go").write_text("\n", encoding="utf-8")
    gathered.end(20)
    assert recorded == []


def test_a_record_that_fails_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    def fail(metadata: dict[str, Any]) -> None:
        raise OSError(f"no space for {[*metadata]}")

    Gathering(["python"], fail).end(20)
    assert "the provenance could not be recorded" in caplog.text
    assert "no space for ['provenance']" in caplog.text


def test_gathering_keeps_no_process_from_ending() -> None:
    blocked = threading.Event()
    gathered = Gathering(["python"], lambda _: blocked.wait(20))
    thread = next(t for t in threading.enumerate() if t.name == "run-logger-provenance")
    assert thread.daemon
    blocked.set()
    gathered.end(20)

"""The wheel works from an empty environment, with nothing of the source tree at hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

_ROOT = Path(__file__).parent.parent
_SCRIPT = """
import sys
from run_logger import initialize

params, logger = initialize(sys.argv[1], name="from the wheel", lr=0.1)
with logger:
    logger.log(step=0, loss=params["lr"])
print(logger.run_id)
"""


class Environment:
    """An empty directory to work in, and an environment with the wheel installed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.bin = directory / "venv" / "bin"
        self._uv("venv", "--quiet", "--python", sys.executable, str(directory / "venv"))

    def install(self, requirement: str) -> None:
        self._uv("pip", "install", "--quiet", "--python", str(self.bin / "python"), requirement)

    def run(self, *command: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, and make sure of its exit code."""
        result = subprocess.run(
            [self.bin / command[0], *command[1:]],
            capture_output=True,
            check=False,
            text=True,
            cwd=self.directory,
            env=self.variables(),
            timeout=60,
        )
        assert result.returncode == code, result.stderr
        return result

    def variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return kept | {"COLUMNS": "200", "HOME": str(self.directory)}

    def _uv(self, *words: str) -> None:
        subprocess.run([sys.executable, "-m", "uv", *words], check=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", directory, _ROOT],
        check=True,
        capture_output=True,
    )
    (built,) = directory.iterdir()
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """With the base install alone."""
    made = Environment(tmp_path_factory.mktemp("empty"))
    made.install(str(wheel))
    return made


@pytest.fixture
def served(environment: Environment, wheel: Path) -> Generator[str]:
    """The endpoint of `run-logger serve` from the wheel with its extra [local]."""
    environment.install(f"{wheel}[local]")
    with subprocess.Popen(
        [environment.bin / "run-logger", "serve", "--port", "0", "--data-dir", "data"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=environment.directory,
        env=environment.variables(),
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


def test_the_base_install_has_the_client_and_says_what_the_server_needs(
    environment: Environment,
) -> None:
    environment.run("python", "-c", "from run_logger import Client; Client.show_run")
    environment.run("run-logger", "runs", "list", "--help")
    refused = environment.run("run-logger", "serve", code=1)
    assert "pip install 'run-logger[local]'" in refused.stderr


def test_a_run_is_recorded_by_a_server_from_the_wheel_and_read_back(
    environment: Environment, served: str
) -> None:
    run = environment.run("python", "-c", _SCRIPT, served).stdout.strip()
    listed = environment.run("run-logger", "runs", "list", "--json", "--endpoint", served)
    (found,) = json.loads(listed.stdout)
    assert str(found["id"]) == run
    assert found["metadata"]["parameters"] == {"lr": 0.1}
    logs = environment.run("run-logger", "logs", run, "--endpoint", served)
    assert json.loads(logs.stdout) == {"step": 0, "loss": 0.1}


def test_schema_and_queries_travel_in_the_package(environment: Environment) -> None:
    code = (
        "from run_logger._resources import resource;"
        "print(sorted(p.name for n in ('schema', 'queries') for p in resource(n).iterdir()))"
    )
    names = environment.run("python", "-c", code).stdout
    assert {"migrations", "metadata", "compose.yaml", "runs.graphql"} <= set(
        json.loads(names.replace("'", '"'))
    )

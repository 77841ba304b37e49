"""Options, the stage, and the table of the trials.

    pytest tests/trials                          a quick selection of each trial
    pytest tests/trials --trials full            all of each
    pytest tests/trials --trials full --seed 7   the same again

A trial that fails shows its seed among its properties, and in the table at the end.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from secrets import randbits
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.trials.oracle import Oracle, Verdict
from tests.trials.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from run_logger.local.postgres import Postgres


class Record(Protocol):
    """Puts what a trial found into the table of trials, and fails on what must not be."""

    def __call__(self, verdict: Verdict, **figures: int) -> None: ...


class Size(Protocol):
    """Chooses how much of a trial is done."""

    def __call__(self, quick: int, full: int) -> int: ...


@dataclass(frozen=True)
class Server:
    """A running `run-logger serve`."""

    endpoint: str
    dsn: str
    pid: int
    log: Path

    def said(self) -> str:
        """Return what it has written to stderr so far."""
        return self.log.read_text(encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("trials")
    group.addoption("--trials", choices=("quick", "full"), default="quick", help="how much to try")
    group.addoption("--seed", type=int, help="repeat the trials of this seed")
    group.addoption("--trials-table", type=Path, help="write the table of trials to this file")


@pytest.fixture
def size(request: pytest.FixtureRequest) -> Size:
    """Take the first figure in a quick selection, and the second at full size."""
    full = request.config.getoption("--trials", default="quick") == "full"
    return lambda quick, full_size: full_size if full else quick


@pytest.fixture
def seed(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> int:
    """The seed of this trial's random choices; the table of trials shows it."""
    given = request.config.getoption("--seed", default=None)
    chosen: int = randbits(32) if given is None else given
    record_property("seed", chosen)
    print(f"--seed {chosen}")  # noqa: T201  (shown when the trial fails)
    return chosen


@pytest.fixture
def rng(seed: int) -> Random:
    """The trial's random choices."""
    return Random(seed)  # noqa: S311  (no secret depends on it)


@pytest.fixture
def record(record_property: Callable[[str, object], None]) -> Record:
    """Put what a trial found into the table of trials, and fail unless it is without a fault."""

    def put(verdict: Verdict, **figures: int) -> None:
        for name, figure in {**asdict(verdict), **figures}.items():
            record_property(name, figure)
        assert verdict.records, "the trial recorded nothing"
        assert not verdict.faults, verdict

    return put


@pytest.fixture(scope="session")
def trial_server(
    postgres: Postgres, project_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One `run-logger serve` over our schema; each trial has runs of its own there."""
    dsn = postgres.create_database(template=project_template)
    log = tmp_path_factory.mktemp("server") / "log"
    command = [sys.executable, "-m", "run_logger.cli", "serve", "--port", "0"]
    with (
        log.open("wb") as stderr,
        subprocess.Popen(
            [*command, "--database-url", dsn], stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as server,
    ):
        assert server.stdout is not None
        endpoint = server.stdout.readline().strip()
        assert endpoint, f"run-logger serve did not start: {log.read_text()}"
        yield Server(endpoint, dsn, server.pid, log)
        server.terminate()


@pytest.fixture
def stage(trial_server: Server, journals: Path, tmp_path: Path) -> Iterator[Stage]:
    """The server, a directory of journals of this trial's own, and the oracle."""
    with Oracle(trial_server.dsn) as oracle:
        stage = Stage(trial_server.endpoint, oracle, journals, tmp_path)
        yield stage
        stage.clear()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Show what the trials found, and write it where `--trials-table` says."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if dict(report.user_properties).keys() & {"records", "seed"}
    ]
    table = _table(reports)
    path = config.getoption("--trials-table", default=None)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(table, encoding="utf-8")
    if reports and config.getoption("--trials", default="quick") == "full":
        terminalreporter.write(table)


def _table(reports: list[pytest.TestReport]) -> str:
    names = ["records", "lost", "doubled", "out_of_order", "altered", "invented"]
    lines = [["trial", *(name.replace("_", " ") for name in names), "further counts", "outcome"]]
    for report in reports:
        figures = dict(report.user_properties)
        own = [str(figures.pop(name, "")) for name in names]
        others = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items())
        lines.append([_sentence(report.nodeid), *own, others, report.outcome])
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _sentence(nodeid: str) -> str:
    return nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ").replace("|", "/")

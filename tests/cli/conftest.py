"""The command line, called as a shell calls it, against runs that the logger recorded."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from run_logger import initialize
from run_logger.cli import main


@dataclass(frozen=True, slots=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell(Protocol):
    def __call__(self, *words: str) -> Result: ...


@pytest.fixture
def shell(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Shell:
    """Run `run-logger WORDS` in a wide terminal, with the endpoint in the environment."""
    monkeypatch.setenv("RUN_LOGGER_ENDPOINT", endpoint)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["run-logger", *words])
        capfd.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capfd.readouterr()
        code = exit_.value.code
        return Result(code if isinstance(code, int) else 0, out, err)

    return run


CHART = {
    "title": "the loss",
    "data": {"name": "data"},
    "mark": "line",
    "encoding": {
        "x": {"field": "step", "type": "quantitative"},
        "y": {"field": "loss", "type": "quantitative"},
    },
}


@pytest.fixture
def runs(endpoint: str) -> list[int]:
    """Two finished runs: of lr 0.1 and 0.2, with three rows of log, a chart and a blob each."""
    ids: list[int] = []
    for lr in (0.1, 0.2):
        _, logger = initialize(endpoint, name="fit", charts=[CHART], lr=lr, optimizer="adam")
        with logger:
            for step in range(3):
                logger.log(step=step, loss=lr / (step + 1), note=None)
            logger.blob(b"weights", {"kind": "weights"})
        assert logger.run_id is not None
        ids.append(logger.run_id)
    return ids

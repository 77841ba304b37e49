"""Where trials take place: a server, a directory of journals, and programs that log."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from tests.trials.rows import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.trials.oracle import Oracle, Verdict

__all__ = ["Run", "Stage"]

PATIENCE = 240
"""Seconds until a program counts as hung."""


@dataclass(frozen=True)
class Run:
    """A run that programs log to.

    Attributes:
        key: Its key.
        tally: How much of each source was accepted.
        stage: Where it takes place.
        endpoint: What its programs take for the endpoint.
    """

    key: UUID
    tally: Path
    stage: Stage
    endpoint: str

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a program that logs to the run."""
        return self.stage.environment(
            TRIAL_ENDPOINT=self.endpoint,
            TRIAL_TALLY=str(self.tally),
            RUN_LOGGER_RUN_KEY=str(self.key),
            **more,
        )

    def start(self, program: str, *arguments: Any, **more: Any) -> subprocess.Popen[str]:
        """Start a program that logs to the run.

        Args:
            program: Its module among the programs.
            arguments: Its arguments.
            more: Its environment, in capitals; `under`, a command to start it with; and what else
                `Popen` takes.
        """
        environment = self.environment(**{k: str(more.pop(k)) for k in [*more] if k.isupper()})
        python = [*more.pop("under", ()), sys.executable, "-m"]
        command = [*python, f"tests.trials.programs.{program}", *map(str, arguments)]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command,
            env=environment,
            cwd=self.stage.scratch,  # no repository, whose state would be part of the run
            text=True,
            stdout=pipe,
            stderr=pipe,
            **more,
        )

    def complete(self, program: str, *arguments: Any, status: int = 0, **more: Any) -> Ended:
        """Run a program to its end, which is to be this status."""
        end = ended(self.start(program, *arguments, **more))
        assert end.status == status, f"{program} ended with {end.status}: {end.output}{end.errors}"
        return end

    def counts(self) -> list[int]:
        """Return how many rows of each source were accepted."""
        return Tally.of(self.tally).counts()

    def judge(self, *, in_flight: int = 0, resent: bool = False, sources: int = 1) -> Verdict:
        """Compare the database with the tally of the first so many sources."""
        counts = self.counts()[:sources]
        return self.stage.oracle.judge(self.key, counts, in_flight=in_flight, resent=resent)


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    status: int
    output: str
    errors: str


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for the end of a program; one that hangs is killed, and the trial fails."""
    try:
        output, errors = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        raise AssertionError(f"a program did not end: {output}{errors}") from None
    return Ended(process.returncode, output, errors)


@dataclass(frozen=True)
class Stage:
    """A server with its database, and a directory of journals.

    Attributes:
        endpoint: The server's GraphQL API.
        oracle: Reads its database.
        directory: Where journals go.
        scratch: Where else files go.
    """

    endpoint: str
    oracle: Oracle
    directory: Path
    scratch: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a program on this stage."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RUN_LOGGER_", "TRIAL_"))}
        return {**kept, "RUN_LOGGER_DIR": str(self.directory), **more}

    def run(self, *, sources: int = 2, endpoint: str | None = None, key: UUID | None = None) -> Run:
        """Return a new run; no program has logged to it yet."""
        key = key or uuid4()
        tally = self.scratch / f"{key}.tally"
        Tally(tally, sources)
        return Run(key, tally, self, endpoint or self.endpoint)

    def elsewhere(self, directory: Path) -> Stage:
        """Return the same stage with another directory of journals."""
        return replace(self, directory=directory)

    def start_sync(self, *arguments: Any, **more: Any) -> subprocess.Popen[str]:
        """Start `run-logger sync`."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, "-m", "run_logger.cli", "sync", *map(str, arguments)],
            env=self.environment(),
            text=True,
            stdout=pipe,
            stderr=pipe,
            **more,
        )

    def sync(self, *arguments: Any, status: int = 0, **more: Any) -> Ended:
        """Run `run-logger sync` to its end, which is to be this status."""
        end = ended(self.start_sync(*arguments, **more))
        assert end.status == status, f"sync ended with {end.status}: {end.output}{end.errors}"
        return end

    def journals(self) -> Iterator[Path]:
        """Yield the journals, without those of refused records."""
        for path in sorted(self.directory.glob("*.jsonl*")):
            if ".rejected." not in path.name:
                yield path

"""Where trials take place: a server, a directory of journals, and programs that log."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from tests.trials.rows import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.trials.oracle import Oracle, Verdict

__all__ = ["Ended", "Program", "Run", "Stage", "ended", "eventually"]

PATIENCE = 1200
"""Seconds until a program counts as hung, on a machine that is busy with much else."""


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

    def start(self, program: str, *arguments: Any, **more: Any) -> Program:
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
        return self.stage.start(command, environment, **more)

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


class Program(subprocess.Popen[str]):
    """A process whose stderr goes to a file: a pipe that nobody reads would hold it up.

    Args:
        command: What to start.
        errors: The file.
        more: What else `Popen` takes.
    """

    def __init__(self, command: Sequence[str], errors: Path, **more: Any) -> None:
        self._errors = errors
        with errors.open("wb") as stderr:
            super().__init__(command, text=True, stdout=subprocess.PIPE, stderr=stderr, **more)

    def complaints(self) -> str:
        """Return what it has written to stderr so far."""
        return self._errors.read_text(encoding="utf-8")

    def said(self) -> str:
        """Wait for its next line, and return it without its end."""
        assert self.stdout is not None
        return self.stdout.readline().rstrip("\n")


def ended(process: Program) -> Ended:
    """Wait for the end of a program; one that hangs is killed, and the trial fails."""
    try:
        output, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        raise AssertionError(f"a program did not end: {output}{process.complaints()}") from None
    return Ended(process.returncode, output, process.complaints())


def eventually(is_so: Callable[[], bool], seconds: float = 200) -> bool:
    """Wait until something is so; return whether it ever was."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@dataclass(frozen=True)
class Stage:
    """A server with its database, and a directory of journals.

    Attributes:
        endpoint: The server's GraphQL API.
        oracle: Reads its database.
        directory: Where journals go.
        scratch: Where else files go.
        processes: What was started here.
    """

    endpoint: str
    oracle: Oracle
    directory: Path
    scratch: Path
    processes: list[Program] = field(default_factory=list[Program])

    def start(self, command: Sequence[str], environment: Mapping[str, str], **more: Any) -> Program:
        """Start a process; where a trial fails, it does not outlive that."""
        errors = self.scratch / f"{len(self.processes)}.errors"
        # No repository is there, whose state would be part of the run.
        process = Program(command, errors, env=environment, cwd=self.scratch, **more)
        self.processes.append(process)
        return process

    def clear(self) -> None:
        """End the processes that still run."""
        for process in self.processes:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

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

    def start_sync(self, *arguments: Any, **more: Any) -> Program:
        """Start `run-logger sync`."""
        command = [sys.executable, "-m", "run_logger.cli", "sync", *map(str, arguments)]
        return self.start(command, self.environment(), **more)

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

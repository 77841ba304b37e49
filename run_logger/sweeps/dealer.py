"""Giving out runs: the next points of a sweep, and those of runs that died."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from run_logger.delivery.journal.identity import WriterIdentity
from run_logger.delivery.sending.creation import NewRun, create_once, patiently
from run_logger.errors import ConfigError, ContentError, SweepExhaustedError
from run_logger.json_objects import as_list, as_object
from run_logger.provenance.masking import MASK, mask_arguments
from run_logger.sweeps.assignment import Point, point_of_run, settle
from run_logger.sweeps.command import Assigned, find_command
from run_logger.sweeps.results import DEAD, read_results

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from run_logger_client import Client, RunIdentity
    from run_logger_client.sweep_state import SweepStateSweepByPk

    from run_logger.sweeps.results import Result

__all__ = ["Dead", "Dealer", "dead_runs"]


@dataclass(frozen=True, slots=True)
class Dead:
    """A run that came to nothing, so that its point is to be given out again.

    Attributes:
        run_id: The run.
        sweep_index: Its place in the sweep.
        point: Its point; None if it died before that was stored.
        attempt: Which try at its point it was, from 1.
        command: What was started for it, with placeholders; empty if that is not known.
    """

    run_id: int
    sweep_index: int
    point: Point | None
    attempt: int
    command: Sequence[str]


def dead_runs(results: Iterable[Result]) -> list[Dead]:
    """Return the runs of a sweep that died or never started, and were not tried again since."""
    return [
        Dead(
            result.id,
            result.sweep_index,
            result.point,
            result.attempt,
            [str(word) for word in as_list(result.agent.get("command"))],
        )
        for result in results
        if result.status in DEAD and not result.is_retried and result.sweep_index is not None
    ]


class Dealer:
    """Gives out runs to one agent, each created in the database before anything is started.

    Args:
        client: Talks to the endpoint.
        sweep: The sweep.
        command: What is started for each run, with placeholders; empty: what was started for the
            run that is tried again.
        gives_points: Whether to give out the sweep's next points, or only to try runs again.
        max_retries: How often a point is tried again.
    """

    def __init__(
        self,
        client: Client,
        sweep: SweepStateSweepByPk,
        command: Sequence[str],
        *,
        gives_points: bool,
        max_retries: int,
    ) -> None:
        self._client = client
        self._sweep = sweep
        self._command = command
        self._gives_points = gives_points
        self._max_retries = max_retries
        self._dead: deque[Dead] = deque()
        self._has_looked = False
        self._pending: tuple[NewRun, Dead | None] | None = None

    def take(self, device: str | None) -> Assigned | None:
        """Give out a run, None if there is none left to give out.

        After an error that is retryable it may be called again: the run that it was about is the
        next one then, and no point is lost.

        Args:
            device: The device that the run is to use.

        Raises:
            ConfigError: The command is not found; no point is used up.
            SweepError: The sweep was archived, or cannot give points.
            RunLoggerError: The server cannot be reached, or refuses the run.
        """
        while (offer := self._pending or self._next(device)) is not None:
            self._pending = offer
            try:
                assigned = self._create(*offer, device)
            except SweepExhaustedError:
                self._gives_points = False
            except ContentError:
                if offer[1] is None:
                    raise
                # Another agent has tried this run again meanwhile.
            else:
                self._pending = None
                return assigned
            self._pending = None
        return None

    def give_back(self, run: Assigned) -> bool:
        """Take a run back that died; return whether its point will be tried again."""
        if run.attempt > self._max_retries:
            return False
        dead = Dead(run.run_id, run.sweep_index, run.point, run.attempt, run.command)
        self._dead.append(dead)
        return True

    def _next(self, device: str | None) -> tuple[NewRun, Dead | None] | None:
        if not self._dead and not self._gives_points and not self._has_looked:
            self._has_looked = True
            self._dead.extend(self._dead_of_others())
        if self._dead:
            dead = self._dead.popleft()
            return self._again(dead, device), dead
        return (self._first(device), None) if self._gives_points else None

    def _dead_of_others(self) -> list[Dead]:
        if not self._max_retries:
            return []
        dead = dead_runs(read_results(self._client, self._sweep.id, None))
        return [run for run in dead if run.attempt <= self._max_retries]

    def _first(self, device: str | None) -> NewRun:
        metadata = self._metadata(self._command, device)
        return NewRun(uuid4(), metadata, [], self._sweep.id, WriterIdentity.of_this_process())

    def _again(self, dead: Dead, device: str | None) -> NewRun:
        command = self._command_for(dead)
        point = {} if dead.point is None else dead.point.metadata
        metadata = {**self._metadata(command, device), "attempt": dead.attempt + 1}
        return NewRun(
            uuid4(),
            metadata | point,
            [],
            self._sweep.id,
            WriterIdentity.of_this_process(),
            dead.sweep_index,
            dead.run_id,
        )

    def _command_for(self, dead: Dead) -> Sequence[str]:
        command = self._command or dead.command
        if not command or MASK in " ".join(command):
            raise ConfigError(
                f"the command of run {dead.run_id} is not known"
                + (f": a secret in it was masked ({' '.join(command)})" if command else ""),
                remedy="Give it: run-logger sweep retry SWEEP -- COMMAND …",
            )
        return command

    def _metadata(self, command: Sequence[str], device: str | None) -> dict[str, Any]:
        find_command(command)
        me = WriterIdentity.of_this_process()
        agent = {"host": me.host, "pid": me.pid, "device": device}
        name = as_object(self._sweep.metadata).get("name")
        return {
            "agent": {**agent, "command": mask_arguments(command)},
            **({} if name is None else {"name": name}),
        }

    def _create(self, new_run: NewRun, dead: Dead | None, device: str | None) -> Assigned:
        run = patiently(lambda: create_once(self._client, new_run))
        point = self._point(run)
        return Assigned(
            run_id=run.id,
            key=run.key,
            sweep_id=self._sweep.id,
            sweep_index=run.sweep_index or 0,
            point=point,
            attempt=1 if dead is None else dead.attempt + 1,
            writer_key=new_run.writer.key,
            command=self._command if dead is None else self._command_for(dead),
            device=device,
        )

    def _point(self, run: RunIdentity) -> Point:
        if run.sweep_parameters is not None:  # tried again, or settled before an answer was lost
            return Point(as_object(run.sweep_parameters))
        point = point_of_run(self._client, run, 0)
        return replace(point, parameters=settle(self._client, run.id, point))

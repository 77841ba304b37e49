"""The agent: keeps its places busy with runs of a sweep until there are none left."""

from __future__ import annotations

import signal
import time
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from run_logger.errors import ConfigError, RunLoggerError, SweepError
from run_logger.sweeps.child import Child
from run_logger.sweeps.metric import worth

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path
    from types import FrameType

    from run_logger_client import Client
    from run_logger_client.sweep_state import SweepStateSweepByPk

    from run_logger.sweeps.command import Assigned
    from run_logger.sweeps.dealer import Dealer
    from run_logger.sweeps.metric import Metric

__all__ = ["Agent", "Ended", "State", "Watcher"]

TICK = 0.1
"""Seconds between two looks at the processes."""

LOOK_INTERVAL = 2.0
"""Seconds between two looks at the database: whether the sweep goes on, what the runs log."""

BEAT_INTERVAL = 30.0
"""Seconds between two signs of life for a run whose command does not record it."""


ENOUGH = 2
"""How often Ctrl-C is pressed to stop what runs."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the command of a run ended.

    Attributes:
        child: The command.
        outcome: "finished", "failed" or "killed".
        error: What went wrong, if something did.
        is_retried: Whether its point will be tried again.
    """

    child: Child
    outcome: str
    error: str | None
    is_retried: bool


@dataclass
class State:
    """What an agent is at.

    Attributes:
        sweep: The sweep, as the database had it last.
        children: The commands that run.
        outcomes: How many ended how.
        note: What it waits for, "" if for nothing.
    """

    sweep: SweepStateSweepByPk
    children: list[Child] = field(default_factory=list[Child])
    outcomes: Counter[str] = field(default_factory=Counter[str])
    note: str = ""


class Watcher(Protocol):
    """Is told what an agent does."""

    def began(self, child: Child) -> None:
        """Is told that a command has started."""
        ...

    def ended(self, end: Ended) -> None:
        """Is told that a command has ended."""
        ...

    def show(self, state: State) -> None:
        """Is told many times a second how things stand."""
        ...


class Agent:
    """Runs a command for each run that is given out, so many at a time.

    Args:
        client: Talks to the endpoint.
        sweep: The sweep.
        dealer: Gives out the runs.
        places: The device of each run that may run at a time, None for no device in particular.
        output: The directory for what the commands print.
        metric: What to show of the runs.
        watcher: Is told what happens.
        count: How many runs to begin at most; None for all.
    """

    def __init__(  # noqa: PLR0913  (an agent is what they say; all by keyword only)
        self,
        *,
        client: Client,
        sweep: SweepStateSweepByPk,
        dealer: Dealer,
        places: Sequence[str | None],
        output: Path,
        metric: Metric | None,
        watcher: Watcher,
        count: int | None = None,
    ) -> None:
        self._client = client
        self._dealer = dealer
        self._free = deque(places)
        self._output = output
        self._metric = metric
        self._watcher = watcher
        self._left = count
        self._state = State(sweep)
        self._interrupts = 0
        self._is_through = False
        self._error: RunLoggerError | None = None
        self._unsaid: list[Ended] = []
        self._next_attempt = self._next_look = self._next_beat = 0.0

    def run(self) -> Counter[str]:
        """Run until no runs are left; Ctrl-C lets those that run end, a second one stops them.

        Returns:
            How many runs ended how, those that were tried again left out; "interrupted" is 1
            after Ctrl-C.

        Raises:
            RunLoggerError: No further run could be begun; those that ran have ended.
        """
        with self._signals():
            while self._is_needed():
                self._reap()
                self._fill()
                self._look()
                self._watcher.show(self._state)
                time.sleep(TICK)
        if self._error is not None:
            raise self._error
        if self._interrupts:
            self._state.outcomes["interrupted"] = 1
        return self._state.outcomes

    def _is_needed(self) -> bool:
        if self._state.children or not self._is_through:
            return True
        # Whoever asks twice does not wait for a server that is away.
        return bool(self._unsaid) and self._interrupts < ENOUGH

    @contextmanager
    def _signals(self) -> Generator[None]:
        before = {
            number: signal.signal(number, self._interrupted)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _interrupted(self, number: int, _frame: FrameType | None) -> None:
        """Give out no more runs; the second time, and where a scheduler wants us gone, stop all."""
        self._interrupts += ENOUGH if number == signal.SIGTERM else 1
        self._is_through = True
        self._state.note = "no further runs; Ctrl-C again stops those that run"
        if self._interrupts >= ENOUGH:
            self._state.note = "stopping"
            for child in self._state.children:
                child.stop()

    def _fill(self) -> None:
        """Begin runs in the free places; after an error of the server's try again later."""
        while self._free and not self._is_through and time.monotonic() >= self._next_attempt:
            if self._left == 0:
                self._is_through = True
                return
            try:
                run = self._dealer.take(self._free[0])
            except RunLoggerError as error:
                self._put_off(error)
                return
            self._state.note = self._state.note if self._is_through else ""
            if run is None:
                # Those that still run may die, and then be given out again.
                self._is_through = not self._state.children
                return
            self._begin(run)

    def _put_off(self, error: RunLoggerError) -> None:
        if error.retryable:
            self._state.note = f"waiting: {error.problem}"
            self._next_attempt = time.monotonic() + LOOK_INTERVAL
        else:
            self._give_up(error)

    def _give_up(self, error: RunLoggerError) -> None:
        self._error = self._error or error
        self._is_through = True

    def _begin(self, run: Assigned) -> None:
        path = self._output / f"run-{run.run_id}.log"
        child = Child(run, self._client.graphql_endpoint, path)
        self._left = None if self._left is None else self._left - 1
        self._free.popleft()
        self._state.children.append(child)
        if child.failure is None:
            self._watcher.began(child)
        else:
            self._give_up(
                ConfigError(
                    f"run {run.run_id} was {child.failure}",
                    remedy=f"Give its point out again: run-logger sweep retry {run.sweep_id}",
                )
            )

    def _reap(self) -> None:
        """Note which commands have ended, and tell the database, if need be later."""
        for child in [child for child in self._state.children if child.has_ended()]:
            self._state.children.remove(child)
            self._free.append(child.run.device)
            outcome, error = child.outcome()
            can_retry = outcome != "finished" and not self._is_through
            is_retried = can_retry and self._dealer.give_back(child.run)
            if not is_retried:
                self._state.outcomes[outcome] += 1
            self._unsaid.append(Ended(child, outcome, error, is_retried))
        if self._unsaid and time.monotonic() >= self._next_attempt:
            self._say_ends()

    def _say_ends(self) -> None:
        try:
            while self._unsaid:
                end = self._unsaid[0]
                self._client.end_for_run(end.child.run.writer_key, end.outcome, error=end.error)
                self._read_values([end.child])
                self._watcher.ended(self._unsaid.pop(0))
        except RunLoggerError as error:
            self._put_off(error)
            if not error.retryable:
                self._unsaid.clear()

    def _look(self) -> None:
        """Look at the database now and then; if it does not answer, later."""
        now = time.monotonic()
        if now < max(self._next_look, self._next_attempt):
            return
        self._next_look = now + LOOK_INTERVAL
        try:
            if now >= self._next_beat:
                self._beat()
                self._next_beat = now + BEAT_INTERVAL
            self._read_values(self._state.children)
            self._read_sweep()
        except RunLoggerError as error:
            self._put_off(error)
        else:
            self._state.note = self._state.note if self._is_through else ""

    def _beat(self) -> None:
        for child in self._state.children:
            self._client.beat_for_run(child.run.writer_key)

    def _read_values(self, children: Sequence[Child]) -> None:
        if self._metric is None or not children:
            return
        found = {child.run.run_id: child for child in children}
        runs = self._client.last_values([*found], self._metric.name, self._metric.path)
        for run in runs:
            found[run.id].value = worth(run)

    def _read_sweep(self) -> None:
        sweep = self._client.sweep_state(self._state.sweep.id)
        if sweep is not None:
            self._state.sweep = sweep
        if (sweep is None or sweep.archived) and not self._is_through:
            problem = "has been deleted" if sweep is None else "was archived meanwhile"
            self._give_up(
                SweepError(
                    f"sweep {self._state.sweep.id} {problem}",
                    endpoint=self._client.endpoint,
                    remedy="No further run was begun; those that ran have ended.",
                )
            )

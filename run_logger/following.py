"""Follows a run: every row of its log, once, as it comes, from however many writers.

Ids of rows become visible out of order, so a cursor on them would skip some. What a writer has
delivered becomes visible in order: its mark is watched, and its rows are read by their place in
its journal. Rows of clients of version 0.1 have no writer; they are read by their ids, those of
the last seconds again and again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from run_logger.errors import EndpointTimeoutError, RunLoggerError, RunNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from run_logger_client import Client
    from run_logger_client.watch_run import WatchRunRun

    from run_logger.transport import Subscription

__all__ = ["Follower"]

_ENDS = frozenset({"finished", "failed", "killed"})

_PAGE = 5_000

_POLL_SECONDS = 1.0
"""How often rows without a writer are looked for, which nothing announces."""

_SETTLE_SECONDS = 5.0
"""So late a row may become visible after one with a higher id."""

_PAUSE_SECONDS = 1.0
"""How long to wait before the endpoint is asked again that did not answer."""


class Follower:
    """Reads the log of a run from its beginning, and on until the run has ended.

    A server that is away is waited for. Rows that were refused once and are sent again later, by
    `run-logger sync --rejected`, are not seen where later ones of their writer came before.

    Args:
        client: The typed client.
        run_id: The run.
        say: Called with what a person who waits should know: the run is silent, the server is away.

    Attributes:
        status: The run's status as it was last heard of; None for one without a writer, which
            nobody can tell to have ended.
    """

    def __init__(self, client: Client, run_id: int, say: Callable[[str], None]) -> None:
        self._client = client
        self._run_id = run_id
        self._say = say
        self._is_away = False
        self._places: dict[int, int] = {}
        self._strays = _Strays(client, run_id)
        self.status: str | None = None

    def rows(self) -> Iterator[list[Any]]:
        """Yield what was logged, a few rows at a time, until the run has ended.

        Raises:
            RunNotFoundError: There is no such run, or no more.
            RunLoggerError: The endpoint answers, and does not let us read.
        """
        while self.status not in _ENDS:
            try:
                with self._client.watch_run(self._run_id) as watch:
                    yield from self._rows(watch)
            except RunLoggerError as error:
                self._wait_for(error)

    def _rows(self, watch: Subscription[list[WatchRunRun]]) -> Iterator[list[Any]]:
        state: WatchRunRun | None = None
        while True:
            state = self._next(watch) or state
            if state is not None:
                for writer in state.writers:
                    yield from self._rows_of(writer.id, writer.delivered)
                yield from self._strays.rows()
                self._is_away = False
                self._note(state.status)
            if self.status in _ENDS:
                return

    def _rows_of(self, writer_id: int, delivered: int) -> Iterator[list[Any]]:
        """Yield the rows of a writer up to its mark; each page moves on before it is yielded."""
        while self._places.get(writer_id, 0) < delivered:
            place = self._places.get(writer_id, 0)
            page = self._client.writer_rows(self._run_id, writer_id, place, _PAGE)
            is_last = len(page) < _PAGE
            last = page[-1].seq if page else None
            # What stands behind the last row of log, up to the mark, is no row of log.
            self._places[writer_id] = max(delivered if is_last else 0, last or 0)
            self._strays.have_read(max((row.id for row in page), default=0))
            if page:
                yield [row.log for row in page]

    def _next(self, watch: Subscription[list[WatchRunRun]]) -> WatchRunRun | None:
        """Wait a moment for news of the run; return None if there are none."""
        try:
            runs = watch.wait(_POLL_SECONDS)
        except EndpointTimeoutError:
            raise  # which is a TimeoutError too
        except TimeoutError:
            return None
        if not runs:
            raise RunNotFoundError(
                f"run {self._run_id} is not there any more", endpoint=self._client.endpoint
            )
        return runs[0]

    def _note(self, status: str | None) -> None:
        if status == "silent" != self.status:
            self._say(f"run {self._run_id} has not been heard of for two minutes: waiting for it")
        self.status = status

    def _wait_for(self, error: RunLoggerError) -> None:
        if not error.retryable:
            raise error
        if not self._is_away:
            self._say(f"{error} Waiting for it.")
        self._is_away = True
        time.sleep(_PAUSE_SECONDS)


class _Strays:
    """The rows of a run that have no writer.

    Args:
        client: The typed client.
        run_id: The run.
    """

    def __init__(self, client: Client, run_id: int) -> None:
        self._client = client
        self._run_id = run_id
        self._floor = 0
        self._highest = 0
        self._seen: set[int] = set()
        self._passes: list[tuple[float, int]] = []

    def have_read(self, id_: int) -> None:
        """Note the id of any row of the run: what is new will soon have higher ones."""
        self._highest = max(self._highest, id_)

    def rows(self) -> Iterator[list[Any]]:
        """Yield the rows that were not seen yet, page by page."""
        began, after = time.monotonic(), self._floor
        while page := self._client.rows_without_writer(self._run_id, after, _PAGE):
            new = [row for row in page if row.id not in self._seen]
            self._seen.update(row.id for row in new)
            after = page[-1].id
            self.have_read(after)
            if new:
                yield [row.log for row in new]
            if len(page) < _PAGE:
                break
        self._settle(began)

    def _settle(self, now: float) -> None:
        """Leave behind what was passed so long ago that nothing appears before it any more."""
        self._passes.append((now, self._highest))
        while now - self._passes[0][0] > _SETTLE_SECONDS:
            self._floor = self._passes.pop(0)[1]
        self._seen = {id_ for id_ in self._seen if id_ > self._floor}

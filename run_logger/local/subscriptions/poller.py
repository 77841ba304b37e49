"""Runs one query again and again for all who subscribed to it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Protocol

from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from psycopg import AsyncConnection

    from run_logger.local.compiler.subscription import Result, Row, SubscriptionPlan
    from run_logger.local.subscriptions.subscriber import Subscriber

# As Hasura v2: one statement serves as many different rows of values.
_BATCH = 100


class Connect(Protocol):
    """Lends a connection to the database."""

    def __call__(self) -> AbstractAsyncContextManager[AsyncConnection[Any]]:
        """Return the context in which the connection is lent."""
        ...


class Poller:
    """Polls for its subscribers every interval, and for new ones as soon as they come.

    Args:
        plan: What is polled.
        interval: The seconds between two polls.
        connect: Lends a connection.
        at_once: Bounds how many polls run at the same time, of all pollers.

    Attributes:
        task: The polling, which goes on until it is cancelled.
    """

    def __init__(
        self,
        plan: SubscriptionPlan,
        interval: float,
        connect: Connect,
        at_once: asyncio.Semaphore,
    ) -> None:
        self._plan = plan
        self._interval = interval
        self._connect = connect
        self._at_once = at_once
        self._subscribers: set[Subscriber] = set()
        self._newcomers: set[Subscriber] = set()
        self._arrived = asyncio.Event()
        self._failing: set[Row] = set()
        self.task: asyncio.Task[None] = asyncio.create_task(self._run())
        self.task.add_done_callback(self._report)

    def add(self, subscriber: Subscriber) -> None:
        """Poll for one more."""
        self._subscribers.add(subscriber)
        self._newcomers.add(subscriber)
        self._arrived.set()

    def remove(self, subscriber: Subscriber) -> bool:
        """Poll for one less, and tell whether any is left."""
        self._subscribers.discard(subscriber)
        self._newcomers.discard(subscriber)
        self._failing.discard(subscriber.row)
        return bool(self._subscribers)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._newcomers.clear()
            self._arrived.clear()
            await self._poll(self._subscribers)
            due = loop.time() + self._interval
            while loop.time() < due and await self._someone_comes(due):
                newcomers, self._newcomers = self._newcomers, set()
                await self._poll(newcomers)

    async def _someone_comes(self, due: float) -> bool:
        """Wait for a new subscriber; without one until the next poll is due, return False."""
        try:
            async with asyncio.timeout_at(due):
                await self._arrived.wait()
        except TimeoutError:
            return False
        self._arrived.clear()
        return True

    async def _poll(self, subscribers: Collection[Subscriber]) -> None:
        followers: defaultdict[Row, list[Subscriber]] = defaultdict(list)
        for subscriber in subscribers:
            if subscriber.is_ready:
                followers[subscriber.row].append(subscriber)
        for rows in self._batches(list(followers)):
            for row, result in (await self._results(rows)).items():
                for subscriber in followers[row]:
                    _deliver(result, subscriber)

    def _batches(self, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        """Put rows together, but for those that made the statement fail before."""
        together = [row for row in rows if row not in self._failing]
        for start in range(0, len(together), _BATCH):
            yield together[start : start + _BATCH]
        yield from ([row] for row in rows if row in self._failing)

    async def _results(self, rows: Sequence[Row]) -> dict[Row, Result | HasuraError]:
        try:
            async with self._at_once, self._connect() as connection:
                results = await self._plan.fetch(connection, rows)
        except HasuraError as error:
            return await self._after(error, rows)
        self._failing.difference_update(rows)
        return dict(zip(rows, results, strict=True))

    async def _after(
        self, error: HasuraError, rows: Sequence[Row]
    ) -> dict[Row, Result | HasuraError]:
        """Return what there is after a failure: results for all rows but those at fault."""
        if error.code == "postgres-error":
            return dict.fromkeys(rows, error)
        if len(rows) == 1:
            self._failing.update(rows)
            return dict.fromkeys(rows, error)
        found: dict[Row, Result | HasuraError] = {}
        for row in rows:
            found |= await self._results([row])
        return found

    def _report(self, task: asyncio.Task[None]) -> None:
        """Pass a fault of our own on to the subscribers, who would wait for ever."""
        if not task.cancelled() and (fault := task.exception()):
            for subscriber in self._subscribers:
                subscriber.fail(fault)


def _deliver(result: Result | HasuraError, subscriber: Subscriber) -> None:
    if isinstance(result, HasuraError):
        subscriber.fail(result)
    else:
        subscriber.receive(result)

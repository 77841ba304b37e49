"""Live queries and streaming subscriptions: they are polled, as Hasura v2 does.

Whoever subscribes is a `Subscriber` with a row of values. Equal queries share a `Poller`, which
runs them in one statement for all its subscribers; it begins with the first and ends with the last.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from run_logger.local.subscriptions.poller import Poller
from run_logger.local.subscriptions.subscriber import LiveSubscriber, StreamSubscriber, Subscriber

if TYPE_CHECKING:
    from collections.abc import Generator

    from run_logger.local.compiler.subscription import Row, SubscriptionPlan
    from run_logger.local.intervals import Intervals
    from run_logger.local.subscriptions.poller import Connect

__all__ = ["Subscriber", "Subscriptions"]

# Half of the engine's connections: whatever is subscribed to, requests find one.
_MOST_POLLS = 8


class Subscriptions:
    """All subscriptions to one database.

    Args:
        connect: Lends a connection.
        intervals: How often to poll.
    """

    def __init__(self, connect: Connect, intervals: Intervals) -> None:
        self._connect = connect
        self._intervals = intervals
        self._at_once = asyncio.Semaphore(_MOST_POLLS)
        self._pollers: dict[SubscriptionPlan, Poller] = {}
        self._ending: set[asyncio.Task[None]] = set()

    @contextmanager
    def subscribe(self, plan: SubscriptionPlan, row: Row) -> Generator[Subscriber]:
        """Follow a subscription for as long as the context lasts.

        Args:
            plan: What is subscribed to.
            row: The subscriber's values, as `plan.row` gives them.
        """
        live = plan.cursor is None
        subscriber = LiveSubscriber(row) if live else StreamSubscriber(plan, row)
        poller = self._pollers.get(plan)
        if poller is None or poller.task.done():
            interval = self._intervals.live_query if live else self._intervals.stream
            poller = self._pollers[plan] = Poller(plan, interval, self._connect, self._at_once)
        poller.add(subscriber)
        try:
            yield subscriber
        finally:
            if not poller.remove(subscriber):
                self._end(plan)

    async def close(self) -> None:
        """End all polling."""
        for plan in list(self._pollers):
            self._end(plan)
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _end(self, plan: SubscriptionPlan) -> None:
        if poller := self._pollers.pop(plan, None):
            self._ending.add(poller.task)
            poller.task.add_done_callback(self._ending.discard)
            poller.task.cancel()

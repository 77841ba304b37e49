"""Those who follow a subscription, each at its own pace."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from run_logger.local.compiler.subscription import Result, Row, SubscriptionPlan


class Subscriber(ABC):
    """Holds at most one thing that is yet to be taken: a result, or the error in its place.

    Attributes:
        row: The values that the statement takes for it.
    """

    def __init__(self, row: Row) -> None:
        self.row: Row = row
        self._held: str | BaseException | None = None
        self._arrived = asyncio.Event()

    @property
    def is_ready(self) -> bool:
        """Whether it takes another result now."""
        return True

    @abstractmethod
    def receive(self, result: Result) -> None:
        """Take what the statement gave for its row."""

    def fail(self, error: BaseException) -> None:
        """Take an error in place of a result."""
        self._hold(error)

    async def next(self) -> str:
        """Wait for something new.

        Returns:
            The JSON text of the field's value.

        Raises:
            HasuraError: Postgres refused to give it this time; more may follow.
        """
        while self._held is None:
            self._arrived.clear()
            await self._arrived.wait()
        held, self._held = self._held, None
        if isinstance(held, BaseException):
            raise held
        return held

    def _hold(self, item: str | BaseException) -> None:
        self._held = item
        self._arrived.set()


class LiveSubscriber(Subscriber):
    """Is given a result when it differs from the last one; the latest takes the older's place."""

    def __init__(self, row: Row) -> None:
        super().__init__(row)
        self._last: str | None = None

    def receive(self, result: Result) -> None:
        """Hold the result if it is news."""
        if result.value != self._last:
            self._last = result.value
            self._hold(result.value)

    def fail(self, error: BaseException) -> None:
        """Hold the error; whatever follows it is news."""
        self._last = None
        super().fail(error)


class StreamSubscriber(Subscriber):
    """Is given every batch of rows that is not empty; the next one waits until it was taken."""

    def __init__(self, plan: SubscriptionPlan, row: Row) -> None:
        super().__init__(row)
        self._plan = plan

    @property
    def is_ready(self) -> bool:
        """Whether the last batch was taken."""
        return self._held is None

    def receive(self, result: Result) -> None:
        """Hold the batch, and move on behind it."""
        if result.cursor is not None:
            self.row: Row = self._plan.moved(self.row, result.cursor)
            self._hold(result.value)

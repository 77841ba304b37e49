"""Subscriptions as their callers hold them: iterators of results, which are to be closed."""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from run_logger.subscriptions.background import Background
    from run_logger.subscriptions.link import Link
    from run_logger.subscriptions.operation import Operation

__all__ = ["AsyncSubscription", "Subscription"]

T = TypeVar("T")


class Subscription(Iterator[T], Generic[T]):
    """The results of a live query or stream, one after the other.

    What `run_logger.subscriptions` promises holds for each. An error is raised where the result
    would have come; after an error of a single poll the next result can be asked for.

    Leave the context, or call `close`, when no more are wanted. Whoever is to take a result in one
    thread may close it in another: the first then sees the end.
    """

    def __init__(
        self,
        background: Background,
        operation: Operation,
        parse: Callable[[dict[str, Any]], T],
    ) -> None:
        self._background = background
        self._operation = operation
        self._parse = parse
        self._started = False
        self._forget = weakref.finalize(self, _forget, background, operation)
        self._forget.atexit = False

    def __enter__(self) -> Self:
        """Connect, and return the iterator itself."""
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def __next__(self) -> T:
        """Wait for the next result."""
        return self.wait()

    def wait(self, timeout: float | None = None) -> T:
        """Wait for the next result, for a bounded time.

        Args:
            timeout: The longest wait in seconds; None waits for as long as it takes.

        Raises:
            StopIteration: The subscription has ended, or it or its client is closed.
            TimeoutError: Nothing came in time; what comes later is not lost.
            RunLoggerError: An error came in place of a result.
        """
        self._start()
        if not self._background.is_usable:
            raise StopIteration
        data = self._background.run(self._background.link.take(self._operation), timeout)
        if data is None:
            raise StopIteration
        return self._parse(data)

    def close(self) -> None:
        """End the subscription; there is nothing to be taken after it."""
        if self._forget.detach() and self._background.is_usable:
            self._background.run(self._background.link.stop(self._operation))

    def _start(self) -> None:
        if not self._background.is_here:
            raise RuntimeError("a subscription does not outlive a fork: subscribe anew")
        if not self._started and self._background.is_usable:
            self._started = True
            self._background.run(self._background.link.start(self._operation))


class AsyncSubscription(AsyncIterator[T], Generic[T]):
    """The results of a live query or stream, one after the other, for a coroutine.

    What `run_logger.subscriptions` promises holds for each. An error is raised where the result
    would have come; after an error of a single poll the next result can be asked for.

    Leave the context, or call `aclose`, when no more are wanted.
    """

    def __init__(
        self, link: Link, operation: Operation, parse: Callable[[dict[str, Any]], T]
    ) -> None:
        self._link = link
        self._operation = operation
        self._parse = parse
        self._started = False

    async def __aenter__(self) -> Self:
        """Connect, and return the iterator itself."""
        await self._start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.aclose()

    async def __anext__(self) -> T:
        """Wait for the next result.

        Raises:
            StopAsyncIteration: The subscription has ended, or is closed.
            RunLoggerError: An error came in place of a result.
        """
        await self._start()
        data = await self._link.take(self._operation)
        if data is None:
            raise StopAsyncIteration
        return self._parse(data)

    async def aclose(self) -> None:
        """End the subscription; there is nothing to be taken after it."""
        await self._link.stop(self._operation)

    async def _start(self) -> None:
        if not self._started:
            self._started = True
            await self._link.start(self._operation)


def _forget(background: Background, operation: Operation) -> None:
    """End a subscription that nobody holds any more, without waiting for it."""
    if background.is_usable:
        background.submit(background.link.stop(operation))

"""An event loop in a thread of its own, for callers that have none."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, TypeVar

from run_logger.subscriptions.link import Link

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from concurrent.futures import Future

    from run_logger.subscriptions.dial import Dial

__all__ = ["Background"]

T = TypeVar("T")


class Background:
    """Runs a link in a thread; it ends when it is closed, or nobody holds it any more.

    Args:
        dial: Opens the link's websocket.

    Attributes:
        link: The link; its methods are run by `run` and `submit`.
    """

    def __init__(self, dial: Dial) -> None:
        self.link: Link = Link(dial)
        self._owner = os.getpid()
        self._loop = asyncio.new_event_loop()
        ended = asyncio.Event()
        self._thread = threading.Thread(
            target=_run, args=(self._loop, ended), name="run-logger-subscriptions", daemon=True
        )
        self._thread.start()
        self._end = weakref.finalize(self, _end, self._owner, self._loop, self.link, ended)

    @property
    def is_here(self) -> bool:
        """Whether its thread is one of this process, which a forked child does not have."""
        return self._owner == os.getpid()

    @property
    def is_usable(self) -> bool:
        """Whether its thread runs, and runs in this process."""
        return self._end.alive and self.is_here

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine of the link's."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run a coroutine of the link's, and wait for what it returns.

        Raises:
            TimeoutError: It takes longer than so many seconds; it is cancelled then.
        """
        future = self.submit(work)
        try:
            return future.result(timeout)
        except TimeoutError:
            if future.cancel():
                raise
            return future.result()  # it was done at the same moment, and must not get lost
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """End all subscriptions, close the websocket and wait for the thread."""
        if self.is_usable:
            self._end()
            self._thread.join()


def _run(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(ended.wait())


def _end(owner: int, loop: asyncio.AbstractEventLoop, link: Link, ended: asyncio.Event) -> None:
    """Let the thread close the link and end; a forked process has no such thread."""
    if owner == os.getpid():
        asyncio.run_coroutine_threadsafe(_close(link, ended), loop)


async def _close(link: Link, ended: asyncio.Event) -> None:
    await link.close()
    ended.set()

"""The one websocket under all subscriptions of a client: it opens, breaks, and comes back."""

from __future__ import annotations

import asyncio
import random
from itertools import count
from typing import TYPE_CHECKING, Any

from run_logger.answers import error_of_entries
from run_logger.errors import RunLoggerError, ServerError
from run_logger.subscriptions import messages
from run_logger.subscriptions.operation import PATIENCE

if TYPE_CHECKING:
    from run_logger.subscriptions.dial import Dial, Socket
    from run_logger.subscriptions.operation import Operation

__all__ = ["Link"]

_FIRST_ATTEMPTS = 3
"""How often a connection is tried that never came about."""

_FIRST_PAUSE = 0.25
_AGAIN_PAUSE = 1.0
_LONGEST_PAUSE = 10.0


class Link:
    """Runs operations over one websocket, in one event loop.

    Args:
        dial: Opens the websocket.
    """

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._ids = count(1)
        self._operations: set[Operation] = set()
        self._running: dict[str, Operation] = {}
        self._socket: Socket | None = None
        self._task: asyncio.Task[None] | None = None
        self._restarts: set[asyncio.Task[None]] = set()
        self._leaving: set[asyncio.Task[None]] = set()

    async def start(self, operation: Operation) -> None:
        """Run an operation from now on; where there is no connection, as soon as there is one."""
        if operation.feed.has_ended:
            return
        self._operations.add(operation)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(self._report)
        elif self._socket is not None:
            await self._ask(self._socket, operation)

    async def take(self, operation: Operation) -> dict[str, Any] | None:
        """Wait for an operation's next result, and return it; None once it has ended.

        Raises:
            RunLoggerError: What came was an error.
        """
        data = await operation.feed.take()
        if operation.is_stopped and not len(operation.feed):
            operation.is_stopped = False
            await self.start(operation)
        return data

    async def stop(self, operation: Operation) -> None:
        """Run an operation no more; the last one takes the connection with it."""
        self._operations.discard(operation)
        operation.end()
        if self._operations:
            await self._withdraw(operation)
        else:
            await self._disconnect()

    async def close(self) -> None:
        """Run nothing any more."""
        self._end_all(None)
        await self._disconnect()

    async def _disconnect(self) -> None:
        """Close the connection, and wait until it is closed, whoever began with that."""
        for task in [*self._restarts, *([self._task] if self._task else [])]:
            task.cancel()
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
        self._task = None
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def _run(self) -> None:
        loop, failures = asyncio.get_running_loop(), 0
        while self._operations:
            before = loop.time()
            try:
                await self._stay_connected()
            except RunLoggerError as error:
                lasted = loop.time() - before
                failures = 1 if lasted > _LONGEST_PAUSE else failures + 1
                self._interrupt(error, failures)
                await asyncio.sleep(_pause(error, _FIRST_PAUSE * 2 ** (failures - 1)))

    async def _stay_connected(self) -> None:
        """Run all operations until the connection breaks, or none is left."""
        async with self._dial.open() as socket:
            self._socket = socket
            try:
                for operation in [*self._operations]:
                    await self._ask(socket, operation)
                while self._operations:
                    await self._handle(await socket.receive())
            finally:
                if self._socket is socket:
                    self._socket = None

    async def _ask(self, socket: Socket, operation: Operation) -> None:
        if operation.id is not None or operation.is_stopped:
            return
        # A new id each time: what comes late for the old one is known by it.
        operation.id = str(next(self._ids))
        self._running[operation.id] = operation
        request = operation.request(asyncio.get_running_loop().time())
        await socket.send(messages.subscribe(operation.id, request))

    async def _withdraw(self, operation: Operation) -> None:
        id_, operation.id = operation.id, None
        if id_ is not None and self._socket is not None:
            del self._running[id_]
            await self._socket.send(messages.complete(id_))

    async def _handle(self, message: messages.ServerMessage) -> None:
        match message:
            case messages.Result(id=id_) if id_ in self._running:
                await self._result(self._running[id_], message)
            case messages.Failure(id=id_, errors=errors) if id_ in self._running:
                operation = self._running.pop(id_)
                operation.id = None
                self._failed(operation, self._error(operation, errors))
            case messages.Complete(id=id_) if id_ in self._running:
                self._end(self._running.pop(id_), None)
            case _:
                return

    async def _result(self, operation: Operation, result: messages.Result) -> None:
        if result.errors:
            operation.fail(self._error(operation, result.errors))
            return
        operation.receive(result)
        if operation.is_full:
            operation.is_stopped = True
            await self._withdraw(operation)

    def _failed(self, operation: Operation, error: RunLoggerError) -> None:
        """End an operation that the server refused, unless it ran before and may run again."""
        if operation.times_asked == 1 or not self._may_hope(operation, error):
            self._end(operation, error)
            return
        task = asyncio.create_task(self._start_again(operation, _pause(error, _AGAIN_PAUSE)))
        self._restarts.add(task)
        task.add_done_callback(self._restarts.discard)

    async def _start_again(self, operation: Operation, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.start(operation)

    def _interrupt(self, error: RunLoggerError, failures: int) -> None:
        """Let all operations wait for the next connection, but for those that wait in vain."""
        self._running.clear()
        for operation in [*self._operations]:
            operation.id = None
            is_new = operation.times_asked == 0
            if not self._may_hope(operation, error) or (is_new and failures >= _FIRST_ATTEMPTS):
                self._end(operation, error)

    def _may_hope(self, operation: Operation, error: RunLoggerError) -> bool:
        now = asyncio.get_running_loop().time()
        return error.retryable and operation.interrupted(now) < PATIENCE

    def _end(self, operation: Operation, error: Exception | None) -> None:
        self._operations.discard(operation)
        operation.end(error)

    def _end_all(self, error: Exception | None) -> None:
        for operation in [*self._operations]:
            self._end(operation, error)
        self._running.clear()

    def _error(self, operation: Operation, errors: list[Any]) -> RunLoggerError:
        return error_of_entries(errors, self._dial.endpoint, operation.attempt)

    def _report(self, task: asyncio.Task[None]) -> None:
        """Pass a fault of our own on to the readers, who would wait for ever."""
        if not task.cancelled() and (fault := task.exception()):
            self._end_all(fault if isinstance(fault, Exception) else RuntimeError(repr(fault)))


def _pause(error: RunLoggerError, usual: float) -> float:
    asked = error.retry_after if isinstance(error, ServerError) else None
    spread = usual * random.uniform(0.5, 1.5)  # noqa: S311  (no secret)
    return min(max(asked or 0.0, spread), _LONGEST_PAUSE)

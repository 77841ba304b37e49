"""A client on a websocket: who it is, what it asked, and what it follows."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, NoReturn
from typing import Protocol as StructuralType

from starlette.websockets import WebSocketDisconnect, WebSocketState

from run_logger.local.errors import HasuraError
from run_logger.local.faults import INTERNAL_ERROR, log_fault
from run_logger.local.websocket.messages import (
    Init,
    Ping,
    Pong,
    Start,
    Stop,
    Terminate,
    read_message,
)
from run_logger.local.websocket.protocols import ConnectionClosing, message, misuse, pong

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from starlette.websockets import WebSocket

    from run_logger.local.auth import Authenticator, Session
    from run_logger.local.intervals import Intervals
    from run_logger.local.subscriptions import Subscriber
    from run_logger.local.view import Prepared
    from run_logger.local.websocket.messages import ClientMessage
    from run_logger.local.websocket.protocols import Protocol

_log = logging.getLogger(__name__)

# More operations that wait for their turn are left in the socket.
_MOST_WAITING = 1_000


class Executor(StructuralType):
    """What answers requests and serves subscriptions."""

    async def prepare(self, request: Mapping[str, Any], session: Session) -> Prepared:
        """Check and compile a request, or raise HasuraError."""
        ...

    async def run(self, prepared: Prepared, session: Session) -> bytes:
        """Return `{"data": …}` for a query or mutation, or raise HasuraError."""
        ...

    def subscribe(self, prepared: Prepared, session: Session) -> AbstractContextManager[Subscriber]:
        """Follow a subscription for as long as the context lasts."""
        ...

    async def changed(self) -> None:
        """Wait until something else is shown of the database."""
        ...


class Connection:
    """Serves one websocket.

    Each operation is a task, which ends with the operation or with the connection. Queries and
    mutations run one after another, as Hasura v2 does. Nothing is queued for a client that does not
    read: whoever has something for it waits until the socket takes it.

    Args:
        socket: The websocket, accepted.
        protocol: What is spoken on it.
        engine: What answers.
        authenticator: What tells who asks.
        intervals: How often to send a sign of life, and how long to wait for the first message.
    """

    def __init__(
        self,
        socket: WebSocket,
        protocol: Protocol,
        engine: Executor,
        authenticator: Authenticator,
        intervals: Intervals,
    ) -> None:
        self._socket = socket
        self._protocol = protocol
        self._engine = engine
        self._authenticator = authenticator
        self._intervals = intervals
        self._session: Session | None = None
        self._initialised = asyncio.Event()
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()
        self._room = asyncio.Semaphore(_MOST_WAITING)

    async def serve(self) -> None:
        """Serve until the client leaves or is sent away."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._show_life())
                tasks.create_task(self._outdate())
                await self._listen(tasks)
        except* ConnectionClosing as group:
            closing = group.exceptions[0]
            if isinstance(closing, ConnectionClosing):
                await self._close(closing)
        except* WebSocketDisconnect:
            _log.debug("a client left")
        except* Exception as group:  # noqa: BLE001  whatever it is
            log_fault(group)
            await self._close(ConnectionClosing(1011, INTERNAL_ERROR.message))

    async def _listen(self, tasks: asyncio.TaskGroup) -> NoReturn:
        while True:
            match await self._receive():
                case Init(headers):
                    await self._initialise(headers)
                case Start(id_, request):
                    await self._start(tasks, id_, request)
                case Stop(id_):
                    self._stop(id_)
                case Ping(payload):
                    await self._send(pong(payload))
                case Terminate():
                    raise ConnectionClosing(1000, "GQL_CONNECTION_TERMINATE received")
                case Pong() | None:
                    pass

    async def _receive(self) -> ClientMessage | None:
        """Wait for a message; None stands for what is none."""
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received["code"])
        text = received.get("text")
        data: bytes = received["bytes"] if text is None else text.encode()
        try:
            return read_message(data)
        except HasuraError as error:
            await self._send(self._protocol.unreadable(error))
            return None

    async def _initialise(self, given: Mapping[str, str]) -> None:
        headers = {**self._socket.headers, **given}
        # What a page may not say of itself: where it comes from.
        if (origin := self._socket.headers.get("origin")) is not None:
            headers["origin"] = origin
        try:
            self._session = self._authenticator.session(headers)
        except HasuraError as error:
            raise self._protocol.refusal(error) from error
        await self._send('{"type":"connection_ack"}')
        await self._send(self._protocol.keep_alive)
        self._initialised.set()

    async def _show_life(self) -> NoReturn:
        try:
            async with asyncio.timeout(self._intervals.connection_init):
                await self._initialised.wait()
        except TimeoutError:
            raise ConnectionClosing(*self._protocol.unready) from None
        while (left := self._seconds_left()) > 0:
            await asyncio.sleep(min(left, self._intervals.keep_alive))
            await self._send(self._protocol.keep_alive)
        raise ConnectionClosing(1001, "the session has expired")

    async def _outdate(self) -> NoReturn:
        """End the connection when what it was permitted may be no more, as Hasura v2 does."""
        await self._engine.changed()
        raise ConnectionClosing(1012, "Server state changed, restarting the server")

    def _seconds_left(self) -> float:
        """Return how long the session lasts."""
        if self._session is None or self._session.expires is None:
            return math.inf
        return self._session.expires - time.time()

    async def _start(self, tasks: asyncio.TaskGroup, id_: str, request: Mapping[str, Any]) -> None:
        if self._session is None:
            await self._refuse(id_, "start received before the connection is initialised")
        elif id_ in self._operations:
            await self._refuse(id_, f"an operation already exists with this id: {id_}")
        else:
            await self._room.acquire()
            leave = ExitStack()
            leave.callback(self._room.release)
            operation = tasks.create_task(self._operate(id_, request, self._session, leave))
            self._operations[id_] = operation
            operation.add_done_callback(lambda _: self._forget(id_, operation))
            # It leaves once it had its turn, or here: a task may end before it begins.
            operation.add_done_callback(lambda _: leave.close())

    async def _refuse(self, id_: str, problem: str) -> None:
        error = HasuraError(problem, "start-failed")
        await self._send(misuse(id_, error))
        await self._send(message("complete", id_))
        self._protocol.after_misuse(error)

    def _stop(self, id_: str) -> None:
        if operation := self._operations.pop(id_, None):
            operation.cancel()

    def _forget(self, id_: str, operation: asyncio.Task[None]) -> None:
        # The client may have stopped it, and given its id to another.
        if self._operations.get(id_) is operation:
            del self._operations[id_]

    async def _operate(
        self, id_: str, request: Mapping[str, Any], session: Session, leave: ExitStack
    ) -> None:
        """Serve an operation; a fault of ours ends this one alone."""
        try:
            await self._serve_operation(id_, request, session, leave)
        except (ConnectionClosing, WebSocketDisconnect):
            raise
        except Exception as error:  # noqa: BLE001  whatever it is
            log_fault(error)
            await self._reject(id_, INTERNAL_ERROR)

    async def _serve_operation(
        self, id_: str, request: Mapping[str, Any], session: Session, leave: ExitStack
    ) -> None:
        try:
            async with self._turn:
                prepared = await self._engine.prepare(request, session)
                if prepared.subscription is None:
                    await self._answer(id_, prepared, session)
                    return
                subscription = self._engine.subscribe(prepared, session)
        except HasuraError as error:
            await self._reject(id_, error)
            return
        leave.close()
        with subscription as subscriber:
            while True:
                await self._send(await self._news(id_, prepared, subscriber))

    async def _reject(self, id_: str, error: HasuraError) -> None:
        await self._send(self._protocol.rejected(id_, error))
        await self._send(message("complete", id_))

    async def _answer(self, id_: str, prepared: Prepared, session: Session) -> None:
        try:
            data = await self._run(prepared, session)
        except HasuraError as error:
            await self._send(self._protocol.failed(id_, error))
        else:
            await self._send(self._protocol.result(id_, data.decode()))
        await self._send(message("complete", id_))

    async def _run(self, prepared: Prepared, session: Session) -> bytes:
        running = asyncio.ensure_future(self._engine.run(prepared, session))
        if prepared.operation.kind == "query":
            return await running
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            # Its client may be gone, and the change is still meant.
            await asyncio.gather(running, return_exceptions=True)
            raise

    async def _news(self, id_: str, prepared: Prepared, subscriber: Subscriber) -> str:
        try:
            value = await subscriber.next()
        except HasuraError as error:
            return self._protocol.poll_failed(id_, error)
        (field,) = prepared.operation.fields
        return self._protocol.result(id_, prepared.data({field.key: value.encode()}).decode())

    async def _send(self, text: str) -> None:
        # Another task may have found out already.
        if self._socket.application_state is not WebSocketState.CONNECTED:
            raise WebSocketDisconnect(1006)
        await self._socket.send_text(text)

    async def _close(self, closing: ConnectionClosing) -> None:
        # The client may leave at the same moment.
        with suppress(WebSocketDisconnect):
            if closing.last_words is not None:
                await self._send(closing.last_words)
            if self._socket.application_state is WebSocketState.CONNECTED:
                await self._socket.close(closing.code, closing.reason)

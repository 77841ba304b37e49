"""A client on a websocket: who it is, what it asked, and what it follows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NoReturn

from starlette.websockets import WebSocketDisconnect
from typing_extensions import Protocol as StructuralType

from run_logger.local.errors import HasuraError
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
    from collections.abc import Coroutine, Mapping
    from contextlib import AbstractContextManager

    from starlette.websockets import WebSocket

    from run_logger.local.auth import Authenticator, Session
    from run_logger.local.intervals import Intervals
    from run_logger.local.subscriptions import Subscriber
    from run_logger.local.view import Prepared
    from run_logger.local.websocket.messages import ClientMessage
    from run_logger.local.websocket.protocols import Protocol

# More operations that wait for their turn are left in the socket.
_MOST_WAITING = 100


class Executor(StructuralType):
    """What answers requests and serves subscriptions."""

    def prepare(self, request: Mapping[str, Any], session: Session) -> Prepared:
        """Check and compile a request, or raise HasuraError."""
        ...

    async def run(self, prepared: Prepared, session: Session) -> bytes:
        """Return `{"data": …}` for a query or mutation, or raise HasuraError."""
        ...

    def subscribe(
        self, prepared: Prepared, session: Session
    ) -> AbstractContextManager[Subscriber]:
        """Follow a subscription for as long as the context lasts."""
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
                await self._listen(tasks)
        except* WebSocketDisconnect:
            return
        except* ConnectionClosing as closings:
            closing = closings.exceptions[0]
            assert isinstance(closing, ConnectionClosing)
        await self._close(closing)

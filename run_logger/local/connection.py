"""Connections to the database, and the few that all requests share."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.waiting import Ready, Wait

if TYPE_CHECKING:
    from types import TracebackType

    from psycopg.abc import RV, PQGen

# As long may the server take to end what was interrupted.
_CANCEL_SECONDS = 5.0


class Connection(psycopg.AsyncConnection[Any]):
    """A connection whose socket is watched for as long as it lasts.

    psycopg begins and ends to watch it for every statement, which costs more than a small one does.
    """

    _answer: asyncio.Future[Ready] | None = None
    _watched: int | None = None

    async def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:  # noqa: ASYNC109  psycopg's signature
        """Run one of psycopg's generators; see `psycopg.AsyncConnection.wait`."""
        if timeout is not None:
            self._unwatch()
            return await super().wait(gen, interval, timeout)
        try:
            wanted = next(gen)
            while True:
                wanted = gen.send(await self._ready(wanted))
        except StopIteration as done:
            result: RV = done.value
            return result
        except psycopg.OperationalError:
            if self.closed:
                # Its socket is closed, and whatever is opened next is given the same number.
                self._unwatch()
            raise
        except asyncio.CancelledError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                await self._cancel(gen)
            raise

    async def close(self) -> None:
        """Close the connection."""
        self._unwatch()
        await super().close()

    async def _ready(self, wanted: Wait) -> Ready:
        """Wait until the socket can be read, or written where that is wanted."""
        loop = asyncio.get_running_loop()
        self._watch(loop)
        answer: asyncio.Future[Ready] = loop.create_future()
        self._answer = answer
        if not wanted & Wait.W:
            return await answer
        socket = self.pgconn.socket
        loop.add_writer(socket, self._arrive, Ready.W)
        try:
            return await answer
        finally:
            loop.remove_writer(socket)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._watched is None:
            self._watched = self.pgconn.socket
            loop.add_reader(self._watched, self._arrive, Ready.R)

    def _unwatch(self) -> None:
        if self._watched is not None:
            asyncio.get_running_loop().remove_reader(self._watched)
            self._watched = None

    def _arrive(self, ready: Ready) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(ready)
            return
        # Nobody waits: it is a notice, or the end of the connection.
        try:
            self.pgconn.consume_input()
        except psycopg.OperationalError:
            self._unwatch()

    async def _cancel(self, gen: PQGen[Any]) -> None:
        """Have the server end the statement, so that the connection can be used again."""
        # What comes in the meantime has to wait for whoever reads it below.
        self._unwatch()
        try:
            async with asyncio.timeout(_CANCEL_SECONDS):
                await self.cancel_safe(timeout=_CANCEL_SECONDS)
                while True:
                    gen.send(await self._ready(Wait.R))
        except (StopIteration, TimeoutError, psycopg.Error):
            pass
        finally:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self._unwatch()
                self.pgconn.finish()


class Pool:
    """The connections that all requests share, each lent to one at a time.

    Args:
        dsn: The database, as libpq reads it.
        most: How many there are at most.
    """

    def __init__(self, dsn: str, most: int) -> None:
        self._dsn = dsn
        self._free = most
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._is_closed = False

    def lend(self) -> Loan:
        """Return a context in which a connection is lent."""
        return Loan(self)

    async def take(self) -> Connection:
        """Return a connection; when all are taken, wait for one.

        Raises:
            psycopg.OperationalError: The database cannot be reached.
        """
        while self._idle:
            # The one that was used last: what it needs is in the caches.
            if not (connection := self._idle.pop()).closed:
                return connection
            self._free += 1
        if self._free:
            self._free -= 1
            return await self._connect()
        given = await self._wait()
        return await self._connect() if given is None else given

    async def give_back(self, connection: Connection) -> None:
        """Take a connection back; one that is not as it was lent is closed."""
        is_idle = connection.pgconn.transaction_status == TransactionStatus.IDLE
        if is_idle and not self._is_closed:
            self._pass_on(connection)
        else:
            await connection.close()
            self._pass_on(None)

    async def close(self) -> None:
        """Close the connections; those that are lent, when they come back."""
        self._is_closed = True
        while self._idle:
            await self._idle.pop().close()

    async def _connect(self) -> Connection:
        try:
            connection = await Connection.connect(self._dsn, autocommit=True)
        except BaseException:
            self._pass_on(None)
            raise
        try:
            # To compile a statement to machine code takes longer than to run what is sent here.
            await connection.execute("set jit = off")
        except BaseException:
            await connection.close()
            self._pass_on(None)
            raise
        return connection

    async def _wait(self) -> Connection | None:
        """Wait for a connection, or for None: the right to make one."""
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._pass_on(turn.result())
            raise

    def _pass_on(self, connection: Connection | None) -> None:
        """Give a connection, or the right to make one, to whoever waits the longest."""
        while self._waiting:
            if not (turn := self._waiting.popleft()).done():
                turn.set_result(connection)
                return
        if connection is None:
            self._free += 1
        else:
            self._idle.append(connection)


class Loan:
    """A context in which a connection of a pool is lent."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection: Connection | None = None

    async def __aenter__(self) -> Connection:
        self._connection = await self._pool.take()
        return self._connection

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            await self._pool.give_back(self._connection)

"""A TCP proxy that can cut what goes through it, as networks and restarts do."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["TcpProxy"]


class TcpProxy:
    """Stands before a port of this machine for as long as the context is open.

    Args:
        port: The port behind it; one that is named by CONNECT, as HTTP proxies are asked, wins.

    Attributes:
        port: Its own port.
        accepted: How many connections were made to it.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tcp-proxy")
        self._changed = threading.Condition()
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0
        self.accepted = 0

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(60)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(60)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def cut(self) -> None:
        """Break all connections, without a word on them."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(60)

    def wait_for_connections(self, number: int) -> None:
        """Wait until so many connections were made in all."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.accepted >= number, 60)

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        await self._cut()

    async def _cut(self) -> None:
        cut = [*self._connections]
        for connection in cut:
            connection.cancel()
        await asyncio.gather(*cut, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        with self._changed:
            self.accepted += 1
            self._changed.notify_all()
        try:
            await self._pass(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # one of the two is gone, or this was to be cut: nobody is left to be told
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        port = self._target
        if head.startswith(b"CONNECT "):
            port = int(head.split()[1].rpartition(b":")[2])
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            head = b""
        # Shielded: asyncio leaves a socket open where the opening of it is cancelled.
        opening = asyncio.ensure_future(asyncio.open_connection("127.0.0.1", port))
        try:
            behind_reader, behind_writer = await asyncio.shield(opening)
        except asyncio.CancelledError:
            (await opening)[1].transport.abort()
            raise
        try:
            behind_writer.write(head)
            forth = asyncio.ensure_future(_copy(reader, behind_writer))
            back = asyncio.ensure_future(_copy(behind_reader, writer))
            try:
                await asyncio.wait({forth, back}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                forth.cancel()
                back.cancel()
                await asyncio.gather(forth, back, return_exceptions=True)
        finally:
            behind_writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()

"""An HTTP proxy between a client and an endpoint that does to each request what a plan says."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import httpx

from tests.trials.faults import ANSWERS, Answer, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

__all__ = ["FaultProxy"]

_PATIENCE = 120
"""Seconds that the proxy may take to begin and to end, on a machine that is busy."""

_DROPPED_HEADERS = {"host", "connection", "content-length", "accept-encoding"}


class FaultProxy:
    """Stands before an endpoint, in a thread of its own, for as long as the context is open.

    Args:
        endpoint: The URL of the GraphQL API behind it.
        plan: The fault of each request, or what is answered in place of the server, in the order
            in which they come in; past its end all pass.
        on_fault: Called with each fault at its moment, before the client can know of it.
        largest: The most bytes of a request's body; a larger one is refused with 413, as gateways
            do. None takes all.

    Attributes:
        url: Its own URL for the endpoint.
        counts: How often each fault has happened.
    """

    def __init__(
        self,
        endpoint: str,
        plan: Iterable[Fault | Answer] = (),
        on_fault: Callable[[Fault | Answer], None] | None = None,
        largest: int | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._plan = iter(plan)
        self._on_fault = on_fault
        self._largest = largest
        self.url = ""
        self.counts: Counter[Fault | Answer] = Counter()
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._connections: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(_PATIENCE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def refuse_more_than(self, largest: int | None) -> None:
        """Refuse from now on what is larger; None takes all again."""
        self._largest = largest

    def hang_up(self) -> None:
        """Cut all connections, as a server does that starts again."""
        asyncio.run_coroutine_threadsafe(self._cut_connections(), self._loop).result(_PATIENCE)

    @property
    def requests(self) -> int:
        """The number of requests that came in, those that passed included."""
        return self.counts.total()

    def follow(self, plan: Iterable[Fault | Answer]) -> None:
        """Do from now on what another plan says."""
        self._plan = iter(plan)

    def wait_until(
        self, condition: Callable[[Counter[Fault | Answer]], bool], timeout: float
    ) -> bool:
        """Wait for a condition of the counts; return whether it came true in time."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self.counts), timeout)

    async def _start(self) -> None:
        self._upstream = httpx.AsyncClient(timeout=60, trust_env=False)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 24)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}{urlsplit(self._endpoint).path}"

    async def _stop(self) -> None:
        self._server.close()
        await self._cut_connections()
        await self._upstream.aclose()

    async def _cut_connections(self) -> None:
        await asyncio.sleep(0)  # who has just come in is served by now
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.sleep(0)  # and what is aborted is closed

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        exchange = _Exchange(self._upstream, self._endpoint, reader, writer)
        try:
            while await self._one_request(exchange):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client is gone, or the trial is over: nobody is left to be told
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _one_request(self, exchange: _Exchange) -> bool:
        """Deal with a request; return whether the connection can take another."""
        await exchange.read_head()
        is_too_large = self._largest is not None and exchange.size() > self._largest
        fault = Fault.STATUS_413 if is_too_large else next(self._plan, Fault.PASS)
        return await exchange.suffer(fault, lambda: self._note(fault))

    def _note(self, fault: Fault | Answer) -> None:
        with self._changed:
            self.counts[fault] += 1
            self._changed.notify_all()
        if self._on_fault is not None:
            self._on_fault(fault)


class _Exchange:
    """One connection of a client, and what is done to the request that it sends now."""

    def __init__(
        self,
        upstream: httpx.AsyncClient,
        endpoint: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._upstream = upstream
        self._endpoint = endpoint
        self._reader = reader
        self._writer = writer
        self._headers: dict[str, str] = {}

    async def read_head(self) -> None:
        head = await self._reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")[1:-2]
        pairs = (line.split(":", 1) for line in lines)
        self._headers = {name.lower(): value.strip() for name, value in pairs}

    def size(self) -> int:
        """Return the size of the request's body, in bytes."""
        return int(self._headers.get("content-length", "0"))

    async def suffer(self, fault: Fault | Answer, note: Callable[[], None]) -> bool:
        """Do to the request what the fault says; return whether the connection goes on."""
        if fault in (Fault.REFUSE, Fault.CUT_REQUEST):
            await self._read_part(0 if fault is Fault.REFUSE else 0.5)
            note()
            return False
        body = await self._read_part(1)
        given = fault if isinstance(fault, Answer) else ANSWERS.get(fault)
        if given is not None:
            note()
            await self._send(given)
            return True
        if fault is Fault.STALL:
            note()
            await self._reader.read(1)  # until the client gives up
            return False
        answer = await self._forward(body)
        note()
        return await self._spoil(fault, answer)

    async def _read_part(self, part: float) -> bytes:
        return await self._reader.readexactly(int(part * self.size()))

    async def _forward(self, body: bytes) -> Answer:
        headers = {k: v for k, v in self._headers.items() if k not in _DROPPED_HEADERS}
        try:
            got = await self._upstream.post(self._endpoint, content=body, headers=headers)
        except httpx.TransportError:
            return Answer(502)
        return Answer(got.status_code, got.content, got.headers.get("content-type", ""))

    async def _spoil(self, fault: Fault | Answer, answer: Answer) -> bool:
        half = len(answer.body) // 2
        match fault:
            case Fault.LOSE_ANSWER:
                return False
            case Fault.STALL_ANSWER:
                await self._reader.read(1)
                return False
            case Fault.CUT_ANSWER:
                await self._send(answer, sent=half)
                return False
            case Fault.SLOW_ANSWER:
                await self._send(answer, sent=0)
                await self._trickle(answer.body)
            case Fault.STATUS_504_AFTER_ALL:
                await self._send(Answer(504))
            case Fault.TRUNCATED_JSON:
                await self._send(Answer(answer.status, answer.body[:half], answer.content_type))
            case _:
                await self._send(answer)
        return True

    async def _send(self, answer: Answer, sent: int | None = None) -> None:
        """Send an answer, or only its first bytes under a head that promises all of them."""
        headers = {
            "content-type": answer.content_type,
            "content-length": str(len(answer.body)),
            **dict(answer.headers),
        }
        lines = [f"HTTP/1.1 {answer.status} As planned", *(f"{k}: {v}" for k, v in headers.items())]
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        self._writer.write(head + answer.body[:sent])
        await self._writer.drain()

    async def _trickle(self, body: bytes) -> None:
        for byte in body:
            self._writer.write(bytes([byte]))
            await self._writer.drain()
            await asyncio.sleep(1)

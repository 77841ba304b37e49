"""The API of another server under the page's own origin.

So the page may ask the server that it came from and no other, and a Hasura needs no leave for
pages of other origins. The proxy adds nothing to a request: who asks is said by the browser.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import httpx
import orjson
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection, Request
    from starlette.routing import BaseRoute
    from starlette.websockets import WebSocket
    from websockets.asyncio.client import ClientConnection

_PROTOCOL = Subprotocol("graphql-transport-ws")
_PATH = "/v1/graphql"
_CONNECT_SECONDS = 10.0
# A query of a large table may take its time.
_TIMEOUT = httpx.Timeout(None, connect=_CONNECT_SECONDS)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# Codes that may stand in no close frame: they say how a connection was lost.
_NOT_SENT = {1005, 1006, 1015}
_LOST = 1011


class Proxy:
    """Hands requests of the page on to an endpoint.

    Args:
        endpoint: The URL of a GraphQL API.
        only_local: Whether the page is for this machine alone. It then refuses names that are not
            this machine's: another site's page may have its own name resolved to 127.0.0.1.
    """

    def __init__(self, endpoint: str, *, only_local: bool) -> None:
        self._endpoint = endpoint
        self._only_local = only_local
        self._http = httpx.AsyncClient(timeout=_TIMEOUT)

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the API, as a Hasura has them."""
        return [
            Route(_PATH, self._post, methods=["POST"]),
            WebSocketRoute(_PATH, self._relay),
        ]

    async def close(self) -> None:
        """Close the connections that are kept open."""
        await self._http.aclose()

    async def _post(self, request: Request) -> Response:
        if not self._may_ask(request):
            return Response(status_code=403)
        sent = self._http.build_request(
            "POST", self._endpoint, content=await request.body(), headers=_forwarded(request)
        )
        try:
            answer = await self._http.send(sent, stream=True)
        except httpx.TransportError as error:
            return _unreachable(self._endpoint, error)
        return StreamingResponse(
            answer.aiter_bytes(),
            status_code=answer.status_code,
            media_type=answer.headers.get("content-type"),
            background=BackgroundTask(answer.aclose),
        )

    async def _relay(self, socket: WebSocket) -> None:
        if not self._may_ask(socket):
            await socket.send_denial_response(Response(status_code=403))
            return
        try:
            upstream = await connect(
                _websocket_url(self._endpoint),
                subprotocols=[_PROTOCOL],
                additional_headers=_forwarded(socket),
                open_timeout=_CONNECT_SECONDS,
                max_size=None,
            )
        except (OSError, WebSocketException, TimeoutError) as error:
            await socket.send_denial_response(_unreachable(self._endpoint, error))
            return
        await socket.accept(upstream.subprotocol)
        async with upstream:
            await _relay(socket, upstream)

    def _may_ask(self, connection: HTTPConnection) -> bool:
        """Refuse pages of other sites, which reach this machine through their reader's browser."""
        host = connection.headers.get("host", "")
        if self._only_local and urlsplit(f"//{host}").hostname not in _LOOPBACK:
            return False
        origin = connection.headers.get("origin")
        return origin is None or urlsplit(origin).netloc == host


async def _relay(socket: WebSocket, upstream: ClientConnection) -> None:
    """Hand messages on in both directions, until one of the two leaves."""
    sending = asyncio.create_task(_send_up(socket, upstream))
    try:
        async for message in upstream:
            await socket.send_text(message if isinstance(message, str) else message.decode())
        await _close(socket, upstream)
    except ConnectionClosed:
        await _close(socket, upstream)
    except WebSocketDisconnect:
        pass  # the browser has left, and its connection to the endpoint ends with this one
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _send_up(socket: WebSocket, upstream: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        try:
            while True:
                await upstream.send(await socket.receive_text())
        except WebSocketDisconnect:
            await upstream.close()


async def _close(socket: WebSocket, upstream: ClientConnection) -> None:
    """Close the browser's connection with the endpoint's own reason."""
    code = upstream.close_code
    # The browser may have left at the same moment.
    with suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(
            _LOST if code is None or code in _NOT_SENT else code, upstream.close_reason
        )


def _forwarded(connection: HTTPConnection) -> dict[str, str]:
    """Return the headers that say who asks."""
    return {
        name: value
        for name, value in connection.headers.items()
        if name.startswith("x-hasura-") or name in {"authorization", "content-type"}
    }


def _websocket_url(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return urlunsplit(parts._replace(scheme="wss" if parts.scheme == "https" else "ws"))


def _unreachable(endpoint: str, error: Exception) -> Response:
    message = f"{_without_secrets(endpoint)} cannot be reached: {error or type(error).__name__}"
    body = {"errors": [{"message": message, "extensions": {"path": "$", "code": "unreachable"}}]}
    return Response(orjson.dumps(body), status_code=502, media_type="application/json")


def _without_secrets(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))

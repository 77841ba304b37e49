"""Opening a websocket to the endpoint, as HTTP requests would reach it, and saying who we are."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from run_logger.errors import EndpointTimeoutError, RunLoggerError
from run_logger.quick_httpx import httpx
from run_logger.subscriptions import messages
from run_logger.subscriptions.faults import error_of_websocket, refused

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Mapping

    from websockets.asyncio.client import ClientConnection

__all__ = ["Dial", "Socket"]

_OPEN_SECONDS = 10.0
_CLOSE_SECONDS = 2.0
_ATTEMPT = "a subscription"


class Dial:
    """Opens websockets to one endpoint.

    Proxies and certificates are those of HTTP requests: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY,
    NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR.

    Args:
        graphql_endpoint: The URL of the API over HTTP.
        endpoint: The same without secrets, for messages.
        headers: The headers of a request; Hasura takes them from the handshake and from the first
            message, and what stands between may pass on only one of them.
    """

    def __init__(self, graphql_endpoint: str, endpoint: str, headers: Mapping[str, str]) -> None:
        self.endpoint = endpoint
        self._url = _websocket_url(graphql_endpoint, headers)
        self._agent = headers.get("user-agent")
        self._headers = {name: text for name, text in headers.items() if name != "user-agent"}
        self._certificates: ssl.SSLContext | None = None

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Socket]:
        """Connect, and stay so for as long as the context lasts.

        Raises:
            RunLoggerError: There is no connection, it is refused, or it breaks meanwhile.
        """
        try:
            connection = await self._connect()
            try:
                socket = Socket(connection, self.endpoint)
                await self._introduce(socket)
                yield socket
            finally:
                await _close(connection)
        except RunLoggerError:
            raise
        except (OSError, WebSocketException, ImportError, ValueError) as error:
            raise error_of_websocket(error, self.endpoint, _ATTEMPT) from error

    def _connect(self) -> connect:
        parts = urlsplit(self._url)
        secure = parts.scheme == "wss"
        if secure and self._certificates is None:
            self._certificates = httpx.create_ssl_context()
        options: dict[str, Any] = {"ssl": self._certificates} if secure else {}
        return _Connect(
            self._url,
            additional_headers=self._headers,
            user_agent_header=self._agent,
            subprotocols=[Subprotocol(messages.SUBPROTOCOL)],
            proxy=_proxy(parts.hostname or "", parts.port, secure=secure),
            open_timeout=_OPEN_SECONDS,
            close_timeout=_CLOSE_SECONDS,
            max_size=None,
            **options,
        )

    async def _introduce(self, socket: Socket) -> None:
        await socket.send(messages.init(self._headers))
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                while not isinstance(await socket.receive(), messages.Ack):
                    pass
        except TimeoutError as error:
            raise EndpointTimeoutError(
                "the websocket opens, and nobody answers on it",
                endpoint=self.endpoint,
                attempt=_ATTEMPT,
            ) from error


async def _close(connection: ClientConnection) -> None:
    try:
        await connection.close()
    finally:
        connection.transport.abort()  # whoever cannot wait leaves no socket open


class Socket:
    """An open websocket, which reads and writes messages; it answers pings by itself."""

    def __init__(self, connection: ClientConnection, endpoint: str) -> None:
        self._connection = connection
        self._endpoint = endpoint

    async def send(self, message: str) -> None:
        """Send a message; a connection that is broken is noticed by who receives."""
        try:
            await self._connection.send(message)
        except ConnectionClosed:
            return

    async def receive(self) -> messages.ServerMessage:
        """Wait for the next message that is more than a sign of life.

        Raises:
            RunLoggerError: The connection is closed, or the server refuses it.
        """
        while True:
            text = await self._connection.recv(decode=True)
            message = messages.read_message(text)
            if isinstance(message, messages.Ping):
                await self.send(messages.pong(message.payload))
            elif isinstance(message, messages.Refusal):
                raise refused(message.problem, self._endpoint, _ATTEMPT)
            else:
                return message


class _Connect(connect):
    """A connection that goes nowhere else, since it carries secrets."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Follow no redirect."""
        return exc


def _websocket_url(graphql_endpoint: str, headers: Mapping[str, str]) -> str:
    try:
        parts = urlsplit(graphql_endpoint)
        scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
        # As over HTTP a token that was given wins over a user name in the URL.
        host = parts.netloc.rpartition("@")[2] if "authorization" in headers else parts.netloc
        return urlunsplit((scheme, host, parts.path or "/", parts.query, ""))
    except ValueError:
        return graphql_endpoint


def _proxy(host: str, port: int | None, *, secure: bool) -> str | None:
    """Return the proxy that a request over HTTP would take."""
    address = f"{host}:{port or (443 if secure else 80)}"
    if proxy_bypass(address):
        return None
    proxies = getproxies()
    return proxies.get("https" if secure else "http") or proxies.get("all")

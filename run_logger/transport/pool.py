"""Pools of HTTP connections, which any number of clients share."""

from __future__ import annotations

import os
import ssl
import weakref
from typing import TYPE_CHECKING, Any

from run_logger.deadline import seconds_left
from run_logger.errors import ConfigError
from run_logger.quick_httpx import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["DEFAULT_TIMEOUT", "AsyncConnectionPool", "ConnectionPool"]

DEFAULT_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
"""Seconds to wait for a connection, and for each further step of a request."""


class ConnectionPool:
    """The HTTP connections of any number of clients; a forked process opens its own.

    Args:
        timeout: Seconds, for the connection and for each further step of a request.
        transport: What httpx sends through instead of the network, such as an in-process app.

    Proxies and certificates are taken from the environment, as httpx does: HTTP_PROXY, HTTPS_PROXY,
    ALL_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR.
    """

    def __init__(
        self,
        timeout: float | httpx.Timeout = DEFAULT_TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._timeout = httpx.Timeout(timeout)
        self._transport = transport
        self._owner = os.getpid()
        self._clients: dict[bool, httpx.Client] = {}
        self._closed = False

    def post(
        self, url: str, content: bytes | Iterable[bytes], headers: Mapping[str, str]
    ) -> httpx.Response:
        """Post a body and read the whole answer; safe to call from any thread.

        Raises:
            ConfigError: A proxy or certificate setting cannot be used.
            httpx.HTTPError: There is no answer; the kind says why.
        """
        return self._client(url).post(
            url,
            content=content,
            headers=dict(headers),
            auth=_auth(headers),
            timeout=_within_the_deadline(self._timeout),
        )

    def close(self) -> None:
        """Close the connections; a request after it is an error."""
        self._closed = True
        for client in self._clients.values():
            client.close()

    def _client(self, url: str) -> httpx.Client:
        if self._owner != os.getpid():
            # The parent's sockets are not ours to write on, nor to close.
            self._owner, self._clients = os.getpid(), {}
        secure = _is_secure(url)
        client = self._clients.get(secure)
        if client is None:
            client = self._clients.setdefault(secure, self._open(secure=secure))
        return client

    def _open(self, *, secure: bool) -> httpx.Client:
        if self._closed:
            raise RuntimeError("the connections of this client are closed")
        try:
            client = httpx.Client(
                timeout=self._timeout, transport=self._transport, verify=_certificates(secure)
            )
        except _BAD_SETTINGS as error:
            raise _bad_settings(error) from error
        # Not at exit: handlers that run later may still have something to send.
        weakref.finalize(self, _close_in, os.getpid(), client).atexit = False
        return client


class AsyncConnectionPool:
    """The HTTP connections of any number of asynchronous clients, in one event loop.

    Args:
        timeout: Seconds, for the connection and for each further step of a request.
        transport: What httpx sends through instead of the network, such as an in-process app.

    Proxies and certificates are taken from the environment, as in `ConnectionPool`.
    """

    def __init__(
        self,
        timeout: float | httpx.Timeout = DEFAULT_TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._timeout = httpx.Timeout(timeout)
        self._transport = transport
        self._clients: dict[bool, httpx.AsyncClient] = {}

    async def post(
        self, url: str, content: bytes | Iterable[bytes], headers: Mapping[str, str]
    ) -> httpx.Response:
        """Post a body and read the whole answer.

        Raises:
            ConfigError: A proxy or certificate setting cannot be used.
            httpx.HTTPError: There is no answer; the kind says why.
        """
        return await self._client(url).post(
            url,
            content=content if isinstance(content, bytes) else b"".join(content),
            headers=dict(headers),
            auth=_auth(headers),
            timeout=_within_the_deadline(self._timeout),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    def _client(self, url: str) -> httpx.AsyncClient:
        secure = _is_secure(url)
        if secure not in self._clients:
            try:
                self._clients[secure] = httpx.AsyncClient(
                    timeout=self._timeout, transport=self._transport, verify=_certificates(secure)
                )
            except _BAD_SETTINGS as error:
                raise _bad_settings(error) from error
        return self._clients[secure]


_BAD_SETTINGS = (ValueError, ImportError, OSError, httpx.InvalidURL)


def _bad_settings(error: Exception) -> ConfigError:
    return ConfigError(
        f"the proxy or certificate settings cannot be used: {error}",
        remedy="Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR.",
    )


def _is_secure(url: str) -> bool:
    return not url.lower().startswith("http:")


def _certificates(secure: bool) -> ssl.SSLContext | bool:
    """Return what checks the server's certificate.

    To load the authorities takes some 30 ms. A connection without TLS needs none: it gets a context
    that knows none, and so would trust nobody.
    """
    return True if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _auth(headers: Mapping[str, str]) -> Any:
    # By itself httpx lets the user name in a URL win over a token that was given.
    return httpx.Auth() if "authorization" in headers else httpx.USE_CLIENT_DEFAULT


def _within_the_deadline(usual: httpx.Timeout) -> httpx.Timeout:
    """Return the timeout of each step, or what `run_logger.deadline` leaves of it."""
    left = seconds_left()
    if left is None:
        return usual
    steps = {
        step: left if most is None else min(most, left) for step, most in usual.as_dict().items()
    }
    return httpx.Timeout(**steps)


def _close_in(owner: int, client: httpx.Client) -> None:
    """Close the connections of a pool that nobody holds any more, unless they are a parent's."""
    if owner == os.getpid():
        client.close()

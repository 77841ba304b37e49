"""The socket that the server listens on, and what reads HTTP from it."""

from __future__ import annotations

import ipaddress
import signal
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn

from run_logger.local.errors import ServeError
from run_logger.local.gathering import GatheringProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from starlette.types import ASGIApp

# What is under way at a stop may take as long, and is cut off then.
_DRAIN_SECONDS = 10
_BACKLOG = 1024
# Most clients give up an idle connection sooner (httpx after 5 s): were it the server, a request
# that is sent at that moment would be lost.
_IDLE_SECONDS = 300
# A slow client of a websocket reads all that was sent before it comes to a ping.
_PONG_SECONDS = 60


class HttpServer(uvicorn.Server):
    """An HTTP server that says when it is ready, and returns when it is told to stop.

    Args:
        app: What it serves.
        on_ready: Called in the server's loop when requests are answered.
    """

    def __init__(self, app: ASGIApp, on_ready: Callable[[HttpServer], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=GatheringProtocol,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # nobody asks who the client is
                timeout_graceful_shutdown=_DRAIN_SECONDS,
                timeout_keep_alive=_IDLE_SECONDS,
                ws="websockets-sansio",
                ws_per_message_deflate=False,  # most clients are on this machine
                ws_ping_timeout=_PONG_SECONDS,
            )
        )
        self._on_ready = on_ready
        self._may_go_on: Callable[[], bool] = lambda: True

    def stop_unless(self, may_go_on: Callable[[], bool]) -> None:
        """Stop as soon as what the server stands on is not there any more.

        Args:
            may_go_on: Tells whether it is, several times a second.
        """
        self._may_go_on = may_go_on

    async def on_tick(self, counter: int) -> bool:
        """Tell uvicorn, which asks ten times a second, whether to stop."""
        return await super().on_tick(counter) or not self._may_go_on()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer on the sockets."""
        await super().startup(sockets)
        self._on_ready(self)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Take signals as a wish to drain and stop.

        uvicorn raises them again when it has stopped, which would leave no time for the database.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {
            number: signal.signal(number, self.handle_exit)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address, so that nobody else can take it.

    Raises:
        ServeError: The address is in use, or not ours to use.
    """
    family, address = _addresses(host, port)[0]
    # With the protocol named, asyncio sends an answer at once; else its second packet waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ServeError(
            f"Cannot listen on port {port} of {host}: {(error.strerror or str(error)).lower()}",
            remedy="Stop what uses it, or give another --port (0 takes one that is free).",
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the URL under which a listening socket is reached from this machine."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def check_exposure(host: str, admin_secret: str | None) -> None:
    """Refuse to be open to other machines without a secret.

    Raises:
        ServeError: The address is none of loopback, and there is no secret.
    """
    if admin_secret:
        return
    addresses = [address[0] for _, address in _addresses(host, 0)]
    if not all(ipaddress.ip_address(address).is_loopback for address in addresses):
        raise ServeError(
            f"{host} can be reached from other machines, and there is no admin secret",
            remedy="Give one with --admin-secret or HASURA_GRAPHQL_ADMIN_SECRET,"
            " or listen on 127.0.0.1.",
        )


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, Any]]:
    """Return what a host and a port stand for, as (family, address) in that family's form."""
    try:
        # Hasura writes all addresses of the machine as a star.
        every = "0.0.0.0" if host == "*" else host  # noqa: S104  only with a secret
        found = socket.getaddrinfo(every, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ServeError(
            f"{host} is no address of this machine: {error.strerror}",
            remedy="Give another --host: 127.0.0.1, or one that hostname -I shows.",
        ) from error
    return [(family, address) for family, *_, address in found]

"""`run-logger web`: the page, beside a proxy of somebody's Hasura."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import uvloop
from starlette.applications import Starlette

from run_logger.local.errors import ServeError
from run_logger.local.http_server import HttpServer, check_exposure, listen, url_of
from run_logger.web.page import page_routes
from run_logger.web.proxy import Proxy

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

_PROBE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Settings:
    """What `run-logger web` is told.

    Args:
        endpoint: The URL of the GraphQL API whose runs the page shows.
        host: The address to listen on.
        port: The port; 0 takes one that is free.
    """

    endpoint: str
    host: str
    port: int


def serve(settings: Settings, on_ready: Callable[[str], None]) -> None:
    """Serve the page until SIGINT or SIGTERM.

    Args:
        settings: What to show, and where.
        on_ready: Called with the page's URL when it answers.

    Raises:
        ServeError: The endpoint is no URL, or would be open to other machines without a secret.
    """
    _check_endpoint(settings.endpoint)
    only_local = _is_local(settings.host)
    if not only_local:
        _check_secret(settings)
    with listen(settings.host, settings.port) as listener:
        url = url_of(listener)
        uvloop.run(run(listener, settings.endpoint, lambda _: on_ready(url), only_local=only_local))


async def run(
    listener: socket.socket,
    endpoint: str,
    on_ready: Callable[[HttpServer], None],
    *,
    only_local: bool = True,
) -> None:
    """Serve the page until the server is told to stop.

    Args:
        listener: The socket to answer on, already listening.
        endpoint: The URL of the GraphQL API.
        on_ready: Called with the server when it answers; `should_exit = True` stops it.
        only_local: Whether the page is for this machine alone.
    """
    proxy = Proxy(endpoint, only_local=only_local)
    app = Starlette(routes=[*proxy.routes(), *page_routes()])
    try:
        await HttpServer(app, on_ready).serve(sockets=[listener])
    finally:
        await proxy.close()


def _check_endpoint(endpoint: str) -> None:
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ServeError(
            f"{endpoint!r} is no URL of a GraphQL API",
            remedy="Write it as https://hasura.example.org/v1/graphql.",
        )


def _is_local(host: str) -> bool:
    try:
        check_exposure(host, None)
    except ServeError:
        return False
    return True


def _check_secret(settings: Settings) -> None:
    """Refuse to hand other machines on to an endpoint that asks nobody for a secret."""
    try:
        answer = httpx.post(
            settings.endpoint, json={"query": "{ __typename }"}, timeout=_PROBE_SECONDS
        ).json()
    except (httpx.HTTPError, ValueError) as error:
        raise ServeError(
            f"It is not known whether the endpoint asks for a secret, since it is away: {error}",
            remedy="Start it first, or listen on 127.0.0.1.",
        ) from error
    if "errors" not in answer:
        raise ServeError(
            f"{settings.host} can be reached from other machines,"
            " and the endpoint asks for no secret",
            remedy="Give the endpoint an admin secret, or listen on 127.0.0.1.",
        )

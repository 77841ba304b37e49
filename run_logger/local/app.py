"""The HTTP face of the server: routes, status codes, headers. It knows no SQL."""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING, Any

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from run_logger.local.endpoint import (
    JSON,
    GraphQLEndpoint,
    errors_body,
    headers_of,
    send_json,
)
from run_logger.local.errors import NO_PERSISTED_QUERIES, HasuraError
from run_logger.local.faults import INTERNAL_ERROR, log_fault

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from run_logger.local.auth import Authenticator
    from run_logger.local.endpoint import Executor
    from run_logger.local.options import Options

# Clients read from it what they may ask for: this is the Hasura whose dialect is spoken here.
DIALECT = "v2.48.3"
_GRAPHQL = "/v1/graphql"
# What stands at no address at all.
_NOWHERE = "/closed"


def create_app(
    engine: Executor,
    authenticator: Authenticator,
    options: Options,
    further: Sequence[BaseRoute] = (),
) -> ASGIApp:
    """Return the application that serves Hasura's HTTP API.

    Args:
        engine: What answers the requests.
        authenticator: What tells who asks.
        options: Which pages may ask, what is told of errors, and which addresses there are.
        further: The routes of websockets and of the administrator's API.
    """
    api = _Api(engine)
    tells = options.tells_internals
    endpoint = GraphQLEndpoint(engine, authenticator, tells)
    with_status = GraphQLEndpoint(engine, authenticator, tells, tells_status=True)
    origins = options.allowed_origins(has_secret=authenticator.has_secret)
    app = Starlette(
        routes=[
            Route(_GRAPHQL, endpoint, methods=["POST"]),
            Route("/v1alpha1/graphql", with_status, methods=["POST"]),
            Route(_GRAPHQL, api.persisted_query, methods=["GET"]),
            Route("/healthz", api.health),
            Route("/hasura/healthz", api.health),
            Route("/v1/version", api.version),
            *further,
        ],
        middleware=[_cors(origins)] if origins else [],
        exception_handlers={
            404: _not_found,
            405: _not_found,
            ClientDisconnect: _gone,
            Exception: _failed,
        },
    )
    return _Front(app, endpoint, options.closed)


class _Api:
    def __init__(self, engine: Executor) -> None:
        self._engine = engine

    async def persisted_query(self, _: Request) -> Response:
        error = HasuraError(NO_PERSISTED_QUERIES, "not-supported")
        return Response(errors_body(error), media_type=JSON)

    async def health(self, request: Request) -> Response:
        if not self._engine.inconsistencies:
            return PlainTextResponse("OK")
        problem = "inconsistent objects in schema"
        if request.query_params.get("strict") == "true":
            return PlainTextResponse(f"ERROR: {problem}", status_code=500)
        return PlainTextResponse(f"WARN: {problem}")

    async def version(self, _: Request) -> Response:
        return _json({"version": DIALECT, "server_type": "ce"}, 200)


class _Front:
    """Hands most GraphQL requests straight to their endpoint, past all that others need.

    Each answer is given the id that its request came with, or a new one. Nothing that goes wrong
    below goes further than here: uvicorn would end the connection without a word, and the client's
    next request on it would be lost.
    """

    def __init__(self, app: ASGIApp, endpoint: ASGIApp, closed: Collection[str]) -> None:
        self._app = app
        self._endpoint = endpoint
        self._closed = closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in self._closed:
            scope = {**scope, "path": _NOWHERE}
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = headers_of(scope)
        answer = _Answer(send, headers.get("x-request-id"))
        # Only pages of other sites name an origin: their answers need further headers.
        is_plain = scope["method"] == "POST" and "origin" not in headers
        app = self._endpoint if is_plain and scope["path"] == _GRAPHQL else self._app
        try:
            await app(scope, receive, answer)
        except Exception as error:  # noqa: BLE001  whatever it is
            log_fault(error)
            if not answer.has_begun:
                await send_json(answer, 500, errors_body(INTERNAL_ERROR))


class _Answer:
    """Sends an answer, with the id of its request.

    Attributes:
        has_begun: Whether some of it was sent.
    """

    def __init__(self, send: Send, request_id: str | None) -> None:
        self._send = send
        self._request_id = request_id
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            id_ = self._request_id or _new_id()
            named = (b"x-request-id", id_.encode("latin-1"))
            message["headers"] = [*message.get("headers", ()), named]
        await self._send(message)


def _new_id() -> str:
    # Nobody has to be kept from guessing it, and the system's own random numbers are slow.
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def _cors(origins: str) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origin_regex=origins,
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        allow_credentials=True,
    )


def _json(value: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(value), status_code=status, media_type=JSON)


async def _not_found(_: Request, __: Exception) -> Response:
    return _json({"path": "$", "error": "resource does not exist", "code": "not-found"}, 404)


async def _gone(_: Request, __: Exception) -> Response:
    """Answer a client that left before its request was whole; nobody reads it."""
    return Response(status_code=400)


async def _failed(_: Request, __: Exception) -> Response:
    """Answer where we are at fault; starlette raises the exception again after this."""
    return Response(errors_body(INTERNAL_ERROR), status_code=500, media_type=JSON)

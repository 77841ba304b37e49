"""The HTTP face of the server: routes, status codes, headers. It knows no SQL."""

from __future__ import annotations

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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from run_logger.local.auth import Authenticator
    from run_logger.local.endpoint import Executor

# Clients read from it what they may ask for: this is the Hasura whose dialect is spoken here.
DIALECT = "v2.48.3"
_GRAPHQL = "/v1/graphql"
_INTERNAL = HasuraError("internal error", "unexpected")


def create_app(
    engine: Executor,
    authenticator: Authenticator,
    further: Sequence[BaseRoute] = (),
    *,
    origins: str = "",
) -> ASGIApp:
    """Return the application that serves Hasura's HTTP API.

    Args:
        engine: What answers the requests.
        authenticator: What tells who asks.
        further: The routes of websockets and of the administrator's API.
        origins: A pattern of the sites whose pages may ask.
    """
    api = _Api(engine)
    endpoint = GraphQLEndpoint(engine, authenticator)
    with_status = GraphQLEndpoint(engine, authenticator, tells_status=True)
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
    return _Front(app, endpoint)


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

    Each answer is given the id that its request came with, or a new one.
    """

    def __init__(self, app: ASGIApp, endpoint: ASGIApp) -> None:
        self._app = app
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = headers_of(scope)
        request_id = headers.get("x-request-id") or str(uuid.uuid4())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = (b"x-request-id", request_id.encode("latin-1"))
                message["headers"] = [*message.get("headers", ()), named]
            await send(message)

        # Only pages of other sites name an origin: their answers need further headers.
        is_plain = scope["method"] == "POST" and "origin" not in headers
        if is_plain and scope["path"] == _GRAPHQL:
            await self._answer(scope, receive, send_with_id)
        else:
            await self._app(scope, receive, send_with_id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._endpoint(scope, receive, send)
        except Exception:
            await send_json(send, 500, errors_body(_INTERNAL))
            raise


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
    """Answer where we are at fault; the server logs the traceback after this."""
    return Response(errors_body(_INTERNAL), status_code=500, media_type=JSON)

"""The HTTP face of the server: routes, status codes, headers. It knows no SQL."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from run_logger.local.auth import LOCAL_ORIGIN, Authenticator, Session
from run_logger.local.body import read_requests
from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Clients read from it what they may ask for: this is the Hasura whose dialect is spoken here.
_DIALECT = "v2.48.3"
_JSON = "application/json; charset=utf-8"
_STATUS = {"access-denied": 401, "postgres-error": 500, "unexpected": 500}


class Executor(Protocol):
    """What answers GraphQL requests."""

    @property
    def inconsistencies(self) -> Sequence[object]:
        """What the metadata names and the database does not have."""
        ...

    async def execute(self, request: Mapping[str, Any], session: Session) -> bytes:
        """Return `{"data": …}`, or raise HasuraError."""
        ...


def create_app(engine: Executor, authenticator: Authenticator) -> Starlette:
    """Return the application that serves Hasura's HTTP API.

    Args:
        engine: What answers the requests.
        authenticator: What tells who asks.
    """
    api = _Api(engine, authenticator)
    return Starlette(
        routes=[
            Route("/v1/graphql", api.graphql, methods=["POST"]),
            Route("/v1alpha1/graphql", api.graphql_with_status, methods=["POST"]),
            Route("/v1/graphql", api.persisted_query, methods=["GET"]),
            Route("/healthz", api.health),
            Route("/hasura/healthz", api.health),
            Route("/v1/version", api.version),
        ],
        middleware=[Middleware(_RequestId), _cors(authenticator)],
        exception_handlers={
            404: _not_found,
            405: _not_found,
            ClientDisconnect: _gone,
            Exception: _failed,
        },
    )


class _Api:
    def __init__(self, engine: Executor, authenticator: Authenticator) -> None:
        self._engine = engine
        self._authenticator = authenticator

    async def graphql(self, request: Request) -> Response:
        """Answer with status 200, errors too."""
        answer, _ = await self._answer_body(request)
        return Response(answer, media_type=_JSON)

    async def graphql_with_status(self, request: Request) -> Response:
        """Answer with the status that the error has."""
        answer, error = await self._answer_body(request)
        status = 200 if error is None else _STATUS.get(error.code, 400)
        return Response(answer, status_code=status, media_type=_JSON)

    async def persisted_query(self, _: Request) -> Response:
        error = HasuraError("Automatic Persisted Queries is not enabled", "not-supported")
        return Response(_errors(error), media_type=_JSON)

    async def health(self, request: Request) -> Response:
        if not self._engine.inconsistencies:
            return PlainTextResponse("OK")
        problem = "inconsistent objects in schema"
        if request.query_params.get("strict") == "true":
            return PlainTextResponse(f"ERROR: {problem}", status_code=500)
        return PlainTextResponse(f"WARN: {problem}")

    async def version(self, _: Request) -> Response:
        return _json({"version": _DIALECT, "server_type": "run-logger"}, 200)

    async def _answer_body(self, request: Request) -> tuple[bytes, HasuraError | None]:
        """Answer a request or a batch; the error is that of the body as a whole."""
        try:
            session = self._authenticator.session(request.headers)
            requests = read_requests(await request.body())
            if not isinstance(requests, list):
                return await self._engine.execute(requests, session), None
        except HasuraError as error:
            return _errors(error), error
        answers = [await self._answer(item, session) for item in requests]
        return b"[" + b",".join(answers) + b"]", None

    async def _answer(self, request: Mapping[str, Any], session: Session) -> bytes:
        try:
            return await self._engine.execute(request, session)
        except HasuraError as error:
            return _errors(error)


class _RequestId:
    """Gives each answer the id that its request came with, or a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = Headers(scope=scope).get("x-request-id") or str(uuid.uuid4())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        await self._app(scope, receive, send_with_id)


def _cors(authenticator: Authenticator) -> Middleware:
    """Let the pages of any site in that present a secret, and local ones where there is none."""
    return Middleware(
        CORSMiddleware,
        allow_origin_regex=".*" if authenticator.has_secret else LOCAL_ORIGIN.pattern,
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        allow_credentials=True,
    )


def _errors(error: HasuraError) -> bytes:
    return orjson.dumps({"errors": [error.as_graphql()]})


def _json(value: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(value), status_code=status, media_type=_JSON)


async def _not_found(_: Request, __: Exception) -> Response:
    return _json({"path": "$", "error": "resource does not exist", "code": "not-found"}, 404)


async def _gone(_: Request, __: Exception) -> Response:
    """Answer a client that left before its request was whole; nobody reads it."""
    return Response(status_code=400)


async def _failed(_: Request, __: Exception) -> Response:
    """Answer where we are at fault; the server logs the traceback after this."""
    error = HasuraError("internal error", "unexpected")
    return Response(_errors(error), status_code=500, media_type=_JSON)

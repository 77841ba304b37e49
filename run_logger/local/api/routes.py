"""The routes of the administrator's API, with what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response
from starlette.routing import Route

from run_logger.local.api.administration import Administration
from run_logger.local.api.explain import explain
from run_logger.local.api.pg_dump import pg_dump
from run_logger.local.auth import ADMIN
from run_logger.local.body import read_json
from run_logger.local.errors import HasuraError, ServeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from run_logger.local.auth import Authenticator, Session
    from run_logger.local.engine import Engine

    _Answer = Callable[[Any, Session], Awaitable[Any]]

_JSON = "application/json; charset=utf-8"
_NOT_ADMIN = HasuraError("You have to be an admin to access this endpoint", "access-denied")
_RESTRICTED = HasuraError("restricted access : admin only", "access-denied", "$.args")


def admin_routes(
    engine: Engine, authenticator: Authenticator, configuration: Mapping[str, Any]
) -> list[Route]:
    """Return the routes that only an administrator may use.

    Args:
        engine: What they show and change.
        authenticator: What tells who asks.
        configuration: What `/v1alpha1/config` answers.
    """
    administration = Administration(engine)

    async def explained(body: Any, _: Session) -> Any:
        return await explain(engine, body)

    async def dumped(body: Any, _: Session) -> Response:
        return Response(await pg_dump(engine, body), media_type="application/sql")

    async def configured(_body: Any, _: Session) -> Any:
        return configuration

    def route(path: str, method: str, answer: _Answer, refusal: HasuraError | None) -> Route:
        endpoint = _Endpoint(authenticator, answer, refusal)
        return Route(path, endpoint.respond, methods=[method])

    return [
        route("/v1/metadata", "POST", administration.answer, _RESTRICTED),
        route("/v2/query", "POST", administration.answer, _RESTRICTED),
        # Here all roles may read and write rows as their permissions say.
        route("/v1/query", "POST", administration.answer, None),
        route("/v1/graphql/explain", "POST", explained, _NOT_ADMIN),
        route("/v1alpha1/pg_dump", "POST", dumped, _RESTRICTED),
        route("/v1alpha1/config", "GET", configured, _NOT_ADMIN),
    ]


class _Endpoint:
    """An endpoint that takes JSON and answers it, or a response, with the status of an error."""

    def __init__(
        self,
        authenticator: Authenticator,
        answer: _Answer,
        refusal: HasuraError | None,
    ) -> None:
        self._authenticator = authenticator
        self._answer = answer
        self._refusal = refusal

    async def respond(self, request: Request) -> Response:
        """Answer who may ask."""
        try:
            session = self._authenticator.session(request.headers)
        except HasuraError as error:
            return _failure(error, 401 if error.code == "access-denied" else 400)
        if session.role != ADMIN and self._refusal is not None:
            return _failure(self._refusal, 400)
        try:
            body = read_json(await request.body()) if request.method == "POST" else None
            answer = await self._answer(body, session)
        except HasuraError as error:
            return _failure(error, 409 if error.code == "conflict" else 400)
        except ServeError as error:
            return _failure(HasuraError(str(error), "parse-failed", "$.args"), 400)
        if isinstance(answer, Response):
            return answer
        return Response(orjson.dumps(answer, default=str), media_type=_JSON)


def _failure(error: HasuraError, status: int) -> Response:
    body = error.as_metadata()
    return Response(orjson.dumps(body, default=str), status_code=status, media_type=_JSON)

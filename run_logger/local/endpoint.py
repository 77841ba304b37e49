"""The endpoint of GraphQL requests over HTTP, straight on ASGI, which costs them the least."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import orjson

from run_logger.local.body import read_requests
from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.types import Receive, Scope, Send

    from run_logger.local.auth import Authenticator, Session

JSON = "application/json; charset=utf-8"
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


class GraphQLEndpoint:
    """An ASGI application that answers requests and batches of them.

    Args:
        engine: What answers the requests.
        authenticator: What tells who asks.
        tells_internals: Tells of a role whether its errors tell what happened in the database.
        tells_status: Whether an answer has the status of its error, and not always 200.
    """

    def __init__(
        self,
        engine: Executor,
        authenticator: Authenticator,
        tells_internals: Callable[[str], bool],
        *,
        tells_status: bool = False,
    ) -> None:
        self._engine = engine
        self._authenticator = authenticator
        self._tells_internals = tells_internals
        self._tells_status = tells_status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, unless the client leaves before its request is whole."""
        body = await _read_body(receive)
        if body is None:
            return
        answer, error = await self._answer_body(headers_of(scope), body)
        status = 200
        if self._tells_status and error is not None:
            status = _STATUS.get(error.code, 400)
        await send_json(send, status, answer)

    async def _answer_body(
        self, headers: Mapping[str, str], body: bytes
    ) -> tuple[bytes, HasuraError | None]:
        """Answer a request or a batch; the error is that of the body as a whole."""
        try:
            session = self._authenticator.session(headers)
            requests = read_requests(body)
        except HasuraError as error:
            return errors_body(error), error
        if not isinstance(requests, list):
            return await self._answer(requests, session)
        answers = [(await self._answer(item, session))[0] for item in requests]
        return b"[" + b",".join(answers) + b"]", None

    async def _answer(
        self, request: Mapping[str, Any], session: Session
    ) -> tuple[bytes, HasuraError | None]:
        try:
            return await self._engine.execute(request, session), None
        except HasuraError as error:
            internals = self._tells_internals(session.role)
            return errors_body(error, with_internals=internals), error


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers of a request, by name in lower case; of equal ones, the first."""
    return {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"][::-1]}


async def send_json(send: Send, status: int, body: bytes) -> None:
    """Send a whole answer."""
    headers = [
        (b"content-type", JSON.encode()),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def errors_body(error: HasuraError, *, with_internals: bool = False) -> bytes:
    """Return the body of an answer that is an error as a whole.

    Args:
        error: The error.
        with_internals: Whether it tells the statement that failed, with its values.
    """
    item = error.as_graphql()
    if not with_internals:
        item["extensions"].pop("internal", None)
    return orjson.dumps({"errors": [item]})


async def _read_body(receive: Receive) -> bytes | None:
    """Return the body of a request, None of a client that left."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)

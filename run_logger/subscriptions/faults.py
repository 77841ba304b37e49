"""What a websocket that does not open, or breaks, means in our tree of errors."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, TypeGuard

import orjson
from websockets import exceptions

from run_logger.answers import error_of_status
from run_logger.errors import (
    AuthenticationError,
    ConfigError,
    EndpointError,
    EndpointTimeoutError,
    NotHasuraError,
    RunLoggerError,
    UnreachableError,
)
from run_logger.quick_httpx import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

    from websockets.http11 import Response

__all__ = ["error_of_websocket", "refused"]

# Hasura closes with them who may not come in: no or a wrong secret, or headers that it cannot read.
_REFUSALS = frozenset({4400, 4401, 4403})

_PROXIES = "Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY."

# The first class that fits decides.
_KINDS: tuple[tuple[type[Exception], type[RunLoggerError], str, str | None], ...] = (
    (TimeoutError, EndpointTimeoutError, "no connection in time", None),
    (exceptions.InvalidURI, EndpointError, "this is no http or https address", None),
    (exceptions.InvalidProxy, ConfigError, "the proxy cannot be used", _PROXIES),
    (ImportError, ConfigError, "the proxy cannot be used", _PROXIES),
    (
        exceptions.ProxyError,
        UnreachableError,
        "the proxy does not let the connection through",
        _PROXIES,
    ),
    (exceptions.InvalidMessage, UnreachableError, "the server broke off the handshake", None),
    (
        exceptions.InvalidHandshake,
        NotHasuraError,
        "this is no websocket of Hasura's GraphQL API",
        None,
    ),
    (exceptions.WebSocketException, UnreachableError, "the connection broke", None),
    (ssl.SSLError, UnreachableError, "no secure connection", None),
    (OSError, UnreachableError, "no connection", None),
)


def error_of_websocket(error: Exception, endpoint: str, attempt: str) -> RunLoggerError:
    """Return the error of our tree for one of websockets', or of the network under it.

    Args:
        error: What was raised.
        endpoint: The endpoint, as messages show it.
        attempt: What was tried.
    """
    if isinstance(error, exceptions.ConnectionClosed):
        return _closed(error, endpoint, attempt)
    if isinstance(error, exceptions.InvalidStatus):
        return _not_upgraded(error.response, endpoint, attempt)
    other = (Exception, NotHasuraError, "what comes on this websocket cannot be read", None)
    fitting = (row for row in _KINDS if isinstance(error, row[0]))
    _, kind, problem, remedy = next(fitting, other)
    detail = f"{problem}: {error}" if str(error) else problem
    return kind(detail, endpoint=endpoint, attempt=attempt, remedy=remedy)


def refused(problem: str, endpoint: str, attempt: str) -> AuthenticationError:
    """Return the error for a server that does not let us in.

    Args:
        problem: What it says.
        endpoint: The endpoint, as messages show it.
        attempt: What was tried.
    """
    return AuthenticationError(
        f"the server refuses the connection: {problem}", endpoint=endpoint, attempt=attempt
    )


def _closed(error: exceptions.ConnectionClosed, endpoint: str, attempt: str) -> RunLoggerError:
    frame = error.rcvd
    if frame is None:
        return UnreachableError("the connection broke", endpoint=endpoint, attempt=attempt)
    said = _reason(frame.reason)
    if frame.code in _REFUSALS:
        return refused(said or str(frame.code), endpoint, attempt)
    why = f"{frame.code}: {said}" if said else str(frame.code)
    return UnreachableError(
        f"the server closed the connection ({why})", endpoint=endpoint, attempt=attempt
    )


def _reason(text: str) -> str:
    """Return the reason of a close frame, which Hasura wraps in an object."""
    try:
        reason: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return str(reason["server_error_msg"]) if _is_wrapped(reason) else text


def _is_wrapped(reason: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(reason, dict) and "server_error_msg" in reason


def _not_upgraded(response: Response, endpoint: str, attempt: str) -> RunLoggerError:
    """Return the error for an HTTP answer in place of a websocket."""
    headers = [
        pair for pair in response.headers.raw_items() if pair[0].lower() != "content-encoding"
    ]
    answer = httpx.Response(
        response.status_code, headers=headers, content=bytes(response.body or b"")
    )
    return error_of_status(answer, endpoint, attempt) or NotHasuraError(
        f"HTTP {answer.status_code} in place of a websocket", endpoint=endpoint, attempt=attempt
    )

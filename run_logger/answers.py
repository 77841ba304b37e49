"""What an HTTP answer, or the lack of one, means: the data, or an error of our tree.

Hasura v2 answers 200 to nearly everything at `/v1/graphql` and says in `extensions.code` what went
wrong; `/v1alpha1/graphql` and whatever stands in front of it use the HTTP status.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeGuard

import orjson

from run_logger.errors import (
    AuthenticationError,
    ContentError,
    EndpointError,
    EndpointTimeoutError,
    ForbiddenError,
    GraphQLError,
    NotHasuraError,
    QueryError,
    RunLoggerError,
    ServerError,
    UnreachableError,
    without_secrets,
)
from run_logger.quick_httpx import httpx
from run_logger.wire import ExactFloat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["error_of_entries", "error_of_httpx", "error_of_status", "read_answer"]

# Hasura's codes, as its source lists them; "not-found" is a session variable that the role needs.
# An action's webhook may answer with a code of its own, which is a GraphQLError like those at last:
# they come from the metadata API, or concern how an endpoint is set up.
_CODES: dict[type[RunLoggerError], frozenset[str]] = {
    AuthenticationError: frozenset(
        {"access-denied", "invalid-headers", "invalid-jwt", "invalid-jwt-key", "not-found"}
        | {"jwt-invalid-claims", "jwt-missing-role-claims"}
    ),
    ContentError: frozenset(
        {"coercion-error", "constraint-violation", "data-exception", "invalid-json"}
        | {"parse-failed", "permission-error"}
    ),
    ServerError: frozenset(
        {"bigquery-error", "busy", "concurrent-update", "connection-not-established"}
        | {"data-connector-error", "mssql-error", "postgres-error"}
        | {"postgres-max-connections-error", "rate-limit-exceeded", "remote-schema-error"}
        | {"time-limit-exceeded", "timeout", "unexpected"}
    ),
    QueryError: frozenset(
        {"bad-request", "constraint-error", "not-supported", "start-failed"}
        | {"unexpected-payload", "validation-failed"}
    ),
    ForbiddenError: frozenset({"permission-denied"}),
    GraphQLError: frozenset(
        {"already-exists", "already-tracked", "already-untracked", "conflict"}
        | {"cyclic-dependency", "dependency-error", "invalid-configuration", "invalid-params"}
        | {"method-not-allowed", "not-exists", "remote-schema-conflicts"}
        | {"template-resolution-failed"}
    ),
}

# Up to 15 digits a float keeps.
_LONG_NUMBER = re.compile(rb"[0-9][0-9.]{15}")

_TRY_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})

# The httpx errors by what they tell the user; the first class that fits decides.
_HTTPX: tuple[tuple[type[Exception], type[EndpointError], str, str | None], ...] = (
    (httpx.ConnectTimeout, EndpointTimeoutError, "no connection in time", None),
    (httpx.TimeoutException, EndpointTimeoutError, "no answer in time", None),
    (
        httpx.ProxyError,
        UnreachableError,
        "the proxy does not let the request through",
        "Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.",
    ),
    (httpx.ConnectError, UnreachableError, "no connection", None),
    (httpx.NetworkError, UnreachableError, "the connection broke", None),
    (httpx.RemoteProtocolError, UnreachableError, "the server broke off its answer", None),
    (httpx.DecodingError, UnreachableError, "the answer came damaged", None),
    (httpx.UnsupportedProtocol, EndpointError, "this is no http or https address", None),
    (httpx.InvalidURL, EndpointError, "this is no URL", None),
)


def error_of_httpx(error: Exception, endpoint: str, attempt: str) -> EndpointError:
    """Return the error of our tree for one of httpx's.

    Args:
        error: What httpx raised.
        endpoint: The endpoint, as messages show it.
        attempt: What was tried.
    """
    other = (Exception, EndpointError, "the request failed", None)
    fitting = (row for row in _HTTPX if isinstance(error, row[0]))
    _, ours, problem, remedy = next(fitting, other)
    detail = f"{problem}: {error}" if str(error) else problem
    return ours(detail, endpoint=endpoint, attempt=attempt, remedy=remedy)


def read_answer(
    response: httpx.Response, endpoint: str, attempt: str, *, exact: bool = False
) -> dict[str, Any]:
    """Return the data of an answer.

    Args:
        response: The answer, read whole.
        endpoint: The endpoint, as messages show it.
        attempt: What was tried.
        exact: Whether numbers keep all their digits: those with a fraction come as `ExactFloat`.

    Raises:
        RunLoggerError: The answer is an error, or is none of Hasura's.
    """
    answer = _json(response.content, exact=exact)
    error = (
        _error_in(answer, response, endpoint, attempt)
        or error_of_status(response, endpoint, attempt)
        or _error_of_shape(answer, response, endpoint, attempt)
    )
    if error:
        raise error
    data: dict[str, Any] = answer["data"]
    return data


def error_of_entries(errors: Sequence[Any], endpoint: str, attempt: str) -> RunLoggerError:
    """Return the error of our tree for the errors of a GraphQL answer that has no HTTP status.

    Args:
        errors: The entries, each with a `message` and perhaps `extensions`; the first one counts.
        endpoint: The endpoint, as messages show it.
        attempt: What was tried.
    """
    first: Any = errors[0] if errors else {"message": "the server sent an error without a word"}
    return _error_of_entry(first, errors, httpx.Response(HTTPStatus.OK), endpoint, attempt)


def _json(content: bytes, *, exact: bool = False) -> Any:
    try:
        if exact and _LONG_NUMBER.search(content):
            return json.loads(content, parse_float=ExactFloat)
        return orjson.loads(content)
    except ValueError:
        return None


def _error_in(
    answer: Any, response: httpx.Response, endpoint: str, attempt: str
) -> RunLoggerError | None:
    """Return the error that the body speaks of: GraphQL's form, or that of Hasura's other APIs."""
    if not _is_object(answer):
        return None
    errors = answer.get("errors")
    if _is_list(errors) and errors and _is_object(errors[0]):
        return _graphql_error(errors, response, endpoint, attempt)
    if isinstance(answer.get("error"), str) and "code" in answer:
        entry = {"message": answer["error"], "extensions": answer}
        return _graphql_error([entry], response, endpoint, attempt)
    return None


def _graphql_error(
    errors: list[Any], response: httpx.Response, endpoint: str, attempt: str
) -> RunLoggerError | None:
    code = _details(errors[0]).get("code")
    if code is None and response.status_code >= HTTPStatus.BAD_REQUEST:
        return None  # not Hasura's own words: the status says more
    if code == "not-found" and response.status_code == HTTPStatus.NOT_FOUND:
        return None  # a wrong path, not a missing session variable
    return _error_of_entry(errors[0], errors, response, endpoint, attempt)


def _error_of_entry(
    entry: Mapping[str, Any],
    errors: Sequence[Any],
    response: httpx.Response,
    endpoint: str,
    attempt: str,
) -> RunLoggerError:
    details = _details(entry)
    code, path = details.get("code"), details.get("path")
    problem = _problem(str(entry.get("message")), path, details)
    kind = _kind(str(code), _sqlstate(details))
    if issubclass(kind, ServerError):
        return kind(
            problem,
            status=response.status_code,
            code=str(code),
            retry_after=_retry_after(response),
            endpoint=endpoint,
            attempt=attempt,
        )
    if issubclass(kind, GraphQLError):
        return kind(
            problem, code=str(code), path=path, errors=errors, endpoint=endpoint, attempt=attempt
        )
    return kind(problem, endpoint=endpoint, attempt=attempt)


def _details(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    extensions: Any = entry.get("extensions")
    return extensions if _is_object(extensions) else {}


def _problem(message: str, path: Any, details: Mapping[str, Any]) -> str:
    """Return the server's message with its place, and what the database said where it is shown."""
    database = _database_error(details).get("message")
    stated = f"{message}: {database}" if database else message
    return f"{stated} (in {path})" if isinstance(path, str) and path != "$" else stated


def _kind(code: str, sqlstate: str) -> type[RunLoggerError]:
    if code == "unexpected" and sqlstate.startswith("42"):
        return QueryError  # an unknown table or column, a missing right: waiting mends nothing
    if code == "unexpected" and sqlstate.startswith("P0"):
        return ContentError  # raised by a trigger or a function
    return next((kind for kind, codes in _CODES.items() if code in codes), GraphQLError)


def _database_error(details: Mapping[str, Any]) -> Mapping[str, Any]:
    internal: Any = details.get("internal")
    error: Any = internal.get("error") if _is_object(internal) else None
    return error if _is_object(error) else {}


def _sqlstate(details: Mapping[str, Any]) -> str:
    return str(_database_error(details).get("status_code") or "")


def error_of_status(response: httpx.Response, endpoint: str, attempt: str) -> RunLoggerError | None:
    """Return the error that the status of an answer speaks of, None for one of success."""
    status = response.status_code
    said = f"HTTP {status} {response.reason_phrase}".strip()
    if response.is_redirect:
        target = without_secrets(response.headers.get("location", ""))
        return NotHasuraError(
            f"{said}: the endpoint moved to {target}",
            endpoint=endpoint,
            attempt=attempt,
            remedy="Use the new address.",
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return AuthenticationError(said, endpoint=endpoint, attempt=attempt)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return ContentError(
            f"{said}: the request is too large", code="http-413", endpoint=endpoint, attempt=attempt
        )
    if response.is_server_error or status in _TRY_LATER:
        after = _retry_after(response)
        return ServerError(
            said, status=status, retry_after=after, endpoint=endpoint, attempt=attempt
        )
    return None if response.is_success else _not_hasura(said, endpoint, attempt)


def _error_of_shape(
    answer: Any, response: httpx.Response, endpoint: str, attempt: str
) -> RunLoggerError | None:
    if _is_object(answer):
        if _is_object(answer.get("data")):
            return None
        return _not_hasura("the answer is JSON, and has no data", endpoint, attempt)
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer is None and media_type.endswith("json"):
        return UnreachableError(
            "the answer breaks off in the middle of its JSON", endpoint=endpoint, attempt=attempt
        )
    what = "a web page" if "html" in media_type else f"no JSON ({media_type or 'no content type'})"
    return _not_hasura(f"the answer is {what}", endpoint, attempt)


def _not_hasura(said: str, endpoint: str, attempt: str) -> NotHasuraError:
    return NotHasuraError(
        f"this is not Hasura's GraphQL API: {said}", endpoint=endpoint, attempt=attempt
    )


def _retry_after(response: httpx.Response) -> float | None:
    """Return the header Retry-After in seconds, from a number or a date; None if unreadable."""
    text = response.headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):  # the second for a figure that no date can have
        return math.nan
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime.now(UTC)).total_seconds()


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_object(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, dict)

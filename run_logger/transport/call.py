"""One request to Hasura, as far as it needs no network: what is sent, and what an answer means.

The synchronous and the asynchronous client share it; each adds how bytes go out and how one waits.
"""

from __future__ import annotations

import random
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from run_logger.answers import error_of_httpx, read_answer
from run_logger.deadline import seconds_left
from run_logger.errors import EndpointTimeoutError, RunLoggerError, ServerError
from run_logger.quick_httpx import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["DEFAULT_RETRIES", "FAILURES", "Call"]

DEFAULT_RETRIES = 2
"""How often a request is sent again that may be."""

LONGEST_PAUSE = 10.0
"""A server that asks for more seconds than that is not waited for: who called decides."""

_FIRST_PAUSE = 0.1
_GROWTH = 4.0

HTTPX_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)

FAILURES = (RunLoggerError, *HTTPX_ERRORS)
"""What `Call.pause_after` takes."""

# Hasura has undone what it began, or has not begun.
_UNDONE = frozenset({"concurrent-update", "postgres-max-connections-error", "rate-limit-exceeded"})


class Call:
    """A request, which may be sent several times.

    What is sent again: a query, when the connection broke or the server could not answer; a
    mutation, only where the server can have done nothing: no connection came about, or it asked to
    come again later (429, 503 with Retry-After, a transaction that it undid). A timeout is final,
    since the caller has said how long to wait.

    Args:
        endpoint: The URL, as messages show it.
        query: The operation's text.
        operation_name: The operation's name, None for a query without one.
        body: What is posted.
        headers: The headers of the request.
        retries: How often it may be sent again.
        exact: Whether the numbers of the answer keep all their digits.
    """

    def __init__(  # noqa: PLR0913  (what a request is made of)
        self,
        endpoint: str,
        query: str,
        operation_name: str | None,
        body: bytes | Iterable[bytes],
        headers: Mapping[str, str],
        retries: int,
        *,
        exact: bool = False,
    ) -> None:
        self.body = body
        self.headers = headers
        self._endpoint = endpoint
        self._attempt = f"the operation {operation_name}" if operation_name else "a query"
        # A text that has the word for another reason is only not sent again.
        self._changes = re.search(r"\bmutation\b", query) is not None
        self._retries = retries
        self._exact = exact
        self._sent = 0

    def data(self, response: httpx.Response) -> dict[str, Any]:
        """Return the data of an answer.

        Raises:
            RunLoggerError: The answer is an error, or is none of Hasura's.
        """
        return read_answer(response, self._endpoint, self._attempt, exact=self._exact)

    def pause_after(self, failure: Exception) -> float:
        """Return how many seconds to wait before the request is sent again.

        Args:
            failure: One of `FAILURES`.

        Raises:
            RunLoggerError: It is not to be sent again; this is why it failed.
        """
        self._sent += 1
        error = self._ours(failure)
        pause = self._pause(error, failure)
        left = seconds_left()
        if pause is None or self._sent > self._retries or (left is not None and pause >= left):
            raise error from (None if error is failure else failure)
        return pause

    def _ours(self, failure: Exception) -> RunLoggerError:
        if isinstance(failure, RunLoggerError):
            return failure
        return error_of_httpx(failure, self._endpoint, self._attempt)

    def _pause(self, error: RunLoggerError, failure: Exception) -> float | None:
        if not error.retryable or isinstance(error, EndpointTimeoutError):
            return None
        if self._changes and not _did_nothing(error, failure):
            return None
        asked = error.retry_after if isinstance(error, ServerError) else None
        if asked is None:
            usual = _FIRST_PAUSE * _GROWTH ** (self._sent - 1)
            return usual * random.uniform(0.5, 1.5)  # noqa: S311  (no secret)
        return asked if asked <= LONGEST_PAUSE else None


def _did_nothing(error: RunLoggerError, failure: Exception) -> bool:
    """Whether the server cannot have done what was asked."""
    if isinstance(failure, httpx.ConnectError):
        return True
    if not isinstance(error, ServerError):
        return False
    asked_later = error.status == HTTPStatus.SERVICE_UNAVAILABLE and error.retry_after is not None
    return asked_later or error.status == HTTPStatus.TOO_MANY_REQUESTS or error.code in _UNDONE

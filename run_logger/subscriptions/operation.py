"""One subscription: what is asked for, where it stands, and what came of it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from run_logger.jsonify import encode
from run_logger.subscriptions.cursor import stream_of
from run_logger.subscriptions.feed import Feed
from run_logger.wire import ExactFloat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from run_logger.errors import RunLoggerError
    from run_logger.subscriptions.messages import Result

__all__ = ["PATIENCE", "Operation"]

PATIENCE = 300.0
"""Seconds of interruption after which an error is raised."""

_WELL = 10.0
"""Seconds after which an operation that was begun again, and has no error, counts as running."""

_MOST_BATCHES = 8
"""A stream whose reader leaves as many batches is stopped until they are taken."""


class Operation:
    """A live query or a stream, across all connections on which it is run.

    Args:
        query: The subscription's text, with the fragments that it uses.
        operation_name: The name of the subscription in it.
        variables: Its variables, as JSON types.
        exact: Whether the numbers of its results keep all their digits.

    Attributes:
        attempt: What messages call it.
        feed: What came of it.
        id: What it is called on the present connection; None while it does not run on one.
        is_stopped: Whether it waits for its reader to catch up.
        times_asked: How often the server was asked for it.

    Raises:
        ConfigError: The stream does not select the column of its cursor.
        QueryError: The text is no subscription that can be read.
    """

    def __init__(
        self,
        query: str,
        operation_name: str,
        variables: Mapping[str, Any],
        *,
        exact: bool = False,
    ) -> None:
        self.attempt: str = f"the subscription {operation_name}"
        self.id: str | None = None
        self.is_stopped = False
        self.times_asked: int = 0
        self._query = query
        self._name = operation_name
        self._variables = dict(variables)
        self._stream = stream_of(query, operation_name, variables)
        self._exact = exact
        self._last = b""
        self._well_since: float | None = None
        self._troubled_since: float | None = None
        self.feed: Feed = Feed(keeps_all=self._stream is not None)

    @property
    def is_full(self) -> bool:
        """Whether its reader has to catch up before more may come."""
        return self._stream is not None and len(self.feed) >= _MOST_BATCHES

    def request(self, now: float) -> bytes:
        """Return what to ask the server for: all of it, or how it goes on."""
        self.times_asked += 1
        self._well_since = now
        query, variables = self._query, self._variables
        if self._stream is not None and self._stream.has_moved:
            query, variables = self._stream.request(variables)
        payload = {"query": query, "operationName": self._name, "variables": variables}
        return encode(payload)

    def receive(self, result: Result) -> None:
        """Take in a result without errors."""
        self._troubled_since = None
        data = result.data or {}
        if self._stream is not None:
            self._stream.advance(data, result.text)
            self.feed.put(self._with_digits(data, result.text))
        elif self._is_news(result):
            self.feed.put(self._with_digits(data, result.text))

    def fail(self, error: RunLoggerError) -> None:
        """Take in an error in place of a result; the next result is news, whatever it is."""
        self._last = b""
        self.feed.put(error)

    def end(self, error: Exception | None = None) -> None:
        """Let nothing come any more, but for the error that ended it."""
        if error is not None:
            self.feed.put(error)
        self.feed.end()

    def interrupted(self, now: float) -> float:
        """Note that it does not run at the moment; return for how many seconds it has not."""
        if self._well_since is not None and now - self._well_since > _WELL:
            self._troubled_since = None
        self._well_since = None
        if self._troubled_since is None:
            self._troubled_since = now
        return now - self._troubled_since

    def _with_digits(self, data: dict[str, Any], text: str) -> dict[str, Any]:
        if not self._exact:
            return data
        exact: dict[str, Any] = json.loads(text, parse_float=ExactFloat)["payload"]["data"]
        return exact

    def _is_news(self, result: Result) -> bool:
        # The id is another one after an interruption.
        told = result.text.replace(f'"id":"{result.id}"', "", 1)
        before, self._last = self._last, hashlib.blake2b(told.encode()).digest()
        return self._last != before

"""The client of a thread: requests that it waits for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from run_logger.transport.base import BaseTransport, text_of
from run_logger.transport.call import DEFAULT_RETRIES, FAILURES
from run_logger.transport.pool import DEFAULT_TIMEOUT, ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    import httpx

    from run_logger.subscriptions.background import Background
    from run_logger.subscriptions.iterators import Subscription
    from run_logger.transport.base import Document, StreamedText
    from run_logger.transport.call import Call

__all__ = ["Transport"]

T = TypeVar("T")


class Transport(BaseTransport):
    """Send operations to one GraphQL endpoint of Hasura's.

    Args:
        graphql_endpoint: The URL of the API, such as `https://host/v1/graphql`.
        headers: Further headers of every request; they win over those of the environment, which are
            listed at `run_logger.headers.request_headers`.
        timeout: Seconds to wait for each step of a request; not used with a `pool`.
        pool: Connections to share with other clients; by default the client has its own.
        retries: How often a request is sent again that may be; `run_logger.transport.call.Call`
            says which.

    Raises:
        ConfigError: A header cannot be used.
    """

    def __init__(
        self,
        graphql_endpoint: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout = DEFAULT_TIMEOUT,
        pool: ConnectionPool | None = None,
        retries: int = DEFAULT_RETRIES,
    ) -> None:
        super().__init__(graphql_endpoint, headers, retries)
        self.pool: ConnectionPool = ConnectionPool(timeout) if pool is None else pool
        self._owns_pool = pool is None
        self._background: Background | None = None

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the client."""
        self.close()

    def close(self) -> None:
        """End the subscriptions, and close the client's own connections; shared ones stay open."""
        if self._background is not None:
            self._background.close()
        if self._owns_pool:
            self.pool.close()

    def execute(
        self, query: str | Document, variable_values: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Run any query or mutation.

        Args:
            query: Its text, or the document that `gql(…)` makes of it.
            variable_values: The variables by name; values become JSON as by `jsonify`.

        Returns:
            The `data` of the answer.

        Raises:
            RunLoggerError: The kind says why; the tree of `run_logger.errors` lists them.
            TypeError: A variable has no JSON form; the message names its path.
        """
        return self._answer(self._call(text_of(query), None, variable_values or {}))

    def send(
        self,
        query: str,
        operation_name: str,
        variables: Mapping[str, object],
        *,
        text: StreamedText | None = None,
        exact: bool = False,
    ) -> dict[str, Any]:
        """Run an operation of a generated client; variables that were not given are left out.

        Args:
            query: The operation's text, with the fragments that it uses.
            operation_name: The name of the operation in it.
            variables: Values by name: what `jsonify` takes, generated inputs, or JSON text as
                `orjson.Fragment`.
            text: A JSON string to be sent where `STREAMED` stands first in the variables, made
                piece by piece meanwhile.
            exact: Whether numbers keep all their digits, as columns of numeric need it.

        Returns:
            The `data` of the answer.

        Raises:
            RunLoggerError: As `execute` does.
            TypeError: As `execute` does.
            OSError: The text cannot be read.
        """
        return self._answer(self._call(query, operation_name, variables, text, exact=exact))

    def subscribe(
        self,
        query: str,
        operation_name: str,
        variables: Mapping[str, object],
        parse: Callable[[dict[str, Any]], T],
        *,
        exact: bool = False,
    ) -> Subscription[T]:
        """Follow a live query or a stream.

        Args:
            query: The subscription's text, with the fragments that it uses.
            operation_name: The name of the subscription in it.
            variables: Values by name, as `send` takes them.
            parse: Makes a result of the `data` of a message.
            exact: Whether numbers keep all their digits, as columns of numeric need it.

        Returns:
            An iterator of the results, which is a context manager; it connects when it is entered
            or asked for the first result.

        Raises:
            ConfigError: The stream does not select the column of its cursor.
            QueryError: The text is no subscription that can be read.
            TypeError: A variable has no JSON form; the message names its path.
        """
        from run_logger.subscriptions.background import Background  # noqa: PLC0415
        from run_logger.subscriptions.iterators import Subscription  # noqa: PLC0415

        operation = self._operation(query, operation_name, variables, exact=exact)
        if self._background is None or not self._background.is_usable:
            self._background = Background(self._dial())
        return Subscription(self._background, operation, parse)

    def _answer(self, call: Call) -> dict[str, Any]:
        while True:
            try:
                return call.data(self.pool.post(self.graphql_endpoint, call.body, call.headers))
            except FAILURES as failure:
                pause = call.pause_after(failure)
            time.sleep(pause)

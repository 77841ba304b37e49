"""The base client under every generated one: GraphQL requests over HTTP, and their answers.

Nothing is sent twice here: who calls knows whether a request may be repeated, and each error says
whether that can help (`retryable`).
"""

from __future__ import annotations

import contextlib
import os
import weakref
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeGuard, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from run_logger.answers import error_of_httpx, read_answer
from run_logger.deadline import seconds_left
from run_logger.errors import ConfigError, SchemaError, without_secrets
from run_logger.headers import request_headers
from run_logger.jsonify import encode, without_nul

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType
    from typing import Self

__all__ = ["DEFAULT_TIMEOUT", "STREAMED", "ConnectionPool", "Document", "Transport"]

DEFAULT_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
"""Seconds to wait for a connection, and for each further step of a request."""

STREAMED = b'"(a text that is streamed)"'
"""What stands in the variables for a text that is made while it is sent."""

ModelT = TypeVar("ModelT", bound=BaseModel)


class Document(Protocol):
    """A parsed query: graphql-core's `DocumentNode`, which `gql(…)` returns."""

    @property
    def definitions(self) -> Any:
        """The operations and fragments."""


class ConnectionPool:
    """The HTTP connections of any number of clients; a forked process opens its own.

    Args:
        timeout: Seconds, for the connection and for each further step of a request.
        transport: What httpx sends through instead of the network, such as an in-process app.

    Proxies and certificates are taken from the environment, as httpx does: HTTP_PROXY, HTTPS_PROXY,
    ALL_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR.
    """

    def __init__(
        self,
        timeout: float | httpx.Timeout = DEFAULT_TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._timeout = timeout
        self._transport = transport
        self._owner = os.getpid()
        self._client = self._open()

    def post(
        self, url: str, content: bytes | Iterable[bytes], headers: Mapping[str, str]
    ) -> httpx.Response:
        """Post a body and read the whole answer; safe to call from any thread."""
        if self._owner != os.getpid():
            # The parent's sockets are not ours to write on, nor to close.
            self._owner, self._client = os.getpid(), self._open()
        # By itself httpx lets the user name in a URL win over a token that was given.
        auth = httpx.Auth() if "authorization" in headers else httpx.USE_CLIENT_DEFAULT
        return self._client.post(
            url, content=content, headers=dict(headers), auth=auth, timeout=self._time_left()
        )

    def close(self) -> None:
        """Close the connections; a request after it is an error."""
        self._client.close()

    def _time_left(self) -> httpx.Timeout:
        """Return the timeout of each step, or what `run_logger.deadline` leaves of it."""
        left = seconds_left()
        usual = self._client.timeout
        if left is None:
            return usual
        steps = {
            step: left if most is None else min(most, left)
            for step, most in usual.as_dict().items()
        }
        return httpx.Timeout(**steps)

    def _open(self) -> httpx.Client:
        try:
            client = httpx.Client(timeout=self._timeout, transport=self._transport)
        except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
            raise ConfigError(
                f"the proxy or certificate settings cannot be used: {error}",
                remedy="Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR.",
            ) from error
        # Not at exit: handlers that run later may still have something to send.
        weakref.finalize(self, _close_in, os.getpid(), client).atexit = False
        return client


def _close_in(owner: int, client: httpx.Client) -> None:
    """Close the connections of a pool that nobody holds any more, unless they are a parent's."""
    if owner == os.getpid():
        client.close()


class Transport:
    """Send operations to one GraphQL endpoint of Hasura's.

    Args:
        graphql_endpoint: The URL of the API, such as `https://host/v1/graphql`.
        headers: Further headers of every request; they win over those of the environment, which are
            listed at `run_logger.headers.request_headers`.
        timeout: Seconds to wait for each step of a request; not used with a `pool`.
        pool: Connections to share with other clients; by default the client has its own.

    Raises:
        ConfigError: A header, a proxy or a certificate setting cannot be used.
    """

    unset: ClassVar[object] = object()
    """The value that stands for "not given" in the generated methods."""

    input_model: ClassVar[type[BaseModel]] = BaseModel
    """The base of the generated inputs, which are sent by their aliases and without defaults."""

    def __init__(
        self,
        graphql_endpoint: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout = DEFAULT_TIMEOUT,
        pool: ConnectionPool | None = None,
    ) -> None:
        self.graphql_endpoint = graphql_endpoint
        self.pool = ConnectionPool(timeout) if pool is None else pool
        self._owns_pool = pool is None
        self._headers = {
            "content-type": "application/json",
            "accept": "application/json",
            "user-agent": f"run-logger/{version('run-logger')}",
            **request_headers(headers or {}, os.environ),
        }

    def __repr__(self) -> str:
        """Show the class and the endpoint, without secrets."""
        return f"{type(self).__name__}({self.endpoint!r})"

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

    @property
    def endpoint(self) -> str:
        """The endpoint without secrets, as messages show it."""
        return without_secrets(self.graphql_endpoint)

    def close(self) -> None:
        """Close the client's own connections; shared ones stay open."""
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
        return self._post(_text(query), None, variable_values or {})

    def send(
        self,
        query: str,
        operation_name: str,
        variables: Mapping[str, object],
        *,
        text: StreamedText | None = None,
    ) -> dict[str, Any]:
        """Run an operation of a generated client; variables that were not given are left out.

        Args:
            query: The operation's text, with the fragments that it uses.
            operation_name: The name of the operation in it.
            variables: Values by name: what `jsonify` takes, generated models, or JSON text as
                `orjson.Fragment`.
            text: A JSON string to be sent where `STREAMED` stands first in the variables, made
                piece by piece meanwhile.

        Returns:
            The `data` of the answer.

        Raises:
            RunLoggerError: As `execute` does.
            TypeError: As `execute` does.
            OSError: The text cannot be read.
        """
        return self._post(query, operation_name, variables, text)

    def parse(self, model: type[ModelT], data: dict[str, Any]) -> ModelT:
        """Return the answer as the generated model of its operation.

        Raises:
            SchemaError: The answer does not fit the schema that the client was generated from.
        """
        try:
            return model.model_validate(data)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(step) for step in first["loc"])
            raise SchemaError(
                f"the answer does not fit the generated client: {place}: {first['msg']}",
                endpoint=self.endpoint,
                attempt=model.__name__,
                remedy="Generate the client again from this endpoint: run-logger generate.",
            ) from error

    def _post(
        self,
        query: str,
        operation_name: str | None,
        variables: Mapping[str, object],
        text: StreamedText | None = None,
    ) -> dict[str, Any]:
        attempt = f"the operation {operation_name}" if operation_name else "a query"
        content = self._body(query, operation_name, variables)
        body: bytes | _StreamedBody = content
        headers = self._headers
        if text is not None:
            body = _StreamedBody(content, text)
            headers = {**headers, "content-length": str(body.size())}
        try:
            response = self.pool.post(self.graphql_endpoint, body, headers)
        except _HTTPX_ERRORS as error:
            raise error_of_httpx(error, self.endpoint, attempt) from error
        return read_answer(response, self.endpoint, attempt)

    def _body(
        self, query: str, operation_name: str | None, variables: Mapping[str, object]
    ) -> bytes:
        payload: dict[str, Any] = {"query": query}
        if operation_name is not None:
            payload["operationName"] = operation_name
        given = {key: value for key, value in variables.items() if value is not self.unset}
        with contextlib.suppress(RecursionError):  # `encode` names the place of a cycle
            given = self._without_inputs(given)
        return without_nul(encode({**payload, "variables": given}))

    def _without_inputs(self, value: Any) -> Any:
        """Return `value` with each generated input as a dict of the fields that were set in it."""
        if isinstance(value, self.input_model):
            return {
                field.alias or name: self._without_inputs(getattr(value, name))
                for name, field in type(value).model_fields.items()
                if name in value.model_fields_set
            }
        if _is_dict(value):
            return {key: self._without_inputs(item) for key, item in value.items()}
        if _is_sequence(value):
            return [self._without_inputs(item) for item in value]
        return value


class StreamedText(Protocol):
    """A JSON string, quotes included, that is made piece by piece; each time anew."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield its pieces."""
        ...

    def __len__(self) -> int:
        """Return its size in bytes."""
        ...


class _StreamedBody:
    """The body of a request with a streamed text in it."""

    def __init__(self, body: bytes, text: StreamedText) -> None:
        self._head, _, self._tail = body.partition(STREAMED)
        self._text = text

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        yield from self._text
        yield self._tail

    def size(self) -> int:
        return len(self._head) + len(self._text) + len(self._tail)


_HTTPX_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)


def _text(query: str | Document) -> str:
    if isinstance(query, str):
        return query
    # gql 4 wraps the document in a request; who has a document has graphql-core.
    document = getattr(query, "document", query)
    from graphql import Node, print_ast  # noqa: PLC0415  (not among the base dependencies)

    if not isinstance(document, Node):
        raise TypeError(f"a query is a str or a document of gql's, not {type(query).__name__}")
    return print_ast(document)


def _is_dict(value: Any) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)


def _is_sequence(value: Any) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    return isinstance(value, (list, tuple))

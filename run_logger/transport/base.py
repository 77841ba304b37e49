"""What the synchronous and the asynchronous client have in common: all but the waiting."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from run_logger.errors import SchemaError, without_secrets
from run_logger.headers import request_headers
from run_logger.jsonify import decode, encode, without_nul
from run_logger.transport.call import Call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel, ValidationError

    from run_logger.subscriptions.dial import Dial
    from run_logger.subscriptions.operation import Operation

__all__ = ["STREAMED", "BaseTransport", "Document", "StreamedText"]

STREAMED = b'"(a text that is streamed)"'
"""What stands in the variables for a text that is made while it is sent."""

ModelT = TypeVar("ModelT", bound="BaseModel")


class Document(Protocol):
    """A parsed query: graphql-core's `DocumentNode`, which `gql(…)` returns."""

    @property
    def definitions(self) -> Any:
        """The operations and fragments."""


class StreamedText(Protocol):
    """A JSON string, quotes included, that is made piece by piece; each time anew."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield its pieces."""
        ...

    def __len__(self) -> int:
        """Return its size in bytes."""
        ...


class BaseTransport:
    """Makes requests to one GraphQL endpoint of Hasura's, and reads answers; it sends nothing.

    Args:
        graphql_endpoint: The URL of the API, such as `https://host/v1/graphql`.
        headers: Further headers of every request; they win over those of the environment, which are
            listed at `run_logger.headers.request_headers`.
        retries: How often a request is sent again that may be; `run_logger.transport.call.Call`
            says which.

    Raises:
        ConfigError: A header cannot be used.
    """

    unset: ClassVar[object] = object()
    """The value that stands for "not given" in the generated methods."""

    def __init__(
        self, graphql_endpoint: str, headers: Mapping[str, str] | None, retries: int
    ) -> None:
        self.graphql_endpoint = graphql_endpoint
        self._retries = retries
        self._sender_headers = {
            "user-agent": f"run-logger/{version('run-logger')}",
            **request_headers(headers or {}, os.environ),
        }
        self._headers = {
            "content-type": "application/json",
            "accept": "application/json",
            **self._sender_headers,
        }

    def __repr__(self) -> str:
        """Show the class and the endpoint, without secrets."""
        return f"{type(self).__name__}({self.endpoint!r})"

    @property
    def endpoint(self) -> str:
        """The endpoint without secrets, as messages show it."""
        return without_secrets(self.graphql_endpoint)

    def parse(self, model: type[ModelT], data: dict[str, Any]) -> ModelT:
        """Return the answer as the generated model of its operation.

        Raises:
            SchemaError: The answer does not fit the schema that the client was generated from.
        """
        try:
            return model.model_validate(data)
        except _validation_error() as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(step) for step in first["loc"])
            raise SchemaError(
                f"the answer does not fit the generated client: {place}: {first['msg']}",
                endpoint=self.endpoint,
                attempt=model.__name__,
                remedy="Generate the client again from this endpoint: run-logger generate.",
            ) from error

    def _call(
        self,
        query: str,
        operation_name: str | None,
        variables: Mapping[str, object],
        text: StreamedText | None = None,
        *,
        exact: bool = False,
    ) -> Call:
        payload: dict[str, Any] = {"query": query}
        if operation_name is not None:
            payload["operationName"] = operation_name
        content = self._encoded({**payload, "variables": self._given(variables)})
        body: bytes | _StreamedBody = content
        headers = self._headers
        if text is not None:
            body = _StreamedBody(content, text)
            headers = {**headers, "content-length": str(body.size())}
        return Call(self.endpoint, query, operation_name, body, headers, self._retries, exact=exact)

    def _operation(
        self, query: str, operation_name: str, variables: Mapping[str, object], *, exact: bool
    ) -> Operation:
        from run_logger.subscriptions.operation import Operation  # noqa: PLC0415  (slow to load)

        # As JSON types, which errors name before anything is sent, and which a stream reads.
        plain = decode(self._encoded(self._given(variables)))
        return Operation(query, operation_name, plain, exact=exact)

    def _dial(self) -> Dial:
        from run_logger.subscriptions.dial import Dial  # noqa: PLC0415  (slow to load)

        return Dial(self.graphql_endpoint, self.endpoint, self._sender_headers)

    def _given(self, variables: Mapping[str, object]) -> dict[str, object]:
        return {key: value for key, value in variables.items() if value is not self.unset}

    def _encoded(self, payload: Mapping[str, object]) -> bytes:
        return without_nul(encode(payload))


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


def text_of(query: str | Document) -> str:
    """Return the text of a query that is given as text or as a document of gql's.

    Raises:
        TypeError: It is neither.
    """
    if isinstance(query, str):
        return query
    # gql 4 wraps the document in a request; who has a document has graphql-core.
    document = getattr(query, "document", query)
    from graphql import Node, print_ast  # noqa: PLC0415  (slow to load, and seldom needed)

    if not isinstance(document, Node):
        raise TypeError(f"a query is a str or a document of gql's, not {type(query).__name__}")
    return print_ast(document)


def _validation_error() -> type[ValidationError]:
    from pydantic import ValidationError  # noqa: PLC0415  (loaded already where there is a model)

    return ValidationError

"""What clients are sent: the same things in two protocols, as Hasura v2 words them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from run_logger.local.errors import HasuraError

# A close frame holds no more.
_LONGEST_REASON = 123


class ConnectionClosing(Exception):  # noqa: N818  not always an error
    """The server ends the connection.

    Args:
        code: The code of the close frame.
        reason: Its reason.
        last_words: A message to be sent before.
    """

    def __init__(self, code: int, reason: str, last_words: str | None = None) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason: str = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
        self.last_words = last_words


class Protocol(ABC):
    """A protocol, as far as the two differ.

    Attributes:
        name: The subprotocol in the handshake.
        result_type: The type of a message that holds a result.
        keep_alive: The message that is a sign of life.
        unready: What ends a connection whose client does not say who it is.
    """

    name: ClassVar[str]
    result_type: ClassVar[str]
    keep_alive: ClassVar[str]
    unready: ClassVar[tuple[int, str]]

    def result(self, id_: str, payload: str) -> str:
        """Return the message with a result: `{"data": …}`, as JSON."""
        return message(self.result_type, id_, payload)

    def poll_failed(self, id_: str, error: HasuraError) -> str:
        """Return the message with the error of a subscription that goes on."""
        return self.result(id_, _json({"data": None, "errors": [_error(error)]}))

    @abstractmethod
    def rejected(self, id_: str, error: HasuraError) -> str:
        """Return the message with the error of an operation that was not run."""

    @abstractmethod
    def failed(self, id_: str, error: HasuraError) -> str:
        """Return the message with the error of a query or mutation that was run."""

    @abstractmethod
    def refusal(self, error: HasuraError) -> ConnectionClosing:
        """Return what ends a connection whose client may not connect."""

    @abstractmethod
    def unreadable(self, error: HasuraError) -> str:
        """Return the message for a client that sent what is no message.

        Raises:
            ConnectionClosing: The protocol ends the connection.
        """

    @abstractmethod
    def after_misuse(self, error: HasuraError) -> None:
        """Say how the protocol goes on when a client starts an operation that it may not start.

        Raises:
            ConnectionClosing: It does not.
        """


class LegacyProtocol(Protocol):
    """The protocol of Apollo's subscriptions-transport-ws."""

    name = "graphql-ws"
    result_type = "data"
    keep_alive = '{"type":"ka"}'
    unready: ClassVar[tuple[int, str]] = (1011, "Connection initialisation timed out")

    def rejected(self, id_: str, error: HasuraError) -> str:
        """Return an error whose payload is an object."""
        return message("error", id_, _json({"errors": [_error(error)]}))

    def failed(self, id_: str, error: HasuraError) -> str:
        """Return a result without data."""
        return self.poll_failed(id_, error)

    def refusal(self, error: HasuraError) -> ConnectionClosing:
        """End it with a last message."""
        return ConnectionClosing(
            4400,
            _reason(f"4400: Connection initialization failed: {error.message}"),
            _connection_error(error.message),
        )

    def unreadable(self, error: HasuraError) -> str:
        """Only say so."""
        return _connection_error(f"parsing ClientMessage failed: {error.message}")

    def after_misuse(self, error: HasuraError) -> None:
        """Go on."""


class TransportProtocol(Protocol):
    """The protocol of the library graphql-ws."""

    name = "graphql-transport-ws"
    result_type = "next"
    keep_alive = '{"type":"ping","payload":{"message":"keepalive"}}'
    unready: ClassVar[tuple[int, str]] = (4408, "Connection initialisation timed out")

    def rejected(self, id_: str, error: HasuraError) -> str:
        """Return an error whose payload is a list."""
        return message("error", id_, _json([_error(error)]))

    def failed(self, id_: str, error: HasuraError) -> str:
        """Return the same as for what was not run."""
        return self.rejected(id_, error)

    def refusal(self, error: HasuraError) -> ConnectionClosing:
        """End it."""
        del error
        return ConnectionClosing(4403, _reason("4403: Forbidden"))

    def unreadable(self, error: HasuraError) -> str:
        """End the connection."""
        problem = f"parsing ClientMessage failed: {error.message}"
        raise ConnectionClosing(4400, _reason(f"4400: {problem}"))

    def after_misuse(self, error: HasuraError) -> None:
        """End the connection, with the code of a normal end, as Hasura does."""
        raise ConnectionClosing(1000, _reason(f"4400: {error.message}"))


def protocol_of(offers: Sequence[str]) -> Protocol:
    """Return the protocol for what a client offers.

    Args:
        offers: The handshake's headers `Sec-WebSocket-Protocol`, each as it stands. As with
            Hasura v2 a list of several protocols, too, means the legacy one.
    """
    if list(offers) == [TransportProtocol.name]:
        return TransportProtocol()
    return LegacyProtocol()


def message(type_: str, id_: str, payload: str | None = None) -> str:
    """Return a message about an operation.

    Args:
        type_: Its type.
        id_: The operation.
        payload: JSON, where there is any.
    """
    rest = "" if payload is None else f',"payload":{payload}'
    return f'{{"type":"{type_}","id":{_json(id_)}{rest}}}'


def pong(payload: Any) -> str:
    """Return the answer to a ping with its payload, None where there is none."""
    return _json({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})


def misuse(id_: str, error: HasuraError) -> str:
    """Return the message for a client that starts an operation that it may not start."""
    return message("error", id_, _json(_error(error)))


def _connection_error(problem: str) -> str:
    return _json({"type": "connection_error", "payload": problem})


def _error(error: HasuraError) -> dict[str, Any]:
    """Return an error without what only an administrator sees, as Hasura does on websockets."""
    return {"message": error.message, "extensions": {"path": error.path, "code": error.code}}


def _reason(problem: str) -> str:
    return _json({"server_error_msg": problem})


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()

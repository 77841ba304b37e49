"""What clients send, in either protocol: Hasura v2 understands each message in both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from run_logger.local.body import read_json
from run_logger.local.errors import HasuraError
from run_logger.local.metadata import as_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Init:
    """Says who connects.

    Attributes:
        headers: What would be headers of a request over HTTP, by name in lower case.
    """

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Start:
    """Begins an operation; `request` is as over HTTP."""

    id: str
    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stop:
    """Ends an operation."""

    id: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks for a sign of life; `payload` is None where there is none."""

    payload: Any


@dataclass(frozen=True, slots=True)
class Pong:
    """Answers ours."""


@dataclass(frozen=True, slots=True)
class Terminate:
    """Asks for the end of the connection."""


ClientMessage: TypeAlias = Init | Start | Stop | Ping | Pong | Terminate


def read_message(data: bytes) -> ClientMessage:
    """Read a message of a client.

    Raises:
        HasuraError: It is none; the message says why.
    """
    message = _object(read_json(data), "$")
    kind = message.get("type")
    match kind:
        case "connection_init":
            return Init(_headers(message))
        case "start" | "subscribe":
            return Start(_id(message), _object(message.get("payload"), "$.payload"))
        case "stop" | "complete":
            return Stop(_id(message))
        case "ping":
            return Ping(message.get("payload"))
        case "pong":
            return Pong()
        case "connection_terminate":
            return Terminate()
        case _:
            raise _unreadable("$", f"unexpected type for ClientMessage: {kind}")


def _headers(message: Mapping[str, Any]) -> dict[str, str]:
    payload = _object(message.get("payload") or {}, "$.payload")
    headers = _object(payload.get("headers") or {}, "$.payload.headers")
    for name, value in headers.items():
        if not isinstance(value, str):
            raise _unreadable(f"$.payload.headers.{name}", "expected a string")
    return {name.lower(): value for name, value in headers.items()}


def _id(message: Mapping[str, Any]) -> str:
    id_ = message.get("id")
    if isinstance(id_, str):
        return id_
    raise _unreadable("$.id", "expected a string" if id_ is not None else 'key "id" not found')


def _object(value: Any, path: str) -> Mapping[str, Any]:
    mapping = as_mapping(value)
    if mapping is None:
        raise _unreadable(path, "expected an object")
    return mapping


def _unreadable(path: str, problem: str) -> HasuraError:
    return HasuraError(f"Error in {path}: {problem}", "parse-failed", path)

"""The messages of the protocol graphql-transport-ws, as Hasura v2 uses it: no network here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

SUBPROTOCOL = "graphql-transport-ws"


@dataclass(frozen=True, slots=True)
class Ack:
    """The server lets us in."""


@dataclass(frozen=True, slots=True)
class Result:
    """News of an operation.

    Attributes:
        id: The operation.
        data: The data; None where there are only errors.
        errors: What went wrong in this poll; the operation goes on.
        text: The message as it came, which has numbers with all their digits.
    """

    id: str
    data: dict[str, Any] | None
    errors: list[Any]
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An operation was refused, or has failed for good."""

    id: str
    errors: list[Any]


@dataclass(frozen=True, slots=True)
class Complete:
    """An operation has ended."""

    id: str


@dataclass(frozen=True, slots=True)
class Ping:
    """The server asks for a sign of life."""

    payload: Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server does not let us in; `problem` is its text."""

    problem: str


@dataclass(frozen=True, slots=True)
class Other:
    """What needs no answer: a pong, or a message of a later version of the protocol."""


ServerMessage: TypeAlias = Ack | Result | Failure | Complete | Ping | Refusal | Other


def init(headers: Mapping[str, str]) -> str:
    """Return the message that says who we are."""
    return _json({"type": "connection_init", "payload": {"headers": dict(headers)}})


def subscribe(id_: str, request: bytes) -> str:
    """Return the message that begins an operation; `request` is JSON, as over HTTP."""
    return _json({"type": "subscribe", "id": id_, "payload": orjson.Fragment(request)})


def complete(id_: str) -> str:
    """Return the message that ends an operation."""
    return _json({"type": "complete", "id": id_})


def pong(payload: Any) -> str:
    """Return the answer to a ping, with its payload if it has one."""
    return _json({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})


def read_message(text: str) -> ServerMessage:
    """Read a message of the server's.

    Raises:
        ValueError: It is no JSON object.
    """
    message: Any = orjson.loads(text)
    if not _is_object(message):
        raise ValueError("the message is no JSON object")
    payload, id_ = message.get("payload"), str(message.get("id"))
    match message.get("type"):
        case "next":
            return _result(id_, payload, text)
        case "error":
            return Failure(id_, _errors(payload))
        case "complete":
            return Complete(id_)
        case kind:
            return _about_the_connection(kind, payload)


def _about_the_connection(kind: Any, payload: Any) -> ServerMessage:
    match kind:
        case "connection_ack":
            return Ack()
        case "ping":
            return Ping(payload)
        case "connection_error":
            return Refusal(_problem(payload))
        case _:
            return Other()


def _result(id_: str, payload: Any, text: str) -> Result:
    given: Mapping[str, Any] = payload if _is_object(payload) else {}
    data, failed = given.get("data"), given.get("errors")
    errors = _errors(failed) if failed else []
    if not _is_object(data) and not errors:
        errors = [{"message": "the server sent a result without data"}]
    return Result(id_, dict(data) if _is_object(data) else None, errors, text)


def _errors(payload: Any) -> list[Any]:
    """Return the errors of a payload: the list itself, one error alone, or a list in an object."""
    if isinstance(payload, list):
        found: list[Any] = [*payload]
    elif _is_object(payload) and "errors" in payload:
        return _errors(payload["errors"])
    else:
        found = [payload]
    return [entry if _is_object(entry) else {"message": str(entry)} for entry in found]


def _problem(payload: Any) -> str:
    """Return the text of a refusal, whose payload is a text or an object around one."""
    if _is_object(payload):
        return str(payload.get("message") or payload.get("error") or dict(payload))
    return str(payload)


def _is_object(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, dict)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()

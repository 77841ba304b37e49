"""The faults that a network and a server can have, and seeded orders of them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Self

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ANSWERS", "Answer", "Fault", "deck"]


class Fault(StrEnum):
    """What becomes of one request."""

    PASS = auto()
    REFUSE = auto()
    """The connection is reset before the request is read."""
    CUT_REQUEST = auto()
    """Half of the request is read."""
    STALL = auto()
    """The request is read, goes nowhere, and is never answered."""
    LOSE_ANSWER = auto()
    """The server answers, and the connection is reset before the client hears of it."""
    STALL_ANSWER = auto()
    """The server answers, and the client never hears of it."""
    CUT_ANSWER = auto()
    """Half of the answer arrives."""
    SLOW_ANSWER = auto()
    """The answer arrives at one byte a second."""
    TRUNCATED_JSON = auto()
    """Half of the answer arrives, and looks whole to HTTP."""
    STATUS_408 = auto()
    STATUS_413 = auto()
    STATUS_429 = auto()
    STATUS_429_WITH_DATE = auto()
    STATUS_429_WITH_NONSENSE = auto()
    STATUS_500 = auto()
    STATUS_502 = auto()
    STATUS_503 = auto()
    STATUS_504_AFTER_ALL = auto()
    """A gateway gives up on a request that the server carries out."""
    HTML = auto()
    """A page of somebody else's, with status 200."""
    UNEXPECTED = auto()
    """A GraphQL error of the server's, with status 200."""
    DENIED = auto()
    """A GraphQL error about permissions, with status 200."""
    REFUSED_CONTENT = auto()
    """A GraphQL error about the values, with status 200."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that no server gave; its headers are names and values."""

    status: int
    body: bytes = b""
    content_type: str = "text/html"
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def asking_to_wait(cls, status: int, retry_after: str) -> Self:
        """Return one that says when to come back."""
        return cls(status, headers=(("retry-after", retry_after),))


def _graphql_error(code: str, message: str) -> Answer:
    error = {"message": message, "extensions": {"path": "$", "code": code}}
    return Answer(200, orjson.dumps({"errors": [error]}), "application/json")


_PAGE = b"<html><body><h1>Sign in to the network</h1></body></html>"

ANSWERS = {
    Fault.STATUS_408: Answer(408),
    Fault.STATUS_413: Answer(413, b"<h1>413 Request Entity Too Large</h1>"),
    Fault.STATUS_429: Answer.asking_to_wait(429, "1"),
    Fault.STATUS_429_WITH_DATE: Answer.asking_to_wait(429, "Sun, 06 Nov 1994 08:49:37 GMT"),
    Fault.STATUS_429_WITH_NONSENSE: Answer.asking_to_wait(429, "-soon"),
    Fault.STATUS_500: Answer(500, _PAGE),
    Fault.STATUS_502: Answer(502, _PAGE),
    Fault.STATUS_503: Answer.asking_to_wait(503, "0"),
    Fault.HTML: Answer(200, _PAGE),
    Fault.UNEXPECTED: _graphql_error("unexpected", "database query error"),
    Fault.DENIED: _graphql_error("access-denied", "invalid x-hasura-admin-secret"),
    Fault.REFUSED_CONTENT: _graphql_error("data-exception", "out of range"),
}
"""What is answered in place of the server, which never sees the request."""


def deck(seed: int, faults: Sequence[Fault], passes: int) -> Iterator[Fault]:
    """Deal faults for ever: each exactly once in every round, in a random order.

    Args:
        seed: Decides the order.
        faults: The faults of a round.
        passes: How many requests of a round go through.
    """
    rng = random.Random(seed)  # noqa: S311  (no secret depends on it)
    while True:
        cards = [*faults, *[Fault.PASS] * passes]
        rng.shuffle(cards)
        yield from cards

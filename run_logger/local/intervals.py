"""How often things happen that nobody asks for: polls of subscriptions, signs of life."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from run_logger.local.errors import ServeError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Hasura's environment variables, with what their unit is in seconds.
_VARIABLES = {
    "live_query": ("HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL", 0.001),
    "stream": ("HASURA_GRAPHQL_STREAMING_QUERIES_MULTIPLEXED_REFETCH_INTERVAL", 0.001),
    "keep_alive": ("HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE", 1.0),
    "connection_init": ("HASURA_GRAPHQL_WEBSOCKET_CONNECTION_INIT_TIMEOUT", 1.0),
}


@dataclass(frozen=True, slots=True)
class Intervals:
    """Times in seconds; the defaults are Hasura's.

    Attributes:
        live_query: Between two polls of a live query.
        stream: Between two polls of a streaming subscription.
        keep_alive: Between two signs of life on a websocket.
        connection_init: How long a new websocket may take to say who it is.
    """

    live_query: float = 1.0
    stream: float = 1.0
    keep_alive: float = 5.0
    connection_init: float = 3.0


def read_intervals(environment: Mapping[str, str]) -> Intervals:
    """Read the intervals from Hasura's environment variables.

    Raises:
        ServeError: One of them is no positive number.
    """
    given = {
        field.name: _seconds(environment, *_VARIABLES[field.name]) for field in fields(Intervals)
    }
    return Intervals(**{name: value for name, value in given.items() if value is not None})


def _seconds(environment: Mapping[str, str], variable: str, unit: float) -> float | None:
    text = environment.get(variable)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not int(text):
        name = "seconds" if unit == 1 else "milliseconds"
        raise ServeError(
            f"{variable} is {text!r}", remedy=f"Give a whole number of {name}, 1 or more."
        )
    return int(text) * unit

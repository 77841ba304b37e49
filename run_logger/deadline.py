"""A bound on the time of requests, for callers that may not wait as long as the client would."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["seconds_left", "within"]

_end: ContextVar[float | None] = ContextVar("end", default=None)


@contextmanager
def within(seconds: float | None) -> Generator[None]:
    """Let no step of a request that this thread makes meanwhile last longer than is left.

    Args:
        seconds: The bound from now on; None sets none.
    """
    token = _end.set(None if seconds is None else time.monotonic() + seconds)
    try:
        yield
    finally:
        _end.reset(token)


def seconds_left() -> float | None:
    """Return the seconds that are left of the bound, never none at all; None without a bound."""
    end = _end.get()
    return None if end is None else max(end - time.monotonic(), 0.005)

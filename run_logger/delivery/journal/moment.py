"""The time of a record, as text."""

from __future__ import annotations

import time

__all__ = ["logged_at", "now"]

# The digits of the second that it was last and its text, so that most records only add a fraction.
_second: tuple[str, str] = ("", "")

# From when to when, in seconds since 1970, records share one time, and how their lines end.
_shared: tuple[float, float, bytes] = (0.0, 0.0, b"")

_SHARED_SECONDS = 0.001


def now() -> str:
    """Return this moment in UTC, in ISO 8601 with microseconds."""
    global _second  # noqa: PLW0603  (replaced as a whole: threads may share it)
    digits = str(time.time_ns())
    known, text = _second
    if digits[:-9] != known:
        text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(int(digits[:-9])))
        _second = (digits[:-9], text)
    return text + digits[-9:-3] + "+00:00"


def logged_at() -> bytes:
    """Return how the line of a record ends, with the time; within a millisecond it is the same."""
    global _shared  # noqa: PLW0603  (replaced as a whole, as above)
    moment = time.time()
    start, end, text = _shared
    if not start <= moment < end:  # the clock may have been set back
        text = b',"logged_at":"%b"}\n' % now().encode()
        _shared = (moment, moment + _SHARED_SECONDS, text)
    return text

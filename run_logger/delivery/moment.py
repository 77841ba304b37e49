"""The time of a record, as text."""

from __future__ import annotations

import time

__all__ = ["logged_at", "now"]

# The digits of the second that it was last and its text, so that most records only add a fraction.
_second: tuple[str, str] = ("", "")

# The millisecond of the last record, and how its line ends.
_millisecond: tuple[int, bytes] = (0, b"")


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
    global _millisecond  # noqa: PLW0603  (replaced as a whole, as above)
    millisecond = time.time_ns() // 1_000_000
    known, end = _millisecond
    if millisecond != known:
        end = b',"logged_at":"%b"}\n' % now().encode()
        _millisecond = (millisecond, end)
    return end

"""How long ago something was, in words."""

from __future__ import annotations

from datetime import UTC, datetime


def age(moment: datetime | None) -> str:
    """Say how long ago a moment was, in the largest unit that has passed; "" for None."""
    if moment is None:
        return ""
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return "now"

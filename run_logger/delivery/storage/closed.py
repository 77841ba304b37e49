"""What a journal says after its end."""

from __future__ import annotations

__all__ = ["JournalClosedError"]


class JournalClosedError(Exception):
    """The journal has ended meanwhile: the record is not in it, and belongs into another one."""

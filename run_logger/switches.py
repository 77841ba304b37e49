"""Switches in the environment."""

from __future__ import annotations

__all__ = ["is_off"]


def is_off(text: str) -> bool:
    """Return whether the value of a variable says no: what is empty, 0, no, false or off does."""
    return text.lower() in ("", "0", "no", "false", "off")

"""How messages name a place inside a nested value: `metrics.images[2]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["json_path"]


def json_path(steps: Iterable[object]) -> str:
    """Return the steps from the root to a place as text.

    Args:
        steps: An int for a place in a list, anything else for a key of a mapping.

    Returns:
        `metrics.images[2]`; a key that is no identifier stands as `["the key"]`. "" for the root.
    """
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif isinstance(step, str) and step.isidentifier():
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text

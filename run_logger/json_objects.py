"""JSON values of an unknown sort, taken as the sort that is wanted."""

from __future__ import annotations

from typing import Any, TypeGuard

__all__ = ["as_list", "as_object", "is_list", "is_object"]


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Tell whether a JSON value is an array."""
    return isinstance(value, list)


def as_object(value: object) -> dict[str, Any]:
    """Return a JSON object as it is, and an empty one for any other value."""
    return value if is_object(value) else {}


def as_list(value: object) -> list[Any]:
    """Return a JSON array as it is, and an empty one for any other value."""
    return value if is_list(value) else []

"""What a run's metadata say, as far as their keys have a meaning here."""

from __future__ import annotations

from typing import Any

import orjson

from run_logger.json_objects import as_list, as_object


def name_of(metadata: Any) -> str:
    """Return the run's name, "" if it has none."""
    return str(as_object(metadata).get("name") or "")


def parameters_of(metadata: Any) -> dict[str, Any]:
    """Return the run's parameters, empty if it stored none."""
    return as_object(as_object(metadata).get("parameters"))


def sources_of(metadata: Any) -> dict[str, Any]:
    """Return where each parameter came from: default, config, sweep or load."""
    return as_object(as_object(metadata).get("parameter_sources"))


def tags_of(metadata: Any) -> list[str]:
    """Return the run's tags."""
    return [str(tag) for tag in as_list(as_object(metadata).get("tags"))]


def short(value: Any) -> str:
    """Return a value as a table shows it: a string bare, anything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()

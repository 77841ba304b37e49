"""What of the metadata does not fit the database, as the API reports and removes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from run_logger.local.metadata import served_source, table_name
from run_logger.local.project import is_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from run_logger.local.catalog import Name
    from run_logger.local.model import Inconsistency

_SELECT_DEFAULTS: dict[str, Any] = {"allow_aggregations": False, "computed_fields": []}
_KINDS = {"object_relationship": "object_relation", "array_relationship": "array_relation"}
# What a part of a table's metadata is called in the reason, and which member names it.
_PARTS = {
    "object_relationship": ("relationship", "name"),
    "array_relationship": ("relationship", "name"),
    "computed_field": ("computed field", "name"),
}


def as_json(items: Iterable[Inconsistency], source: str) -> list[dict[str, Any]]:
    """Return inconsistencies as `get_inconsistent_metadata` lists them.

    Args:
        items: What does not fit.
        source: The name of the source that it is in.
    """
    return [
        {
            "definition": _definition(item, source),
            "name": f"{describe(item)} in source {source}",
            "reason": reason(item),
            "type": _KINDS.get(item.kind, item.kind),
        }
        for item in items
    ]


def reason(item: Inconsistency) -> str:
    """Return why a part of the metadata is inconsistent, with where it stands."""
    return f"Inconsistent object: {_context(item)}{item.reason}"


def _context(item: Inconsistency) -> str:
    if item.kind == "function":
        return f'in function "{item.name}": '
    if item.body is None or item.entry is None:
        return ""
    part, key = _PARTS.get(item.kind, ("permission for role", "role"))
    return f'in table "{item.entry}": in {part} "{item.body.get(key)}": '


def describe(item: Inconsistency) -> str:
    """Return what an inconsistency is about: `object_relation author in table article`."""
    kind = _KINDS.get(item.kind, item.kind)
    if item.body is None or item.entry is None:
        return f"{kind} {item.name}"
    name = item.body.get("name") or item.body.get("role")
    return f"{kind} {name} in table {item.entry}"


def remove(document: dict[str, Any], items: Iterable[Inconsistency]) -> bool:
    """Take inconsistent parts out of the metadata.

    Args:
        document: The metadata, which are changed.
        items: What does not fit.

    Returns:
        Whether anything was taken out.
    """
    source = served_source(document)
    removed = [_remove(source, item) for item in items if source is not None]
    return any(removed)


def _definition(item: Inconsistency, source: str) -> Any:
    if item.entry is None:
        return item.name
    table = {"schema": item.entry.schema, "name": item.entry.name}
    if item.body is None:
        return table
    definition = {"comment": None, **item.body, "table": table, "source": source}
    if item.kind == "select_permission":
        definition["permission"] = {**_SELECT_DEFAULTS, **(item.body.get("permission") or {})}
    return definition


def _remove(source: Mapping[str, Any], item: Inconsistency) -> bool:
    if item.entry is None:
        return False
    if item.body is None:
        return _remove_entry(source, item.kind, item.entry)
    entries = (*(source.get("tables") or ()), *(source.get("functions") or ()))
    lists = [
        parts
        for entry in entries
        if table_name(entry.get("table") or entry.get("function")) == item.entry
        for parts in entry.values()
        if is_list(parts) and item.body in parts
    ]
    for parts in lists:
        parts.remove(item.body)
    return bool(lists)


def _remove_entry(source: Mapping[str, Any], kind: str, name: Name) -> bool:
    entries: list[Any] = source.get(f"{kind}s") or []
    kept = [entry for entry in entries if table_name(entry[kind]) != name]
    removed = len(kept) < len(entries)
    entries[:] = kept
    return removed

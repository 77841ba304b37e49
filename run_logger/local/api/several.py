"""`pg_track_tables` and `pg_untrack_tables`: what fails of them is a warning, as with Hasura v2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from run_logger.local.api.edits import EDITS, Subject, required
from run_logger.local.errors import HasuraError
from run_logger.local.metadata import as_mapping, table_name
from run_logger.local.project import is_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from run_logger.local.api.change import Change


async def track_several(change: Change, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Track or untrack tables, each on its own.

    Args:
        change: What is shown, which is changed.
        name: What is done with each: `track_table` or `untrack_table`.
        args: `tables`, a list of what the command for one takes, and where given `source` (of all)
            and `allow_warnings`.

    Returns:
        The success, with a warning for every table that failed, if one has.

    Raises:
        HasuraError: All have failed, or one has that must not.
    """
    items = _items(args)
    warnings = await _all(change, name, items)
    if warnings and len(warnings) == len(items):
        verb = name.removesuffix("_table")
        message = f"all tables failed to {verb}"
        raise HasuraError(message, "invalid-configuration", "$.args", warnings)
    if warnings and args.get("allow_warnings") is False:
        message = "failed due to metadata warnings"
        raise HasuraError(message, "metadata-warnings", "$.args", warnings)
    success: dict[str, Any] = {"message": "success"}
    return success | {"warnings": warnings} if warnings else success


def _items(args: Mapping[str, Any]) -> list[dict[str, Any]]:
    given: Any = required(args, "tables")
    shared = {key: args[key] for key in ("source", "cascade") if args.get(key) is not None}
    items = [as_mapping(item) for item in given] if is_list(given) else [None]
    if None in items:
        message = "parsing failed, expected a list of objects"
        raise HasuraError(message, "parse-failed", "$.args.tables")
    objects = [{**shared, **item} for item in items if item is not None]
    for item in objects:
        required(item, "table")
    return objects


async def _all(change: Change, name: str, items: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Do it with all at once, or where they do not fit one by one; return the warnings."""
    document = change.document
    fitting: list[dict[str, Any]] = []
    warnings: list[dict[str, str]] = []
    for item in items:
        try:
            EDITS[name](document, item)
        except HasuraError as error:
            warnings.append(_warning(name, item, error.message))
        else:
            fitting.append(item)
    try:
        await _put(change, document, Subject(), fitting)
    except HasuraError:
        # Of hundreds of tables it would take long to look at each anew where all are well.
        misfits = [await _one(change, name, item) for item in fitting]
        warnings += [warning for warning in misfits if warning is not None]
    return warnings


async def _one(change: Change, name: str, item: dict[str, Any]) -> dict[str, str] | None:
    """Track or untrack a table; return the warning if it does not fit."""
    document = change.document
    try:
        await _put(change, document, EDITS[name](document, item), [item])
    except HasuraError as error:
        return _warning(name, item, error.message)
    return None


async def _put(
    change: Change, document: dict[str, Any], subject: Subject, items: list[dict[str, Any]]
) -> None:
    async with change.attempt():
        cascade = any(item.get("cascade") for item in items)
        await change.edit(document, subject, cascade=cascade)


def _warning(name: str, item: dict[str, Any], message: str) -> dict[str, str]:
    return {
        "code": f"{name.replace('_', '-')}-failed",
        "message": message,
        "name": f"table {table_name(item['table'])} in source {item.get('source') or 'default'}",
        "type": "table",
    }

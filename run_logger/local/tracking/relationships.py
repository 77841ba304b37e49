"""Relationships, from foreign keys or written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from run_logger.local.metadata import table_name
from run_logger.local.model import Relationship
from run_logger.local.tracking.context import Inconsistent

if TYPE_CHECKING:
    from run_logger.local.catalog import ForeignKey, Name, Table
    from run_logger.local.tracking.context import Context


def object_relationship(context: Context, table: Table, body: dict[str, Any]) -> Relationship:
    """Make an object relationship of a table.

    Raises:
        Inconsistent: Its table is not tracked, or no foreign key has its columns.
    """
    using: dict[str, Any] = body["using"]
    if "manual_configuration" in using:
        return _manual(context, table, body, "object")
    constraint = using["foreign_key_constraint_on"]
    if isinstance(constraint, dict):
        return _reverse(context, table, body, "object")
    key = _foreign_key(table, _names(constraint))
    context.table(key.target)
    return Relationship(
        name=body["name"],
        kind="object",
        target=key.target,
        columns=tuple(zip(key.columns, key.target_columns, strict=True)),
        nullable=any(_is_nullable(table, name) for name in key.columns),
        parent_first=False,
    )


def array_relationship(context: Context, table: Table, body: dict[str, Any]) -> Relationship:
    """Make an array relationship of a table.

    Raises:
        Inconsistent: Its table is not tracked, or has no foreign key with its columns.
    """
    make = _manual if "manual_configuration" in body["using"] else _reverse
    return make(context, table, body, "array")


def _reverse(context: Context, table: Table, body: dict[str, Any], kind: Any) -> Relationship:
    """Follow a foreign key of another table that refers to this one."""
    constraint: dict[str, Any] = body["using"]["foreign_key_constraint_on"]
    target = context.table(table_name(constraint["table"]))
    columns = _names(constraint.get("columns") or constraint["column"])
    key = _foreign_key(target, columns, table.name)
    return Relationship(
        name=body["name"],
        kind=kind,
        target=target.name,
        columns=tuple(zip(key.target_columns, key.columns, strict=True)),
        nullable=True,
        parent_first=True,
    )


def _manual(context: Context, table: Table, body: dict[str, Any], kind: Any) -> Relationship:
    settings: dict[str, Any] = body["using"]["manual_configuration"]
    target = context.table(table_name(settings["remote_table"]))
    columns = tuple((str(here), str(there)) for here, there in settings["column_mapping"].items())
    for here, there in columns:
        _is_nullable(table, here)
        _is_nullable(target, there)
    return Relationship(
        name=body["name"],
        kind=kind,
        target=target.name,
        columns=columns,
        nullable=True,
        parent_first=kind == "array" or settings.get("insertion_order") == "after_parent",
    )


def _names(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _foreign_key(table: Table, columns: tuple[str, ...], target: Name | None = None) -> ForeignKey:
    found = [
        key
        for key in table.foreign_keys
        if set(key.columns) == set(columns) and target in (None, key.target)
    ]
    if not found:
        raise Inconsistent(
            f"no foreign constraint exists on the given column(s) {', '.join(columns)} "
            f'of table "{table.name}"'
        )
    return found[0]


def _is_nullable(table: Table, name: str) -> bool:
    column = table.column(name)
    if column is None:
        raise Inconsistent(f'table "{table.name}" has no column {name!r}')
    return column.nullable

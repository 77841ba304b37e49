"""A table's fields: its columns, relationships and computed fields under their GraphQL names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from run_logger.local.errors import ServeError
from run_logger.local.model import (
    ColumnField,
    Inconsistency,
    Relationship,
    RelationshipAggregate,
    TableField,
    TrackedTable,
)
from run_logger.local.scalars import is_graphql_name
from run_logger.local.tracking.context import Inconsistent, configuration
from run_logger.local.tracking.functions import computed_field
from run_logger.local.tracking.relationships import array_relationship, object_relationship

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from run_logger.local.catalog import Catalog, Name, Table
    from run_logger.local.metadata import Entry, Metadata
    from run_logger.local.tracking.context import Context

_Make = Callable[["Context", "Table", dict[str, Any]], TableField]

_MAKERS: dict[str, _Make] = {
    "object_relationships": object_relationship,
    "array_relationships": array_relationship,
    "computed_fields": computed_field,
}
_TEXTS = {"text", "varchar", "citext"}


def enum_columns(catalog: Catalog, metadata: Metadata) -> dict[Name, tuple[str, str | None]]:
    """Find the enum tables.

    Args:
        catalog: What exists.
        metadata: What is tracked; an enum table has `is_enum: true`.

    Returns:
        For each enum table the column of its values and that of its comments (or None).
    """
    found: dict[Name, tuple[str, str | None]] = {}
    for entry in metadata.tables:
        table = catalog.tables.get(entry.name)
        if not entry.body.get("is_enum") or table is None or table.primary_key is None:
            continue
        key = table.primary_key.columns
        column = table.column(key[0])
        others = [item.name for item in table.columns if item.name not in key]
        if len(key) == 1 and column is not None and column.type.name in _TEXTS:
            found[entry.name] = key[0], others[0] if others else None
    return found


def track_table(context: Context, name: Name) -> TrackedTable:
    """Give a tracked table its fields; a field that cannot be made is left out with its reason."""
    entry = context.entries[name]
    table = context.table(name)
    fields: dict[str, TableField] = {item.name: item for item in _columns(context, table, entry)}
    for key in _MAKERS:
        for body in entry.body.get(key) or ():
            _add(context, table, fields, key, body)
    return TrackedTable(
        name=context.names[name],
        table=table,
        fields=fields,
        enum_values=context.enums.get(name) if entry.body.get("is_enum") else None,
        comment=configuration(entry).get("comment"),
    )


def _add(
    context: Context, table: Table, fields: dict[str, TableField], key: str, body: dict[str, Any]
) -> None:
    try:
        made = _made(context, table, key, body)
        _check_name(made.name, fields)
    except Inconsistent as reason:
        place = f"{body.get('name')} on {table.name}"
        kind = key.removesuffix("s")
        context.leave_out(Inconsistency(kind, place, str(reason), table.name, body))
        return
    fields[made.name] = made
    if isinstance(made, Relationship) and made.kind == "array":
        aggregate = RelationshipAggregate(f"{made.name}_aggregate", made)
        fields.setdefault(aggregate.name, aggregate)


def _made(context: Context, table: Table, key: str, body: dict[str, Any]) -> TableField:
    try:
        return _MAKERS[key](context, table, body)
    except (ServeError, KeyError, TypeError, AttributeError) as error:
        # The metadata are a stranger's text, in which any part can have any shape.
        raise Inconsistent(f"it does not have the parts that it needs: {error}") from error


def _check_name(name: str, fields: Container[str]) -> None:
    if name in fields:
        raise Inconsistent(f"the table has another field {name!r}")
    if not is_graphql_name(name):
        raise Inconsistent(f"{name!r} is no GraphQL name")


def _columns(context: Context, table: Table, entry: Entry) -> Iterator[ColumnField]:
    settings = configuration(entry)
    custom_names: dict[str, str] = settings.get("custom_column_names") or {}
    custom: dict[str, dict[str, Any]] = settings.get("column_config") or {}
    for column in table.columns:
        config = custom.get(column.name) or {}
        name = config.get("custom_name") or custom_names.get(column.name) or column.name
        if is_graphql_name(name):
            enum = _enum(context, table, column.name)
            yield ColumnField(name, column, enum, config.get("comment"))


def _enum(context: Context, table: Table, column: str) -> str | None:
    for key in table.foreign_keys:
        target = context.entries.get(key.target)
        if key.columns == (column,) and target is not None and target.body.get("is_enum"):
            return f"{context.names[key.target]}_enum"
    return None

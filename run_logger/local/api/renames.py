"""Tables and columns that SQL has renamed, under their new names in the metadata.

As Hasura v2 does, they are followed by what Postgres knows them by, and everything that names them
is changed: relationships, permissions, the configuration of columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from run_logger.local.catalog import Name
from run_logger.local.metadata import as_mapping, served_source, table_name
from run_logger.local.model import Relationship
from run_logger.local.permissions.comparisons import plain_name as plain
from run_logger.local.project import is_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import AsyncConnection

    from run_logger.local.model import TrackedTable

_PERMISSIONS = tuple(f"{kind}_permissions" for kind in ("select", "insert", "update", "delete"))
_TABLES = """
    SELECT c.oid::int8, n.nspname, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
_COLUMNS = """
    SELECT a.attrelid::int8, a.attnum, a.attname
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
"""
# The operators of permissions that compare a column with another one.
_COLUMN_OPERATORS = {"_ceq", "_cne", "_cneq", "_cgt", "_clt", "_cgte", "_clte"}


@dataclass(frozen=True, slots=True)
class NamesByOid:
    """What tables and columns are called at one time.

    Attributes:
        tables: The names of the tables by their oids.
        columns: The names of columns by the oid of the table and the column's number.
    """

    tables: Mapping[int, Name]
    columns: Mapping[tuple[int, int], str]

    @classmethod
    async def read(cls, connection: AsyncConnection[Any]) -> Self:
        """Read them from the database."""
        tables = await (await connection.execute(_TABLES)).fetchall()
        columns = await (await connection.execute(_COLUMNS)).fetchall()
        return cls(
            {oid: Name(schema, name) for oid, schema, name in tables},
            {(oid, number): name for oid, number, name in columns},
        )


def rename(
    document: Mapping[str, Any],
    now: NamesByOid,
    before: NamesByOid,
    tables: Mapping[Name, TrackedTable],
) -> Mapping[Name, Name]:
    """Put new names in the place of old ones.

    Args:
        document: The metadata, which are changed.
        now: What tables and columns are called now.
        before: What they were called before.
        tables: The tracked tables as they were before.

    Returns:
        The new names of tables by their old ones.
    """
    renaming = _Renaming(now, before, tables)
    if renaming:
        for entry in (served_source(document) or {}).get("tables") or ():
            renaming.entry(entry)
    return renaming.tables


class _Renaming:
    """The change of names, applied to one part of the metadata after the other."""

    def __init__(
        self, now: NamesByOid, before: NamesByOid, tables: Mapping[Name, TrackedTable]
    ) -> None:
        self._tracked = tables
        self.tables = {
            name: now.tables[oid]
            for oid, name in before.tables.items()
            if now.tables.get(oid, name) != name
        }
        self._columns: dict[Name, dict[str, str]] = {}
        for (oid, number), name in before.columns.items():
            if now.columns.get((oid, number), name) != name:
                columns = self._columns.setdefault(before.tables[oid], {})
                columns[name] = now.columns[oid, number]

    def __bool__(self) -> bool:
        return bool(self.tables or self._columns)

    def entry(self, entry: dict[str, Any]) -> None:
        """Rename in the entry of a table."""
        name = table_name(entry["table"])
        entry["table"] = self._table(entry["table"])
        self._configuration(name, entry.get("configuration") or {})
        for kind in ("object_relationships", "array_relationships"):
            for item in entry.get(kind) or ():
                self._relationship(name, item.get("using") or {})
        for kind in _PERMISSIONS:
            for item in entry.get(kind) or ():
                self._permission(name, item.get("permission") or {})

    def _table(self, value: Any) -> Any:
        new = self.tables.get(table_name(value))
        return value if new is None else {"schema": new.schema, "name": new.name}

    def _column(self, table: Name, value: Any) -> Any:
        """Return the new name of a column, or of every column in a list."""
        if is_list(value):
            return [self._column(table, item) for item in value]
        if not isinstance(value, str):
            return value
        return self._columns.get(table, {}).get(value, value)

    def _keys(self, table: Name, value: Mapping[str, Any]) -> dict[str, Any]:
        return {self._column(table, key): item for key, item in value.items()}

    def _configuration(self, table: Name, configuration: dict[str, Any]) -> None:
        for key in ("custom_column_names", "column_config"):
            if configuration.get(key):
                configuration[key] = self._keys(table, configuration[key])

    def _relationship(self, table: Name, using: dict[str, Any]) -> None:
        key: Any = using.get("foreign_key_constraint_on")
        elsewhere = as_mapping(key)
        if elsewhere is not None:
            self._foreign_key_of(elsewhere)
        elif key is not None:
            using["foreign_key_constraint_on"] = self._column(table, key)
        manual = as_mapping(using.get("manual_configuration"))
        if manual is not None and manual.get("remote_table"):
            target = table_name(manual["remote_table"])
            manual["remote_table"] = self._table(manual["remote_table"])
            mapping = self._keys(table, manual.get("column_mapping") or {})
            manual["column_mapping"] = {
                column: self._column(target, there) for column, there in mapping.items()
            }

    def _foreign_key_of(self, key: dict[str, Any]) -> None:
        """Rename in a foreign key of another table."""
        target = table_name(key["table"])
        key["table"] = self._table(key["table"])
        for part in ("column", "columns"):
            if part in key:
                key[part] = self._column(target, key[part])

    def _permission(self, table: Name, permission: dict[str, Any]) -> None:
        if is_list(permission.get("columns")):
            permission["columns"] = self._column(table, permission["columns"])
        if permission.get("set"):
            permission["set"] = self._keys(table, permission["set"])
        for part in ("filter", "check"):
            if permission.get(part):
                permission[part] = self._condition((table, table), permission[part])

    def _condition(self, tables: tuple[Name, Name], value: Any) -> Any:
        """Return a boolean expression with new names.

        Args:
            tables: The table that it is on, and the one that the permission is on.
            value: The expression; what is none stays as it is.
        """
        expression = as_mapping(value)
        if expression is None:
            return value
        parts = (self._part(tables, name, item) for name, item in expression.items())
        return dict(parts)

    def _part(self, tables: tuple[Name, Name], name: str, value: Any) -> tuple[str, Any]:
        operator = plain(name)
        if operator in {"_and", "_or"} and is_list(value):
            return name, [self._condition(tables, item) for item in value]
        if operator == "_not":
            return name, self._condition(tables, value)
        if operator == "_exists":
            return name, self._exists(tables[1], value)
        target = self._target(tables[0], name)
        if target is not None:
            return name, self._condition((target, tables[1]), value)
        return self._column(tables[0], name), self._comparisons(tables, value)

    def _target(self, table: Name, name: str) -> Name | None:
        tracked = self._tracked.get(table)
        found = tracked.fields.get(name) if tracked is not None else None
        return found.target if isinstance(found, Relationship) else None

    def _exists(self, root: Name, value: Any) -> Any:
        given = as_mapping(value) or {}
        tables = {plain(name): item for name, item in given.items()}
        if "_table" not in tables:
            return value
        target = table_name(tables["_table"])
        changed = {
            "_table": self._table(tables["_table"]),
            "_where": self._condition((target, root), tables.get("_where")),
        }
        return {name: changed.get(plain(name), item) for name, item in given.items()}

    def _comparisons(self, tables: tuple[Name, Name], value: Any) -> Any:
        given = as_mapping(value)
        if given is None:
            return value
        return {
            name: self._compared(tables, item) if plain(name) in _COLUMN_OPERATORS else item
            for name, item in given.items()
        }

    def _compared(self, tables: tuple[Name, Name], value: Any) -> Any:
        """Return what a column is compared with: a column here, or (`["$", …]`) of the root."""
        here, root = tables
        if is_list(value) and value[:1] == ["$"]:
            return ["$", *self._column(root, value[1:])]
        return self._column(here, value)

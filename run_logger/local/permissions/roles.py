"""The model of a role: of the administrator's, what the role may use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from run_logger.local.model import (
    Access,
    ColumnField,
    ComputedField,
    Model,
    Relationship,
    RelationshipAggregate,
    TableField,
    TrackedTable,
    WriteAccess,
)
from run_logger.local.permissions.grants import Grants

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from run_logger.local.catalog import Name
    from run_logger.local.model import RootField
    from run_logger.local.permissions.grants import SelectGrant, WriteGrant

_NOTHING: Final = Grants()
_BY_KEY: Final = frozenset({"select_by_pk", "update_by_pk", "delete_by_pk"})
_AGGREGATES: Final = frozenset({"select_aggregate", "function_aggregate"})
# Mutations that answer a row, and so need the permission to see it.
_ANSWERS_ROW: Final = frozenset({"insert_one", "update_by_pk", "delete_by_pk"})


@dataclass(frozen=True, slots=True)
class RoleModel:
    """Makes the model of a role.

    Attributes:
        admin: The model that holds everything.
        grants: What the role may do, by tables.
        functions: The tracked functions that it may call.
    """

    admin: Model
    grants: Mapping[Name, Grants]
    functions: Collection[Name]

    def make(self) -> Model:
        """Return the model."""
        tables = {
            name: self._table(table)
            for name, table in self.admin.tables.items()
            # The types of columns refer to enums, whoever sees their tables.
            if name in self.grants or table.enum_values is not None
        }
        return Model(
            tables=tables,
            queries=_those(self.admin.queries, lambda root: self._queries(tables, root)),
            mutations=_those(self.admin.mutations, lambda root: self._mutates(tables, root)),
            subscriptions=_those(
                self.admin.subscriptions, lambda root: self._subscribes(tables, root)
            ),
            stringifies_numbers=self.admin.stringifies_numbers,
        )

    def _of(self, table: Name) -> Grants:
        return self.grants.get(table, _NOTHING)

    def _table(self, table: TrackedTable) -> TrackedTable:
        grants = self._of(table.table.name)
        fields: dict[str, TableField] = {}
        if grants.select is not None:
            fields = dict(self._fields(table, grants.select))
        return replace(table, fields=fields, access=self._access(table, grants))

    def _fields(self, table: TrackedTable, grant: SelectGrant) -> Iterator[tuple[str, TableField]]:
        for name, field in table.fields.items():
            match field:
                case ColumnField(column=column) if column.name in grant.columns:
                    yield name, replace(field, shown_if=grant.columns[column.name])
                case Relationship() if self._of(field.target).select:
                    yield name, field
                case RelationshipAggregate() if self._aggregates(field.relationship.target):
                    yield name, field
                case ComputedField(target=None) if name in grant.computed:
                    yield name, replace(field, shown_if=grant.computed[name])
                case ComputedField(target=target) if target and self._of(target).select:
                    yield name, field
                case _:
                    pass

    def _aggregates(self, table: Name) -> bool:
        grant = self._of(table).select
        return grant is not None and grant.aggregates

    def _access(self, table: TrackedTable, grants: Grants) -> Access:
        seen, insert, update = grants.select, grants.insert, grants.update
        checked = update if update is not None and update.is_checked else insert
        return Access(
            reads=seen is not None,
            rows=seen.rows if seen else None,
            limit=seen.limit if seen else None,
            aggregates=bool(seen and seen.aggregates),
            insert=_write(insert, self._inserted(table, insert)) if insert else None,
            update=_write(update, _columns(table, update)) if update else None,
            delete=_write(grants.delete, {}) if grants.delete else None,
            upsert_check=checked.check if checked else None,
        )

    def _inserted(
        self, table: TrackedTable, grant: WriteGrant
    ) -> dict[str, ColumnField | Relationship]:
        related: dict[str, ColumnField | Relationship] = {
            name: field
            for name, field in table.fields.items()
            if isinstance(field, Relationship) and self._of(field.target).insert
        }
        return related | _columns(table, grant)

    def _queries(self, tables: Mapping[Name, TrackedTable], root: RootField) -> bool:
        grant = self._of(root.table).select
        kinds = grant.queries if grant else None
        return self._sees(tables, root) and _has_kind(root, kinds)

    def _subscribes(self, tables: Mapping[Name, TrackedTable], root: RootField) -> bool:
        grant = self._of(root.table).select
        kinds = grant.subscriptions if grant else None
        return self._sees(tables, root) and _has_kind(root, kinds)

    def _sees(self, tables: Mapping[Name, TrackedTable], root: RootField) -> bool:
        """Tell whether the role may use a field that gives rows."""
        if self._of(root.table).select is None:
            return False
        if root.kind == "select_stream" and not tables[root.table].columns:
            return False
        if root.function is not None and root.function.function.name not in self.functions:
            return False
        if root.kind in _AGGREGATES and not tables[root.table].aggregates:
            return False
        return root.kind not in _BY_KEY or bool(tables[root.table].primary_key)

    def _mutates(self, tables: Mapping[Name, TrackedTable], root: RootField) -> bool:
        if root.function is not None:
            return self._sees(tables, root)
        if root.kind in _ANSWERS_ROW and not self._sees(tables, root):
            return False
        grants = self._of(root.table)
        match root.kind:
            case "insert" | "insert_one":
                return grants.insert is not None
            case "delete" | "delete_by_pk":
                return grants.delete is not None
            case _:
                update = grants.update
                return update is not None and bool(update.columns or update.presets)


def _those(
    roots: Mapping[str, RootField], allowed: Callable[[RootField], bool]
) -> dict[str, RootField]:
    return {name: root for name, root in roots.items() if allowed(root)}


def _has_kind(root: RootField, kinds: Collection[str] | None) -> bool:
    return root.function is not None or kinds is None or root.kind in kinds


def _write(grant: WriteGrant, fields: Mapping[str, ColumnField | Relationship]) -> WriteAccess:
    return WriteAccess(fields, grant.rows, grant.check, grant.presets)


def _columns(table: TrackedTable, grant: WriteGrant) -> dict[str, ColumnField | Relationship]:
    return {
        item.name: item
        for item in table.columns
        if item.column.name in grant.columns and not item.column.generated
    }

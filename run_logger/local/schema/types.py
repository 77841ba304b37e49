"""The types of one schema: each is made once and found again by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLScalarType,
    specified_scalar_types,
)

from run_logger.local.errors import ServeError
from run_logger.local.model import ColumnField, ComputedField, Relationship, RelationshipAggregate
from run_logger.local.scalars import scalar_name
from run_logger.local.schema.construct import by_name, enum_type, scalar_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from run_logger.local.catalog import Name, PgType
    from run_logger.local.model import Model, TableField, TrackedTable
    from run_logger.local.schema.construct import Leaf

_TypeT = TypeVar("_TypeT", bound=GraphQLNamedType)


class Types:
    """The types of the schema of one model.

    Args:
        model: What the schema shows.
    """

    def __init__(self, model: Model) -> None:
        self._made: dict[str, tuple[str, GraphQLNamedType]] = {}
        self._tables = model.tables
        self._readable = {name for name, table in model.tables.items() if _is_readable(table)}
        self._fields = {name: self._shown(table) for name, table in self._tables.items()}
        self._enum_tables = {
            f"{table.name}_enum": table
            for table in model.tables.values()
            if table.enum_values is not None
        }

    def shows(self, table: Name) -> bool:
        """Tell whether rows of the table, by its name in Postgres, are shown."""
        return table in self._readable

    def writes(self, table: Name) -> bool:
        """Tell whether rows of the table can be written, which a role may that sees none."""
        return self.shows(table) or self._tables[table].access is not None

    def table(self, name: Name) -> TrackedTable:
        """Return the table of that name in Postgres."""
        return self._tables[name]

    def fields(self, table: TrackedTable) -> Mapping[str, TableField]:
        """Return the fields of the table that are shown, in name order.

        Of a table whose rows are not shown there are none.
        """
        return self._fields[table.table.name]

    def columns(self, table: TrackedTable) -> tuple[ColumnField, ...]:
        """Return the columns of the table that are shown, in name order."""
        return tuple(item for item in self.fields(table).values() if isinstance(item, ColumnField))

    def inserted(self, table: TrackedTable) -> Mapping[str, ColumnField | Relationship]:
        """Return what the table's rows take that are inserted, in name order."""
        fields = table.inserts.fields.items()
        return by_name((name, field) for name, field in fields if self._is_inserted(field))

    def updated(self, table: TrackedTable) -> tuple[ColumnField, ...]:
        """Return the columns of the table that can be updated, in name order."""
        fields = by_name(table.updates.fields.items()).values()
        return tuple(item for item in fields if isinstance(item, ColumnField) and _has_type(item))

    def key(self, table: TrackedTable) -> tuple[ColumnField, ...]:
        """Return the columns of the primary key; empty where one of them is not shown."""
        key = table.primary_key
        return key if all(column.name in self.fields(table) for column in key) else ()

    def once(self, name: str, owner: str, make: Callable[[], _TypeT]) -> _TypeT:
        """Return the type of that name; make it where it is asked for the first time.

        Args:
            name: Its GraphQL name.
            owner: What it is made for, as an error names it.
            make: Makes it. Types that refer to each other give their fields as functions.

        Raises:
            ServeError: The name stands for something else already.
        """
        if name not in self._made:
            self._made[name] = (owner, make())
        known_owner, type_ = self._made[name]
        if known_owner != owner:
            raise ServeError(
                f"the GraphQL type {name} would stand for both {known_owner} and {owner}: give a "
                "custom_name to one of them in the metadata"
            )
        return cast("_TypeT", type_)

    def of_table(self, table: TrackedTable, suffix: str, make: Callable[[str], _TypeT]) -> _TypeT:
        """Return the table's type whose name ends so; `make` takes the whole name."""
        name = f"{table.name}{suffix}"
        return self.once(name, f"the table {table.table.name}", lambda: make(name))

    def leaf(self, type_: PgType) -> Leaf:
        """Return the nullable GraphQL type of the values of a Postgres type.

        Raises:
            ServeError: The type has no GraphQL name; what has it must not be shown.
        """
        name = scalar_name(type_)
        if name is None:
            raise ServeError(f"the type {type_.sql} has no name in GraphQL")
        scalar = self._scalar(name)
        return scalar if type_.element is None else GraphQLList(GraphQLNonNull(scalar))

    def column(self, field: ColumnField) -> Leaf:
        """Return the nullable GraphQL type of a column that is shown."""
        return self.leaf(field.column.type) if field.enum is None else self._enum(field.enum)

    def _shown(self, table: TrackedTable) -> dict[str, TableField]:
        if not self.shows(table.table.name):
            return {}
        shown = ((name, field) for name, field in table.fields.items() if self._is_shown(field))
        return by_name(shown)

    def _is_inserted(self, field: ColumnField | Relationship) -> bool:
        if isinstance(field, ColumnField):
            return _has_type(field)
        return self.writes(field.target)

    def _is_shown(self, field: TableField) -> bool:
        match field:
            case Relationship():
                return self.shows(field.target)
            case RelationshipAggregate():
                return self.shows(field.relationship.target)
            case ComputedField() if field.target is not None:
                return self.shows(field.target)
            case ColumnField() | ComputedField():
                return _has_type(field)

    def _scalar(self, name: str) -> GraphQLScalarType:
        builtin = specified_scalar_types.get(name)
        return builtin or self.once(name, "a Postgres type", lambda: scalar_type(name))

    def _enum(self, name: str) -> GraphQLEnumType:
        table = self._enum_tables[name]
        comments = {value.name: value.comment for value in table.enum_values or ()}
        return self.of_table(table, "_enum", lambda name: enum_type(name, comments))


def _is_readable(table: TrackedTable) -> bool:
    """Tell whether rows are shown: a role may count them that sees none of their columns."""
    if table.access is not None:
        return table.access.reads
    return any(_has_type(column) for column in table.columns)


def _has_type(field: ColumnField | ComputedField) -> bool:
    if isinstance(field, ComputedField):
        return scalar_name(field.returns) is not None
    return field.enum is not None or scalar_name(field.column.type) is not None

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

from run_logger.local.errors import ServerError
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
        # An object type needs a field, so a table that shows no column is not shown at all.
        self._tables = {
            name: table
            for name, table in model.tables.items()
            if any(_has_type(column) for column in table.columns)
        }
        self._fields = {name: self._shown(table) for name, table in self._tables.items()}
        self._enum_tables = {
            f"{table.name}_enum": table
            for table in model.tables.values()
            if table.enum_values is not None
        }

    def shows(self, table: Name) -> bool:
        """Tell whether the table, by its name in Postgres, is shown."""
        return table in self._tables

    def table(self, name: Name) -> TrackedTable:
        """Return the table of that name in Postgres, which must be shown."""
        return self._tables[name]

    def fields(self, table: TrackedTable) -> Mapping[str, TableField]:
        """Return the fields of the table that are shown, in name order."""
        return self._fields[table.table.name]

    def columns(self, table: TrackedTable) -> tuple[ColumnField, ...]:
        """Return the columns of the table that are shown, in name order."""
        return tuple(item for item in self.fields(table).values() if isinstance(item, ColumnField))

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
            ServerError: The name stands for something else already.
        """
        if name not in self._made:
            self._made[name] = (owner, make())
        known_owner, type_ = self._made[name]
        if known_owner != owner:
            raise ServerError(
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
            ServerError: The type has no GraphQL name; what has it must not be shown.
        """
        name = scalar_name(type_)
        if name is None:
            raise ServerError(f"the type {type_.sql} has no name in GraphQL")
        scalar = self._scalar(name)
        return scalar if type_.element is None else GraphQLList(GraphQLNonNull(scalar))

    def column(self, field: ColumnField) -> Leaf:
        """Return the nullable GraphQL type of a column that is shown."""
        return self.leaf(field.column.type) if field.enum is None else self._enum(field.enum)

    def _shown(self, table: TrackedTable) -> dict[str, TableField]:
        shown = ((name, field) for name, field in table.fields.items() if self._is_shown(field))
        return by_name(shown)

    def _is_shown(self, field: TableField) -> bool:
        match field:
            case Relationship():
                return field.target in self._tables
            case RelationshipAggregate():
                return field.relationship.target in self._tables
            case ComputedField() if field.target is not None:
                return field.target in self._tables
            case ColumnField() | ComputedField():
                return _has_type(field)

    def _scalar(self, name: str) -> GraphQLScalarType:
        builtin = specified_scalar_types.get(name)
        return builtin or self.once(name, "a Postgres type", lambda: scalar_type(name))

    def _enum(self, name: str) -> GraphQLEnumType:
        table = self._enum_tables[name]
        comments = {value.name: value.comment for value in table.enum_values or ()}
        return self.of_table(table, "_enum", lambda name: enum_type(name, comments))


def _has_type(field: ColumnField | ComputedField) -> bool:
    if isinstance(field, ComputedField):
        return scalar_name(field.returns) is not None
    return field.enum is not None or scalar_name(field.column.type) is not None

"""What exists in a Postgres database: types, columns, tables and functions, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

TypeKind = Literal["base", "enum", "composite", "domain", "range", "pseudo"]
TableKind = Literal["table", "view", "materialized view", "foreign table"]
Volatility = Literal["immutable", "stable", "volatile"]


class Name(NamedTuple):
    """The name of a table or function: schema and name, as Postgres stores them, unquoted."""

    schema: str
    name: str

    def __str__(self) -> str:
        """Name it as Hasura's messages do: without the schema where that is `public`."""
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class PgType:
    """A Postgres type.

    Attributes:
        sql: The type as a cast spells it, quoted where it must be, without a length: `integer`,
            `timestamp with time zone`, `"shop"."mood"`, `text[]`.
        name: `pg_type.typname`; of a domain, that of its base type: `int4`, `bpchar`, `_text`.
        kind: What sort of type it is; a domain counts as its base type.
        element: The type of an array's elements, None for what is no array.
    """

    sql: str
    name: str
    kind: TypeKind = "base"
    element: PgType | None = None

    @property
    def is_json(self) -> bool:
        """Whether its values are JSON documents."""
        return self.name in {"json", "jsonb"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or view.

    Attributes:
        default: The default as a SQL expression, None where there is none. An identity column's
            is its `nextval(…)`.
        generated: Whether Postgres alone writes it (GENERATED ALWAYS, identity or stored).
        comment: The column's COMMENT.
    """

    name: str
    type: PgType
    nullable: bool
    default: str | None = None
    generated: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A primary key or a unique index: its name and its columns in order."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key: the columns here, and the columns there that they refer to, in order."""

    name: str
    columns: tuple[str, ...]
    target: Name
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table, view, materialized view or foreign table.

    Attributes:
        primary_key: None where there is none (a view has none).
        unique_keys: Every other unique index, in name order.
        insertable: Whether Postgres takes an INSERT (a view may be insertable).
        updatable: The same for UPDATE.
        deletable: The same for DELETE.
    """

    name: Name
    kind: TableKind
    columns: tuple[Column, ...]
    primary_key: Key | None = None
    unique_keys: tuple[Key, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    comment: str | None = None
    insertable: bool = True
    updatable: bool = True
    deletable: bool = True

    def column(self, name: str) -> Column | None:
        """Return the column of that name, None if there is none."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class FunctionArgument:
    """An input argument of a function; `name` is empty where the function gives none.

    Attributes:
        table: The table whose row type the argument is, None for any other type.
    """

    name: str
    type: PgType
    has_default: bool
    table: Name | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A function.

    Attributes:
        returns: The type that it returns; of a SETOF function, the type of an item.
        returns_table: The table whose row type it returns, None for any other type.
        returns_set: Whether it returns SETOF (or TABLE).
        variadic: Whether its last argument is VARIADIC.
    """

    name: Name
    arguments: tuple[FunctionArgument, ...]
    returns: PgType
    returns_table: Name | None
    returns_set: bool
    volatility: Volatility
    variadic: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """All tables and functions of a database, but those of Postgres itself."""

    tables: Mapping[Name, Table]
    functions: Mapping[Name, tuple[Function, ...]] = field(
        default_factory=dict[Name, tuple[Function, ...]]
    )

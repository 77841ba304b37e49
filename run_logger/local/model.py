"""What is shown of a database: the tracked tables and functions under their GraphQL names.

`tracking` makes it from the catalog (what exists) and the metadata (what is tracked). The schema
is built from it, requests are checked against that schema, and the compiler looks up here what a
name stands for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement

    from run_logger.local.catalog import Column, Function, FunctionArgument, Name, PgType, Table
    from run_logger.local.compiler.scope import Scope, Source

RelationshipKind = Literal["object", "array"]
QueryKind = Literal["select", "select_by_pk", "select_aggregate", "select_stream"]
MutationKind = Literal[
    "insert",
    "insert_one",
    "update",
    "update_by_pk",
    "update_many",
    "delete",
    "delete_by_pk",
]
FunctionKind = Literal["function", "function_aggregate"]


class RowCondition(Protocol):
    """A condition that a role's permission puts on rows."""

    def __call__(self, scope: Scope, rows: Source, /) -> ColumnElement[bool]:
        """Return the condition on the source's row, as SQL."""
        ...


class Preset(Protocol):
    """A value that a role's permission writes into a column."""

    def __call__(self) -> ColumnElement[Any]:
        """Return the value, as SQL."""
        ...


@dataclass(frozen=True, slots=True)
class ColumnField:
    """A column as a field.

    Attributes:
        name: Its GraphQL name.
        column: The column.
        enum: The GraphQL enum whose values it holds, where it refers to an enum table.
        comment: What the metadata says of it; the catalog's comment stands in `column`.
        shown_if: In which rows the role sees it; in the others it is null. None: in all.
    """

    name: str
    column: Column
    enum: str | None = None
    comment: str | None = None
    shown_if: RowCondition | None = None


@dataclass(frozen=True, slots=True)
class Relationship:
    """A relationship to a tracked table.

    Attributes:
        target: The table that it leads to (in `Model.tables`).
        columns: Pairs (column here, column there), by their names in Postgres.
        nullable: Whether an object relationship may be null.
        parent_first: Of a nested insert: whether the row of this table is written before the
            related one (an array relationship, or an object relationship whose foreign key is
            on the other side).
    """

    name: str
    kind: RelationshipKind
    target: Name
    columns: tuple[tuple[str, str], ...]
    nullable: bool
    parent_first: bool


@dataclass(frozen=True, slots=True)
class RelationshipAggregate:
    """The field `<relationship>_aggregate` of an array relationship."""

    name: str
    relationship: Relationship


@dataclass(frozen=True, slots=True)
class ComputedField:
    """A field whose value a function gives for the row.

    Attributes:
        row_argument: The place of the row among the function's arguments.
        session_argument: The place of the session variables among them, None where there is none.
        arguments: What the user may give, with names as in the input type.
        target: The tracked table whose rows it returns, None for a scalar.
        returns: The type of a scalar.
        shown_if: In which rows the role sees it; in the others it is null. None: in all.
    """

    name: str
    function: Function
    row_argument: int
    session_argument: int | None
    arguments: tuple[FunctionArgument, ...]
    target: Name | None
    returns: PgType
    comment: str | None = None
    shown_if: RowCondition | None = None


TableField = ColumnField | Relationship | RelationshipAggregate | ComputedField


@dataclass(frozen=True, slots=True)
class EnumValue:
    """A row of an enum table."""

    name: str
    comment: str | None


@dataclass(frozen=True, slots=True)
class RootField:
    """A field of the query, mutation or subscription root.

    Attributes:
        name: Its GraphQL name, custom or by default.
        kind: What it does.
        table: The table that it reads or writes; of a function, the table whose rows it returns.
        function: The tracked function, None for a table's own fields.
        comment: The metadata's comment, which replaces the default description; the empty string
            takes the description away.
    """

    name: str
    kind: QueryKind | MutationKind | FunctionKind
    table: Name
    function: TrackedFunction | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class WriteAccess:
    """What a role may write to a table in one way: by inserts, updates or deletions.

    Attributes:
        fields: What it may give: columns, and for inserts relationships; by GraphQL name.
        rows: Which rows it may change; None: all.
        check: What every row that it has written must fulfil; None: anything.
        presets: What is written besides, by the column's name in Postgres.
    """

    fields: Mapping[str, ColumnField | Relationship] = field(
        default_factory=dict[str, "ColumnField | Relationship"]
    )
    rows: RowCondition | None = None
    check: RowCondition | None = None
    presets: Mapping[str, Preset] = field(default_factory=dict[str, Preset])


@dataclass(frozen=True, slots=True)
class Access:
    """What a role may do with a table; what it sees of it are the table's fields.

    Attributes:
        reads: Whether it sees rows at all, be it none of their columns.
        rows: Which rows it sees; None: all.
        limit: How many rows it gets at most.
        aggregates: Whether it may aggregate rows.
        insert: What it may insert; None: nothing.
        update: What it may update; None: nothing.
        delete: What it may delete; None: nothing.
        upsert_check: What a row must fulfil that an insert has updated; None: anything.
    """

    reads: bool = False
    rows: RowCondition | None = None
    limit: int | None = None
    aggregates: bool = False
    insert: WriteAccess | None = None
    update: WriteAccess | None = None
    delete: WriteAccess | None = None
    upsert_check: RowCondition | None = None


@dataclass(frozen=True, slots=True)
class TrackedTable:
    """A table under its GraphQL names.

    Attributes:
        name: The base of its type names (`run`, `shop_order`, or a custom name).
        fields: Every field of its object type, by GraphQL name: columns, relationships, their
            aggregates, computed fields.
        enum_values: The values of an enum table, None for any other table.
        comment: The metadata's comment (`configuration.comment`).
        access: What the role may do with it; None for an administrator, who may do all.
    """

    name: str
    table: Table
    fields: Mapping[str, TableField]
    enum_values: tuple[EnumValue, ...] | None = None
    comment: str | None = None
    access: Access | None = None

    @property
    def columns(self) -> tuple[ColumnField, ...]:
        """Its columns that have a GraphQL name, in the table's order."""
        return tuple(item for item in self.fields.values() if isinstance(item, ColumnField))

    @property
    def primary_key(self) -> tuple[ColumnField, ...]:
        """The columns of its primary key, in the key's order; empty where one is not shown."""
        key = self.table.primary_key
        by_column = {item.column.name: item for item in self.columns}
        if key is None or not all(name in by_column for name in key.columns):
            return ()
        return tuple(by_column[name] for name in key.columns)

    @property
    def aggregates(self) -> bool:
        """Whether its rows may be aggregated."""
        return self.access is None or self.access.aggregates

    @property
    def inserts(self) -> WriteAccess:
        """What may be inserted."""
        if self.access is not None:
            return self.access.insert or _NOTHING
        given = (ColumnField, Relationship)
        fields = {key: item for key, item in self.fields.items() if isinstance(item, given)}
        return WriteAccess({key: item for key, item in fields.items() if _is_writable(item)})

    @property
    def updates(self) -> WriteAccess:
        """What may be updated."""
        if self.access is not None:
            return self.access.update or _NOTHING
        return WriteAccess({item.name: item for item in self.columns if _is_writable(item)})

    @property
    def deletes(self) -> WriteAccess:
        """What may be deleted."""
        return self.access.delete or _NOTHING if self.access is not None else _NOTHING


_NOTHING = WriteAccess()


def _is_writable(item: ColumnField | Relationship) -> bool:
    return isinstance(item, Relationship) or not item.column.generated


@dataclass(frozen=True, slots=True)
class TrackedFunction:
    """A function that is a root field.

    Attributes:
        name: Its GraphQL name (of the field, and the base of `<name>_args`).
        returns: The tracked table whose rows it returns.
        exposed_as: The root that it stands under.
        session_argument: The place of the session variables among its arguments, if any.
        arguments: What the user may give, with names as in the input type (`arg_1`, … where the
            function names none).
    """

    name: str
    function: Function
    returns: Name
    exposed_as: Literal["query", "mutation"]
    session_argument: int | None
    arguments: tuple[FunctionArgument, ...]
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """A part of the metadata that the database cannot bear out, and so is not served.

    Attributes:
        kind: The sort of part: `table`, `object_relationship`, `select_permission`, ….
        name: What it is called, for people.
        reason: Why it is not served.
        entry: The table or function under which it stands in the metadata, if there is one.
        body: The part itself as the metadata have it, where it is less than the whole entry.
    """

    kind: str
    name: str
    reason: str
    entry: Name | None = None
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """All that is shown.

    Attributes:
        tables: The tracked tables by their names in Postgres.
        queries: The fields of the query root by GraphQL name, tables' and functions'.
        mutations: The same of the mutation root.
        subscriptions: The same of the subscription root: the queries, and the streams of tables.
        inconsistencies: What of the metadata was left out, with the reason.
        stringifies_numbers: Whether values of bigint, numeric and double precision are answered as
            strings.
    """

    tables: Mapping[Name, TrackedTable]
    queries: Mapping[str, RootField]
    mutations: Mapping[str, RootField]
    subscriptions: Mapping[str, RootField] = field(default_factory=dict[str, RootField])
    inconsistencies: tuple[Inconsistency, ...] = field(default=())
    stringifies_numbers: bool = False

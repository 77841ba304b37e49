"""Where a statement reads from: the one place that brings tables into FROM.

A `Source` is an item of FROM that holds rows of a tracked table under its columns' names in
Postgres: the table itself, rows that a function returns, a subselect of either, or the rows that
a mutation wrote. `Scope` makes them for one statement, under names that never clash.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    FromClause,
    Select,
    TableClause,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    null,
    or_,
    select,
    table,
)
from sqlalchemy.sql import quoted_name
from sqlalchemy.types import UserDefinedType

from run_logger.local.catalog import PgType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from run_logger.local.catalog import Name, Table
    from run_logger.local.model import (
        ColumnField,
        ComputedField,
        Model,
        Relationship,
        TrackedTable,
    )
    from run_logger.local.operation import Value

JSON = PgType(sql="json", name="json")
TEXT = PgType(sql="text", name="text")
SESSION = "session"
# How the parameters begin that hold the name of a session variable.
VARIABLE = "variable_"


class SqlType(UserDefinedType[Any]):
    """A Postgres type for a cast, spelled as the catalog spells it."""

    cache_ok: bool | None = True

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def get_col_spec(self, **_: object) -> str:
        """Return the type's SQL; psycopg's format has a percent sign doubled."""
        return self.sql.replace("%", "%%")


def quoted(name: str) -> quoted_name:
    """Return a name that is quoted whatever it looks like, so that its case stays."""
    return quoted_name(name, quote=True)


def cast_to(value: ColumnElement[Any], type_: PgType) -> ColumnElement[Any]:
    """Return `CAST(value AS type)`."""
    return cast(value, SqlType(type_.sql))


def parameter(value: Value | None, type_: PgType | None = None) -> ColumnElement[Any]:
    """Return a value of the request as a parameter with a cast to its type; None is a NULL.

    Args:
        value: The value.
        type_: The type to cast to where it is not the value's own.
    """
    if value is None:
        return null() if type_ is None else cast_to(null(), type_)
    return cast_to(bindparam(f"v{value.index}"), type_ or value.type)


def session_variables() -> ColumnElement[Any]:
    """Return the parameter that holds the session variables, a JSON object (type json)."""
    return cast_to(bindparam(SESSION), JSON)


def session_variable(name: str, type_: PgType) -> ColumnElement[Any]:
    """Return one session variable, cast to a type.

    Args:
        name: Its name in lower case: `x-hasura-user-id`. A request without it is refused.
        type_: The type; of an array, the variable holds Postgres's text of one: `{1,2}`.
    """
    key = cast_to(bindparam(VARIABLE, name, unique=True), TEXT)
    return cast_to(session_variables().op("->>")(key), type_)


def constant(text: str | None, type_: PgType) -> ColumnElement[Any]:
    """Return a value of the metadata as a parameter with a cast to its type; None is a NULL."""
    if text is None:
        return cast_to(null(), type_)
    return cast_to(bindparam("constant", text, unique=True), type_)


def table_clause(item: Table) -> TableClause:
    """Return a table under its own name, as the target of an INSERT takes it."""
    columns: list[ColumnClause[Any]] = [column(quoted(entry.name)) for entry in item.columns]
    return table(
        quoted(item.name.name),
        *columns,
        schema=quoted(item.name.schema),
    )


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of a tracked table as an item of FROM.

    Attributes:
        tracked: The table whose rows they are.
        rows: The item of FROM; its columns have the table's column names.
        seen: Which of the rows the role sees, for every select from them; None: all.
    """

    tracked: TrackedTable
    rows: FromClause
    seen: ColumnElement[bool] | None = None

    def column(self, name: str) -> ColumnElement[Any]:
        """Return a column by its name in Postgres."""
        return self.rows.c[name]

    def field(self, name: str) -> ColumnElement[Any]:
        """Return a column by its GraphQL name, whether the role sees its value or not."""
        item = next(item for item in self.tracked.columns if item.name == name)
        return self.column(item.column.name)

    def columns(self) -> list[ColumnElement[Any]]:
        """Return every column of the table, in its order."""
        return [self.column(item.name) for item in self.tracked.table.columns]

    def row(self) -> ColumnElement[Any]:
        """Return the whole row as a value of the table's row type."""
        schema, name = (part.replace('"', '""') for part in self.tracked.table.name)
        return cast(func.row(*self.columns()), SqlType(f'"{schema}"."{name}"'))

    def exists(self) -> ColumnElement[bool]:
        """Return the condition that the row is one: a function may return NULL for a row."""
        return or_(*(item.is_not(None) for item in self.columns()))

    def select(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """Return a select from these rows; what it mentions of others is theirs (correlated)."""
        statement = select(*columns).select_from(self.rows).correlate_except(self.rows)
        return statement if self.seen is None else statement.where(self.seen)

    def join(self, relationship: Relationship, parent: Source) -> ColumnElement[bool]:
        """Return the condition that these rows are related to the parent's row."""
        pairs = relationship.columns
        return and_(*(parent.column(here) == self.column(there) for here, there in pairs))


@dataclass(frozen=True, slots=True)
class Scope:
    """What the parts of one statement share.

    Attributes:
        model: What is shown of the database.
    """

    model: Model
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    # Made once: what is DISTINCT ON has to be the same expression as what is ordered by.
    _shown: dict[tuple[FromClause, str], ColumnElement[Any]] = field(
        default_factory=dict[tuple[FromClause, str], ColumnElement[Any]]
    )

    def name(self, label: str) -> str:
        """Return a name for an item of FROM that no other item of the statement has."""
        return f"{label}{next(self._numbers)}"

    def table(self, name: Name) -> Source:
        """Bring a table into FROM, under a name of its own: the rows that the role sees."""
        return self.restricted(self.whole(self.model.tables[name]))

    def whole(self, tracked: TrackedTable) -> Source:
        """Bring a table into FROM, under a name of its own: all of its rows.

        UPDATE and DELETE name it, whose permissions are their own; conditions of permissions read
        it.
        """
        return Source(tracked, table_clause(tracked.table).alias(self.name("t")))

    def restricted(self, source: Source) -> Source:
        """Return the source with those of its rows alone that the role sees."""
        access = source.tracked.access
        if access is None or access.rows is None:
            return source
        return replace(source, seen=access.rows(self, source))

    def column(self, source: Source, name: str) -> ColumnElement[Any]:
        """Return a column by its GraphQL name, null where the role does not see it."""
        item = next(item for item in source.tracked.columns if item.name == name)
        return self.shown(source, item, source.column(item.column.name))

    def shown(
        self, source: Source, item: ColumnField | ComputedField, value: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        """Return the value of a field of the source's row, null where the role does not see it."""
        if item.shown_if is None:
            return value
        key = source.rows, item.name
        if key not in self._shown:
            self._shown[key] = case((item.shown_if(self, source), value), else_=null())
        return self._shown[key]

    def subselect(self, source: Source, statement: Select[Any]) -> Source:
        """Bring a select of all of a source's columns into FROM."""
        return Source(source.tracked, statement.subquery(self.name("s")))

"""What a mutation answers: the number of rows that it changed, and the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, bindparam, func, literal_column, null, select

from run_logger.local.catalog import PgType
from run_logger.local.compiler.encode import as_text, json_object, name_literal
from run_logger.local.compiler.plan import Plan, QueryPlan, compile_statement
from run_logger.local.compiler.scope import TEXT, Scope, Source, cast_to
from run_logger.local.compiler.select import row_list, row_object
from run_logger.local.compiler.write import AFFECTED, ROWS, Write, WritePlan, written_rows
from run_logger.local.model import ColumnField

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Delete, Select, Update
    from sqlalchemy.dialects.postgresql import Insert

    from run_logger.local.compiler.plan import Statement
    from run_logger.local.compiler.write import Writer
    from run_logger.local.model import Model, TrackedTable
    from run_logger.local.operation import Field

_BIGINT = PgType(sql="bigint", name="int8")


@dataclass(frozen=True, slots=True)
class Change:
    """A statement that changes rows of one table; what it is to return is added here.

    Attributes:
        scope: The statement's scope.
        target: The table as the statement names it.
        statement: The statement without RETURNING.
    """

    scope: Scope
    target: Source
    statement: Insert | Update | Delete

    def rows(self, columns: Iterable[str]) -> Source:
        """Return the changed rows, with these of their columns, as a source."""
        returned = [self.target.column(name) for name in columns]
        statement = self.statement.returning(*(returned or [literal_column("1").label("one")]))
        return Source(self.target.tracked, statement.cte(self.scope.name("m")))

    def all_rows(self) -> Source:
        """Return the changed rows with all of their columns."""
        return self.rows(column.name for column in self.target.tracked.table.columns)

    def count(self) -> Select[Any]:
        """Return the select of the number of changed rows alone."""
        return _select([func.count(), null()], self.rows(()))

    def texts(self) -> Select[Any]:
        """Return the select of the number of changed rows, and of their texts."""
        rows = self.all_rows()
        return _select([func.count(), func.array_agg(cast_to(rows.row(), TEXT))], rows)


def _select(columns: list[ColumnElement[Any]], rows: Source) -> Select[Any]:
    return select(*columns).select_from(rows.rows)


def plan_change(change: Change, field: Field, path: str = "$", *, single: bool = False) -> Plan:
    """Return the plan that makes one change and answers a root field.

    Columns are read in the statement itself. What reads other rows (relationships, computed
    fields) is read in a second one, which sees what the first has done.

    Args:
        change: The change.
        field: The root field.
        path: Where in the request an error of the database is said to be.
        single: Whether the field answers a row, and not a count and rows.
    """
    columns = _columns_read(change.target.tracked, field, single=single)
    if columns is not None:
        rows = change.rows(columns)
        affected = select(func.count()).select_from(rows.rows).scalar_subquery()
        answer = _answer(change.scope, rows, affected, field, single=single)
        return QueryPlan(answer, path)
    tracked = change.target.tracked
    write = Write(tracked.table.name, compile_statement(change.texts()), path)
    return plan_writes((write,), field, change.scope.model, path, single=single)


def plan_writes(
    writes: tuple[Writer, ...],
    field: Field,
    model: Model,
    path: str,
    *,
    single: bool,
) -> WritePlan:
    """Return the plan that makes writes to one table and answers a root field.

    Args:
        writes: The writes, which hand on their rows where `returns_rows` says so; at least one.
        field: The root field.
        model: What is shown of the database.
        path: Where in the request an error of the answer is said to be.
        single: Whether the field answers a row, and not a count and rows.
    """
    scope = Scope(model)
    rows = written_rows(scope, model.tables[writes[0].table], ROWS)
    affected = cast_to(bindparam(AFFECTED), _BIGINT)
    return WritePlan(writes, _answer(scope, rows, affected, field, single=single), path)


def returns_rows(field: Field, *, single: bool) -> bool:
    """Tell whether the answer reads the changed rows, and not their number alone."""
    return single or any(item.name == "returning" for item in field.selection)


def _columns_read(tracked: TrackedTable, field: Field, *, single: bool) -> list[str] | None:
    """Return the columns that the answer reads, None where it reads more than columns."""
    lists = [field] if single else [item for item in field.selection if item.name == "returning"]
    names = {item.name for rows in lists for item in rows.selection} - {"__typename"}
    fields = [tracked.fields[name] for name in sorted(names)]
    columns = [item.column.name for item in fields if isinstance(item, ColumnField)]
    return columns if len(columns) == len(fields) else None


def _answer(
    scope: Scope, rows: Source, affected: ColumnElement[Any], field: Field, *, single: bool
) -> Statement:
    if single:
        return compile_statement(as_text(rows.select(row_object(scope, rows, field))))
    items = [(item.key, _part(scope, rows, affected, field, item)) for item in field.selection]
    return compile_statement(as_text(select(json_object(items))))


def _part(
    scope: Scope, rows: Source, affected: ColumnElement[Any], parent: Field, item: Field
) -> ColumnElement[Any]:
    match item.name:
        case "affected_rows":
            return affected
        case "returning":
            return rows.select(row_list(scope, rows, item)).scalar_subquery()
        case _:
            return name_literal(parent.type)

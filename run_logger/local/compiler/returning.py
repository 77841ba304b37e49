"""What a mutation answers: the number of rows that it changed, and the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
    true,
)

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

    from run_logger.local.compiler.write import Writer
    from run_logger.local.model import Model, RowCondition, TrackedTable
    from run_logger.local.operation import Field

_BIGINT = PgType(sql="bigint", name="int8")
# Among the columns of a table; none is called like this.
_INSERTED = " was inserted "


@dataclass(frozen=True, slots=True)
class Change:
    """A statement that changes rows of one table; what it is to return is added here.

    Attributes:
        scope: The statement's scope.
        target: The table as the statement names it.
        statement: The statement without RETURNING.
        check: What rows must fulfil that were inserted; None: anything.
        update_check: The same of rows that were updated, also by an insert.
    """

    scope: Scope
    target: Source
    statement: Insert | Update | Delete
    check: RowCondition | None = None
    update_check: RowCondition | None = None

    def rows(self, columns: Iterable[str]) -> Source:
        """Return the changed rows as a source; with a check, with all of their columns.

        Args:
            columns: The columns that are needed besides, by their names in Postgres.
        """
        names = self._all_columns() if self._checks else columns
        returned: list[ColumnElement[Any]] = [self.target.column(name) for name in names]
        returned = returned or [literal_column("1").label("one")]
        if len(self._checks) > 1:
            # Of a row that was there before, a transaction stands in xmax: that which updated it.
            inserted: ColumnElement[bool] = literal_column("xmax = 0")
            returned.append(inserted.label(_INSERTED))
        statement = self.statement.returning(*returned)
        return Source(self.target.tracked, statement.cte(self.scope.name("m")))

    def count(self) -> Select[Any]:
        """Return the select of the number of changed rows alone, and of the verdict on them."""
        rows = self.rows(())
        return self._select([func.count(), null()], rows)

    def texts(self) -> Select[Any]:
        """Return the select of the number of changed rows, of their texts, and of the verdict."""
        rows = self.rows(self._all_columns())
        return self._select([func.count(), func.array_agg(cast_to(rows.row(), TEXT))], rows)

    def verdicts(self, rows: Source) -> list[ColumnElement[Any]]:
        """Return the aggregate that tells whether all rows pass the check, if there is one."""
        if not self._checks:
            return []
        passed, *updated = (
            true() if check is None else check(self.scope, rows) for check in self._checks
        )
        for verdict in updated:
            passed = case((rows.rows.c[_INSERTED], passed), else_=verdict)
        # As Hasura v2 and as a CHECK of SQL: NULL passes.
        return [func.coalesce(func.bool_and(passed), true())]

    @property
    def _checks(self) -> tuple[RowCondition | None, ...]:
        """The check, the two checks where they differ, or none."""
        if self.check is self.update_check:
            return () if self.check is None else (self.check,)
        return self.check, self.update_check

    def _all_columns(self) -> list[str]:
        return [column.name for column in self.target.tracked.table.columns]

    def _select(self, columns: list[ColumnElement[Any]], rows: Source) -> Select[Any]:
        return select(*columns, *self.verdicts(rows)).select_from(rows.rows)


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
        verdicts = [
            select(item).select_from(rows.rows).scalar_subquery() for item in change.verdicts(rows)
        ]
        return QueryPlan(compile_statement(answer.add_columns(*verdicts)), path)
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
    answer = _answer(scope, rows, affected, field, single=single)
    return WritePlan(writes, compile_statement(answer), path)


def returns_rows(field: Field, *, single: bool) -> bool:
    """Tell whether the answer reads the changed rows, and not their number alone."""
    return single or any(item.name == "returning" for item in field.selection)


def _columns_read(tracked: TrackedTable, field: Field, *, single: bool) -> list[str] | None:
    """Return the columns that the answer reads, None where it reads more than columns."""
    lists = [field] if single else [item for item in field.selection if item.name == "returning"]
    names = {item.name for rows in lists for item in rows.selection} - {"__typename"}
    fields = [tracked.fields[name] for name in sorted(names)]
    columns = [item for item in fields if isinstance(item, ColumnField)]
    if len(columns) < len(fields):
        return None
    if any(item.shown_if for item in columns):
        return [item.name for item in tracked.table.columns]
    return [item.column.name for item in columns]


def _answer(
    scope: Scope, rows: Source, affected: ColumnElement[Any], field: Field, *, single: bool
) -> Select[Any]:
    if single:
        return as_text(rows.select(row_object(scope, rows, field)))
    items = [(item.key, _part(scope, rows, affected, field, item)) for item in field.selection]
    return as_text(select(json_object(items)))


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

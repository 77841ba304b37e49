"""INSERT statements: of the rows of one list, and of a single object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    bindparam,
    case,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from run_logger.local.catalog import PgType
from run_logger.local.compiler.encode import LONGEST_IDENTIFIER, name_literal
from run_logger.local.compiler.scope import (
    TEXT,
    SqlType,
    cast_to,
    parameter,
    quoted,
    table_clause,
)
from run_logger.local.model import ColumnField

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.dialects.postgresql import Insert

    from run_logger.local.catalog import Column
    from run_logger.local.compiler.scope import Scope
    from run_logger.local.model import TrackedTable
    from run_logger.local.operation import Rows, Value

_JSONB = PgType(sql="jsonb", name="jsonb")


def insert_object(
    tracked: TrackedTable,
    cells: Mapping[str, Value | None],
    filled: Mapping[str, ColumnElement[Any]],
) -> Insert:
    """Return the insert of one row.

    Args:
        tracked: The table.
        cells: What the request gives, by GraphQL name.
        filled: What related rows determine, by the column's name in Postgres.
    """
    fields = [(_column(tracked, name), value) for name, value in cells.items()]
    given = {item.column.name: parameter(value, item.column.type) for item, value in fields}
    columns = given | dict(filled)
    if not columns:
        return _insert_defaults(tracked)
    return _insert_select(tracked, columns, select(*columns.values()))


def insert_rows(
    scope: Scope, tracked: TrackedTable, rows: Rows, filled: Mapping[str, ColumnElement[Any]]
) -> Insert:
    """Return the insert of many rows, which travel as one JSON array.

    Args:
        scope: The statement's scope.
        tracked: The table.
        rows: The rows; into a view, a single one where they give no columns.
        filled: What a related row determines, by the column's name in Postgres.
    """
    fields = [_column(tracked, name) for name in rows.columns]
    if not (fields or filled):
        if tracked.table.kind == "view":
            return _insert_defaults(tracked)
        fields = [_first_writable(tracked)]
    read = _complete_rows if _is_record(rows) else _rows_with_gaps
    source, cells = read(scope, rows, fields)
    columns = cells | dict(filled)
    return _insert_select(tracked, columns, select(*columns.values()).select_from(source))


def _is_record(rows: Rows) -> bool:
    """Tell whether Postgres can read the rows as records: it cuts long names of columns off."""
    return rows.complete and 0 < max(map(len, rows.columns), default=0) <= LONGEST_IDENTIFIER


_Read = tuple[FromClause, dict[str, ColumnElement[Any]]]


def _complete_rows(scope: Scope, rows: Rows, fields: list[ColumnField]) -> _Read:
    columns = [column(quoted(item.name), SqlType(_cell_type(item.column).sql)) for item in fields]
    record = func.jsonb_to_recordset(_array(rows)).table_valued(*columns)
    row = record.render_derived(name=scope.name("r"), with_types=True)
    return row, {item.column.name: cast_to(row.c[item.name], item.column.type) for item in fields}


def _rows_with_gaps(scope: Scope, rows: Rows, fields: list[ColumnField]) -> _Read:
    elements = func.jsonb_array_elements(_array(rows)).table_valued("item")
    row = elements.render_derived(name=scope.name("r"))
    return row, {item.column.name: _cell_or_default(row.c.item, item) for item in fields}


def _array(rows: Rows) -> ColumnElement[Any]:
    return cast_to(bindparam(f"v{rows.index}"), _JSONB)


def _cell_type(item: Column) -> PgType:
    """Return the type that a cell is read as: text where that is what the cell holds."""
    type_ = item.type
    as_text = type_.name == "json" or type_.element is not None or type_.kind == "composite"
    return TEXT if as_text else type_


def _cell_or_default(row: ColumnElement[Any], item: ColumnField) -> ColumnElement[Any]:
    name = name_literal(item.name)
    cell: ColumnElement[Any]
    if item.column.type.name == "jsonb":
        cell = func.nullif(row.op("->")(name), cast_to(literal_column("'null'"), _JSONB))
    else:
        cell = cast_to(row.op("->>")(name), item.column.type)
    return case((row.op("?")(name), cell), else_=_default(item.column))


def _default(item: Column) -> ColumnElement[Any]:
    return cast_to(literal_column(item.default or "NULL"), item.type)


def _insert_select(
    tracked: TrackedTable, columns: Mapping[str, ColumnElement[Any]], source: Select[Any]
) -> Insert:
    return insert(table_clause(tracked.table)).from_select(list(columns), source)


def _insert_defaults(tracked: TrackedTable) -> Insert:
    """Return `INSERT … DEFAULT VALUES`: what SQLAlchemy makes of values without any."""
    return insert(table_clause(tracked.table)).values()


def _column(tracked: TrackedTable, name: str) -> ColumnField:
    return cast("ColumnField", tracked.inserts.fields[name])


def _first_writable(tracked: TrackedTable) -> ColumnField:
    """Return a column for rows that give none, since an INSERT … SELECT needs one."""
    item = next(item for item in tracked.table.columns if not item.generated)
    return ColumnField(item.name, item)

"""`<table>_stream`: the next rows after a cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import func, true
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from run_logger.local.compiler.rows import most_rows, row_limit
from run_logger.local.compiler.scope import TEXT as TEXT_TYPE
from run_logger.local.compiler.scope import cast_to, parameter
from run_logger.local.compiler.select import row_list
from run_logger.local.compiler.where import condition
from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Select

    from run_logger.local.compiler.scope import Scope, Source
    from run_logger.local.operation import Argument, Field, Value


def select_stream(scope: Scope, source: Source, field: Field) -> tuple[Select[Any], Value]:
    """Return the select of the next batch of rows.

    Args:
        scope: The statement's scope.
        source: The rows to stream.
        field: The field with the arguments of a stream.

    Returns:
        The select of the JSON text of the batch and of the text of its last cursor (NULL if it is
        empty), and the value that the cursor column is compared with.

    Raises:
        HasuraError: The cursor is not one column.
    """
    name, start, descends = _cursor(field)
    column = scope.column(source, name)
    where = cast("Mapping[str, Argument]", field.arguments.get("where") or {})
    beyond = column < parameter(start) if descends else column > parameter(start)
    batch = (
        source.select(*source.columns())
        .where(true(), beyond, condition(scope, source, where))
        .order_by(column.desc() if descends else column.asc())
        .limit(row_limit(cast("Value", field.arguments["batch_size"]), most_rows(source)))
    )
    rows = scope.subselect(source, batch)
    value = cast_to(row_list(scope, rows, field), TEXT_TYPE)
    return rows.select(value, _last(scope.column(rows, name))), start


def _cursor(field: Field) -> tuple[str, Value, bool]:
    """Return the name of the cursor's column, its value, and whether it descends."""
    cursors = cast("tuple[Mapping[str, Argument], ...]", field.arguments["cursor"])
    columns = [
        (name, cast("Value", value), cursor.get("ordering") == "DESC")
        for cursor in cursors
        for name, value in cast("Mapping[str, Argument]", cursor["initial_value"]).items()
    ]
    if len(columns) == 1:
        return columns[0]
    problem = "multiple column cursors are not supported yet"
    raise HasuraError(
        problem if columns else "one streaming column field is expected",
        "validation-failed",
        f"{field.path}.args.cursor",
    )


def _last(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the text of the column in the last row of the batch, in the batch's own order.

    Not every type that Postgres orders has `max` and `min`; and an ORDER BY of its own would put
    the rows of the list beside it into that order too.
    """
    texts = func.array_agg(cast_to(column, TEXT_TYPE), type_=ARRAY(TEXT))
    return texts[func.count()]

"""`update`, `update_by_pk` and `update_many`: operators as assignments."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import update

from run_logger.local.compiler.returning import Change
from run_logger.local.compiler.scope import parameter
from run_logger.local.errors import HasuraError
from run_logger.local.model import ColumnField

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Alias, ColumnElement

    from run_logger.local.compiler.scope import Scope, Source
    from run_logger.local.model import WriteAccess
    from run_logger.local.operation import Argument, Value

# The operators of SQL between a column and the value; `_set` has none, `_prepend` turns round.
_OPERATORS = {
    "_inc": "+",
    "_append": "||",
    "_prepend": "||",
    "_delete_key": "-",
    "_delete_elem": "-",
    "_delete_at_path": "#-",
}


def assignments(
    target: Source, arguments: Mapping[str, Argument], path: str
) -> dict[str, ColumnElement[Any]]:
    """Return what an update assigns, by the column's name in Postgres; empty if nothing.

    Args:
        target: The table.
        arguments: The update's arguments, the operators among them.
        path: Where they stand in the request.

    Raises:
        HasuraError: Two operators are given for one column.
    """
    given = [
        (operator, name, cast("Value | None", value))
        for operator in ("_set", *_OPERATORS)
        for name, value in cast("Mapping[str, Argument]", arguments.get(operator) or {}).items()
    ]
    _check_one_operator_each([name for _, name, _ in given], path)
    updates = target.tracked.updates
    columns = {name: target.column(item.column.name) for name, item in _columns(updates)}
    assigned = {
        columns[name].name: _assigned(columns[name], operator, value)
        for operator, name, value in given
    }
    return assigned | {name: preset() for name, preset in updates.presets.items()}


def update_rows(
    scope: Scope,
    target: Source,
    assigned: Mapping[str, ColumnElement[Any]],
    condition: ColumnElement[bool],
) -> Change:
    """Return the update of the rows that fulfil a condition and that the role may update.

    Args:
        scope: The statement's scope.
        target: The table, all of it, brought into the scope.
        assigned: What is assigned, by the column's name in Postgres.
        condition: Which rows change.
    """
    access = target.tracked.updates
    values = {target.column(name): value for name, value in assigned.items()}
    statement = update(cast("Alias", target.rows)).values(values).where(condition)
    if access.rows is not None:
        statement = statement.where(access.rows(scope, target))
    return Change(scope, target, statement, access.check, access.check)


def _columns(access: WriteAccess) -> Iterator[tuple[str, ColumnField]]:
    for name, item in access.fields.items():
        if isinstance(item, ColumnField):
            yield name, item


def _assigned(column: ColumnElement[Any], operator: str, given: Value | None) -> ColumnElement[Any]:
    value = parameter(given)
    match operator:
        case "_set":
            return value
        case "_prepend":
            return value.op("||")(column)
        case _:
            return column.op(_OPERATORS[operator])(value)


def _check_one_operator_each(names: list[str], path: str) -> None:
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        listed = ", ".join(f"'{name}'" for name in repeated)
        raise HasuraError(
            f"Column found in multiple operators: [{listed}].", "validation-failed", path
        )

"""Calls of functions, for root fields and for computed fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from run_logger.local.compiler.scope import (
    Source,
    parameter,
    quoted,
    session_variables,
    table_clause,
)
from run_logger.local.errors import HasuraError
from run_logger.local.operation import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import ColumnElement
    from sqlalchemy.sql.compiler import SQLCompiler

    from run_logger.local.catalog import Function, FunctionArgument, Name
    from run_logger.local.compiler.scope import Scope
    from run_logger.local.model import TrackedTable
    from run_logger.local.operation import Argument


class FunctionCall(FunctionElement[Any]):
    """A call of a function of the database, under exactly its name.

    SQLAlchemy's own `func` spells some names (`random`, `concat`) in a way of its own, and leaves
    the case of schemas to Postgres.
    """

    inherit_cache: bool | None = False

    def __init__(self, name: Name, *arguments: ColumnElement[Any]) -> None:
        super().__init__(*arguments)
        self.function = name


@compiles(FunctionCall)
def _compile_call(call: FunctionCall, compiler: SQLCompiler, **options: Any) -> str:
    schema, name = (compiler.preparer.quote(quoted(part)) for part in call.function)
    return f"{schema}.{name}{compiler.process(call.clause_expr, **options)}"


def function_call(
    function: Function,
    fixed: Mapping[int, ColumnElement[Any]],
    user_arguments: tuple[FunctionArgument, ...],
    given: Mapping[str, Argument],
    path: str,
) -> FunctionCall:
    """Return the call of a function.

    Args:
        function: The function.
        fixed: The arguments that the user does not give, by their place: the row, the session.
        user_arguments: What the user may give, in the function's order, by GraphQL names.
        given: What the user gave.
        path: Where it stands in the request, for errors.

    Raises:
        HasuraError: An argument without a default is left out, or one without a name before one
            that is given.
    """
    names = iter(user_arguments)
    values = {
        place: fixed[place] if place in fixed else _value(next(names), given, path)
        for place in range(len(function.arguments))
    }
    arguments = _notation(function, values, path)
    return FunctionCall(function.name, *arguments)


def function_rows(scope: Scope, tracked: TrackedTable, call: FunctionCall) -> Source:
    """Bring the rows that a function returns into FROM: those that the role sees."""
    columns = table_clause(tracked.table).columns
    rows = Source(tracked, call.table_valued(*columns, name=scope.name("f")))
    return scope.restricted(rows)


def session_only(place: int | None) -> dict[int, ColumnElement[Any]]:
    """Return the session variables as the argument in that place, if the function takes them."""
    return {} if place is None else {place: session_variables()}


def _value(
    argument: FunctionArgument, given: Mapping[str, Argument], path: str
) -> ColumnElement[Any] | None:
    if argument.name in given:
        value = given[argument.name]
        return parameter(value if isinstance(value, Value) else None, argument.type)
    if argument.has_default:
        return None
    message = "Non default arguments cannot be omitted"
    raise HasuraError(message, "not-supported", f"{path}.args.args")


def _notation(
    function: Function, values: Mapping[int, ColumnElement[Any] | None], path: str
) -> Iterator[ColumnElement[Any]]:
    """Write arguments by position up to the first one left out, then by name."""
    named = False
    for argument, value in zip(function.arguments, values.values(), strict=True):
        if value is None:
            named = True
        elif not named:
            yield value
        elif argument.name:
            yield column(quoted(argument.name)).op("=>")(value)
        else:
            message = "Only last set of positional arguments can be omitted"
            raise HasuraError(message, "not-supported", f"{path}.args.args")

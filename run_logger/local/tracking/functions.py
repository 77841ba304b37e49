"""Functions, as root fields and as computed fields."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from run_logger.local.metadata import table_name
from run_logger.local.model import ComputedField, TrackedFunction
from run_logger.local.scalars import is_graphql_name
from run_logger.local.tracking.context import (
    Inconsistent,
    base_name,
    configuration,
    the_function,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from run_logger.local.catalog import Catalog, Function, FunctionArgument, Name, Table
    from run_logger.local.metadata import Entry
    from run_logger.local.model import TrackedTable
    from run_logger.local.tracking.context import Context


def track_function(
    catalog: Catalog, entry: Entry, tables: Mapping[Name, TrackedTable]
) -> TrackedFunction:
    """Make a tracked function.

    Raises:
        Inconsistent: It does not exist, is overloaded or variadic, or returns what is not tracked.
    """
    function = the_function(catalog, entry.name)
    settings = configuration(entry)
    if function.variadic:
        raise Inconsistent(f'function "{entry.name}" has a VARIADIC argument')
    if function.returns_table not in tables or function.returns_table is None:
        raise Inconsistent(f'function "{entry.name}" does not return rows of a tracked table')
    name = base_name(entry.name, settings)
    if not is_graphql_name(name):
        raise Inconsistent(f"{name!r} is no GraphQL name; give it a custom_name")
    session = _place(function, settings.get("session_argument"))
    return TrackedFunction(
        name=name,
        function=function,
        returns=function.returns_table,
        exposed_as=_root(function, settings),
        session_argument=session,
        arguments=_user_arguments(function, {session}),
        comment=entry.body.get("comment"),
    )


def computed_field(context: Context, table: Table, body: dict[str, Any]) -> ComputedField:
    """Make a computed field of a table.

    Raises:
        Inconsistent: Its function does not exist, does not take the row, or returns rows of a table
            that is not tracked.
    """
    settings: dict[str, Any] = body["definition"]
    function = the_function(context.catalog, table_name(settings["function"]))
    named = settings.get("table_argument")
    if problems := list(_misfits(function, table, named)):
        raise Inconsistent(_refusal(body["name"], table, problems))
    session = _place(function, settings.get("session_argument"))
    row = _place(function, named) or 0
    if function.returns_set and function.returns_table is None:
        raise Inconsistent(f'function "{function.name}" returns a set of what is no table')
    if function.returns_set and function.returns_table is not None:
        context.table(function.returns_table)
    return ComputedField(
        name=body["name"],
        function=function,
        row_argument=row,
        session_argument=session,
        arguments=_user_arguments(function, {row, session}),
        target=function.returns_table if function.returns_set else None,
        returns=function.returns,
        comment=body.get("comment"),
    )


def _misfits(function: Function, table: Table, named: str | None) -> Iterator[str]:
    """Yield, in Hasura's words, why a function cannot compute a field of a table's rows."""
    if function.volatility == "volatile":
        yield (
            f'the function "{function.name}" is of type VOLATILE;'
            " cannot be added as a computed field"
        )
    if not function.arguments:
        yield f'the function "{function.name}" has no input arguments'
        return
    if named is not None and all(item.name != named for item in function.arguments):
        yield f'"{named}" is not an input argument of "{function.name}" function'
        return
    row = function.arguments[_place(function, named) or 0]
    if row.table == table.name:
        return
    which = "first argument" if named is None else f'"{named}" argument'
    argument = f'{which} of the function "{function.name}"'
    if row.table is None:
        yield f"{argument} is not COMPOSITE type"
    schema, name = row.table or ("pg_catalog", row.type.name)
    yield (
        f'{argument} of type "{schema}.{name}"'
        " is not the table to which the computed field is being added"
    )


def _refusal(field: str, table: Table, reasons: Sequence[str]) -> str:
    refusal = f'the computed field "{field}" cannot be added to table "{table.name}"'
    if len(reasons) == 1:
        return f"{refusal} because {reasons[0]}"
    listed = "".join(f"  • {reason}\n" for reason in reasons)
    return f"{refusal} for the following reasons:\n{listed}"


def _root(function: Function, settings: Mapping[str, Any]) -> Literal["query", "mutation"]:
    volatile = function.volatility == "volatile"
    match settings.get("exposed_as"):
        case "query":
            return "query"
        case "mutation" if not volatile:
            raise Inconsistent(
                f'the function "{function.name}" cannot be tracked because the function was '
                "requested to be exposed as a mutation, but is not marked VOLATILE. Maybe the "
                "function was given the wrong volatility when it was defined?"
            )
        case _:
            return "mutation" if volatile else "query"


def _place(function: Function, name: str | None) -> int | None:
    if name is None:
        return None
    for place, argument in enumerate(function.arguments):
        if argument.name == name:
            return place
    raise Inconsistent(f'function "{function.name}" has no argument {name!r}')


def _user_arguments(
    function: Function, hidden: Container[int | None]
) -> tuple[FunctionArgument, ...]:
    """Name the arguments that a user may give; those without a name are numbered from 1."""
    named: list[FunctionArgument] = []
    unnamed = 0
    for place, argument in enumerate(function.arguments):
        unnamed += not argument.name
        if place not in hidden:
            name = argument.name or f"arg_{unnamed}"
            if not is_graphql_name(name):
                raise Inconsistent(f"its argument {name!r} has no GraphQL name")
            named.append(replace(argument, name=name))
    return tuple(named)

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
    from collections.abc import Container, Mapping

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
    session = _place(function, settings.get("session_argument"))
    row = _place(function, settings.get("table_argument"))
    row = 0 if row is None else row
    if row >= len(function.arguments) or function.arguments[row].table != table.name:
        raise Inconsistent(f'function "{function.name}" does not take a row of "{table.name}"')
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

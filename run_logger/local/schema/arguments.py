"""Arguments of fields that give rows: where, order_by, … and the `args` of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLList,
    GraphQLNonNull,
)

from run_logger.local.annotations import column_value, json_path
from run_logger.local.scalars import scalar_name
from run_logger.local.schema import descriptions
from run_logger.local.schema.columns import select_columns
from run_logger.local.schema.construct import INT, STRING, input_type
from run_logger.local.schema.filters import bool_exp
from run_logger.local.schema.ordering import order_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from run_logger.local.catalog import FunctionArgument, PgType
    from run_logger.local.model import ComputedField, TrackedFunction, TrackedTable
    from run_logger.local.schema.types import Types


def select_arguments(types: Types, table: TrackedTable) -> dict[str, GraphQLArgument]:
    """Return the arguments of a field that gives rows of the table."""
    orders = GraphQLList(GraphQLNonNull(order_by(types, table)))
    return {
        **_distinct_on(types, table),
        "limit": GraphQLArgument(INT, description="limit the number of rows returned"),
        "offset": GraphQLArgument(INT, description="skip the first n rows. Use only with order_by"),
        "order_by": GraphQLArgument(orders, description="sort the rows by one or more columns"),
        "where": where_argument(types, table),
    }


def _distinct_on(types: Types, table: TrackedTable) -> dict[str, GraphQLArgument]:
    columns = select_columns(types, table)
    if columns is None:
        return {}
    return {"distinct_on": GraphQLArgument(columns, description="distinct select on columns")}


def where_argument(types: Types, table: TrackedTable) -> GraphQLArgument:
    """Return the optional argument `where`."""
    return GraphQLArgument(bool_exp(types, table), description="filter the rows returned")


def path_argument(type_: PgType) -> dict[str, GraphQLArgument]:
    """Return the argument `path` for a value of a JSON type, none for any other type."""
    if not type_.is_json:
        return {}
    path = GraphQLArgument(STRING, description="JSON select path", extensions=json_path())
    return {"path": path}


def function_arguments(
    types: Types, function: TrackedFunction, field: str
) -> dict[str, GraphQLArgument]:
    """Return the argument `args` of a root field of the function, if it takes any.

    Args:
        types: The types of the schema.
        function: The function.
        field: The name of the root field.
    """
    name = f"{function.name}_args"
    description = f'input parameters for function "{field}"'
    owner = f"the function {function.function.name}"
    return _args(types, (name, owner), function.arguments, description)


def computed_field_arguments(
    types: Types, table: TrackedTable, field: ComputedField
) -> dict[str, GraphQLArgument]:
    """Return the argument `args` of a computed field of the table, if it takes any."""
    name = f"{field.name}_{table.name}_args"
    defined = f"defined on table {descriptions.quoted(table)}"
    description = f'input parameters for computed field "{field.name}" {defined}'
    owner = f"the computed field {field.name} of {table.table.name}"
    return _args(types, (name, owner), field.arguments, description)


def _args(
    types: Types, named: tuple[str, str], arguments: Sequence[FunctionArgument], description: str
) -> dict[str, GraphQLArgument]:
    """Return the argument `args`; `named` is the name of its type, and what this is made for."""
    name, owner = named
    shown = [item for item in arguments if scalar_name(item.type) is not None]
    if not shown:
        return {}
    type_ = types.once(
        name, owner, lambda: input_type(name, lambda: (_argument(types, item) for item in shown))
    )
    if all(item.has_default for item in arguments):
        return {"args": GraphQLArgument(type_, description=description)}
    return {"args": GraphQLArgument(GraphQLNonNull(type_), description=description)}


def _argument(types: Types, item: FunctionArgument) -> tuple[str, GraphQLInputField]:
    type_ = types.leaf(item.type)
    return item.name, GraphQLInputField(type_, extensions=column_value(item.type))

"""Root fields: what can be asked for at the top of an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from graphql import GraphQLArgument, GraphQLField, GraphQLList, GraphQLNonNull

from run_logger.local.schema import descriptions
from run_logger.local.schema.aggregates import list_of
from run_logger.local.schema.arguments import function_arguments, select_arguments
from run_logger.local.schema.columns import key_argument
from run_logger.local.schema.construct import INT, by_name, object_type
from run_logger.local.schema.filters import bool_exp
from run_logger.local.schema.inserts import insert_arguments, insert_one_arguments
from run_logger.local.schema.objects import aggregate_of_rows, row
from run_logger.local.schema.streams import stream_arguments
from run_logger.local.schema.updates import (
    update_arguments,
    update_by_pk_arguments,
    update_many_arguments,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from graphql import GraphQLObjectType

    from run_logger.local.model import RootField, TrackedFunction, TrackedTable
    from run_logger.local.schema.construct import OutputType
    from run_logger.local.schema.types import Types

_Arguments: TypeAlias = "dict[str, GraphQLArgument]"


def root_field(types: Types, root: RootField) -> GraphQLField:
    """Return the field that stands for a root field of the model."""
    table = types.table(root.table)
    if root.function is not None:
        return _function(types, table, root, root.function)
    default = _DESCRIPTIONS[root.kind].format(table=descriptions.quoted(table))
    return GraphQLField(
        _type(types, table, root),
        args=_ARGUMENTS[root.kind](types, table),
        description=descriptions.described(root.comment, default),
    )


def _type(types: Types, table: TrackedTable, root: RootField) -> OutputType:
    match root.kind:
        case "select" | "select_stream":
            return list_of(row(types, table))
        case "select_aggregate":
            return aggregate_of_rows(types, table)
        case "insert" | "update" | "delete":
            return _mutation_response(types, table)
        case "update_many":
            return GraphQLList(_mutation_response(types, table))
        case _:
            return row(types, table)


def _mutation_response(types: Types, table: TrackedTable) -> GraphQLObjectType:
    affected = GraphQLField(
        GraphQLNonNull(INT), description="number of rows affected by the mutation"
    )
    return types.of_table(
        table,
        "_mutation_response",
        lambda name: object_type(
            name,
            lambda: [("affected_rows", affected), *_returning(types, table)],
            f"response of any mutation on the table {descriptions.quoted(table)}",
        ),
    )


def _returning(types: Types, table: TrackedTable) -> Iterator[tuple[str, GraphQLField]]:
    if types.shows(table.table.name):
        description = "data from the rows affected by the mutation"
        yield "returning", GraphQLField(list_of(row(types, table)), description=description)


def _key_arguments(types: Types, table: TrackedTable) -> _Arguments:
    return by_name((column.name, key_argument(types, column)) for column in types.key(table))


def _delete_arguments(types: Types, table: TrackedTable) -> _Arguments:
    where = GraphQLArgument(
        GraphQLNonNull(bool_exp(types, table)),
        description="filter the rows which have to be deleted",
    )
    return {"where": where}


_ARGUMENTS: Final[Mapping[str, Callable[[Types, TrackedTable], _Arguments]]] = {
    "select": select_arguments,
    "select_by_pk": _key_arguments,
    "select_aggregate": select_arguments,
    "select_stream": stream_arguments,
    "insert": insert_arguments,
    "insert_one": insert_one_arguments,
    "update": update_arguments,
    "update_by_pk": update_by_pk_arguments,
    "update_many": update_many_arguments,
    "delete": _delete_arguments,
    "delete_by_pk": _key_arguments,
}
_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "select": "fetch data from the table: {table}",
    "select_by_pk": "fetch data from the table: {table} using primary key columns",
    "select_aggregate": "fetch aggregated fields from the table: {table}",
    "select_stream": "fetch data from the table in a streaming manner: {table}",
    "insert": "insert data into the table: {table}",
    "insert_one": "insert a single row into the table: {table}",
    "update": "update data of the table: {table}",
    "update_by_pk": "update single row of the table: {table}",
    "update_many": "update multiples rows of table: {table}",
    "delete": "delete data from the table: {table}",
    "delete_by_pk": "delete single row from the table: {table}",
}


def _function(
    types: Types, table: TrackedTable, root: RootField, function: TrackedFunction
) -> GraphQLField:
    arguments = function_arguments(types, function, root.name)
    comments = (root.comment, *_function_comments(root, function))
    return GraphQLField(
        _function_type(types, table, root, function),
        args={**arguments, **select_arguments(types, table)},
        description=descriptions.described(*comments, _function_default(table, root, function)),
    )


def _function_type(
    types: Types, table: TrackedTable, root: RootField, function: TrackedFunction
) -> OutputType:
    if root.kind == "function_aggregate":
        return aggregate_of_rows(types, table)
    rows = row(types, table)
    return list_of(rows) if function.function.returns_set else rows


def _function_comments(root: RootField, function: TrackedFunction) -> tuple[str | None, ...]:
    # Hasura v2 gives the function's comment to the query alone, not to its aggregate.
    if root.kind == "function" and function.exposed_as == "query":
        return function.comment, function.function.comment
    return ()


def _function_default(table: TrackedTable, root: RootField, function: TrackedFunction) -> str:
    name, rows = f'"{function.function.name}"', descriptions.quoted(table)
    if root.kind == "function_aggregate":
        return f"execute function {name} and query aggregates on result of table type {rows}"
    if function.exposed_as == "mutation":
        return f"execute VOLATILE function {name} which returns {rows}"
    return f"execute function {name} which returns {rows}"

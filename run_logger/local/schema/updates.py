"""What an update takes: `_set`, `_inc` and the other operators, each with an input type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from graphql import GraphQLArgument, GraphQLInputField, GraphQLList, GraphQLNonNull

from run_logger.local.annotations import column_value
from run_logger.local.scalars import INTEGER, TEXT, array_of, is_jsonb, is_numeric
from run_logger.local.schema import descriptions
from run_logger.local.schema.columns import input_field, key_field
from run_logger.local.schema.construct import input_type
from run_logger.local.schema.filters import bool_exp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from graphql import GraphQLInputObjectType

    from run_logger.local.catalog import PgType
    from run_logger.local.model import ColumnField, TrackedTable
    from run_logger.local.schema.types import Types


@dataclass(frozen=True, slots=True)
class _Operator:
    """An update operator.

    Attributes:
        name: Its name, without the underscore that the argument begins with.
        does: The description of the argument.
        takes: Which types of columns it changes; None where it changes any.
        value: The type of the value that it takes; None where that is the column's.
        input: The description of the input type, before the table; None where it is `does`.
    """

    name: str
    does: str
    takes: Callable[[PgType], bool] | None
    value: PgType | None = None
    input: str | None = None


_OPERATORS: Final = (
    _Operator(
        "append", "append existing jsonb value of filtered columns with new jsonb value", is_jsonb
    ),
    _Operator(
        "delete_at_path",
        "delete the field or element with specified path "
        "(for JSON arrays, negative integers count from the end)",
        is_jsonb,
        value=array_of(TEXT),
    ),
    _Operator(
        "delete_elem",
        "delete the array element with specified index (negative integers count from the end). "
        "throws an error if top level container is not an array",
        is_jsonb,
        value=INTEGER,
    ),
    _Operator(
        "delete_key",
        "delete key/value pair or string element. "
        "key/value pairs are matched based on their key value",
        is_jsonb,
        value=TEXT,
    ),
    _Operator(
        "inc",
        "increments the numeric columns with given value of the filtered values",
        is_numeric,
        input="input type for incrementing numeric columns in table",
    ),
    _Operator(
        "prepend", "prepend existing jsonb value of filtered columns with new jsonb value", is_jsonb
    ),
    _Operator(
        "set",
        "sets the columns of the filtered rows to the given values",
        None,
        input="input type for updating data in table",
    ),
)


def update_arguments(types: Types, table: TrackedTable) -> dict[str, GraphQLArgument]:
    """Return the arguments of the field that updates the rows that a filter chooses."""
    where = GraphQLArgument(
        GraphQLNonNull(bool_exp(types, table)),
        description="filter the rows which have to be updated",
    )
    return {**_operator_arguments(types, table), "where": where}


def update_by_pk_arguments(types: Types, table: TrackedTable) -> dict[str, GraphQLArgument]:
    """Return the arguments of the field that updates the row of a primary key."""
    key = GraphQLArgument(GraphQLNonNull(_pk_columns(types, table)))
    return {**_operator_arguments(types, table), "pk_columns": key}


def update_many_arguments(types: Types, table: TrackedTable) -> dict[str, GraphQLArgument]:
    """Return the argument of the field that makes several updates."""
    updates = GraphQLNonNull(GraphQLList(GraphQLNonNull(_updates(types, table))))
    return {"updates": GraphQLArgument(updates, description="updates to execute, in order")}


def _operator_arguments(types: Types, table: TrackedTable) -> dict[str, GraphQLArgument]:
    return {
        f"_{operator.name}": GraphQLArgument(type_, description=operator.does)
        for operator, type_ in _operators(types, table)
    }


def _updates(types: Types, table: TrackedTable) -> GraphQLInputObjectType:
    return types.of_table(
        table, "_updates", lambda name: input_type(name, lambda: _update_fields(types, table))
    )


def _update_fields(types: Types, table: TrackedTable) -> Iterator[tuple[str, GraphQLInputField]]:
    for operator, type_ in _operators(types, table):
        yield f"_{operator.name}", GraphQLInputField(type_, description=operator.does)
    yield (
        "where",
        GraphQLInputField(
            GraphQLNonNull(bool_exp(types, table)),
            description="filter the rows which have to be updated",
        ),
    )


def _operators(
    types: Types, table: TrackedTable
) -> Iterator[tuple[_Operator, GraphQLInputObjectType]]:
    """Yield the operators that the table has columns for, with their input types."""
    for operator in _OPERATORS:
        columns = [column for column in types.updated(table) if _changes(operator, column)]
        if columns:
            yield operator, _operator_input(types, table, operator, columns)


def _changes(operator: _Operator, column: ColumnField) -> bool:
    if operator.takes is None:
        return True
    return column.enum is None and operator.takes(column.column.type)


def _operator_input(
    types: Types, table: TrackedTable, operator: _Operator, columns: Sequence[ColumnField]
) -> GraphQLInputObjectType:
    description = operator.does
    if operator.input is not None:
        description = f"{operator.input} {descriptions.quoted(table)}"
    return types.of_table(
        table,
        f"_{operator.name}_input",
        lambda name: input_type(
            name,
            lambda: ((column.name, _value(types, operator, column)) for column in columns),
            description,
        ),
    )


def _value(types: Types, operator: _Operator, column: ColumnField) -> GraphQLInputField:
    if operator.value is None:
        return input_field(types, column)
    return GraphQLInputField(
        types.leaf(operator.value),
        description=descriptions.of_column(column),
        # Hasura v2 takes null for a key alone.
        extensions=column_value(operator.value, takes_null=operator.value is TEXT),
    )


def _pk_columns(types: Types, table: TrackedTable) -> GraphQLInputObjectType:
    return types.of_table(
        table,
        "_pk_columns_input",
        lambda name: input_type(
            name,
            lambda: ((column.name, key_field(types, column)) for column in types.key(table)),
            f"primary key columns input for table: {table.table.name}",
        ),
    )

"""What the schema notes on its input types for the reading of requests.

graphql-core lets every type, field and argument carry `extensions`; these functions are the one
place that writes and reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from graphql import GraphQLArgument, GraphQLInputField, GraphQLInputObjectType

    from run_logger.local.catalog import PgType

# The one value of an enum of columns that has none: an enum needs a value.
PLACEHOLDER: Final = "_PLACEHOLDER"

_COLUMN_TYPE = "column_type"
_JSON_PATH = "json_path"
_NOT_NULL = "not_null"
_ONE_PREDICATE = "one_predicate"
_ROW = "row"
_UNADVERTISED = "unadvertised"


def column_value(type_: PgType, *, takes_null: bool = True) -> dict[str, Any]:
    """Mark an input field or argument that takes a value of a Postgres type.

    The value is read as Hasura reads column values (any type takes a string, jsonb any value, …)
    and becomes a parameter. Of a list of values (`_in`) the Postgres type is the array.

    Args:
        type_: The Postgres type.
        takes_null: Whether null is NULL where the GraphQL type allows it, and no error.
    """
    return {_COLUMN_TYPE: type_} if takes_null else {_COLUMN_TYPE: type_, _NOT_NULL: True}


def unadvertised() -> dict[str, Any]:
    """Mark an input field that may be given, though the schema does not tell of it."""
    return {_UNADVERTISED: True}


def json_path() -> dict[str, Any]:
    """Mark an argument: it is a JSON path (`$.a[0]`) and becomes a parameter of type text[]."""
    return {_JSON_PATH: True}


def row() -> dict[str, Any]:
    """Mark an input object type as the row of an insert: a list may travel as one parameter."""
    return {_ROW: True}


def one_predicate() -> dict[str, Any]:
    """Mark an input object type: one of its fields is to be given, and no more."""
    return {_ONE_PREDICATE: True}


def column_type_of(item: GraphQLInputField | GraphQLArgument) -> PgType | None:
    """Return the Postgres type that the item takes a value of, None for a built-in argument."""
    return item.extensions.get(_COLUMN_TYPE)


def takes_null(item: GraphQLInputField | GraphQLArgument) -> bool:
    """Tell whether null is a value of the item, as far as its GraphQL type allows it."""
    return _NOT_NULL not in item.extensions


def is_advertised(item: GraphQLInputField) -> bool:
    """Tell whether the schema tells of the input field."""
    return _UNADVERTISED not in item.extensions


def is_json_path(item: GraphQLInputField | GraphQLArgument) -> bool:
    """Tell whether the item is a JSON path."""
    return _JSON_PATH in item.extensions


def is_row(type_: GraphQLInputObjectType) -> bool:
    """Tell whether the input object type is the row of an insert."""
    return _ROW in type_.extensions


def is_one_predicate(type_: GraphQLInputObjectType) -> bool:
    """Tell whether exactly one field of the input object type is to be given."""
    return _ONE_PREDICATE in type_.extensions

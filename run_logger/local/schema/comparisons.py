"""What a column can be compared with: `<scalar>_comparison_exp`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from graphql import (
    GraphQLInputField,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
)

from run_logger.local.annotations import column_value, unadvertised
from run_logger.local.catalog import PgType
from run_logger.local.scalars import TEXT, array_of, is_jsonb, is_ltree, is_text
from run_logger.local.schema.construct import BOOLEAN, STRING, input_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from graphql import GraphQLInputObjectType

    from run_logger.local.model import ColumnField
    from run_logger.local.schema.construct import InputType, Leaf
    from run_logger.local.schema.types import Types

_EQUALITY: Final = ("_eq", "_neq")
_ORDER: Final = ("_gt", "_gte", "_lt", "_lte")
_LISTS: Final = ("_in", "_nin")
_PATTERNS: Final = {
    "_ilike": "does the column match the given case-insensitive pattern",
    "_iregex": "does the column match the given POSIX regular expression, case insensitive",
    "_like": "does the column match the given pattern",
    "_nilike": "does the column NOT match the given case-insensitive pattern",
    "_niregex": "does the column NOT match the given POSIX regular expression, case insensitive",
    "_nlike": "does the column NOT match the given pattern",
    "_nregex": "does the column NOT match the given POSIX regular expression, case sensitive",
    "_nsimilar": "does the column NOT match the given SQL regular expression",
    "_regex": "does the column match the given POSIX regular expression, case sensitive",
    "_similar": "does the column match the given SQL regular expression",
}
_ARRAY: Final = {
    "_contained_in": "is the array contained in the given array value",
    "_contains": "does the array contain the given value",
}
_JSONB: Final = {
    "_contained_in": "is the column contained in the given json value",
    "_contains": "does the column contain the given json value at the top level",
}
_JSONB_KEYS: Final = {
    "_has_key": (TEXT, "does the string exist as a top-level key in the column"),
    "_has_keys_all": (
        array_of(TEXT),
        "do all of these strings exist as top-level keys in the column",
    ),
    "_has_keys_any": (
        array_of(TEXT),
        "do any of these strings exist as top-level keys in the column",
    ),
}
# Operators of releases of Hasura v2 after the one that is followed, whose schema lacks them.
_JSONPATH: Final = PgType(sql="jsonpath", name="jsonpath")
_JSONB_PATHS: Final = ("_jsonb_path_exists", "_jsonb_path_match")
_LTREE: Final = {
    "_ancestor": "is the left argument an ancestor of right (or equal)?",
    "_descendant": "is the left argument a descendant of right (or equal)?",
}
_LTREE_LISTS: Final = {
    "_ancestor_any": "does array contain an ancestor of `ltree`?",
    "_descendant_any": "does array contain a descendant of `ltree`?",
}
_LQUERY: Final = PgType(sql="lquery", name="lquery")
_LTREE_PATTERNS: Final = {
    "_matches": (_LQUERY, "does `ltree` match `lquery`?"),
    "_matches_any": (array_of(_LQUERY), "does `ltree` match any `lquery` in array?"),
    "_matches_fulltext": (
        PgType(sql="ltxtquery", name="ltxtquery"),
        "does `ltree` match `ltxtquery`?",
    ),
}

_Fields: TypeAlias = "Iterator[tuple[str, GraphQLInputField]]"


def comparison(types: Types, field: ColumnField) -> GraphQLInputObjectType:
    """Return the input type that compares a column."""
    if field.enum is None:
        return type_comparison(types, field.column.type)
    leaf, type_ = types.column(field), field.column.type
    return _comparison(types, leaf, lambda: _equality(leaf, type_))


def type_comparison(types: Types, type_: PgType) -> GraphQLInputObjectType:
    """Return the input type that compares values of a Postgres type."""
    leaf = types.leaf(type_)
    # `text` and `varchar` share one input type.
    value = TEXT if leaf == STRING else type_
    return _comparison(types, leaf, lambda: _operators(types, leaf, value))


def _comparison(types: Types, leaf: Leaf, fields: Callable[[], _Fields]) -> GraphQLInputObjectType:
    compared = get_named_type(leaf).name
    suffix = "_array_comparison_exp" if isinstance(leaf, GraphQLList) else "_comparison_exp"
    name = f"{compared}{suffix}"
    description = (
        f'Boolean expression to compare columns of type "{compared}". '
        "All fields are combined with logical 'AND'."
    )
    return types.once(name, "a comparison", lambda: input_type(name, fields, description))


def _operators(types: Types, leaf: Leaf, type_: PgType) -> _Fields:
    yield from _equality(leaf, type_)
    yield from ((name, _value(leaf, type_)) for name in _ORDER)
    if is_text(type_):
        yield from _described(_PATTERNS, leaf, type_)
    if type_.element is not None:
        yield from _described(_ARRAY, leaf, type_)
    if is_jsonb(type_):
        yield from _described(_JSONB, leaf, type_)
        yield from _jsonb_operators(types)
    if is_ltree(type_):
        yield from _ltree_operators(types, leaf, type_)


def _equality(leaf: Leaf, type_: PgType) -> _Fields:
    listed = GraphQLList(GraphQLNonNull(leaf))
    yield from ((name, _value(leaf, type_)) for name in _EQUALITY)
    yield from ((name, _value(listed, array_of(type_))) for name in _LISTS)
    yield "_is_null", GraphQLInputField(BOOLEAN)


def _jsonb_operators(types: Types) -> _Fields:
    for name, (type_, description) in _JSONB_KEYS.items():
        yield name, _value(types.leaf(type_), type_, description)
    later = {**column_value(_JSONPATH), **unadvertised()}
    for name in _JSONB_PATHS:
        yield name, GraphQLInputField(types.leaf(TEXT), extensions=later)
    yield "_cast", GraphQLInputField(_jsonb_cast(types))


def _jsonb_cast(types: Types) -> GraphQLInputObjectType:
    name = "jsonb_cast_exp"
    text = GraphQLInputField(type_comparison(types, TEXT))
    return types.once(name, "a cast", lambda: input_type(name, lambda: [("String", text)]))


def _ltree_operators(types: Types, leaf: Leaf, type_: PgType) -> _Fields:
    listed = GraphQLList(GraphQLNonNull(leaf))
    yield from _described(_LTREE, leaf, type_)
    yield from _described(_LTREE_LISTS, listed, array_of(type_))
    for name, (pattern, description) in _LTREE_PATTERNS.items():
        # Hasura takes a list of patterns as strings.
        patterns = types.leaf(pattern if pattern.element is None else array_of(TEXT))
        yield name, _value(patterns, pattern, description)


def _described(operators: Mapping[str, str], leaf: InputType, type_: PgType) -> _Fields:
    return ((name, _value(leaf, type_, text)) for name, text in operators.items())


def _value(leaf: InputType, type_: PgType, description: str | None = None) -> GraphQLInputField:
    return GraphQLInputField(leaf, description=description, extensions=column_value(type_))

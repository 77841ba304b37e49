"""Makes types of graphql-core: with exact hints, and fields in name order as introspection has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    specified_scalar_types,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from graphql import GraphQLField, GraphQLInputField

_ItemT = TypeVar("_ItemT")

# The nullable type of a value of a column.
Leaf: TypeAlias = GraphQLScalarType | GraphQLEnumType | GraphQLList[GraphQLNonNull[Any]]
# As in graphql-core, with arguments for what is generic.
_Wrapping: TypeAlias = GraphQLList[Any] | GraphQLNonNull[Any]
InputType: TypeAlias = GraphQLScalarType | GraphQLEnumType | GraphQLInputObjectType | _Wrapping
OutputType: TypeAlias = GraphQLScalarType | GraphQLEnumType | GraphQLObjectType | _Wrapping

BOOLEAN: Final = specified_scalar_types["Boolean"]
FLOAT: Final = specified_scalar_types["Float"]
INT: Final = specified_scalar_types["Int"]
STRING: Final = specified_scalar_types["String"]

# GraphQL has no enum values of these names.
_NO_ENUM_VALUES = frozenset({"true", "false", "null"})


# graphql-core declares that its constructors return any GraphQLNamedType; pyright believes it, and
# mypy does not.


def object_type(
    name: str,
    fields: Callable[[], Iterable[tuple[str, GraphQLField]]],
    description: str | None = None,
) -> GraphQLObjectType:
    """Return an object type; its fields are asked for later, and stand in name order."""
    return GraphQLObjectType(name, lambda: by_name(fields()), description=description)  # pyright: ignore[reportReturnType]


def input_type(
    name: str,
    fields: Callable[[], Iterable[tuple[str, GraphQLInputField]]],
    description: str | None = None,
    extensions: dict[str, Any] | None = None,
) -> GraphQLInputObjectType:
    """Return an input type; its fields are asked for later, and stand in name order."""
    return GraphQLInputObjectType(  # pyright: ignore[reportReturnType]
        name, lambda: by_name(fields()), description=description, extensions=extensions
    )


def enum_type(
    name: str, values: Mapping[str, str | None], description: str | None = None
) -> GraphQLEnumType:
    """Return an enum of values with these names and descriptions, in name order."""
    known = {
        value: GraphQLEnumValue(value, description=text)
        for value, text in sorted(values.items())
        if value not in _NO_ENUM_VALUES
    }
    return GraphQLEnumType(name, known, description=description)  # pyright: ignore[reportReturnType]


def scalar_type(name: str) -> GraphQLScalarType:
    """Return a scalar that has a name alone: its values are read by their Postgres type."""
    return GraphQLScalarType(name)  # pyright: ignore[reportReturnType]


def by_name(items: Iterable[tuple[str, _ItemT]]) -> dict[str, _ItemT]:
    """Return the items in the order of their names."""
    return dict(sorted(items, key=_name))


def _name(item: tuple[str, object]) -> str:
    return item[0]

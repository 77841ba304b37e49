"""Types of a schema's parts, where graphql-core's own annotations are not whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from graphql import (
    GraphQLList,
    GraphQLNonNull,
    type_from_ast,  # pyright: ignore[reportUnknownVariableType]
)

if TYPE_CHECKING:
    from graphql import (
        GraphQLField,
        GraphQLInputField,
        GraphQLNamedType,
        GraphQLSchema,
        GraphQLType,
        VariableDefinitionNode,
    )


def fields_of(type_: GraphQLNamedType) -> dict[str, GraphQLField]:
    """Return the fields of an object type or an interface."""
    return cast("dict[str, GraphQLField]", cast("Any", type_).fields)


def type_of(field: GraphQLField | GraphQLInputField) -> GraphQLType:
    """Return the type of a field, wrappers included."""
    return cast("GraphQLType", cast("Any", field).type)


def is_not_null(type_: GraphQLType) -> bool:
    """Return whether a value of this type is never null."""
    return isinstance(type_, GraphQLNonNull)


def is_list(type_: GraphQLType) -> bool:
    """Return whether this is a list that may be null."""
    return isinstance(type_, GraphQLList)


def unwrapped(type_: GraphQLType) -> GraphQLType:
    """Return what a list or a type that is not null holds."""
    return cast("GraphQLType", cast("Any", type_).of_type)


def variable_type(schema: GraphQLSchema, node: VariableDefinitionNode) -> GraphQLType:
    """Return the type of a variable."""
    type_ = type_from_ast(schema, node.type)
    assert type_, "the queries were checked"  # noqa: S101
    return type_

"""Answers `__schema` and `__type`, which graphql-core does, whatever else the document asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from graphql import (
    ExecutionContext,
    execute_sync,  # pyright: ignore[reportUnknownVariableType]  its own hints are partial
    parse,
)

from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import FieldNode, GraphQLObjectType, GraphQLSchema
    from graphql.pyutils import Path

    from run_logger.local.operation import Field

_INTROSPECTION_FIELDS = frozenset({"__schema", "__type"})


def is_introspection(field: Field) -> bool:
    """Tell whether a root field asks for the schema."""
    return field.name in _INTROSPECTION_FIELDS


def introspect(
    schema: GraphQLSchema,
    query: str,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
) -> dict[str, bytes]:
    """Answer the root fields of a document that ask for the schema.

    Args:
        schema: The schema of the role that asks.
        query: The document, which was read without an error.
        variables: Its variables.
        operation_name: Which of its operations is meant.

    Returns:
        The values of these root fields as JSON, by their keys in the answer.

    Raises:
        HasuraError: Something in it is not a field of the introspection.
    """
    result = execute_sync(
        schema,
        parse(query),
        variable_values=dict(variables or {}),
        operation_name=operation_name,
        execution_context_class=_OnlyIntrospection,
    )
    for error in result.errors or ():
        raise HasuraError(error.message, "validation-failed")
    return {key: orjson.dumps(value) for key, value in (result.data or {}).items()}


class _OnlyIntrospection(ExecutionContext):
    """Executes no other root fields: those are the compiler's."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        fields: dict[str, list[FieldNode]],
    ) -> Any:
        if path is None:
            fields = {
                key: nodes
                for key, nodes in fields.items()
                if nodes[0].name.value in _INTROSPECTION_FIELDS
            }
        return super().execute_fields(parent_type, source_value, path, fields)

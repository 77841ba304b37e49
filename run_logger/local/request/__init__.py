"""Reads a GraphQL request against the schema of a role: the document becomes an operation.

`document` parses the text into the tree of `syntax`; `variables` binds the values; `selections` and
`inputs` walk the tree along the schema. The walk is ours, and not graphql-core's validation,
because Hasura's clients know its messages, codes and paths, and because a request is checked,
coerced and turned into parameters in one pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from run_logger.local.operation import Operation
from run_logger.local.request.directives import MULTIPLE_FIELDS
from run_logger.local.request.document import parse_query
from run_logger.local.request.paths import invalid
from run_logger.local.request.selections import SelectionReader, reader_of
from run_logger.local.request.variables import Scope, bind_variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLObjectType, GraphQLSchema

    from run_logger.local.operation import Field
    from run_logger.local.request.syntax import OperationDefinition

__all__ = ["read_request"]


def read_request(
    schema: GraphQLSchema,
    query: str,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
) -> tuple[Operation, list[str | None]]:
    """Read a request against a schema.

    Args:
        schema: The schema, with the notes of `annotations` on its input types.
        query: The text of the document.
        variables: The values of the variables, as JSON; numbers may be Decimal.
        operation_name: Which operation of the document is meant, None if it has one only.

    Returns:
        The operation, which holds nothing of the values, and the values: texts that Postgres casts
        to the types in the operation, None for NULL.

    Raises:
        HasuraError: The first fault that was found in it.
    """
    try:
        operation = parse_query(query).operation(operation_name)
        return _read(schema, operation, variables or {})
    except RecursionError as error:
        raise invalid("the request is nested too deeply", "$") from error


def _read(
    schema: GraphQLSchema, definition: OperationDefinition, variables: Mapping[str, Any]
) -> tuple[Operation, list[str | None]]:
    root = _root_type(schema, definition)
    scope = Scope(bind_variables(definition, variables))
    reader = reader_of(schema)
    directives = reader.directives.of_operation(scope, definition)
    selections = SelectionReader(reader, scope, definition.fragments)
    fields = selections.read(root, definition.selection, "$")
    if definition.kind == "subscription" and MULTIPLE_FIELDS not in directives:
        _check_single(fields)
    return Operation(definition.kind, root.name, fields), scope.texts


def _root_type(schema: GraphQLSchema, definition: OperationDefinition) -> GraphQLObjectType:
    roots = {
        "query": (schema.query_type, "queries"),
        "mutation": (schema.mutation_type, "mutations"),
        "subscription": (schema.subscription_type, "subscriptions"),
    }
    root, plural = roots[definition.kind]
    if root is None:
        raise invalid(f"no {plural} exist", "$")
    return root


def _check_single(fields: tuple[Field, ...]) -> None:
    if len(fields) != 1:
        raise invalid("subscriptions must select one top level field", "$")

"""Reads a GraphQL request against the schema of a role: the document becomes an operation.

`document` parses the text into the tree of `syntax`; `variables` binds the values; `selections` and
`inputs` walk the tree along the schema. The walk is ours, and not graphql-core's validation,
because Hasura's clients know its messages, codes and paths, and because a request is checked,
coerced and turned into parameters in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from run_logger.local.operation import Operation
from run_logger.local.request.directives import MULTIPLE_FIELDS
from run_logger.local.request.document import parse_query
from run_logger.local.request.paths import invalid
from run_logger.local.request.selections import SelectionReader, reader_of
from run_logger.local.request.variables import Scope, bind_variables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import GraphQLObjectType, GraphQLSchema

    from run_logger.local.errors import HasuraError
    from run_logger.local.operation import Field
    from run_logger.local.request.syntax import OperationDefinition
    from run_logger.local.request.variables import Place

__all__ = ["Again", "Reading", "read_request"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A request that was read.

    Attributes:
        operation: The operation, which holds nothing of the values.
        values: Texts that Postgres casts to the types in the operation, None for NULL.
        again: Reads the values of the next request.
    """

    operation: Operation
    values: Sequence[str | None]
    again: Again


@dataclass(frozen=True, slots=True)
class Again:
    """Reads a request that was read before, with other variables.

    Only the places where variables stand are read again, each as in the reading of the whole: so
    the values are the same as of that, and the errors too.

    Attributes:
        definition: The operation as it stands in the document.
        places: The places whose arguments hang on variables, in order.
        constants: The values, without those of the places.
    """

    definition: OperationDefinition
    places: Sequence[Place]
    constants: Sequence[str | None]

    def values(self, variables: Mapping[str, Any] | None) -> list[str | None] | None:
        """Return the values, None if the operation is another with these variables.

        Raises:
            HasuraError: The first fault that was found.
        """
        try:
            scope = Scope(bind_variables(self.definition, variables or {}))
            end = 0
            for place in self.places:
                scope.texts += self.constants[end : place.begin]
                if not place.is_same(scope):
                    return None
                end = place.end
        except RecursionError as error:
            raise _too_deep() from error
        return [*scope.texts, *self.constants[end:]]


def read_request(
    schema: GraphQLSchema,
    query: str,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
) -> Reading:
    """Read a request against a schema.

    Args:
        schema: The schema, with the notes of `annotations` on its input types.
        query: The text of the document.
        variables: The values of the variables, as JSON; numbers may be Decimal.
        operation_name: Which operation of the document is meant, None if it has one only.

    Raises:
        HasuraError: The first fault that was found in it.
    """
    try:
        operation = parse_query(query).operation(operation_name)
        return _read(schema, operation, variables or {})
    except RecursionError as error:
        raise _too_deep() from error


def _too_deep() -> HasuraError:
    return invalid("the request is nested too deeply", "$")


def _read(
    schema: GraphQLSchema, definition: OperationDefinition, variables: Mapping[str, Any]
) -> Reading:
    root = _root_type(schema, definition)
    scope = Scope(bind_variables(definition, variables))
    reader = reader_of(schema)
    directives = reader.directives.of_operation(scope, definition)
    selections = SelectionReader(reader, scope, definition.fragments)
    fields = selections.read(root, definition.selection, "$")
    if definition.kind == "subscription" and MULTIPLE_FIELDS not in directives:
        _check_single(fields)
    operation = Operation(definition.kind, root.name, fields)
    constants = scope.texts.copy()
    for place in scope.places:
        constants[place.begin : place.end] = [None] * (place.end - place.begin)
    return Reading(operation, scope.texts, Again(definition, scope.places, constants))


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

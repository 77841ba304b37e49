"""The schema of an endpoint or a file, and its text in a stable order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import orjson
from graphql import (
    GraphQLError,
    GraphQLSchema,
    IntrospectionQuery,
    Source,
    build_client_schema,
    build_schema,
    get_introspection_query,
    lexicographic_sort_schema,
    print_schema,
)

from run_logger.errors import ForbiddenError, GenerationError, QueryError

if TYPE_CHECKING:
    from pathlib import Path

    from graphql import GraphQLObjectType

    from run_logger.transport import Transport

_INTROSPECTION = get_introspection_query(descriptions=True)
_ROOT = "query_root"


def introspect(transport: Transport) -> str:
    """Return the SDL of the endpoint's schema: everything sorted, descriptions kept.

    Args:
        transport: Connected to the endpoint, with the headers of the role whose schema is wanted.

    Raises:
        GenerationError: The role may not introspect, or the answer is no schema of Hasura's.
        RunLoggerError: The endpoint cannot be asked.
    """
    try:
        data: dict[str, Any] = transport.execute(_INTROSPECTION)
    except (QueryError, ForbiddenError) as error:
        raise GenerationError(
            f"the role of this request may not introspect: {error.problem}",
            endpoint=transport.endpoint,
            remedy="Ask as one that may: set HASURA_GRAPHQL_ADMIN_SECRET, or HASURA_GRAPHQL_ROLE"
            " to a role that graphql_schema_introspection in the metadata does not disable.",
        ) from error
    return stable_sdl(_client_schema(data, transport.endpoint))


def read_schema(path: Path) -> GraphQLSchema:
    """Read a schema from a file of SDL, or of the JSON of an introspection.

    Raises:
        GenerationError: The file cannot be read, or is no schema of Hasura's; says the line.
    """
    text = read_text(path)
    if text.lstrip().startswith("{"):
        return _client_schema(_json(text, path), str(path))
    try:
        # What Hasura serves is taken as it is, names that begin with "__" included.
        schema = build_schema(Source(text, str(path)), assume_valid=True)
    except (GraphQLError, TypeError) as error:
        raise GenerationError(f"{path} is no GraphQL schema: {error}") from error
    return _of_hasura(schema, str(path))


def read_text(path: Path) -> str:
    """Read a file of SDL or JSON.

    Raises:
        GenerationError: It cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise GenerationError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise GenerationError(f"{path} is not UTF-8", remedy="Save it as UTF-8.") from error


def stable_sdl(schema: GraphQLSchema) -> str:
    """Return the SDL of `schema` in an order that does not depend on the server's."""
    return print_schema(lexicographic_sort_schema(schema)) + "\n"


def _json(text: str, path: Path) -> Any:
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise GenerationError(f"{path} is no JSON: {error}") from error
    return content.get("data", content)


def _client_schema(data: Any, origin: str) -> GraphQLSchema:
    try:
        schema = build_client_schema(cast("IntrospectionQuery", data), assume_valid=True)
    except (GraphQLError, TypeError, KeyError) as error:
        raise GenerationError(
            f"{origin} gives no introspection that can be used: {error}",
            remedy="It has to be the whole answer to an introspection query.",
        ) from error
    return _of_hasura(schema, origin)


def _of_hasura(schema: GraphQLSchema, origin: str) -> GraphQLSchema:
    if schema.query_type is None:
        # SDL may leave out which types are the roots; Hasura's always have these names.
        schema.query_type, schema.mutation_type, schema.subscription_type = (
            cast("GraphQLObjectType | None", schema.type_map.get(f"{kind}_root"))
            for kind in ("query", "mutation", "subscription")
        )
    query = schema.query_type
    is_hasuras = query is not None and query.name == _ROOT
    if query is None or not (is_hasuras or any(map(_is_filter, schema.type_map))):
        found = f"its query type is {query.name}" if query else "it has no query type"
        raise GenerationError(
            f"{origin} is no schema of Hasura's: {found}, not {_ROOT}",
            remedy="Give the endpoint of a Hasura GraphQL engine: https://HOST/v1/graphql.",
        )
    return schema


def _is_filter(name: str) -> bool:
    return name.endswith(("_bool_exp", "BoolExp"))

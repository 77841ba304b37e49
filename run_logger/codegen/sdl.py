"""The schema of an endpoint, as text in a stable order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from graphql import (
    GraphQLError,
    GraphQLSchema,
    IntrospectionQuery,
    build_client_schema,
    build_schema,
    get_introspection_query,
    lexicographic_sort_schema,
    print_schema,
)

from run_logger.errors import GenerationError

if TYPE_CHECKING:
    from pathlib import Path

    from run_logger.transport import Transport

_INTROSPECTION = get_introspection_query(descriptions=True)


def introspect(transport: Transport) -> str:
    """Return the SDL of the endpoint's schema: everything sorted, descriptions kept.

    Args:
        transport: Connected to the endpoint, with the headers of the role whose schema is wanted.

    Raises:
        GenerationError: The answer is no introspection result.
        RunLoggerError: The endpoint cannot be asked.
    """
    data: dict[str, Any] = transport.execute(_INTROSPECTION)
    try:
        schema = build_client_schema(cast("IntrospectionQuery", data))
    except (GraphQLError, TypeError) as error:
        raise GenerationError(
            f"the introspection is not usable: {error}", endpoint=transport.endpoint
        ) from error
    return stable_sdl(schema)


def read_schema(path: Path) -> GraphQLSchema:
    """Read a schema from an SDL file.

    Raises:
        GenerationError: The file cannot be read, or is no SDL; says the line.
    """
    try:
        return build_schema(read_text(path), assume_valid_sdl=True)
    except (GraphQLError, TypeError) as error:
        raise GenerationError(f"{path} is no GraphQL schema: {error}") from error


def read_text(path: Path) -> str:
    """Read a file of SDL.

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

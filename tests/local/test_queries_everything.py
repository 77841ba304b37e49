"""Whatever the schema offers can be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    is_required_argument,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[..., Any]

_DEPTH = 3


def _selection(type_: Any, depth: int) -> str:
    """Select all that a type has, down to a depth; the empty string for a scalar."""
    if not isinstance(type_, GraphQLObjectType):
        return ""
    fields = {
        name: get_named_type(field.type)
        for name, field in type_.fields.items()
        if not _needs_arguments(field)
    }
    parts = [
        f"{name} {_selection(item, depth - 1)}"
        for name, item in fields.items()
        if not isinstance(item, GraphQLObjectType) or (depth > 1 and not _is_operator(item))
    ]
    return "{ __typename " + " ".join(parts) + " }"


def _is_operator(type_: GraphQLObjectType) -> bool:
    """Tell an aggregate such as `max`: Hasura offers some that Postgres lacks, as of a uuid."""
    return type_.name.endswith("_fields") and not type_.name.endswith("_aggregate_fields")


def _needs_arguments(field: GraphQLField) -> bool:
    return any(is_required_argument(argument) for argument in field.args.values())


def _everything(introspection: Any) -> list[str]:
    root = build_client_schema(introspection).query_type
    assert root is not None
    return [
        f"{{ {name} {_selection(get_named_type(field.type), _DEPTH)} }}"
        for name, field in root.fields.items()
        if not _needs_arguments(field)
    ]


def test_every_field_of_the_library_can_be_selected(ask: Ask) -> None:
    queries = _everything(ask(get_introspection_query()))
    assert len(queries) > 20
    for query in queries:
        ask(query)


def test_every_field_of_our_own_schema_can_be_selected(serve: Any) -> None:
    served = serve()
    queries = _everything(served.query(get_introspection_query())["data"])
    assert len(queries) > 14
    answers = [(query, served.query(query)) for query in queries]
    assert [answer for answer in answers if "errors" in answer[1]] == []

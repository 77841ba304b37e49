"""What is said of the schema is what graphql-core says of it, however it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from graphql import (
    execute_sync,  # pyright: ignore[reportUnknownVariableType]  its own hints are partial
    get_introspection_query,
    parse,
)

from run_logger.local.errors import HasuraError
from run_logger.local.introspection import introspect

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from tests.local.schema.conftest import ShownSchema

_QUERIES = [
    get_introspection_query(),
    get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    ),
    "{ __schema { __typename kinds: types { name, __typename ...T } types { kind } } }"
    " fragment T on __Type { fields { type { ... on __Type { name } } } }",
    '{ a: __type(name: "Int") { name description } b: __type(name: "Nothing") { name } }',
    'query q($n: String! = "query_root", $no: Boolean = false) {'
    " __type(name: $n) {"
    " name @skip(if: true) fields @include(if: true) { name } kind @include(if: $no) } }"
    " query other { __schema { description } }",
    "{ __schema { types { fields(includeDeprecated: true) { name isDeprecated } } } }",
]


@pytest.fixture
def built(schema: ShownSchema) -> GraphQLSchema:
    return schema.schema


def _advertised(value: Any) -> Any:
    """Take what the schema does not tell of out of the answer of graphql-core, which knows none."""
    if isinstance(value, list):
        names = [item.get("name") if isinstance(item, dict) else None for item in value]
        kept = [not str(name).startswith("_jsonb_path") for name in names]
        return [_advertised(item) for item, keeps in zip(value, kept, strict=True) if keeps]
    if isinstance(value, dict):
        return {key: _advertised(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize("query", _QUERIES)
def test_it_answers_as_graphql_core_does(built: GraphQLSchema, query: str) -> None:
    name = "q" if "query q(" in query else None
    expected: Any = execute_sync(built, parse(query), operation_name=name)
    assert expected.errors is None
    found = introspect(built, query, None, name)
    assert {key: orjson.loads(text) for key, text in found.items()} == _advertised(expected.data)


def test_variables_are_read_as_graphql_says(built: GraphQLSchema) -> None:
    query = "query ($n: String!) { __type(name: $n) { name } }"
    assert introspect(built, query, {"n": "Int"}, None) == {"__type": b'{"name":"Int"}'}
    with pytest.raises(HasuraError, match=r"\$n"):
        introspect(built, query, {}, None)
    with pytest.raises(HasuraError, match="name"):
        introspect(built, "{ __type { name } }", None, None)


def test_other_root_fields_are_left_to_others(built: GraphQLSchema) -> None:
    assert introspect(built, "{ __typename x: __typename }", None, None) == {}


def test_a_field_that_introspection_does_not_have_is_refused_at_its_place(
    built: GraphQLSchema,
) -> None:
    with pytest.raises(HasuraError, match="field 'nothing' not found in type: '__Type'") as caught:
        introspect(built, "{ s: __schema { types { it: nothing } } }", None, None)
    assert caught.value.code == "validation-failed"
    assert caught.value.path == "$.selectionSet.__schema.selectionSet.types.selectionSet.nothing"

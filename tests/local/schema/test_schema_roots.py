"""Root fields are those of Hasura v2, and the whole is a schema that tools can read."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from graphql import (
    build_schema as parse_schema,
)
from graphql import (
    get_introspection_query,
    graphql_sync,
    print_schema,
    validate_schema,
)

from run_logger.local.errors import ServeError
from run_logger.local.model import Model
from run_logger.local.schema import build_schema

if TYPE_CHECKING:
    from tests.local.schema.conftest import SchemaOf, ShownSchema


def test_tables_have_the_root_fields_of_hasura(schema: ShownSchema, select_arguments: str) -> None:
    select = select_arguments.format("shop_book")
    assert schema.signature("query_root", "shop_book") == (
        f'fetch data from the table: "shop.book": ({select}) [shop_book!]!'
    )
    assert schema.signature("query_root", "shop_book_aggregate") == (
        f'fetch aggregated fields from the table: "shop.book": ({select}) shop_book_aggregate!'
    )
    assert schema.signature("query_root", "shop_book_by_pk") == (
        'fetch data from the table: "shop.book" using primary key columns: '
        "(edition: smallint!, isbn: String!) shop_book"
    )
    insert = "shop_book_insert_input!"
    assert schema.signature("mutation_root", "insert_shop_book") == (
        'insert data into the table: "shop.book": '
        f"(objects: [{insert}]!, on_conflict: shop_book_on_conflict) shop_book_mutation_response"
    )
    assert schema.signature("mutation_root", "insert_shop_book_one") == (
        'insert a single row into the table: "shop.book": '
        f"(object: {insert}, on_conflict: shop_book_on_conflict) shop_book"
    )
    assert schema.signature("mutation_root", "delete_shop_book") == (
        'delete data from the table: "shop.book": (where: shop_book_bool_exp!) '
        "shop_book_mutation_response"
    )
    assert schema.signature("mutation_root", "delete_shop_book_by_pk") == (
        'delete single row from the table: "shop.book": '
        "(edition: smallint!, isbn: String!) shop_book"
    )


def test_streams_are_subscriptions_with_a_cursor(schema: ShownSchema) -> None:
    assert schema.signature("subscription_root", "title_stream") == (
        'fetch data from the table in a streaming manner: "title": (batch_size: Int!, '
        "cursor: [title_stream_cursor_input]!, where: title_bool_exp) [title!]!"
    )
    assert (
        schema.printed("title_stream_cursor_input", "title_stream_cursor_value_input")
        == dedent('''
        """
        Streaming cursor of the table "title"
        """
        input title_stream_cursor_input {
          """Stream column input with initial value"""
          initial_value: title_stream_cursor_value_input!

          """cursor ordering"""
          ordering: cursor_ordering
        }

        """Initial value of the column from where the streaming should start"""
        input title_stream_cursor_value_input {
          isbn: String
          title: String
        }
    ''').strip()
    )
    assert schema.values("cursor_ordering") == ["ASC", "DESC"]
    assert set(schema.fields("subscription_root")) >= set(schema.fields("query_root"))


def test_functions_are_root_fields_with_args(schema: ShownSchema, select_arguments: str) -> None:
    select = select_arguments.format("author")
    assert schema.signature("query_root", "search_author") == (
        'execute function "search_author" which returns "author": '
        f"(args: search_author_args!, {select}) [author!]!"
    )
    assert schema.signature("query_root", "search_author_aggregate") == (
        'execute function "search_author" and query aggregates on result of table type "author": '
        f"(args: search_author_args!, {select}) author_aggregate!"
    )
    assert schema.signature("query_root", "any_author") == (
        f"one at random: (args: any_author_args, {select}) author"
    )
    assert schema.signature("mutation_root", "retire") == (
        'execute VOLATILE function "retire" which returns "author": '
        f"(args: retire_args!, {select}) [author!]!"
    )
    assert schema.fields("search_author_args") == {"at_most": "Int", "pattern": "String"}


def test_without_tables_there_are_no_queries_and_no_mutations() -> None:
    schema = build_schema(Model(tables={}, queries={}, mutations={}))
    query = schema.query_type
    assert query is not None
    assert {name: str(field.type) for name, field in query.fields.items()} == {
        "no_queries_available": "String!"
    }
    assert (schema.mutation_type, schema.subscription_type) == (None, None)


def test_introspection_lists_everything_in_name_order(schema: ShownSchema) -> None:
    introspection = graphql_sync(schema.schema, get_introspection_query()).data
    assert introspection is not None
    shown = introspection["__schema"]
    assert [item["name"] for item in shown["directives"]] == ["cached", "include", "skip"]
    lists = [shown["types"]]
    for item in shown["types"]:
        if not item["name"].startswith("__"):
            fields = item["fields"] or []
            lists += [fields, item["inputFields"] or [], item["enumValues"] or []]
            lists += [field["args"] for field in fields]
    names = [[item["name"] for item in items] for items in lists]
    assert names == [sorted(items) for items in names]


def test_the_whole_is_valid_graphql(schema: ShownSchema) -> None:
    assert validate_schema(parse_schema(print_schema(schema.schema))) == []


def test_two_schemas_share_no_types(schema_of: SchemaOf) -> None:
    sql, tables = "create table note (id uuid primary key)", "[{table: note}]"
    one, other = schema_of(sql, tables).types, schema_of(sql, tables).types
    shared = {name for name, type_ in one.items() if other[name] is type_}
    assert all(name.startswith("__") or name in {"Boolean", "Int", "String"} for name in shared)


def test_names_that_graphql_reserves_are_served(schema_of: SchemaOf) -> None:
    schema = schema_of('create table odd ("__v" int, "true" bool, "null" text)', "[{table: odd}]")
    assert schema.fields("odd") == {"__v": "Int", "null": "String", "true": "Boolean"}
    # An enum cannot have the others.
    assert schema.values("odd_select_column") == ["__v"]


def test_what_has_no_graphql_name_is_left_out(schema_of: SchemaOf) -> None:
    schema = schema_of(
        """
        create type "my mood" as enum ('glad');
        create table day (id int primary key, mood "my mood");
        create table mood ("my mood" "my mood", kind "my mood" primary key);
        """,
        "[{table: day}, {table: mood}]",
    )
    assert schema.fields("day") == {"id": "Int!"}
    assert "mood" not in schema.types
    assert [name for name in schema.fields("query_root") if "mood" in name] == []


def test_a_name_that_would_stand_for_two_types_is_an_error(schema_of: SchemaOf) -> None:
    sql = "create table run (id int); create table run_aggregate (id int)"
    tables = """
    - table: run
    - table: run_aggregate
      configuration: {custom_root_fields: {select: run_aggregates}}
    """
    with pytest.raises(ServeError, match=r"run_aggregate .* give a custom_name"):
        schema_of(sql, tables)

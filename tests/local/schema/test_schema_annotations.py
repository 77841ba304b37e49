"""Input fields say how their values are to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import GraphQLInputObjectType

from run_logger.local.annotations import column_type_of, is_json_path, is_row

if TYPE_CHECKING:
    from tests.local.schema.conftest import ShownSchema


def test_values_of_columns_are_marked_with_their_postgres_types(schema: ShownSchema) -> None:
    marks = {
        name: column_type_of(schema.input_field(*name.split(".")))
        for name in (
            "Int_comparison_exp._eq",
            "Int_comparison_exp._in",
            "String_comparison_exp._like",
            "Int_comparison_exp._is_null",
            "jsonb_comparison_exp._has_keys_any",
            "author_insert_input.tags",
            "author_insert_input.genre",
            "author_set_input.profile",
            "author_inc_input.rating",
            "author_delete_elem_input.profile",
            "shop_book_pk_columns_input.edition",
            "search_author_args.at_most",
            "label_author_args.prefix",
            "title_stream_cursor_value_input.title",
        )
    }
    assert {name: type_ and type_.sql for name, type_ in marks.items()} == {
        "Int_comparison_exp._eq": "integer",
        "Int_comparison_exp._in": "integer[]",
        "String_comparison_exp._like": "text",
        "Int_comparison_exp._is_null": None,
        "jsonb_comparison_exp._has_keys_any": "text[]",
        "author_insert_input.tags": "text[]",
        "author_insert_input.genre": "text",
        "author_set_input.profile": "jsonb",
        "author_inc_input.rating": "double precision",
        "author_delete_elem_input.profile": "integer",
        "shop_book_pk_columns_input.edition": "smallint",
        "search_author_args.at_most": "integer",
        "label_author_args.prefix": "text",
        "title_stream_cursor_value_input.title": "character varying",
    }
    listed = marks["Int_comparison_exp._in"]
    assert listed is not None
    assert (listed.name, listed.element) == ("_int4", marks["Int_comparison_exp._eq"])


def test_arguments_and_rows_are_marked_too(schema: ShownSchema) -> None:
    key = column_type_of(schema.field("query_root", "shop_book_by_pk").args["edition"])
    assert key is not None
    assert key.sql == "smallint"
    assert column_type_of(schema.field("query_root", "author").args["limit"]) is None
    assert is_json_path(schema.field("author", "profile").args["path"])
    assert is_json_path(schema.field("author", "facts").args["path"])
    inputs = [item for item in schema.types.values() if isinstance(item, GraphQLInputObjectType)]
    rows = {item.name for item in inputs if is_row(item)}
    assert rows == {
        f"{name}_insert_input" for name in ("author", "every_type", "genre", "shop_book", "title")
    }

"""Object types and aggregates have the fields, types and descriptions that Hasura v2 gives."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.local.schema.conftest import SchemaOf, ShownSchema


def test_a_row_shows_its_columns_and_what_is_related_to_it(schema: ShownSchema) -> None:
    assert schema.fields("author") == {
        "active": "Boolean!",
        "books": "[shop_book!]!",
        "books_aggregate": "shop_book_aggregate!",
        "facts": "jsonb",
        "genre": "genre_enum",
        "id": "Int!",
        "label": "String",
        "name": "String!",
        "profile": "jsonb!",
        "rating": "float8",
        "rivals": "[author!]",
        "slug": "String",
        "tags": "[String!]",
    }
    assert schema.fields("shop_book") == {
        "author": "author!",
        "author_id": "Int!",
        "edition": "smallint!",
        "editor": "author",
        "editor_id": "Int",
        "isbn": "String!",
        "title": "String",
    }


def test_fields_of_a_row_take_the_arguments_of_their_kind(
    schema: ShownSchema, select_arguments: str
) -> None:
    books = f"({select_arguments.format('shop_book')}) [shop_book!]!"
    assert schema.signature("author", "books") == f"An array relationship: {books}"
    aggregate = f"({select_arguments.format('shop_book')}) shop_book_aggregate!"
    assert (
        schema.signature("author", "books_aggregate") == f"An aggregate relationship: {aggregate}"
    )
    assert schema.signature("shop_book", "editor") == "An object relationship: () author"
    assert schema.signature("author", "facts") == "what is known: (path: String) jsonb"
    assert schema.signature("author", "label") == (
        'A computed field, executes function "author_label": (args: label_author_args!) String'
    )
    rivals = f"({select_arguments.format('author')}) [author!]"
    assert schema.signature("author", "rivals") == f"who competes: {rivals}"
    assert schema.fields("label_author_args") == {"prefix": "String"}


def test_postgres_types_have_the_scalars_of_hasura(schema: ShownSchema) -> None:
    assert schema.fields("every_type") == {
        "a_bit": "bit",
        "a_bool": "Boolean",
        "a_bpchar": "bpchar",
        "a_bytea": "bytea",
        "a_date": "date",
        "a_domain": "String",
        "a_float4": "Float",
        "a_float8": "float8",
        "a_int2": "smallint",
        "a_int4": "Int",
        "a_int8": "bigint",
        "a_interval": "interval",
        "a_json": "json",
        "a_jsonb": "jsonb",
        "a_money": "money",
        "a_mood": "mood",
        "a_numeric": "numeric",
        "a_range": "int4range",
        "a_row": "genre_scalar",
        "a_text": "String",
        "a_time": "time",
        "a_timestamp": "timestamp",
        "a_timestamptz": "timestamptz",
        "a_timetz": "timetz",
        "a_uuid": "uuid",
        "a_varchar": "String",
        "some_int8": "[bigint!]",
        "some_mood": "[mood!]",
    }


def test_the_values_of_an_enum_table_are_an_enum(schema: ShownSchema) -> None:
    assert (
        schema.printed("genre_enum")
        == dedent('''
        enum genre_enum {
          drama

          """no rhymes"""
          prose
        }
    ''').strip()
    )


def test_aggregates_are_of_the_columns_that_can_bear_them(schema: ShownSchema) -> None:
    numbers = {
        "a_float4": "Float",
        "a_float8": "float8",
        "a_int2": "smallint",
        "a_int4": "Int",
        "a_int8": "bigint",
        "a_money": "money",
        "a_numeric": "numeric",
    }
    assert schema.fields("every_type_sum_fields") == numbers
    assert schema.fields("every_type_avg_fields") == dict.fromkeys(numbers, "Float")
    assert schema.fields("every_type_max_fields") == numbers | {
        "a_bpchar": "bpchar",
        "a_date": "date",
        "a_domain": "String",
        "a_mood": "mood",
        "a_row": "genre_scalar",
        "a_text": "String",
        "a_timestamp": "timestamp",
        "a_timestamptz": "timestamptz",
        "a_timetz": "timetz",
        "a_uuid": "uuid",
        "a_varchar": "String",
        "some_int8": "[bigint!]",
        "some_mood": "[mood!]",
    }
    assert "genre" not in schema.fields("author_max_fields")


def test_a_table_without_numbers_has_no_sums(schema: ShownSchema) -> None:
    assert (
        schema.printed("title_aggregate", "title_aggregate_fields")
        == dedent('''
        """
        aggregated selection of "title"
        """
        type title_aggregate {
          aggregate: title_aggregate_fields
          nodes: [title!]!
        }

        """
        aggregate fields of "title"
        """
        type title_aggregate_fields {
          count(columns: [title_select_column!], distinct: Boolean): Int!
          max: title_max_fields
          min: title_min_fields
        }
    ''').strip()
    )


def test_comments_are_descriptions_wherever_a_column_stands(schema: ShownSchema) -> None:
    assert schema.types["author"].description == "who writes"
    for name in ("author", "author_insert_input", "author_set_input", "author_max_fields"):
        assert schema.description(name, "name") == "as on the cover"


def test_the_metadata_s_comments_come_before_those_of_postgres(schema_of: SchemaOf) -> None:
    schema = schema_of(
        """
        create table note (id int primary key);
        comment on table note is 'of Postgres';
        comment on column note.id is 'of Postgres';
        """,
        """
        - table: note
          configuration:
            comment: of the metadata
            column_config: {id: {comment: ''}}
            custom_root_fields:
              select: {name: notes, comment: all of them}
              select_by_pk: {comment: ''}
        """,
    )
    assert schema.types["note"].description == "of the metadata"
    assert schema.signature("note", "id") == "None: () Int!"
    assert schema.signature("query_root", "notes").startswith("all of them: (")
    assert schema.signature("query_root", "note_by_pk").startswith("None: (")

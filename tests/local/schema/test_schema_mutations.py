"""Inserts and updates take what Hasura v2 takes."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.local.schema.conftest import SchemaOf, ShownSchema


def test_an_insert_takes_what_postgres_does_not_generate(schema: ShownSchema) -> None:
    assert schema.fields("author_insert_input") == {
        "active": "Boolean",
        "books": "shop_book_arr_rel_insert_input",
        "genre": "genre_enum",
        "id": "Int",
        "name": "String",
        "profile": "jsonb",
        "rating": "float8",
        "tags": "[String!]",
    }
    assert (
        schema.printed("shop_book_arr_rel_insert_input")
        == dedent('''
        """
        input type for inserting array relation for remote table "shop.book"
        """
        input shop_book_arr_rel_insert_input {
          data: [shop_book_insert_input!]!

          """upsert condition"""
          on_conflict: shop_book_on_conflict
        }
    ''').strip()
    )
    assert schema.fields("author_obj_rel_insert_input")["data"] == "author_insert_input!"


def test_a_conflict_names_a_key_and_the_columns_to_update(schema: ShownSchema) -> None:
    assert (
        schema.printed("author_on_conflict", "author_constraint")
        == dedent('''
        """
        on_conflict condition type for table "author"
        """
        input author_on_conflict {
          constraint: author_constraint!
          update_columns: [author_update_column!]! = []
          where: author_bool_exp
        }

        """
        unique or primary key constraints on table "author"
        """
        enum author_constraint {
          """
          unique or primary key constraint on columns "name"
          """
          author_name_key

          """
          unique or primary key constraint on columns "id"
          """
          author_pkey
        }
    ''').strip()
    )
    assert schema.values("author_update_column") == [
        *("active", "genre", "id", "name", "profile", "rating", "tags"),
    ]
    assert "slug" in schema.values("author_select_column")


def test_a_table_of_generated_columns_has_a_placeholder_to_update(schema_of: SchemaOf) -> None:
    sql = "create table ticket (id int generated always as identity primary key)"
    schema = schema_of(sql, "[{table: ticket}]")
    assert schema.values("ticket_update_column") == ["_PLACEHOLDER"]
    assert "ticket_set_input" not in schema.types


def test_updates_have_the_operators_that_the_columns_can_bear(schema: ShownSchema) -> None:
    operators = (
        "_append: author_append_input, _delete_at_path: author_delete_at_path_input, "
        "_delete_elem: author_delete_elem_input, _delete_key: author_delete_key_input, "
        "_inc: author_inc_input, _prepend: author_prepend_input, _set: author_set_input"
    )
    assert schema.signature("mutation_root", "update_author") == (
        f'update data of the table: "author": ({operators}, where: author_bool_exp!) '
        "author_mutation_response"
    )
    assert schema.signature("mutation_root", "update_author_by_pk") == (
        f'update single row of the table: "author": ({operators}, '
        "pk_columns: author_pk_columns_input!) author"
    )
    assert schema.signature("mutation_root", "update_author_many") == (
        'update multiples rows of table: "author": (updates: [author_updates!]!) '
        "[author_mutation_response]"
    )
    assert schema.fields("author_inc_input") == {"id": "Int", "rating": "float8"}
    assert schema.fields("author_delete_at_path_input") == {"profile": "[String!]"}
    assert schema.fields("author_delete_elem_input") == {"profile": "Int"}
    assert schema.fields("title_updates") == {
        "_set": "title_set_input",
        "where": "title_bool_exp!",
    }
    assert (
        schema.printed("shop_book_pk_columns_input")
        == dedent('''
        """primary key columns input for table: shop.book"""
        input shop_book_pk_columns_input {
          edition: smallint!
          isbn: String!
        }
    ''').strip()
    )


def test_an_answer_to_a_mutation_counts_and_returns_rows(schema: ShownSchema) -> None:
    assert (
        schema.printed("author_mutation_response")
        == dedent('''
        """
        response of any mutation on the table "author"
        """
        type author_mutation_response {
          """number of rows affected by the mutation"""
          affected_rows: Int!

          """data from the rows affected by the mutation"""
          returning: [author!]!
        }
    ''').strip()
    )


def test_a_view_has_the_mutations_that_postgres_allows(schema: ShownSchema) -> None:
    assert schema.signature("mutation_root", "insert_title") == (
        'insert data into the table: "title": (objects: [title_insert_input!]!) '
        "title_mutation_response"
    )
    mutations = schema.fields("mutation_root")
    assert [name for name in mutations if "book_count" in name] == []
    assert "update_title_by_pk" not in mutations
    assert "title_by_pk" not in schema.fields("query_root")

"""Filters and orders take what Hasura v2 takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.local.schema.conftest import SchemaOf, ShownSchema


def test_a_filter_takes_columns_relations_and_computed_fields(schema: ShownSchema) -> None:
    assert schema.fields("author_bool_exp") == {
        "_and": "[author_bool_exp!]",
        "_not": "author_bool_exp",
        "_or": "[author_bool_exp!]",
        "active": "Boolean_comparison_exp",
        "books": "shop_book_bool_exp",
        "books_aggregate": "shop_book_aggregate_bool_exp",
        "facts": "jsonb_comparison_exp",
        "genre": "genre_enum_comparison_exp",
        "id": "Int_comparison_exp",
        "name": "String_comparison_exp",
        "profile": "jsonb_comparison_exp",
        "rating": "float8_comparison_exp",
        "rivals": "author_bool_exp",
        "slug": "String_comparison_exp",
        "tags": "String_array_comparison_exp",
    }


def test_any_value_can_be_compared(schema: ShownSchema) -> None:
    assert schema.types["bytea_comparison_exp"].description == (
        'Boolean expression to compare columns of type "bytea". '
        "All fields are combined with logical 'AND'."
    )
    assert schema.fields("bytea_comparison_exp") == {
        "_eq": "bytea",
        "_gt": "bytea",
        "_gte": "bytea",
        "_in": "[bytea!]",
        "_is_null": "Boolean",
        "_lt": "bytea",
        "_lte": "bytea",
        "_neq": "bytea",
        "_nin": "[bytea!]",
    }


def test_texts_jsonb_arrays_and_enums_have_operators_of_their_own(schema: ShownSchema) -> None:
    plain = set(schema.fields("bytea_comparison_exp"))
    assert set(schema.fields("bpchar_comparison_exp")) - plain == {
        *("_ilike", "_iregex", "_like", "_nilike", "_niregex", "_nlike", "_nregex", "_nsimilar"),
        *("_regex", "_similar"),
    }
    jsonb = schema.fields("jsonb_comparison_exp")
    assert {name: type_ for name, type_ in jsonb.items() if name not in plain} == {
        "_cast": "jsonb_cast_exp",
        "_contained_in": "jsonb",
        "_contains": "jsonb",
        "_has_key": "String",
        "_has_keys_all": "[String!]",
        "_has_keys_any": "[String!]",
        "_jsonb_path_exists": "String",
        "_jsonb_path_match": "String",
    }
    assert schema.fields("jsonb_cast_exp") == {"String": "String_comparison_exp"}
    assert set(schema.fields("json_comparison_exp")) == plain
    array = schema.fields("bigint_array_comparison_exp")
    assert array.keys() - plain == {"_contained_in", "_contains"}
    assert (array["_eq"], array["_in"]) == ("[bigint!]", "[[bigint!]!]")
    assert schema.fields("genre_enum_comparison_exp") == {
        "_eq": "genre_enum",
        "_in": "[genre_enum!]",
        "_is_null": "Boolean",
        "_neq": "genre_enum",
        "_nin": "[genre_enum!]",
    }


def test_labels_of_a_tree_are_matched_with_patterns(schema_of: SchemaOf) -> None:
    sql = "create extension ltree; create table place (path ltree)"
    place = schema_of(sql, "[{table: place}]").fields("ltree_comparison_exp")
    assert {name: type_ for name, type_ in place.items() if name[1] in "adm"} == {
        "_ancestor": "ltree",
        "_ancestor_any": "[ltree!]",
        "_descendant": "ltree",
        "_descendant_any": "[ltree!]",
        "_matches": "lquery",
        "_matches_any": "[String!]",
        "_matches_fulltext": "ltxtquery",
    }


def test_rows_are_ordered_by_columns_and_by_aggregates_of_relations(schema: ShownSchema) -> None:
    ordering = schema.fields("author_order_by")
    assert ordering.pop("books_aggregate") == "shop_book_aggregate_order_by"
    assert ordering.pop("rivals_aggregate") == "author_aggregate_order_by"
    assert set(ordering) == {
        *("active", "facts", "genre", "id", "name", "profile", "rating", "slug", "tags"),
    }
    assert set(ordering.values()) == {"order_by"}
    assert schema.fields("shop_book_order_by")["author"] == "author_order_by"
    aggregates = schema.fields("shop_book_aggregate_order_by")
    assert (aggregates["count"], aggregates["max"]) == ("order_by", "shop_book_max_order_by")
    assert set(schema.fields("shop_book_avg_order_by")) == {"author_id", "edition", "editor_id"}


def test_predicates_on_aggregates_depend_on_the_types_of_columns(schema_of: SchemaOf) -> None:
    schema = schema_of(
        """
        create table house (id int primary key);
        create table room (house_id int references house, warm boolean, width float8, name text);
        """,
        """
        - table: house
          array_relationships:
          - {name: rooms, using: {foreign_key_constraint_on: {table: room, column: house_id}}}
        - table: room
        """,
    )
    assert list(schema.fields("room_aggregate_bool_exp")) == [
        *("avg", "bool_and", "bool_or", "corr", "count", "covar_samp", "max", "min"),
        *("stddev_samp", "sum", "var_samp"),
    ]
    assert schema.fields("room_aggregate_bool_exp_count") == {
        "arguments": "[room_select_column!]",
        "distinct": "Boolean",
        "filter": "room_bool_exp",
        "predicate": "Int_comparison_exp!",
    }
    warm = schema.fields("room_aggregate_bool_exp_bool_or")
    enum = "room_select_column_room_aggregate_bool_exp_bool_or_arguments_columns"
    assert (warm["arguments"], warm["predicate"]) == (f"{enum}!", "Boolean_comparison_exp!")
    assert schema.values(enum) == ["warm"]
    correlation = schema.fields("room_aggregate_bool_exp_corr")
    assert correlation["arguments"] == "room_aggregate_bool_exp_corr_arguments!"
    assert set(schema.fields("room_aggregate_bool_exp_corr_arguments")) == {"X", "Y"}

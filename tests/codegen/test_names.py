from __future__ import annotations

import pytest

from run_logger.codegen.names import (
    argument_name,
    field_name,
    input_name,
    member_name,
    method_name,
    pascal_case,
    snake_case,
    type_name,
    unique_names,
)


@pytest.mark.parametrize(
    ("graphql", "python"),
    [
        ("id", "id"),
        ("type", "type"),
        ("_in", "in_"),
        ("_eq", "eq"),
        ("int", "int_"),
        ("_str", "str_"),
        ("schema", "schema_"),
        ("_copy", "copy_"),
        ("_2fa", "field_2fa"),
        ("__", "underscore"),
    ],
)
def test_a_field_gets_a_name_that_is_free(graphql: str, python: str) -> None:
    assert field_name(graphql) == python


@pytest.mark.parametrize(
    ("graphql", "python"),
    [("_in", "_in"), ("type", "type"), ("from", "from_"), ("None", "None_"), ("__v", "v")],
)
def test_an_inputs_field_keeps_its_name_where_python_can_have_it(graphql: str, python: str) -> None:
    assert input_name(graphql) == python


@pytest.mark.parametrize(
    ("graphql", "python"), [("where", "where"), ("from", "from_"), ("dict", "dict_"), ("__x", "x")]
)
def test_an_argument_hides_no_type(graphql: str, python: str) -> None:
    assert argument_name(graphql) == python


@pytest.mark.parametrize(
    ("graphql", "python"),
    [
        ("asc", "asc"),
        ("title", "title_"),
        ("count", "count_"),
        ("name", "name_"),
        ("None", "None_"),
        ("_PLACEHOLDER", "PLACEHOLDER"),
        ("_id_", "id_"),
    ],
)
def test_a_member_leaves_what_str_and_enum_define(graphql: str, python: str) -> None:
    assert member_name(graphql) == python


@pytest.mark.parametrize(
    ("graphql", "python"),
    [
        ("run_bool_exp", "run_bool_exp"),
        ("_prisma_migrations", "prisma_migrations"),
        ("Optional", "Optional_"),
        ("list", "list_"),
    ],
)
def test_a_type_is_public_and_hides_no_import(graphql: str, python: str) -> None:
    assert type_name(graphql) == python


@pytest.mark.parametrize(
    ("operation", "method", "class_name"),
    [
        ("list_v2_users", "list_v2_users", "ListV2Users"),
        ("ListUsers", "list_users", "ListUsers"),
        ("HTTPThing", "http_thing", "HTTPThing"),
        ("usersV2List", "users_v2_list", "UsersV2List"),
        ("_x", "x", "X"),
        ("_", "underscore", "Underscore"),
    ],
)
def test_an_operation_becomes_a_method_and_a_class(
    operation: str, method: str, class_name: str
) -> None:
    assert (snake_case(operation), pascal_case(operation)) == (method, class_name)


def test_a_method_hides_no_built_in_type() -> None:
    assert (method_name("list"), method_name("class")) == ("list_", "class_")


def test_names_that_would_be_one_stay_apart_and_the_exact_one_stays() -> None:
    found = unique_names(["_id", "id_", "id", "__id"], field_name)
    assert found == {"_id": "id__", "id_": "id_", "id": "id", "__id": "id___"}
    assert unique_names(["a"], field_name, {"a", "a_"}) == {"a": "a__"}

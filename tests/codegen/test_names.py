from __future__ import annotations

import pytest

from run_logger.codegen.names import argument_name, field_name, member_name


@pytest.mark.parametrize(
    ("graphql", "python"),
    [
        ("id", "id"),
        ("_in", "in_"),
        ("_and", "and_"),
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
    [("where", "where"), ("self", "self_"), ("from", "from_"), ("data", "data_")],
)
def test_an_argument_hides_nothing_that_the_method_uses(graphql: str, python: str) -> None:
    assert argument_name(graphql) == python


@pytest.mark.parametrize(
    ("graphql", "python"),
    [
        ("asc", "asc"),
        ("title", "title_"),
        ("count", "count_"),
        ("name", "name_"),
        ("None", "None_"),
        ("_PLACEHOLDER", "_PLACEHOLDER"),
        ("_id_", "id_"),
    ],
)
def test_a_member_leaves_what_str_and_enum_define(graphql: str, python: str) -> None:
    assert member_name(graphql) == python

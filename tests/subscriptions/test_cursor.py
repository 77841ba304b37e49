"""Where a stream goes on is read from its text, however its cursor is written."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import parse, print_ast

from run_logger.errors import ConfigError, QueryError
from run_logger.subscriptions.cursor import stream_of


def resumed(
    query: str, variables: dict[str, Any], row: dict[str, Any], root: str = "item_stream"
) -> tuple[str, dict[str, Any]]:
    """Return how the stream `s` goes on behind a row."""
    stream = stream_of(query, "s", variables)
    assert stream is not None
    stream.advance({root: [{"id": -1}, row]}, "")
    return stream.request(variables)


def same(one: str, other: str) -> bool:
    return print_ast(parse(one)) == print_ast(parse(other))


@pytest.mark.parametrize(
    ("declared", "cursor", "variables"),
    [
        ("", "{initial_value: {id: 0}, ordering: DESC}", {}),
        ("", "[{initial_value: {id: 0}, ordering: DESC}]", {}),
        ("($a: Int!)", "{initial_value: {id: $a}, ordering: DESC}", {"a": 1}),
        ("($a: Int = 1)", "{initial_value: {id: $a}, ordering: DESC}", {}),
        (
            "($v: item_stream_cursor_value_input!)",
            "{initial_value: $v, ordering: DESC}",
            {"v": {"id": 3}},
        ),
        (
            "($c: [item_stream_cursor_input]!)",
            "$c",
            {"c": [{"initial_value": {"id": 3}, "ordering": "DESC"}]},
        ),
        (
            "($c: item_stream_cursor_input!)",
            "$c",
            {"c": {"initial_value": {"id": 3}, "ordering": "DESC"}},
        ),
    ],
)
def test_a_cursor_may_be_written_out_or_stand_in_variables_of_any_depth(
    declared: str, cursor: str, variables: dict[str, Any]
) -> None:
    query = f"subscription s{declared} {{ item_stream(cursor: {cursor}, batch_size: 5) {{ id }} }}"
    goes_on, left = resumed(query, variables, {"id": 7})
    behind = "{initial_value: {id: 7}, ordering: DESC}"
    assert same(
        goes_on, f"subscription s {{ item_stream(cursor: {behind}, batch_size: 5) {{ id }} }}"
    )
    assert left == {}


def test_a_variable_that_is_used_elsewhere_too_keeps_its_value_there() -> None:
    query = """
        subscription s($a: Int!, $n: Int!) {
          item_stream(
            cursor: {initial_value: {id: $a}}, batch_size: $n, where: {first: {_gt: $a}}
          ) { id }
        }
    """
    goes_on, left = resumed(query, {"a": 1, "n": 5}, {"id": 7})
    assert same(goes_on, query.replace("{id: $a}", "{id: 7}"))
    assert left == {"a": 1, "n": 5}


@pytest.mark.parametrize(
    "selection",
    ["{ name number: id }", "{ ...F }", "{ ... on item { number: id } }", "{ ...G name }"],
)
def test_the_column_may_have_an_alias_and_stand_in_a_fragment(selection: str) -> None:
    query = f"""
        subscription s {{ news: item_stream(cursor: {{initial_value: {{id: 0}}}}, batch_size: 1) {selection} }}
        fragment F on item {{ number: id }}
        fragment G on item {{ ...F }}
    """  # noqa: E501  (as a generated client holds it)
    goes_on, _ = resumed(query, {}, {"number": 7}, root="news")
    assert same(goes_on, query.replace("{id: 0}", "{id: 7}"))


def test_a_root_field_of_another_name_is_a_stream_by_its_arguments() -> None:
    query = """
        subscription s { ...Root }
        fragment Root on subscription_root {
          newItems(cursor: {initial_value: {id: 0}}, batch_size: 1) { id }
        }
    """
    goes_on, _ = resumed(query, {}, {"id": 7}, root="newItems")
    assert same(goes_on, query.replace("{id: 0}", "{id: 7}"))


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("2026-01-01T00:00:00.123456+00:00", '"2026-01-01T00:00:00.123456+00:00"'),
        ('a "quoted" \\ \n \N{GRINNING FACE}', '"a \\"quoted\\" \\\\ \\n \N{GRINNING FACE}"'),
        (2**40, str(2**40)),
        (True, "true"),
    ],
)
def test_the_last_value_is_written_as_what_it_is(value: object, literal: str) -> None:
    query = "subscription s { item_stream(cursor: {initial_value: {id: 0}}, batch_size: 1) { id } }"
    goes_on, _ = resumed(query, {}, {"id": value})
    assert same(goes_on, query.replace("{id: 0}", f"{{id: {literal}}}"))


@pytest.mark.parametrize("selection", ["{ name }", "{ id @include(if: false) }", "{ id: name }"])
def test_a_stream_has_to_select_the_column_of_its_cursor(selection: str) -> None:
    query = f"""
        subscription s {{ item_stream(cursor: {{initial_value: {{id: 0}}}}, batch_size: 1) {selection} }}
    """  # noqa: E501  (as above)
    with pytest.raises(ConfigError, match=r"the stream s does not select id.*Select id too"):
        stream_of(query, "s", {})


@pytest.mark.parametrize(
    "root",
    [
        "item(limit: 1) { id }",
        "jobs(cursor: 3) { id }",
        "a: item { id } b: item { id }",
        "item_stream(cursor: [], batch_size: 1) { id }",
    ],
)
def test_anything_else_is_a_live_query_or_for_the_server_to_judge(root: str) -> None:
    assert stream_of(f"subscription s {{ {root} }}", "s", {}) is None


@pytest.mark.parametrize("text", ["subscription s {", "query s { item { id } }", ""])
def test_what_is_no_subscription_of_this_name_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        stream_of(text, "s", {})

"""`order_by`, `distinct_on`, `limit` and `offset`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[..., Any]


def _ids(ask: Ask, table: str, arguments: str) -> list[int]:
    return [row["id"] for row in ask(f"{{ {table}({arguments}) {{ id }} }}")[table]]


@pytest.mark.parametrize(
    ("direction", "ids"),
    [
        ("asc", [4, 3, 1, 2]),
        ("asc_nulls_last", [4, 3, 1, 2]),
        ("asc_nulls_first", [2, 4, 3, 1]),
        ("desc", [2, 1, 3, 4]),
        ("desc_nulls_first", [2, 1, 3, 4]),
        ("desc_nulls_last", [1, 3, 4, 2]),
    ],
)
def test_a_direction_says_where_nulls_go(ask: Ask, direction: str, ids: list[int]) -> None:
    assert _ids(ask, "author", f"order_by: {{awards: {direction}}}") == ids


@pytest.mark.parametrize(
    ("table", "order_by", "ids"),
    [
        ("author", "[{rating: desc_nulls_last}, {id: desc}]", [4, 1, 3, 2]),
        ("author", "{rating: asc_nulls_first, id: desc}", [2, 3, 4, 1]),
        ("author", "[]", [1, 2, 3, 4]),
        ("author", "null", [1, 2, 3, 4]),
        ("author", "[{rating: null}, {id: desc}]", [4, 3, 2, 1]),
        ("article", "[{author: {name: desc}}, {id: asc}]", [5, 3, 4, 6, 1, 2]),
        ("article", "[{author: {name: desc_nulls_last}}, {id: asc}]", [3, 4, 6, 1, 2, 5]),
        ("article", "[{author: {country: {name: asc}}}, {id: asc}]", [1, 2, 3, 4, 5, 6]),
        (
            "article",
            "[{author: {country: {name: desc_nulls_last}}}, {id: asc}]",
            [3, 4, 1, 2, 5, 6],
        ),
        ("article", "[{author: null}, {id: desc}]", [6, 5, 4, 3, 2, 1]),
        ("review", "[{article: {author: {awards: asc}}}, {id: asc}]", [6, 4, 5, 1, 2, 3]),
        ("article", "[{reviews_aggregate: {count: desc}}, {id: asc}]", [1, 3, 2, 6, 4, 5]),
        (
            "article",
            "[{reviews_aggregate: {max: {stars: desc_nulls_last}}}, {id: desc}]",
            [6, 1, 2, 3, 5, 4],
        ),
        ("article", "[{reviews_aggregate: {avg: {stars: asc}}}, {id: asc}]", [3, 1, 2, 6, 4, 5]),
        (
            "article",
            """[{reviews_aggregate:
                 {count: null, sum: {stars: desc_nulls_last, weight: null}}}, {id: asc}]""",
            [1, 6, 2, 3, 4, 5],
        ),
        (
            "review",
            "[{article: {reviews_aggregate: {count: asc}}}, {id: desc}]",
            [6, 3, 5, 4, 2, 1],
        ),
        ("author", "{shout: desc}", [3, 4, 2, 1]),
        ("author", "[{scored_aggregate: {count: desc}}, {id: asc}]", [1, 3, 4, 2]),
        (
            "author",
            "[{scored_aggregate: {max: {score: desc_nulls_last}}}, {id: desc}]",
            [3, 4, 1, 2],
        ),
        ("article", "[{author: {shout: asc}}, {id: desc}]", [2, 1, 6, 4, 3, 5]),
    ],
)
def test_rows_are_ordered_by(ask: Ask, table: str, order_by: str, ids: list[int]) -> None:
    assert _ids(ask, table, f"order_by: {order_by}") == ids


def test_an_order_may_be_a_variable(ask: Ask) -> None:
    query = """query ($order: [author_order_by!], $way: order_by) {
        author(order_by: $order) { id } country(order_by: {code: $way}) { code } }"""
    answer = ask(query, {"order": [{"awards": "desc_nulls_last"}, {"id": "asc"}], "way": "desc"})
    assert [row["id"] for row in answer["author"]] == [1, 3, 4, 2]
    assert [row["code"] for row in answer["country"]] == ["GB", "FR"]


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ("limit: 2", [1, 2]),
        ("limit: 2, offset: 1", [2, 3]),
        ("offset: 3", [4]),
        ('offset: "3"', [4]),
        ("limit: 0", []),
        ("limit: null, offset: null", [1, 2, 3, 4]),
        ("limit: 2, where: {id: {_gt: 2}}", [3, 4]),
    ],
)
def test_limit_and_offset_cut_the_ordered_rows(ask: Ask, arguments: str, ids: list[int]) -> None:
    assert _ids(ask, "author", f"order_by: {{id: asc}}, {arguments}") == ids


def test_a_limit_that_is_a_variable_without_a_value_is_none(ask: Ask) -> None:
    query = "query ($limit: Int) { author(limit: $limit) { id } }"
    assert len(ask(query)["author"]) == 4
    assert len(ask(query, {"limit": None})["author"]) == 4
    assert len(ask(query, {"limit": 3})["author"]) == 3


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ("distinct_on: rating, order_by: [{rating: asc}, {id: desc}]", [3, 4, 2]),
        ("distinct_on: [rating], order_by: [{rating: desc_nulls_last}, {id: asc}]", [1, 3]),
        ("distinct_on: [rating], order_by: {rating: asc_nulls_first}, limit: 1", [2]),
        ("distinct_on: []", [1, 2, 3, 4]),
    ],
)
def test_distinct_on_keeps_the_first_row_of_each_group(
    ask: Ask, arguments: str, ids: list[int]
) -> None:
    found = _ids(ask, "author", arguments)
    assert found[: len(ids)] == ids


def test_distinct_on_goes_without_an_order(ask: Ask) -> None:
    answer = ask("{ article(distinct_on: [score, words]) { score words } }")
    assert len(answer["article"]) == 5


def test_columns_of_distinct_on_may_stand_in_any_order(ask: Ask) -> None:
    answer = ask(
        """{ article(distinct_on: [words, score],
                     order_by: [{score: desc_nulls_last}, {words: asc}, {id: desc}]) { id } }"""
    )
    assert [row["id"] for row in answer["article"]] == [3, 6, 1, 5, 4]


@pytest.mark.parametrize(
    "order_by",
    [
        "{id: asc}",
        "[{rating: asc}, {id: asc}]",
        "[{id: asc}, {rating: asc}, {awards: asc}]",
        "{rating: asc}",
        "[{country: {name: asc}}, {rating: asc}, {awards: asc}]",
    ],
)
def test_an_order_that_does_not_begin_with_distinct_on_is_refused(
    refused: Ask, order_by: str
) -> None:
    arguments = f"distinct_on: [rating, awards], order_by: {order_by}"
    error = refused(f"{{ author({arguments}) {{ id }} }}")
    assert error == {
        "message": '"distinct_on" columns must match initial "order_by" columns',
        "extensions": {"path": "$.selectionSet.author.args", "code": "validation-failed"},
    }


def test_the_order_may_come_from_related_rows_of_related_rows(ask: Ask) -> None:
    answer = ask(
        """{
          article(order_by: [{author: {country: {name: asc_nulls_first}}}, {id: asc}]) { id }
          author(order_by: {id: asc}) {
            articles(order_by: [{author: {name: desc}}, {id: desc}], limit: 2) { id }
          }
          author_aggregate { nodes { articles_aggregate(order_by: {author: {name: asc}}) {
            aggregate { count } nodes { id }
          } } }
        }"""
    )
    assert [item["id"] for item in answer["article"]] == [5, 6, 1, 2, 3, 4]
    assert [[row["id"] for row in item["articles"]] for item in answer["author"]] == [
        [2, 1],
        [],
        [4, 3],
        [6],
    ]
    nodes = answer["author_aggregate"]["nodes"]
    assert [item["articles_aggregate"]["aggregate"]["count"] for item in nodes] == [2, 0, 2, 1]

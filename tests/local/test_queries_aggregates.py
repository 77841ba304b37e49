"""Aggregates of rows, at the root and below a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[..., Any]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        ("count", 6),
        ("count(columns: words)", 5),
        ("count(columns: [words], distinct: true)", 4),
        ("count(columns: [words, score])", 6),
        ("count(columns: [words, score], distinct: true)", 5),
        ("count(distinct: true)", 6),
        ("count(columns: [])", 6),
        ("count(columns: null, distinct: null)", 6),
    ],
)
def test_count_counts_rows_or_columns(ask: Ask, count: str, expected: int) -> None:
    answer = ask(f"{{ article_aggregate {{ aggregate {{ {count} }} }} }}")
    assert answer == {"article_aggregate": {"aggregate": {"count": expected}}}


def test_every_aggregate_gives_its_columns(ask: Ask) -> None:
    answer = ask(
        """{ review_aggregate(where: {id: {_lt: 6}}) { aggregate {
             sum { stars weight } avg { stars } min { weight id } max { weight }
             stddev { stars } stddev_pop { stars } stddev_samp { stars }
             variance { stars } var_pop { stars } var_samp { stars } } } }"""
    )
    aggregate = answer["review_aggregate"]["aggregate"]
    assert aggregate["sum"] == {"stars": 14, "weight": 8.25}
    assert aggregate["avg"] == {"stars": 2.8}
    assert (aggregate["min"], aggregate["max"]) == ({"weight": 0.25, "id": 1}, {"weight": 4})
    assert aggregate["var_pop"] == {"stars": 2.56}
    assert aggregate["stddev_pop"] == {"stars": 1.6}
    assert aggregate["variance"] == aggregate["var_samp"] == {"stars": pytest.approx(3.2)}
    assert aggregate["stddev"] == aggregate["stddev_samp"] == {"stars": pytest.approx(1.78885438)}


def test_aggregates_of_no_rows_are_null(ask: Ask) -> None:
    answer = ask(
        """{ article_aggregate(where: {_or: []}) {
             aggregate { count sum { words } max { title published } } nodes { id } } }"""
    )
    assert answer["article_aggregate"] == {
        "aggregate": {
            "count": 0,
            "sum": {"words": None},
            "max": {"title": None, "published": None},
        },
        "nodes": [],
    }


def test_numbers_keep_their_digits(ask_bytes: Callable[..., bytes]) -> None:
    answer = ask_bytes("{ article_aggregate { aggregate { sum { words score } min { score } } } }")
    assert b'{"sum":{"words":9007199254741253,"score":9.85},"min":{"score":0.10}}' in answer


def test_an_aggregate_is_taken_over_the_rows_that_the_arguments_leave(ask: Ask) -> None:
    answer = ask(
        """{ article_aggregate(where: {words: {_is_null: false}}, order_by: {id: desc}, limit: 2,
                               offset: 1)
             { aggregate { count max { id } } nodes { id } } }"""
    )
    assert answer["article_aggregate"] == {
        "aggregate": {"count": 2, "max": {"id": 5}},
        "nodes": [{"id": 5}, {"id": 4}],
    }


def test_distinct_on_comes_before_the_aggregate(ask: Ask) -> None:
    answer = ask("{ author_aggregate(distinct_on: rating) { aggregate { count } } }")
    assert answer["author_aggregate"]["aggregate"]["count"] == 3


def test_nodes_are_selected_like_rows(ask: Ask) -> None:
    answer = ask(
        """{ article_aggregate(order_by: {id: asc}, limit: 1)
             { nodes { author { name } reviews(order_by: {id: asc}) { id } } } }"""
    )
    assert answer["article_aggregate"]["nodes"] == [
        {"author": {"name": "Ada"}, "reviews": [{"id": 1}, {"id": 2}]}
    ]


def test_the_parts_of_an_aggregate_may_be_asked_for_several_times(ask: Ask) -> None:
    answer = ask(
        """{ country_aggregate(order_by: {code: asc}) {
             a: aggregate { n: count m: count(columns: code) first: min { x: code y: code } }
             b: aggregate { count } codes: nodes { code } names: nodes { name } } }"""
    )
    assert answer["country_aggregate"] == {
        "a": {"n": 2, "m": 2, "first": {"x": "FR", "y": "FR"}},
        "b": {"count": 2},
        "codes": [{"code": "FR"}, {"code": "GB"}],
        "names": [{"name": "France"}, {"name": "Britain"}],
    }


def test_an_aggregate_may_be_asked_for_nothing_but_its_type(ask: Ask) -> None:
    answer = ask(
        """{ author_aggregate(where: {_or: []}) { __typename aggregate { __typename } }
             author_by_pk(id: 1) { articles_aggregate { __typename } } }"""
    )
    assert answer == {
        "author_aggregate": {
            "__typename": "author_aggregate",
            "aggregate": {"__typename": "author_aggregate_fields"},
        },
        "author_by_pk": {"articles_aggregate": {"__typename": "article_aggregate"}},
    }


def test_related_rows_are_aggregated_row_by_row(ask: Ask) -> None:
    answer = ask(
        """{ author(order_by: {id: asc}) { articles_aggregate {
             aggregate { count sum { score } } nodes { id } } } }"""
    )
    assert [row["articles_aggregate"]["aggregate"] for row in answer["author"]] == [
        {"count": 2, "sum": {"score": 3.5}},
        {"count": 0, "sum": {"score": None}},
        {"count": 2, "sum": {"score": 4.25}},
        {"count": 1, "sum": {"score": 2}},
    ]
    assert answer["author"][1]["articles_aggregate"]["nodes"] == []


def test_related_aggregates_take_arguments_and_nest(ask: Ask) -> None:
    answer = ask(
        """{ author_by_pk(id: 3) { articles_aggregate(order_by: {id: desc}, limit: 1) {
             aggregate { count } nodes { id
               reviews_aggregate(where: {stars: {_gt: 0}}) { aggregate { count } } } } } }"""
    )
    assert answer["author_by_pk"]["articles_aggregate"] == {
        "aggregate": {"count": 1},
        "nodes": [{"id": 4, "reviews_aggregate": {"aggregate": {"count": 0}}}],
    }

"""Selection sets: what stands in an answer, under which key, in which form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[..., Any]


def test_rows_come_as_a_list_with_the_selected_columns(ask: Ask) -> None:
    answer = ask("{ country(order_by: {code: asc}) { name code } }")
    assert answer == {
        "country": [{"name": "France", "code": "FR"}, {"name": "Britain", "code": "GB"}]
    }


def test_keys_stand_in_the_order_of_the_selection(ask: Ask) -> None:
    (row,) = ask("{ author(where: {id: {_eq: 1}}) { rating id name articles { title id } } }")[
        "author"
    ]
    assert list(row) == ["rating", "id", "name", "articles"]
    assert list(row["articles"][0]) == ["title", "id"]


def test_aliases_give_the_keys(ask: Ask) -> None:
    answer = ask(
        """{ first: author_by_pk(id: 1) { who: name works: articles(limit: 1, order_by: {id: asc})
             { of: author { who: name } } } }"""
    )
    assert answer == {"first": {"who": "Ada", "works": [{"of": {"who": "Ada"}}]}}


def test_one_column_may_be_selected_under_several_keys(ask: Ask) -> None:
    answer = ask('{ country_by_pk(code: "GB") { a: code b: code } }')
    assert answer == {"country_by_pk": {"a": "GB", "b": "GB"}}


def test_typename_works_on_every_object(ask: Ask) -> None:
    answer = ask(
        """{ __typename article_by_pk(id: 1) { __typename author { __typename }
             reviews(limit: 1) { t: __typename }
             reviews_aggregate { __typename aggregate { __typename max { __typename stars } }
                                 nodes { __typename } } } }"""
    )
    assert answer == {
        "__typename": "query_root",
        "article_by_pk": {
            "__typename": "article",
            "author": {"__typename": "author"},
            "reviews": [{"t": "review"}],
            "reviews_aggregate": {
                "__typename": "review_aggregate",
                "aggregate": {
                    "__typename": "review_aggregate_fields",
                    "max": {"__typename": "review_max_fields", "stars": 5},
                },
                "nodes": [{"__typename": "review"}, {"__typename": "review"}],
            },
        },
    }


def test_a_key_that_no_row_has_gives_null(ask: Ask) -> None:
    assert ask("{ author_by_pk(id: 99) { id } }") == {"author_by_pk": None}


def test_a_key_of_several_columns_takes_them_all(ask: Ask) -> None:
    assert ask("{ line_by_pk(page: 1, number: 2) { words } }") == {"line_by_pk": {"words": "two"}}


def test_no_rows_give_an_empty_list(ask: Ask) -> None:
    assert ask("{ author(where: {id: {_eq: 99}}) { id } }") == {"author": []}


def test_root_fields_are_answered_in_order(ask: Ask) -> None:
    answer = ask("{ b: author(limit: 0) { id } a: country(limit: 0) { code } c: __typename }")
    assert list(answer) == ["b", "a", "c"]


def test_an_object_relationship_gives_the_row_or_null(ask: Ask) -> None:
    answer = ask("{ article(where: {id: {_in: [4, 5]}}, order_by: {id: asc}) { author { name } } }")
    assert answer == {"article": [{"author": {"name": "Émile"}}, {"author": None}]}


def test_a_manual_relationship_follows_its_columns(ask: Ask) -> None:
    answer = ask("{ author(order_by: {id: asc}) { country { name } } }")
    names = [row["country"] and row["country"]["name"] for row in answer["author"]]
    assert names == ["Britain", None, "France", None]


def test_a_relationship_may_follow_several_columns(ask: Ask) -> None:
    answer = ask(
        """{ line(order_by: [{page: asc}, {number: asc}]) { marks(order_by: {id: asc}) { id } }
             mark(order_by: {id: desc}, limit: 2) { line { words } } }"""
    )
    assert answer == {
        "line": [{"marks": [{"id": 3}]}, {"marks": [{"id": 1}, {"id": 2}]}],
        "mark": [{"line": None}, {"line": {"words": "one"}}],
    }


def test_a_view_is_read_like_a_table(ask: Ask) -> None:
    answer = ask(
        """{ score_of_author(order_by: {total: desc}, limit: 1) { author_id total }
             author_by_pk(id: 1) { score { total } } }"""
    )
    assert answer == {
        "score_of_author": [{"author_id": 3, "total": 4.25}],
        "author_by_pk": {"score": {"total": 3.5}},
    }


def test_relationships_nest(ask: Ask) -> None:
    answer = ask(
        """{ author_by_pk(id: 3) { articles(order_by: {id: asc}) { id
             reviews(order_by: {id: asc}) { stars article { author { name } } } } } }"""
    )
    back = {"author": {"name": "Émile"}}
    assert answer["author_by_pk"]["articles"] == [
        {"id": 3, "reviews": [{"stars": 1, "article": back}, {"stars": 1, "article": back}]},
        {"id": 4, "reviews": []},
    ]


def test_relationships_nest_deeper_than_anyone_needs(ask: Ask) -> None:
    levels = 40
    query = "{ author_by_pk(id: 4) {" + " articles { author {" * levels
    answer: Any = ask(query + " name" + " } }" * levels + "} }")["author_by_pk"]
    for _ in range(levels):
        answer = answer["articles"][0]["author"]
    assert answer == {"name": "Zoë"}


def test_an_array_relationship_takes_all_arguments_of_a_select(ask: Ask) -> None:
    answer = ask(
        """{ author_by_pk(id: 1) {
               last: articles(order_by: {id: desc}, limit: 1) { id }
               rest: articles(order_by: {id: desc}, offset: 1) { id }
               some: articles(where: {words: {_lte: 100}}) { id }
               one: articles(distinct_on: author_id, order_by: [{author_id: asc}, {id: desc}])
                 { id } } }"""
    )
    assert answer["author_by_pk"] == {
        "last": [{"id": 2}],
        "rest": [{"id": 1}],
        "some": [{"id": 2}],
        "one": [{"id": 2}],
    }


def test_more_fields_than_a_function_has_arguments(ask: Ask) -> None:
    keys = [f"k{number}" for number in range(300)]
    query = " ".join(f"{key}: name" for key in keys)
    (row,) = ask(f"{{ country(limit: 1, order_by: {{code: asc}}) {{ {query} }} }}")["country"]
    assert row == dict.fromkeys(keys, "France")
    assert list(row) == keys


def test_keys_may_be_longer_than_postgres_names(ask: Ask) -> None:
    long, longer = "k" * 64, "k" * 65
    answer = ask(
        f"""{{ author_by_pk(id: 4) {{ {long}: name {longer}: tags
             {long}_articles: articles {{ {long}: score {longer}: __typename }}
             {long}_count: articles_aggregate {{ {long}: aggregate {{ {longer}: count
               {long}: max {{ {long}: id }} }} }} }} }}"""
    )
    assert answer["author_by_pk"] == {
        long: "Zoë",
        longer: [],
        f"{long}_articles": [{long: 2.0, longer: "article"}],
        f"{long}_count": {long: {longer: 1, long: {long: 6}}},
    }


def test_names_that_must_be_quoted_are(ask: Ask) -> None:
    answer = ask(
        """{ odd(where: {over: {_gte: 1.5}, Name: {_eq: "x"}, percent: {_eq: 7}},
                 order_by: [{over: asc}, {percent: desc}]) { id Name over select percent }
             odd_by_pk(id: 2) { over }
             odd_aggregate { aggregate { max { over percent }
                                         count(columns: [Name, select]) } } }"""
    )
    assert answer == {
        "odd": [{"id": 1, "Name": "x", "over": 1.5, "select": "s", "percent": 7}],
        "odd_by_pk": {"over": 2},
        "odd_aggregate": {"aggregate": {"max": {"over": 2, "percent": 7}, "count": 2}},
    }


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("id", '"6f1a0d64-0000-4000-8000-00000000000a"'),
        ("small", "1"),
        ("big", "9007199254740993"),
        ("real", "1.5"),
        ("double", '"Infinity"'),
        ("exact", "1.50"),
        ("cash", '"$1.00"'),
        ("flag", "true"),
        ("padded", '"ab  "'),
        ("raw", r'"\\xdeadbeef"'),
        ("day", '"2014-09-14"'),
        ("hour", '"11:09:23"'),
        ("hour_tz", '"15:22:23+00"'),
        ("moment", '"2004-10-19T10:23:54"'),
        ("moment_tz", '"2015-10-17T14:42:43.25+00:00"'),
        ("lapse", '"01:03:02"'),
        ("address", '"10.0.0.1"'),
        ("bits", '"101"'),
        ("plain", '{"b":1,  "a":2}'),
        ("tree", '{"a": 2, "b": 1}'),
        ("numbers", "[1,2]"),
        ("grid", "[[1,2],[3,4]]"),
        ("feeling", '"happy"'),
        ("place", '{"x":1,"y":2}'),
        ("span", '"[1,5)"'),
    ],
)
def test_a_value_is_written_as_postgres_writes_json(
    ask_bytes: Callable[[str], bytes], column: str, text: str
) -> None:
    answer = ask_bytes(f"{{ sample {{ {column} }} }}").decode()
    assert answer == f'{{"data":{{"sample":[{{"{column}":{text}}}]}}}}'


def test_a_path_leads_into_a_json_value(ask: Ask) -> None:
    answer = ask(
        """{ author_by_pk(id: 1) { city: address(path: "$.city") lat: address(path: "geo.lat")
               second: address(path: "$.langs[1]") none: address(path: "$.zip")
               whole: address(path: "$") }
             article_by_pk(id: 1) { odd: meta(path: "$.a[1]['x y']")
                                    first: meta(path: "a[0]") } }"""
    )
    assert answer["author_by_pk"] == {
        "city": "London",
        "lat": 51.5,
        "second": "fr",
        "none": None,
        "whole": {"city": "London", "geo": {"lat": 51.5}, "langs": ["en", "fr"]},
    }
    assert answer["article_by_pk"] == {"odd": None, "first": 1}


def test_a_path_may_be_a_variable(ask: Ask) -> None:
    query = "query ($path: String) { author_by_pk(id: 1) { address(path: $path) } }"
    assert ask(query, {"path": "city"}) == {"author_by_pk": {"address": "London"}}
    assert ask(query, {"path": "$.geo"}) == {"author_by_pk": {"address": {"lat": 51.5}}}


def test_more_different_queries_than_stay_prepared_are_answered_again_and_again(ask: Ask) -> None:
    for _ in range(2):
        for number in range(150):
            answer = ask(f'{{ country_by_pk(code: "GB") {{ key_{number}: code }} }}')
            assert answer == {"country_by_pk": {f"key_{number}": "GB"}}

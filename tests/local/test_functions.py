"""Functions as root fields, and as computed fields of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Ask = Callable[..., Any]


def _ids(ask: Ask, field: str) -> list[int]:
    name = field.partition("(")[0]
    return [row["id"] for row in ask(f"{{ {field} {{ id }} }}")[name]]


@pytest.mark.parametrize(
    ("field", "ids"),
    [
        ('search_articles(args: {search: "n"})', [5, 4, 3, 2, 1]),
        ('search_articles(args: {search: "n", most: 2})', [5, 4]),
        ('search_articles(args: {search: "n", newest_first: false})', [1, 2, 3, 4, 5]),
        ('search_articles(args: {search: "n", newest_first: null})', [1, 2, 3, 4, 5]),
        ("search_articles(args: {search: null})", []),
        ('search_articles(args: {search: "n"}, where: {words: {_gt: 20}})', [4, 2, 1]),
        ('search_articles(args: {search: "n"}, order_by: {title: asc}, limit: 2)', [5, 2]),
        ('search_articles(args: {search: "n"}, limit: 1, offset: 1)', [4]),
        ('search_articles(args: {search: "n"}, distinct_on: author_id, limit: 1)', [2]),
        ("between_ids(args: {arg_1: 2, arg_2: 4})", [2, 3, 4]),
        ("between_ids(args: {arg_1: 1, arg_2: 6, step: 3})", [3, 6]),
        ("all_authors", [1, 2, 3, 4]),
        ("all_authors(where: {articles: {}}, order_by: {id: desc})", [4, 3, 1]),
        ("odd_function", [1]),
        ("odd_function(args: {})", [1]),
        ("odd_function(args: {B: 1})", [2]),
        ("odd_function(args: {In: 1, B: 1})", [2]),
    ],
)  # fmt: skip
def test_a_function_gives_rows(ask: Ask, field: str, ids: list[int]) -> None:
    assert _ids(ask, field) == ids


def test_rows_of_a_function_have_relationships_and_computed_fields(ask: Ask) -> None:
    answer = ask(
        """{ search_articles(args: {search: "germ"}) { __typename author { name shout }
             reviews(order_by: {id: asc}) { id } } }"""
    )
    assert answer["search_articles"] == [
        {
            "__typename": "article",
            "author": {"name": "Émile", "shout": "Émile".upper()},
            "reviews": [{"id": 4}, {"id": 5}],
        }
    ]


def test_arguments_may_be_variables(ask: Ask) -> None:
    query = """query ($args: search_articles_args!, $most: Int, $text: String = "nana") {
        a: search_articles(args: $args) { id }
        b: search_articles(args: {search: $text, most: $most}) { id } }"""
    answer = ask(query, {"args": {"search": "n", "most": 1}, "most": 3})
    assert answer == {"a": [{"id": 5}], "b": [{"id": 4}]}


def test_a_function_can_be_aggregated(ask: Ask) -> None:
    answer = ask(
        """{ search_articles_aggregate(args: {search: "n"}, where: {id: {_gt: 1}}) {
             aggregate { count max { id } } nodes { id } } }"""
    )
    assert answer["search_articles_aggregate"] == {
        "aggregate": {"count": 4, "max": {"id": 5}},
        "nodes": [{"id": 5}, {"id": 4}, {"id": 3}, {"id": 2}],
    }


def test_a_function_of_one_row_gives_it_or_null(ask: Ask) -> None:
    answer = ask(
        """{ known: author_named(args: {wanted: "Zoë"}) { id articles { id } }
             unknown: author_named(args: {wanted: "Nobody"}) { id } }"""
    )
    assert answer == {"known": {"id": 4, "articles": [{"id": 6}]}, "unknown": None}


def test_a_function_sees_the_session_variables(ask: Ask) -> None:
    session = {"x-hasura-user-id": "Bo"}
    assert ask("{ my_author { id } }", {}, session) == {"my_author": []}
    assert ask('{ my_author(args: {suffix: "b"}) { id } }', {}, session) == {
        "my_author": [{"id": 2}]
    }


def test_an_argument_without_default_must_be_given(refused: Ask) -> None:
    error = refused("{ search_articles(args: {most: 1}) { id } }")
    assert error == {
        "message": "Non default arguments cannot be omitted",
        "extensions": {
            "path": "$.selectionSet.search_articles.args.args",
            "code": "not-supported",
        },
    }


def test_a_volatile_function_is_a_mutation(serve: Any, make_project: Any) -> None:
    project: Path = make_project(
        """CREATE TABLE note (id serial PRIMARY KEY, text text);
           CREATE FUNCTION add_note(text text, times integer DEFAULT 1) RETURNS SETOF note
           LANGUAGE sql AS 'INSERT INTO note (text) SELECT $1 FROM generate_series(1, $2)
                            RETURNING *';""",
        tables=["note"],
        functions=["add_note"],
    )
    served = serve(project)
    answer = served.query(
        """mutation { add_note(args: {text: "a", times: 2}, order_by: {id: desc}) { id text } }"""
    )
    assert answer == {"data": {"add_note": [{"id": 2, "text": "a"}, {"id": 1, "text": "a"}]}}
    assert len(served.query("{ note { id } }")["data"]["note"]) == 2
    # As with Hasura v2, it has no aggregate.
    fields = served.query("{ __schema { mutationType { fields { name } } } }")["data"]
    names = {field["name"] for field in fields["__schema"]["mutationType"]["fields"]}
    assert "add_note_aggregate" not in names


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("shout", ["ADA", "BOB"]),
        ("label", ["Ada!", "Bob!"]),
        ('label(args: {mark: "?"})', ["Ada?", "Bob?"]),
        ("label(args: {mark: null})", [None, None]),
        ("summary", [{"name": "Ada", "born": "1815-12-10"}, {"name": "Bob", "born": None}]),
        ('summary(path: "$.born")', ["1815-12-10", None]),
        ("is_me", [False, True]),
        ("best(args: {lowest: 1.75}) { id }", [[{"id": 2}], []]),
        ("scored(order_by: {score: asc}) { id }", [[{"id": 1}, {"id": 2}], []]),
        ("scored(where: {words: {_eq: 100}}, limit: 1) { author { name } }",
         [[{"author": {"name": "Ada"}}], []]),
    ],
)  # fmt: skip
def test_a_computed_field_is_called_with_its_row(
    ask: Ask, field: str, values: Sequence[Any]
) -> None:
    answer = ask(
        f"{{ author(where: {{id: {{_lt: 3}}}}, order_by: {{id: asc}}) {{ value: {field} }} }}",
        {},
        {"x-hasura-user-id": "Bob"},
    )
    assert [row["value"] for row in answer["author"]] == values


def test_a_computed_field_is_there_wherever_the_row_is(ask: Ask) -> None:
    answer = ask(
        """{ article_by_pk(id: 2) { author { shout scored(limit: 1, order_by: {id: asc})
                                              { id author { label } } } }
             author_aggregate(where: {id: {_eq: 1}}) { nodes { label(args: {mark: "."}) } }
             all_authors(limit: 1) { shout } }"""
    )
    assert answer == {
        "article_by_pk": {
            "author": {"shout": "ADA", "scored": [{"id": 1, "author": {"label": "Ada!"}}]}
        },
        "author_aggregate": {"nodes": [{"label": "Ada."}]},
        "all_authors": [{"shout": "ADA"}],
    }


def test_a_computed_field_needs_its_arguments(refused: Ask) -> None:
    error = refused("{ author { best(args: {}) { id } } }")
    assert error["message"] == "Non default arguments cannot be omitted"
    assert error["extensions"] == {
        "path": "$.selectionSet.author.selectionSet.best.args.args",
        "code": "not-supported",
    }

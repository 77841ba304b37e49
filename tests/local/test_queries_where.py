"""Boolean expressions: which rows a `where` leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.conftest import Sandbox

    Ask = Callable[..., Any]


def _ids(ask: Ask, table: str, where: str) -> list[int]:
    answer = ask(f"{{ {table}(where: {where}, order_by: {{id: asc}}) {{ id }} }}")
    return [row["id"] for row in answer[table]]


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("{}", [1, 2, 3, 4]),
        ("{_and: []}", [1, 2, 3, 4]),
        ("{_or: []}", []),
        ("{_not: {_or: []}}", [1, 2, 3, 4]),
        ("{_not: {}}", []),
        ("{id: {}}", [1, 2, 3, 4]),
        ("null", [1, 2, 3, 4]),
        ("{_or: [{id: {_eq: 1}}, {id: {_eq: 3}}]}", [1, 3]),
        ("{_or: {id: {_eq: 1}}}", [1]),
        ("{_or: [{id: {_eq: 1}}, {}]}", [1, 2, 3, 4]),
        ("{_and: [{id: {_gt: 1}}, {id: {_lt: 4}}]}", [2, 3]),
        ("{id: {_gt: 1, _lt: 4}}", [2, 3]),
        ("{_not: {id: {_gt: 1, _lt: 4}}}", [1, 4]),
        ("{id: {_gt: 1}, active: {_eq: true}}", [3]),
        ("{_not: {_or: [{id: {_eq: 1}}, {_and: [{id: {_eq: 2}}, {awards: {_gt: 0}}]}]}}", [3, 4]),
    ],
)
def test_boolean_operators_combine_conditions(ask: Ask, where: str, ids: list[int]) -> None:
    assert _ids(ask, "author", where) == ids


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("{awards: {_eq: 1}}", [3]),
        ("{awards: {_neq: 1}}", [1, 4]),
        ("{awards: {_gt: 1}}", [1]),
        ("{awards: {_gte: 1}}", [1, 3]),
        ("{awards: {_lt: 1}}", [4]),
        ("{awards: {_lte: 1}}", [3, 4]),
        ("{awards: {_in: [0, 3]}}", [1, 4]),
        ("{awards: {_in: 3}}", [1]),
        ("{awards: {_nin: [0, 3]}}", [3]),
        ("{awards: {_in: []}}", []),
        ("{awards: {_nin: []}}", [1, 2, 3, 4]),
        ("{_not: {awards: {_in: [0, 3]}}}", [3]),
        ("{awards: {_is_null: true}}", [2]),
        ("{awards: {_is_null: false}}", [1, 3, 4]),
        ("{active: {_eq: false}}", [2]),
        ("{rating: {_eq: 4.5}}", [1, 4]),
        ("{rating: {_in: [3.25, 1]}}", [3]),
        ('{born: {_lt: "1900-01-01"}}', [1, 3]),
        ('{name: {_gt: "B", _lt: "Y"}}', [2]),
        ('{country_code: {_eq: "DE"}}', [4]),
    ],
)
def test_comparisons_follow_the_logic_of_nulls(ask: Ask, where: str, ids: list[int]) -> None:
    assert _ids(ask, "author", where) == ids


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("{words: {_eq: 9007199254740993}}", [1]),
        ('{words: {_eq: "9007199254740993"}}', [1]),
        ("{score: {_eq: 4.25}}", [3]),
        ('{published: {_eq: "2020-01-02T04:04:05.5+01:00"}}', [1]),
        ('{published: {_in: ["2019-01-01T00:00:00Z"]}}', [4]),
    ],
)
def test_values_are_compared_in_the_column_s_own_type(ask: Ask, where: str, ids: list[int]) -> None:
    assert _ids(ask, "article", where) == ids


@pytest.mark.parametrize(
    ("operator", "pattern", "ids"),
    [
        ("_like", "N%", [1, 4]),
        ("_nlike", "N%", [2, 3, 5, 6]),
        ("_ilike", "%an%", [4, 5]),
        ("_nilike", "%n%", [6]),
        ("_like", r"100\\% %", [6]),
        ("_similar", "(N|E)%", [1, 2, 4]),
        ("_nsimilar", "(N|E)%", [3, 5, 6]),
        ("_regex", "^[NG]", [1, 3, 4]),
        ("_iregex", "^[ng]", [1, 3, 4]),
        ("_nregex", "[a-z]$", []),
        ("_niregex", "^[NG]", [2, 5, 6]),
    ],
)
def test_texts_are_matched_by_patterns(
    ask: Ask, operator: str, pattern: str, ids: list[int]
) -> None:
    assert _ids(ask, "article", f'{{title: {{{operator}: "{pattern}"}}}}') == ids


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ('{address: {_contains: {city: "London"}}}', [1]),
        ('{address: {_contained_in: {city: "Paris", zip: 1}}}', [3]),
        ('{address: {_has_key: "city"}}', [1, 3]),
        ('{address: {_has_keys_any: ["geo", "zip"]}}', [1]),
        ('{address: {_has_keys_all: ["geo", "zip"]}}', []),
        ('{address: {_jsonb_path_exists: "$.geo.lat ? (@ > 51)"}}', [1]),
        ('{address: {_jsonb_path_match: "$.city == \\"Paris\\""}}', [3]),
        ('{address: {_eq: {city: "Paris"}}}', [3]),
        ("{address: {_eq: []}}", [4]),
        ('{address: {_in: [{city: "Paris"}, []]}}', [3, 4]),
        ('{address: {_cast: {String: {_ilike: "%PARIS%"}}}}', [3]),
        ('{address: {_cast: {String: {_like: "%a%", _nlike: "%Paris%"}}}}', [1]),
        ("{address: {_is_null: true}}", [2]),
    ],
)
def test_jsonb_has_operators_of_its_own(ask: Ask, where: str, ids: list[int]) -> None:
    assert _ids(ask, "author", where) == ids


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ('{tags: {_contains: ["math"]}}', [1]),
        ('{tags: {_contained_in: ["math", "code", "more"]}}', [1, 4]),
        ('{tags: {_eq: ["prose"]}}', [3]),
        ('{tags: {_eq: "{prose}"}}', [3]),
        ("{tags: {_eq: []}}", [4]),
    ],
)
def test_arrays_have_operators_of_their_own(ask: Ask, where: str, ids: list[int]) -> None:
    assert _ids(ask, "author", where) == ids


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ('{path: {_ancestor: "top.science.maths"}}', [1, 2, 3]),
        ('{path: {_descendant: "top.science"}}', [2, 3]),
        ('{path: {_ancestor_any: ["top.hobby", "top.sport"]}}', [1, 4]),
        ('{path: {_descendant_any: ["top.hobby", "top.science.maths"]}}', [3, 4]),
        ('{path: {_matches: "top.*{1}"}}', [2, 4]),
        ('{path: {_matches_any: ["*.maths", "top"]}}', [1, 3]),
        ('{path: {_matches_fulltext: "sci* & !maths"}}', [2]),
        ('{path: {_in: ["top", "top.hobby"]}}', [1, 4]),
    ],
)
def test_label_trees_have_operators_of_their_own(ask: Ask, where: str, ids: list[int]) -> None:
    assert _ids(ask, "shelf", where) == ids


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ('{label: {_eq: "maths"}}', [3]),
        ('{label: {_in: ["TOP", "hobby"]}}', [1, 4]),
        ('{label: {_like: "h%"}}', [4]),
        ("{genre: {_eq: prose}}", [2, 3]),
        ("{genre: {_in: [verse]}}", [4]),
        ("{genre: {_neq: verse}}", [2, 3]),
    ],
)
def test_texts_without_case_and_enums_are_compared(ask: Ask, where: str, ids: list[int]) -> None:
    assert _ids(ask, "shelf", where) == ids


@pytest.mark.parametrize(
    ("table", "where", "ids"),
    [
        ("author", "{score: {total: {_gt: 3.5}}}", [3]),
        ("mark", '{line: {words: {_eq: "two"}}}', [1, 2]),
        ("mark", "{_not: {line: {}}}", [4]),
        ("article", '{author: {name: {_eq: "Ada"}}}', [1, 2]),
        ("article", "{author: {}}", [1, 2, 3, 4, 6]),
        ("article", "{_not: {author: {}}}", [5]),
        ("article", '{author: {country: {name: {_like: "F%"}}}}', [3, 4]),
        ("author", "{articles: {}}", [1, 3, 4]),
        ("author", "{articles: {reviews: {stars: {_eq: 5}}}}", [1, 4]),
        ("author", "{articles: {reviews: {stars: {_eq: 1}, approved: {_is_null: true}}}}", [3]),
        ("author", "{articles: {_not: {reviews: {}}}}", [3]),
        ("review", '{article: {author: {articles: {title: {_eq: "Nana"}}}}}', [4, 5]),
    ],
)
def test_relationships_ask_whether_a_related_row_exists(
    ask: Ask, table: str, where: str, ids: list[int]
) -> None:
    assert _ids(ask, table, where) == ids


@pytest.mark.parametrize(
    ("table", "where", "ids"),
    [
        ("author", "{articles_aggregate: {count: {predicate: {_gte: 2}}}}", [1, 3]),
        ("author", "{articles_aggregate: {count: {predicate: {_eq: 0}}}}", [2]),
        (
            "author",
            "{articles_aggregate: {count: {filter: {words: {_gt: 60}}, predicate: {_eq: 1}}}}",
            [4],
        ),
        (
            "author",
            "{articles_aggregate: {count: {arguments: [score], predicate: {_eq: 1}}}}",
            [3, 4],
        ),
        (
            "article",
            """{reviews_aggregate: {count:
                {arguments: [stars], distinct: true, predicate: {_eq: 1}}}}""",
            [2, 3, 6],
        ),
        (
            "article",
            "{reviews_aggregate: {bool_and: {arguments: approved, predicate: {_eq: true}}}}",
            [2, 3, 6],
        ),
        (
            "article",
            "{reviews_aggregate: {bool_or: {arguments: approved, predicate: {_eq: true}}}}",
            [1, 2, 3, 6],
        ),
        (
            "article",
            "{reviews_aggregate: {max: {arguments: weight, predicate: {_gt: 1.5, _lt: 3.0}}}}",
            [2],
        ),
        (
            "article",
            """{reviews_aggregate: {corr:
                {arguments: {X: weight, Y: weight}, predicate: {_gt: 0, _lt: 2}}}}""",
            [1, 3],
        ),
        (
            "article",
            """{reviews_aggregate: {covar_samp:
                {arguments: {X: weight, Y: weight}, distinct: true,
                 predicate: {_gt: 1, _lt: 8}}}}""",
            [3],
        ),
        (
            "review",
            "{article: {reviews_aggregate: {count: {predicate: {_gt: 1}}}}}",
            [1, 2, 4, 5],
        ),
    ],
)
def test_aggregates_of_related_rows_are_compared(
    ask: Ask, table: str, where: str, ids: list[int]
) -> None:
    assert _ids(ask, table, where) == ids


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ('{shout: {_eq: "ADA"}}', [1]),
        ('{summary: {_contains: {born: "1990-01-01"}}}', [4]),
        ("{scored: {}}", [1, 3, 4]),
        ("{scored: {score: {_gte: 2}, reviews: {stars: {_eq: 1}}}}", [3]),
        ("{_not: {scored: {words: {_eq: 100}}}}", [2, 3]),
    ],
)
def test_computed_fields_without_arguments_are_compared(
    ask: Ask, where: str, ids: list[int]
) -> None:
    assert _ids(ask, "author", where) == ids


@pytest.mark.parametrize(
    "predicates",
    [
        "",
        """count: {predicate: {_gt: 1}},
        bool_or: {arguments: approved, predicate: {_eq: true}}""",
    ],
)
def test_a_predicate_is_about_one_aggregate(refused: Ask, predicates: str) -> None:
    error = refused(f"{{ article(where: {{reviews_aggregate: {{{predicates}}}}}) {{ id }} }}")
    assert error == {
        "message": "exactly one predicate should be specified",
        "extensions": {
            "path": "$.selectionSet.article.args.where.reviews_aggregate",
            "code": "validation-failed",
        },
    }


def test_related_rows_are_filtered_inside_the_selection(ask: Ask) -> None:
    answer = ask(
        """{ author(where: {id: {_lt: 4}}, order_by: {id: asc})
             { articles(where: {reviews: {approved: {_eq: true}}}, order_by: {id: asc})
               { id } } }"""
    )
    assert answer["author"] == [
        {"articles": [{"id": 1}, {"id": 2}]},
        {"articles": []},
        {"articles": [{"id": 3}]},
    ]


def test_values_come_from_variables_wherever_they_stand(ask: Ask) -> None:
    query = """query ($one: author_bool_exp!, $ids: [Int!], $city: String, $whole: jsonb) {
        author(where: {_and: [{_or: [$one, {id: {_in: $ids}}]},
               {_or: [{address: {_contains: {city: $city}}}, {address: {_eq: $whole}}]}]},
               order_by: {id: asc}) { id } }"""
    variables = {
        "one": {"name": {"_eq": "Ada"}},
        "ids": [3, 4],
        "city": "London",
        "whole": {"city": "Paris"},
    }
    assert ask(query, variables) == {"author": [{"id": 1}, {"id": 3}]}


def test_a_value_is_never_read_as_sql(ask: Ask) -> None:
    hostile = "'; DROP TABLE author; --\" %s %(v0)s :v0 $1 {\\"
    query = """query ($name: String!) { author(where: {name: {_eq: $name}}) { id }
               article(where: {title: {_neq: $name}}) { id } }"""
    answer = ask(query, {"name": hostile})
    assert (answer["author"], len(answer["article"])) == ([], 6)


@pytest.mark.parametrize(
    "text", ["", "ü 日本 \U0001f600", "a\nb\t", "it's", "100% :colon", "null", "{1,2}"]
)
def test_any_text_can_be_compared_with(ask: Ask, text: str) -> None:
    query = """query ($text: String!, $all: [String!]) {
        author(where: {name: {_neq: $text, _nin: $all}}) { id } }"""
    assert len(ask(query, {"text": text, "all": [text, "x"]})["author"]) == 4


def test_types_of_one_name_in_two_schemas_are_told_apart(sandbox: Callable[..., Sandbox]) -> None:
    moods = sandbox(
        """
        CREATE SCHEMA lab;
        CREATE TYPE mood AS ENUM ('sad', 'happy');
        CREATE TYPE lab.mood AS ENUM ('calm');
        CREATE TABLE person (id int PRIMARY KEY, mood mood, moods mood[]);
        CREATE TABLE lab.room (id int PRIMARY KEY, mood lab.mood, moods lab.mood[]);
        INSERT INTO person VALUES (1, 'sad', '{happy}'), (2, 'happy', '{}');
        INSERT INTO lab.room VALUES (1, 'calm', '{calm}'), (2, NULL, NULL);
        """,
        "- table: {name: person, schema: public}\n- table: {name: room, schema: lab}",
    )
    answer = moods.ask(
        """{
          person(where: {mood: {_eq: "sad"}, moods: {_contains: ["happy"]}}) { id }
          lab_room(where: {mood: {_in: ["calm"]}, moods: {_eq: ["calm"]}}) { id }
        }"""
    )
    assert answer == {"person": [{"id": 1}], "lab_room": [{"id": 1}]}


def test_operators_of_later_releases_are_taken_and_not_advertised(ask: Ask) -> None:
    answer = ask('{ __type(name: "jsonb_comparison_exp") { inputFields { name } } }')
    names = {field["name"] for field in answer["__type"]["inputFields"]}
    assert "_has_key" in names
    assert not {name for name in names if name.startswith("_jsonb_path")}

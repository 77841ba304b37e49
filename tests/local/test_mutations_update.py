"""`update_…`, `update_…_by_pk`, `update_…_many`, `delete_…` and `delete_…_by_pk`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.conftest import Sandbox

SQL = """
CREATE TABLE author (id serial PRIMARY KEY, name text UNIQUE);
CREATE TABLE article (
    id serial PRIMARY KEY,
    title text,
    author_id int REFERENCES author ON DELETE CASCADE,
    likes int DEFAULT 0,
    score numeric,
    tags text[],
    doc jsonb,
    changed timestamptz
);
CREATE TABLE "Two Keys" ("a b" int, c text, value int, PRIMARY KEY ("a b", c));
CREATE TABLE review (
    id serial PRIMARY KEY, article_id int REFERENCES article, stars int NOT NULL DEFAULT 0
);
CREATE VIEW popular AS SELECT id, title FROM article WHERE likes > 10;
CREATE FUNCTION shout(article) RETURNS text STABLE LANGUAGE sql AS 'SELECT upper($1.title)';
INSERT INTO author (name) VALUES ('a'), ('b');
INSERT INTO article (title, author_id, likes, doc) VALUES
    ('x', 1, 5, '{"k": 1, "n": {"m": [1, 2]}}'), ('y', 1, 20, '[1, 2, 3]'), ('z', 2, NULL, NULL);
INSERT INTO "Two Keys" VALUES (1, 'x', 10), (1, 'y', 20);
"""
TABLES = """
- table: {name: author, schema: public}
  array_relationships:
    - name: articles
      using:
        foreign_key_constraint_on: {table: {name: article, schema: public}, column: author_id}
- table: {name: article, schema: public}
  object_relationships:
    - {name: author, using: {foreign_key_constraint_on: author_id}}
  computed_fields:
    - {name: loud, definition: {function: {name: shout, schema: public}}}
- table: {name: review, schema: public}
- table: {name: popular, schema: public}
- table: {name: Two Keys, schema: public}
  configuration: {custom_name: two_keys, column_config: {"a b": {custom_name: first}}}
"""


@pytest.fixture
def library(sandbox: Callable[..., Sandbox]) -> Sandbox:
    return sandbox(SQL, TABLES)


def test_set_changes_the_rows_that_the_condition_chooses(library: Sandbox) -> None:
    answer = library.ask(
        """
        mutation ($tags: [String!], $doc: jsonb) {
          update_article(
            where: {author: {name: {_eq: "a"}}, likes: {_gt: 10}}
            _set: {title: "new", tags: $tags, doc: $doc, score: "1.50", likes: null}
          ) { affected_rows returning { id title tags doc score likes loud author { name } } }
        }
        """,
        {"tags": ["p q", None], "doc": "text"},
    )
    row = {
        "id": 2,
        "title": "new",
        "tags": ["p q", None],
        "doc": "text",
        "score": 1.50,
        "likes": None,
        "loud": "NEW",
        "author": {"name": "a"},
    }
    assert answer == {"update_article": {"affected_rows": 1, "returning": [row]}}


def test_an_empty_condition_changes_every_row(library: Sandbox) -> None:
    answer = library.ask(
        "mutation { update_article(where: {}, _set: {score: 1}) { affected_rows } }"
    )
    assert answer == {"update_article": {"affected_rows": 3}}


OPERATORS: list[tuple[str, dict[str, Any], Any]] = [
    ("_inc: {likes: 2}", {"likes": 7}, 1),
    ("_inc: {likes: -2, id: 100}", {"likes": 3, "id": 101}, 1),
    ("_inc: {likes: 1}", {"likes": None}, 3),
    (
        "_append: {doc: {new: [true]}}",
        {"doc": {"k": 1, "n": {"m": [1, 2]}, "new": [True]}},
        1,
    ),
    ("_append: {doc: 4}", {"doc": [1, 2, 3, 4]}, 2),
    ("_append: {doc: {a: 1}}", {"doc": None}, 3),
    ("_prepend: {doc: 0}", {"doc": [0, 1, 2, 3]}, 2),
    ('_delete_key: {doc: "n"}', {"doc": {"k": 1}}, 1),
    ("_delete_elem: {doc: -1}", {"doc": [1, 2]}, 2),
    ('_delete_at_path: {doc: ["n", "m", "0"]}', {"doc": {"k": 1, "n": {"m": [2]}}}, 1),
    (
        '_inc: {likes: 1} _append: {doc: {a: 1}} _set: {title: "t"}',
        {"likes": 6, "title": "t", "doc": {"k": 1, "n": {"m": [1, 2]}, "a": 1}},
        1,
    ),
]


@pytest.mark.parametrize(("operators", "expected", "row"), OPERATORS)
def test_operators_change_what_is_there(
    library: Sandbox, operators: str, expected: dict[str, Any], row: int
) -> None:
    answer = library.ask(
        f"mutation {{ update_article_by_pk(pk_columns: {{id: {row}}} {operators})"
        f" {{ {' '.join(expected)} }} }}"
    )
    assert answer == {"update_article_by_pk": expected}


def test_a_column_stands_in_one_operator_only(library: Sandbox) -> None:
    error = library.refused(
        "mutation { update_article(where: {}, _set: {likes: 1}, _inc: {likes: 1, id: 1})"
        " { affected_rows } }"
    )
    message = "Column found in multiple operators: ['likes']."
    path = "$.selectionSet.update_article.args"
    assert error == ("validation-failed", path, message)


def test_without_operators_nothing_happens(library: Sandbox) -> None:
    answer = library.ask(
        """
        mutation {
          update_article(where: {}) { affected_rows returning { id } __typename }
          empty: update_article(where: {}, _set: {}, _inc: {}) { n: affected_rows }
          update_article_by_pk(pk_columns: {id: 1}) { id }
          update_article_many(updates: [{where: {}}]) { affected_rows }
        }
        """
    )
    assert answer == {
        "update_article": {
            "affected_rows": 0,
            "returning": [],
            "__typename": "article_mutation_response",
        },
        "empty": {"n": 0},
        "update_article_by_pk": {},
        "update_article_many": [],
    }


def test_an_update_by_key_answers_the_row_or_null(library: Sandbox) -> None:
    answer = library.ask(
        """
        mutation {
          hit: update_two_keys_by_pk(pk_columns: {first: 1, c: "y"}, _inc: {value: 1}) {
            first c value
          }
          miss: update_two_keys_by_pk(pk_columns: {first: 2, c: "y"}, _inc: {value: 1}) { c }
          far: update_article_by_pk(pk_columns: {id: 7}, _set: {title: "t"}) { author { id } }
        }
        """
    )
    hit = {"first": 1, "c": "y", "value": 21}
    assert answer == {"hit": hit, "miss": None, "far": None}
    assert library.rows('SELECT value FROM "Two Keys" ORDER BY c') == [(10,), (21,)]


def test_many_updates_run_in_order_and_each_sees_the_earlier(library: Sandbox) -> None:
    answer = library.ask(
        """
        mutation {
          update_article_many(updates: [
            {where: {title: {_eq: "x"}}, _set: {title: "w"}}
            {where: {title: {_eq: "x"}}, _set: {title: "never"}}
            {where: {title: {_eq: "w"}}, _inc: {likes: 1}}
            {where: {title: {_eq: "w"}}}
          ]) { affected_rows returning { title likes author { name } } }
        }
        """
    )
    author = {"name": "a"}
    assert answer["update_article_many"] == [
        {"affected_rows": 1, "returning": [{"title": "w", "likes": 5, "author": author}]},
        {"affected_rows": 0, "returning": []},
        {"affected_rows": 1, "returning": [{"title": "w", "likes": 6, "author": author}]},
        {"affected_rows": 0, "returning": []},
    ]


def test_no_updates_answer_an_empty_list(library: Sandbox) -> None:
    answer = library.ask("mutation { update_article_many(updates: []) { affected_rows } }")
    assert answer == {"update_article_many": []}


def test_times_may_be_words_of_postgres(library: Sandbox) -> None:
    library.ask('mutation { update_article(where: {}, _set: {changed: "now"}) { affected_rows } }')
    recent = "SELECT bool_and(now() - changed < '1 minute') FROM article"
    assert library.rows(recent) == [(True,)]


def test_an_update_that_the_database_refuses_leaves_everything(library: Sandbox) -> None:
    error = library.refused(
        """
        mutation {
          update_article(where: {}, _inc: {likes: 1}) { affected_rows }
          update_author(where: {}, _set: {name: "c"}) { affected_rows }
        }
        """
    )
    message = (
        'Uniqueness violation. duplicate key value violates unique constraint "author_name_key"'
    )
    assert error == ("constraint-violation", "$", message)
    assert library.rows("SELECT sum(likes) FROM article") == [(25,)]


def test_a_view_that_postgres_can_change_is_changed(library: Sandbox) -> None:
    answer = library.ask(
        """
        mutation {
          update_popular(where: {title: {_eq: "y"}}, _set: {title: "t"}) { returning { id title } }
          delete_popular(where: {}) { affected_rows }
        }
        """
    )
    assert answer == {
        "update_popular": {"returning": [{"id": 2, "title": "t"}]},
        "delete_popular": {"affected_rows": 1},
    }


def test_delete_returns_the_rows_that_went(library: Sandbox) -> None:
    answer = library.ask(
        """
        mutation {
          delete_article(where: {likes: {_is_null: false}}) {
            affected_rows returning { title loud author { name } }
          }
        }
        """
    )
    rows = [{"title": t, "loud": t.upper(), "author": {"name": "a"}} for t in "xy"]
    assert answer["delete_article"] == {"affected_rows": 2, "returning": rows}
    assert library.rows("SELECT title FROM article") == [("z",)]


def test_what_a_deletion_takes_along_is_gone_from_its_answer(library: Sandbox) -> None:
    answer = library.ask(
        "mutation { delete_author(where: {id: {_eq: 1}}) { returning { name articles { id } } } }"
    )
    assert answer["delete_author"] == {"returning": [{"name": "a", "articles": []}]}


def test_a_deletion_by_key_answers_the_row_or_null(library: Sandbox) -> None:
    answer = library.ask(
        """
        mutation {
          hit: delete_two_keys_by_pk(first: 1, c: "x") { value __typename }
          miss: delete_two_keys_by_pk(first: 1, c: "x") { value }
          far: delete_article_by_pk(id: 3) { title author { name } }
        }
        """
    )
    assert answer == {
        "hit": {"value": 10, "__typename": "two_keys"},
        "miss": None,
        "far": {"title": "z", "author": {"name": "b"}},
    }


def test_an_empty_condition_deletes_every_row(library: Sandbox) -> None:
    answer = library.ask("mutation { delete_article(where: {}) { affected_rows } }")
    assert answer == {"delete_article": {"affected_rows": 3}}


def test_a_row_that_others_refer_to_stays(library: Sandbox) -> None:
    code, path, message = library.refused(
        """
        mutation {
          insert_review_one(object: {article_id: 1}) { id }
          delete_article(where: {}) { affected_rows }
        }
        """
    )
    assert (code, path) == ("constraint-violation", "$")
    assert message.startswith("Foreign key violation. update or delete on table")
    assert library.rows("SELECT count(*) FROM article") == [(3,)]


@pytest.mark.parametrize(
    ("operators", "path", "message"),
    [
        ("_set: {stars: null}", "_set.stars", "unexpected null value for type 'Int'"),
        ("_inc: {stars: null}", "_inc.stars", "unexpected null value for type 'Int'"),
    ],
)
def test_null_is_refused_for_a_column_that_is_never_null(
    library: Sandbox, operators: str, path: str, message: str
) -> None:
    query = f"mutation {{ update_review(where: {{}}, {operators}) {{ affected_rows }} }}"
    place = f"$.selectionSet.update_review.args.{path}"
    assert library.refused(query) == ("validation-failed", place, message)


@pytest.mark.parametrize(
    ("operators", "path", "message"),
    [
        ("_delete_elem: {doc: null}", "_delete_elem.doc", "unexpected null value for type 'Int'"),
        (
            "_delete_at_path: {doc: null}",
            "_delete_at_path.doc",
            "expected a list, but found null",
        ),
    ],
)
def test_null_is_no_place_in_a_document(
    library: Sandbox, operators: str, path: str, message: str
) -> None:
    query = f"mutation {{ update_article(where: {{}}, {operators}) {{ affected_rows }} }}"
    place = f"$.selectionSet.update_article.args.{path}"
    assert library.refused(query) == ("validation-failed", place, message)

"""Nested inserts: rows of several tables in one `insert_…`, joined by their relationships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.conftest import Sandbox

SQL = """
CREATE TABLE publisher (id serial PRIMARY KEY, name text UNIQUE NOT NULL);
CREATE TABLE author (
    id serial PRIMARY KEY,
    name text UNIQUE NOT NULL,
    publisher_id int REFERENCES publisher
);
CREATE TABLE detail (
    author_id int PRIMARY KEY REFERENCES author,
    phone text NOT NULL
);
CREATE TABLE article (
    id serial PRIMARY KEY,
    title text NOT NULL CHECK (title <> 'bad'),
    author_id int NOT NULL REFERENCES author,
    pages int DEFAULT 10,
    UNIQUE (author_id, title)
);
CREATE TABLE tag (
    id serial PRIMARY KEY,
    article_id int REFERENCES article,
    name text
);
CREATE SCHEMA "second shelf";
CREATE TABLE "second shelf"."Box" (
    "Row" int, "Col" text, note text, PRIMARY KEY ("Row", "Col")
);
CREATE TABLE "second shelf"."Book" (
    "Title" text, "In Row" int, "In Col" text,
    FOREIGN KEY ("In Row", "In Col") REFERENCES "second shelf"."Box"
);
CREATE TABLE history (id serial, what text);
CREATE FUNCTION record() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO history (what) VALUES (TG_TABLE_NAME); RETURN NULL; END $$;
CREATE TRIGGER record AFTER INSERT ON publisher FOR EACH ROW EXECUTE FUNCTION record();
CREATE TRIGGER record AFTER INSERT ON author FOR EACH ROW EXECUTE FUNCTION record();
CREATE TRIGGER record AFTER INSERT ON detail FOR EACH ROW EXECUTE FUNCTION record();
CREATE TRIGGER record AFTER INSERT ON article FOR EACH ROW EXECUTE FUNCTION record();
CREATE TRIGGER record AFTER INSERT ON tag FOR EACH ROW EXECUTE FUNCTION record();
"""
TABLES = """
- table: {name: publisher, schema: public}
- table: {name: author, schema: public}
  object_relationships:
    - {name: publisher, using: {foreign_key_constraint_on: publisher_id}}
    - name: detail
      using: {foreign_key_constraint_on: {table: {name: detail, schema: public}, column: author_id}}
  array_relationships:
    - name: articles
      using:
        foreign_key_constraint_on: {table: {name: article, schema: public}, column: author_id}
- table: {name: detail, schema: public}
- table: {name: article, schema: public}
  object_relationships:
    - {name: author, using: {foreign_key_constraint_on: author_id}}
  array_relationships:
    - name: tags
      using: {foreign_key_constraint_on: {table: {name: tag, schema: public}, column: article_id}}
- table: {name: tag, schema: public}
- table: {name: Box, schema: second shelf}
  configuration: {custom_name: box, column_config: {Row: {custom_name: row_number}}}
  array_relationships:
    - name: books
      using:
        foreign_key_constraint_on:
          {table: {name: Book, schema: second shelf}, columns: [In Row, In Col]}
- table: {name: Book, schema: second shelf}
  configuration:
    custom_name: book
    column_config: {In Row: {custom_name: in_row}, In Col: {custom_name: in_col}}
"""


@pytest.fixture
def library(sandbox: Callable[..., Sandbox]) -> Sandbox:
    return sandbox(SQL, TABLES)


def history_of(served: Sandbox) -> list[str]:
    return [what for (what,) in served.rows("SELECT what FROM history ORDER BY id")]


def test_the_rows_of_an_array_relationship_get_the_key_of_their_parent(library: Sandbox) -> None:
    answer = library.ask(
        """
        mutation ($articles: [article_insert_input!]!) {
          insert_author_one(object: {name: "a", articles: {data: $articles}}) {
            id name articles(order_by: {id: asc}) { title author_id pages }
          }
        }
        """,
        {"articles": [{"title": "x"}, {"title": "y", "pages": None}]},
    )
    articles = [
        {"title": "x", "author_id": 1, "pages": 10},
        {"title": "y", "author_id": 1, "pages": None},
    ]
    assert answer["insert_author_one"] == {"id": 1, "name": "a", "articles": articles}


def test_an_object_relationship_is_inserted_first_and_gives_the_foreign_key(
    library: Sandbox,
) -> None:
    answer = library.ask(
        """
        mutation {
          insert_article(objects: [{title: "x", author: {data: {name: "a"}}}]) {
            affected_rows returning { title author { id name } }
          }
        }
        """
    )
    article = {"title": "x", "author": {"id": 1, "name": "a"}}
    assert answer["insert_article"] == {"affected_rows": 2, "returning": [article]}
    assert history_of(library) == ["author", "article"]


def test_a_row_that_refers_to_its_parent_from_an_object_relationship_comes_after_it(
    library: Sandbox,
) -> None:
    answer = library.ask(
        """
        mutation {
          insert_author(objects: {name: "a", detail: {data: {phone: "1"}}}) {
            affected_rows returning { detail { author_id phone } }
          }
        }
        """
    )
    detail = {"author_id": 1, "phone": "1"}
    assert answer["insert_author"] == {
        "affected_rows": 2,
        "returning": [{"detail": detail}],
    }


def test_each_object_goes_on_its_own_with_all_that_hangs_on_it(library: Sandbox) -> None:
    answer = library.ask(
        """
        mutation {
          insert_author(objects: [
            {
              name: "a"
              articles: {data: [
                {title: "x", tags: {data: [{name: "t"}, {name: "u"}]}},
                {title: "y"}
              ]}
              publisher: {data: {name: "p"}}
              detail: {data: {phone: "1"}}
            }
            {name: "b"}
          ]) {
            affected_rows
            returning { name publisher { name } articles { title tags { name } } }
          }
        }
        """
    )
    author = {
        "name": "a",
        "publisher": {"name": "p"},
        "articles": [
            {"title": "x", "tags": [{"name": "t"}, {"name": "u"}]},
            {"title": "y", "tags": []},
        ],
    }
    other: dict[str, Any] = {"name": "b", "publisher": None, "articles": []}
    assert answer["insert_author"] == {"affected_rows": 8, "returning": [author, other]}
    assert history_of(library) == [
        *("publisher", "author", "article", "tag", "tag", "article", "detail", "author"),
    ]


def test_the_number_of_rows_counts_every_table(library: Sandbox) -> None:
    answer = library.ask(
        """
        mutation {
          insert_author(objects: [
            {name: "a", articles: {data: [{title: "x"}, {title: "y"}]}}
            {name: "b", articles: {data: []}, publisher: null, detail: null}
          ]) { affected_rows __typename }
        }
        """
    )
    response = {"affected_rows": 4, "__typename": "author_mutation_response"}
    assert answer == {"insert_author": response}


def test_a_row_may_consist_of_its_relationships(library: Sandbox) -> None:
    answer = library.ask(
        """
        mutation {
          insert_article_one(object: {title: "x", author: {data: {name: "a"}}}) { id }
          insert_tag(objects: [{}]) { affected_rows }
          insert_author_one(object: {name: "b", publisher: {data: {name: "p"}}}) {
            publisher_id articles { id }
          }
        }
        """
    )
    assert answer["insert_author_one"] == {"publisher_id": 1, "articles": []}


def test_keys_of_several_columns_and_names_that_need_quoting(library: Sandbox) -> None:
    answer = library.ask(
        """
        mutation {
          insert_box(objects: [
            {row_number: 1, Col: "a", books: {data: [{Title: "x"}, {Title: "y"}]}}
          ]) { affected_rows returning { books(order_by: {Title: asc}) { Title in_row in_col } } }
        }
        """
    )
    books = [{"Title": title, "in_row": 1, "in_col": "a"} for title in "xy"]
    assert answer["insert_box"] == {"affected_rows": 3, "returning": [{"books": books}]}


def test_on_conflict_stands_at_every_level(library: Sandbox) -> None:
    mutation = """
        mutation ($title: String!, $pages: Int) {
          insert_article(
            objects: [{
              title: $title
              pages: $pages
              author: {
                data: {name: "a"}
                on_conflict: {constraint: author_name_key, update_columns: [name]}
              }
              tags: {data: [{id: 1, name: "t"}], on_conflict: {constraint: tag_pkey}}
            }]
            on_conflict: {constraint: article_author_id_title_key, update_columns: [pages]}
          ) { affected_rows returning { author_id title pages } }
        }
    """
    first = library.ask(mutation, {"title": "x", "pages": 1})["insert_article"]
    again = library.ask(mutation, {"title": "x", "pages": 2})["insert_article"]
    assert first == {
        "affected_rows": 3,
        "returning": [{"author_id": 1, "title": "x", "pages": 1}],
    }
    assert again == {
        "affected_rows": 2,
        "returning": [{"author_id": 1, "title": "x", "pages": 2}],
    }


CONTRADICTIONS = {
    "a column of a child that its parent gives": (
        'insert_author(objects: [{name: "a", articles: {data: [{title: "x", author_id: 7}]}}])'
        " { affected_rows }",
        "$.selectionSet.insert_author.args.objects[0].articles.data[0]",
        'cannot insert "author_id" columns as their values are already being determined by parent'
        " insert",
    ),
    "the same of an object relationship from the other side": (
        'insert_author_one(object: {name: "a", detail: {data: {phone: "1", author_id: 7}}}) { id }',
        "$.selectionSet.insert_author_one.args.object[0].detail.data[0]",
        'cannot insert "author_id" columns as their values are already being determined by parent'
        " insert",
    ),
    "the same in a child that is nested itself": (
        'insert_author(objects: [{name: "b"}, {name: "a", articles: {data: ['
        '{title: "x", author_id: 7, tags: {data: [{name: "t"}]}}]}}]) { affected_rows }',
        "$.selectionSet.insert_author.args.objects[1].articles.data[0]",
        'cannot insert "author_id" columns as their values are already being determined by parent'
        " insert",
    ),
    "a column that an object relationship gives": (
        'insert_article(objects: [{title: "x", author_id: 7, author: {data: {name: "a"}}}])'
        " { affected_rows }",
        "$.selectionSet.insert_article.args.objects[0].author",
        'cannot insert object relationship "author" as "author_id" column values are already'
        " determined",
    ),
    "an object relationship that the parent gives": (
        'insert_author(objects: [{name: "a", articles: {data: ['
        '{title: "x", author: {data: {name: "b"}}}]}}]) { affected_rows }',
        "$.selectionSet.insert_author.args.objects[0].articles.data[0].author",
        'cannot insert object relationship "author" as "author_id" column values are already'
        " determined",
    ),
}


@pytest.mark.parametrize("case", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_column_is_not_given_twice(library: Sandbox, case: tuple[str, str, str]) -> None:
    mutation, path, message = case
    error = library.refused(f"mutation {{ {mutation} }}")
    assert error == ("validation-failed", path, message)
    assert history_of(library) == []


NOT_WRITTEN = {
    "the row of an object relationship": (
        'insert_article_one(object: {title: "x", author: {data: {name: "a"},'
        " on_conflict: {constraint: author_name_key, update_columns: []}}}) { id }",
        "$.selectionSet.insert_article_one.args.object[0].author",
        'cannot proceed to insert object relation "author" since insert to table "author" affects'
        " zero rows",
    ),
    "the row that others hang on": (
        'insert_author(objects: [{name: "a", articles: {data: [{title: "x"}]}}],'
        " on_conflict: {constraint: author_name_key}) { affected_rows }",
        "$.selectionSet.insert_author.args.objects[0]",
        'cannot proceed to insert array relations since insert to table "author" affects zero rows',
    ),
}


@pytest.mark.parametrize("case", NOT_WRITTEN.values(), ids=NOT_WRITTEN)
def test_a_row_that_another_needs_must_be_written(
    library: Sandbox, case: tuple[str, str, str]
) -> None:
    mutation, path, message = case
    library.ask('mutation { insert_author_one(object: {name: "a"}) { id } }')
    error = library.refused(
        f'mutation {{ insert_publisher_one(object: {{name: "p"}}) {{ id }} {mutation} }}'
    )
    assert error == ("not-supported", path, message)
    assert history_of(library) == ["author"]


def test_a_row_without_dependents_may_be_skipped(library: Sandbox) -> None:
    library.ask('mutation { insert_author_one(object: {name: "a"}) { id } }')
    answer = library.ask(
        """
        mutation {
          insert_author_one(
            object: {name: "a", publisher: {data: {name: "p"}}}
            on_conflict: {constraint: author_name_key}
          ) { id }
        }
        """
    )
    assert answer == {"insert_author_one": None}
    assert history_of(library) == ["author", "publisher"]


@pytest.mark.parametrize(
    ("objects", "path"),
    [
        ('[{name: "a", articles: {data: [{title: "bad"}]}}]', "[0].articles.data"),
        ('[{name: "a"}, {name: "a", detail: {data: {phone: "1"}}}]', "[1]"),
        ('[{name: "b", detail: {data: {}}}]', "[0].detail.data"),
        (
            '[{name: "a", articles: {data: [{title: "x"}, {title: "bad", tags: {data: {}}}]}}]',
            "[0].articles.data[1]",
        ),
        ('[{name: "a", publisher: {data: {}}}]', "[0].publisher.data"),
    ],
)
def test_an_error_of_the_database_names_the_place_of_the_row(
    library: Sandbox, objects: str, path: str
) -> None:
    error = library.refused(f"mutation {{ insert_author(objects: {objects}) {{ affected_rows }} }}")
    assert error[1] == f"$.selectionSet.insert_author.args.objects{path}"
    assert history_of(library) == []


def test_a_conflict_may_depend_on_related_rows(library: Sandbox) -> None:
    mutation = """
        mutation ($title: String!) {
          insert_box(
            objects: [{row_number: 1, Col: "a", note: "new"}]
            on_conflict: {
              constraint: Box_pkey
              update_columns: [note]
              where: {books: {Title: {_eq: $title}}, note: {_is_null: true}}
            }
          ) { affected_rows returning { note } }
        }
    """
    library.ask(
        'mutation { insert_box_one(object: {row_number: 1, Col: "a", books: {data: {Title: "x"}}})'
        " { Col } }"
    )
    other = library.ask(mutation, {"title": "y"})["insert_box"]
    hit = library.ask(mutation, {"title": "x"})["insert_box"]
    assert other == {"affected_rows": 0, "returning": []}
    assert hit == {"affected_rows": 1, "returning": [{"note": "new"}]}

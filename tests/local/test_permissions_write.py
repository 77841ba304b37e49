"""What roles may write: columns, presets, checks, filters, conflicts, backends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.conftest import Sandbox

SQL = """
    CREATE TABLE author (id serial PRIMARY KEY, name text NOT NULL UNIQUE, owner text, rank int);
    CREATE TABLE article (
        id serial PRIMARY KEY, author_id int REFERENCES author, title text NOT NULL,
        published bool NOT NULL DEFAULT false, edits int NOT NULL DEFAULT 0, editor text
    );
    INSERT INTO author (name, owner) VALUES ('Ada', 'ada'), ('Bob', 'bob');
    INSERT INTO article (author_id, title) VALUES (1, 'One'), (1, 'Two'), (2, 'Three');
"""
TABLES = """
    - table: {name: author, schema: public}
      array_relationships:
        - name: articles
          using: {foreign_key_constraint_on: {column: author_id, table: article}}
      select_permissions:
        - {role: user, permission: {columns: [id, name, owner, rank], filter: {}}}
        - {role: upserter, permission: {columns: [id, name, rank], filter: {}}}
      insert_permissions:
        - role: user
          permission:
            columns: [name, rank]
            check: {name: {_neq: evil}, _or: [{rank: {_lt: 10}}, {rank: {_is_null: true}}]}
            set: {owner: X-Hasura-User-Id}
        - {role: upserter, permission: {columns: [name, rank], check: {rank: {_gt: 0}}}}
        - {role: keeper, permission: {columns: [name, rank], check: {rank: {_gt: 0}}}}
        - {role: service, permission: {columns: [name], check: {}, backend_only: true}}
      update_permissions:
        - role: upserter
          permission:
            columns: [rank]
            filter: {name: {_neq: Bob}}
            check: {rank: {_lt: 100}}
            set: {owner: upserted}
    - table: {name: article, schema: public}
      object_relationships: [{name: author, using: {foreign_key_constraint_on: author_id}}]
      select_permissions:
        - {role: user, permission: {columns: [id, title, author_id, edits, editor], filter: {}}}
        - {role: titles, permission: {columns: [title], filter: {}}}
      insert_permissions:
        - role: user
          permission: {columns: [title, author_id], check: {author: {owner: X-Hasura-User-Id}}}
        - {role: blind, permission: {columns: [title], check: {}, set: {published: true}}}
        - {role: titles, permission: {columns: [title], check: {}}}
      update_permissions:
        - role: user
          permission:
            columns: [title, author_id, edits]
            filter: {author: {owner: X-Hasura-User-Id}}
            check: {author: {owner: X-Hasura-User-Id}}
            set: {editor: X-Hasura-User-Id}
        - {role: stamper, permission: {columns: [], filter: {}, set: {editor: stamp}}}
        - {role: titles, permission: {columns: [title], filter: {}}}
        - {role: service, permission: {columns: [title], filter: {}, backend_only: true}}
      delete_permissions:
        - {role: user, permission: {filter: {author: {owner: X-Hasura-User-Id}}}}
        - {role: titles, permission: {filter: {title: {_neq: Two}}}}
        - {role: service, permission: {filter: {}, backend_only: true}}
"""
FAILED = "check constraint of an insert/update permission has failed"


@pytest.fixture
def magazine(sandbox: Callable[..., Sandbox]) -> Sandbox:
    made = sandbox(SQL, TABLES)
    assert not made.engine.inconsistencies
    return made


@pytest.fixture
def ada(magazine: Sandbox) -> Sandbox:
    return magazine.as_role("user", user_id="ada")


def test_an_insert_writes_its_presets(ada: Sandbox) -> None:
    data = ada.ask(
        'mutation { insert_author(objects: [{name: "C"}, {name: "D", rank: 1}])'
        " { affected_rows returning { name owner rank } } }"
    )
    assert data["insert_author"] == {
        "affected_rows": 2,
        "returning": [
            {"name": "C", "owner": "ada", "rank": None},
            {"name": "D", "owner": "ada", "rank": 1},
        ],
    }


@pytest.mark.parametrize("column", ["owner", "id"])
def test_columns_that_are_preset_or_not_granted_cannot_be_given(ada: Sandbox, column: str) -> None:
    code, path, message = ada.refused(
        f'mutation {{ insert_author_one(object: {{name: "C", {column}: 1}}) {{ id }} }}'
    )
    assert (code, path) == (
        "validation-failed",
        f"$.selectionSet.insert_author_one.args.object.{column}",
    )
    assert message == f"field '{column}' not found in type: 'author_insert_input'"


@pytest.mark.parametrize(
    "answer", ["affected_rows", "returning { id }", "returning { articles { id } }"]
)
def test_a_check_that_fails_undoes_the_whole_mutation(ada: Sandbox, answer: str) -> None:
    refused = ada.refused(
        f"""mutation {{
            first: insert_author(objects: {{name: "C"}}) {{ affected_rows }}
            insert_author(objects: [{{name: "D"}}, {{name: "E", rank: 11}}]) {{ {answer} }}
        }}"""
    )
    assert refused == ("permission-error", "$.selectionSet.insert_author.args.objects", FAILED)
    assert ada.rows("SELECT count(*) FROM author") == [(2,)]


def test_a_check_of_one_row_fails_at_the_object(ada: Sandbox) -> None:
    refused = ada.refused('mutation { insert_author_one(object: {name: "evil"}) { id } }')
    assert refused == ("permission-error", "$.selectionSet.insert_author_one.args.object", FAILED)


def test_a_check_reads_related_rows(ada: Sandbox) -> None:
    mine = ada.ask('mutation { insert_article_one(object: {title: "M", author_id: 1}) { title } }')
    assert mine == {"insert_article_one": {"title": "M"}}
    refused = ada.refused(
        'mutation { insert_article_one(object: {title: "N", author_id: 2}) { title } }'
    )
    assert refused[2] == FAILED


def test_nested_inserts_are_checked_table_by_table(ada: Sandbox) -> None:
    data = ada.ask(
        """mutation { insert_author_one(object: {name: "C", articles: {data: [{title: "N"}]}}) {
            owner articles { title }
        } }"""
    )
    assert data["insert_author_one"] == {"owner": "ada", "articles": [{"title": "N"}]}
    refused = ada.refused(
        """mutation { insert_article_one(object: {
            title: "N", author: {data: {name: "D", rank: 50}}
        }) { id } }"""
    )
    assert refused[2] == FAILED
    assert ada.rows("SELECT count(*) FROM author") == [(3,)]


def test_a_relationship_is_in_the_input_if_its_table_takes_inserts(magazine: Sandbox) -> None:
    query = '{ __type(name: "article_insert_input") { inputFields { name } } }'
    for role, expected in (("user", ["author", "author_id", "title"]), ("titles", ["title"])):
        fields = magazine.as_role(role).ask(query)["__type"]["inputFields"]
        assert [field["name"] for field in fields] == expected


def test_who_sees_no_rows_may_insert_and_is_told_their_number_alone(magazine: Sandbox) -> None:
    blind = magazine.as_role("blind")
    data = blind.ask('mutation { insert_article(objects: {title: "B"}) { affected_rows } }')
    assert data == {"insert_article": {"affected_rows": 1}}
    assert blind.rows("SELECT published FROM article WHERE title = 'B'") == [(True,)]
    query = "{ __schema { mutationType { fields { name type { fields { name } } } } } }"
    assert blind.ask(query)["__schema"]["mutationType"]["fields"] == [
        {"name": "insert_article", "type": {"fields": [{"name": "affected_rows"}]}}
    ]
    assert blind.ask("{ no_queries_available }")


def test_an_update_changes_the_rows_that_the_role_may_change(ada: Sandbox) -> None:
    data = ada.ask(
        'mutation { update_article(where: {}, _set: {title: "X"}, _inc: {edits: 2})'
        " { affected_rows returning { id title edits editor } } }"
    )
    assert data["update_article"] == {
        "affected_rows": 2,
        "returning": [
            {"id": number, "title": "X", "edits": 2, "editor": "ada"} for number in (1, 2)
        ],
    }
    query = 'mutation { update_article_by_pk(pk_columns: {id: 3}, _set: {title: "X"}) { id } }'
    assert ada.ask(query) == {"update_article_by_pk": None}


def test_an_update_is_checked_by_what_it_makes_of_the_rows(ada: Sandbox) -> None:
    refused = ada.refused(
        "mutation { update_article(where: {id: {_eq: 1}}, _set: {author_id: 2}) { affected_rows } }"
    )
    assert refused == ("permission-error", "$", FAILED)
    refused = ada.refused(
        "mutation { update_article_many(updates: ["
        '{where: {id: {_eq: 1}}, _set: {title: "X"}}, {where: {}, _set: {author_id: 2}}'
        "]) { returning { author { name } } } }"
    )
    assert refused[2] == FAILED
    assert ada.rows("SELECT title FROM article WHERE id = 1") == [("One",)]


def test_the_inputs_of_an_update_hold_what_the_role_may_write(ada: Sandbox) -> None:
    names = {
        name: [field["name"] for field in ada.ask(query)["__type"]["inputFields"]]
        for name in ("set", "inc")
        for query in [f'{{ __type(name: "article_{name}_input") {{ inputFields {{ name }} }} }}']
    }
    assert names == {"set": ["author_id", "edits", "title"], "inc": ["author_id", "edits"]}
    code, _, message = ada.refused(
        "mutation { update_article(where: {}, _set: {published: true}) { affected_rows } }"
    )
    assert (code, message) == (
        "validation-failed",
        "field 'published' not found in type: 'article_set_input'",
    )


def test_an_update_may_consist_of_presets(magazine: Sandbox) -> None:
    data = magazine.as_role("stamper").ask(
        "mutation { update_article(where: {}) { affected_rows } }"
    )
    assert data == {"update_article": {"affected_rows": 3}}
    assert magazine.rows("SELECT DISTINCT editor FROM article") == [("stamp",)]


def test_a_deletion_spares_the_rows_of_others(ada: Sandbox) -> None:
    data = ada.ask("mutation { delete_article(where: {}) { affected_rows } }")
    assert data == {"delete_article": {"affected_rows": 2}}
    assert ada.ask("mutation { delete_article_by_pk(id: 3) { id } }") == {
        "delete_article_by_pk": None
    }
    assert ada.rows("SELECT id FROM article") == [(3,)]


def test_where_of_a_mutation_uses_what_the_role_sees(magazine: Sandbox) -> None:
    titles = magazine.as_role("titles")
    data = titles.ask(
        'mutation { delete_article(where: {title: {_in: ["One", "Two"]}}) { affected_rows } }'
    )
    assert data == {"delete_article": {"affected_rows": 1}}
    refused = titles.refused("mutation { delete_article(where: {id: {_eq: 2}}) { affected_rows } }")
    assert refused[0] == "validation-failed"


def test_the_forms_by_key_need_the_key_to_be_seen(magazine: Sandbox) -> None:
    query = "{ __schema { mutationType { fields { name } } } }"
    fields = magazine.as_role("titles").ask(query)["__schema"]["mutationType"]["fields"]
    assert [field["name"] for field in fields] == [
        "delete_article",
        "insert_article",
        "insert_article_one",
        "update_article",
        "update_article_many",
    ]


UPSERT = """mutation ($name: String!, $rank: Int!, $columns: [author_update_column!]!) {
    insert_author(
        objects: {name: $name, rank: $rank}
        on_conflict: {constraint: author_name_key, update_columns: $columns}
    ) { affected_rows }
}"""


def test_an_upsert_is_an_update_where_the_row_is_there(magazine: Sandbox) -> None:
    upserter = magazine.as_role("upserter")

    def upsert(name: str, rank: int) -> int:
        variables = {"name": name, "rank": rank, "columns": ["rank"]}
        affected: int = upserter.ask(UPSERT, variables)["insert_author"]["affected_rows"]
        return affected

    # The filter of the update spares Bob; its check, not the insert's, is that of a row updated.
    assert [upsert("New", 200), upsert("Ada", -5), upsert("Bob", 5)] == [1, 1, 0]
    rows = upserter.rows("SELECT name, rank, owner FROM author ORDER BY id")
    assert rows == [("Ada", -5, "upserted"), ("Bob", None, "bob"), ("New", 200, None)]


@pytest.mark.parametrize(("name", "rank"), [("New", -5), ("Ada", 200)])
def test_each_check_of_an_upsert_can_fail(magazine: Sandbox, name: str, rank: int) -> None:
    refused = magazine.as_role("upserter").refused(
        f"""mutation {{ insert_author(
            objects: {{name: "{name}", rank: {rank}}}
            on_conflict: {{constraint: author_name_key, update_columns: [rank]}}
        ) {{ affected_rows }} }}"""
    )
    assert refused == ("permission-error", "$.selectionSet.insert_author.args.objects", FAILED)
    assert len(magazine.rows("SELECT 1 FROM author WHERE rank IS NULL")) == 2


def test_the_columns_of_an_upsert_are_those_that_the_role_may_update(magazine: Sandbox) -> None:
    query = '{ __type(name: "author_update_column") { enumValues { name } } }'
    for role, name in (("upserter", "rank"), ("user", "_PLACEHOLDER")):
        values = magazine.as_role(role).ask(query)["__type"]["enumValues"]
        assert values == [{"name": name}]


def test_who_may_not_update_may_skip_rows_that_are_there(magazine: Sandbox) -> None:
    variables = {"name": "Ada", "rank": 1, "columns": []}
    data = magazine.as_role("keeper").ask(UPSERT, variables)
    assert data == {"insert_author": {"affected_rows": 0}}


def test_the_placeholder_is_no_column_to_update(magazine: Sandbox) -> None:
    refused = magazine.as_role("keeper").refused(
        UPSERT, {"name": "Ada", "rank": 1, "columns": ["_PLACEHOLDER"]}
    )
    path = "$.selectionSet.insert_author.args.on_conflict"
    assert refused == ("validation-failed", path, "erroneous column name")


def test_what_is_for_backends_needs_to_be_asked_for(magazine: Sandbox) -> None:
    query = "{ __schema { mutationType { fields { name } } } }"
    fields = magazine.as_role("service", backend=True).ask(query)["__schema"]["mutationType"]
    assert [field["name"] for field in fields["fields"]] == [
        "delete_article",
        "insert_author",
        "update_article",
        "update_article_many",
    ]
    assert magazine.as_role("service").ask(query)["__schema"]["mutationType"] is None

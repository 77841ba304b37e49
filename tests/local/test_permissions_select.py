"""What roles see: columns, rows, relationships, aggregates, root fields, functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.conftest import Sandbox

SQL = """
    CREATE TABLE author (
        id int PRIMARY KEY, name text NOT NULL, email text, boss_id int REFERENCES author,
        tags text[] NOT NULL DEFAULT '{}', data jsonb NOT NULL DEFAULT '{}'
    );
    CREATE TABLE article (
        id int PRIMARY KEY, author_id int NOT NULL REFERENCES author, title text NOT NULL,
        subtitle text, published bool NOT NULL DEFAULT false, likes int, "odd ""name" int
    );
    CREATE TABLE setting (name text PRIMARY KEY, is_on bool NOT NULL);
    INSERT INTO author VALUES
        (1, 'Ada', 'ada@x', NULL, '{a,b}', '{"level": "gold", "n": 1}'),
        (2, 'Bob', NULL, 1, '{b}', '{}'), (3, 'Cyd', 'cyd@x', 1, '{}', '{}');
    INSERT INTO article VALUES
        (1, 1, 'One', 'One', true, 5, 1), (2, 1, 'Two', NULL, false, NULL, 2),
        (3, 2, 'Three', 'Drei', true, 7, 3), (4, 3, 'Four', NULL, false, 1, 4);
    INSERT INTO setting VALUES ('open', true);
    CREATE FUNCTION upper_name(r author) RETURNS text STABLE LANGUAGE sql
        AS 'SELECT upper(r.name)';
    CREATE FUNCTION drafts(r author) RETURNS SETOF article STABLE LANGUAGE sql
        AS 'SELECT * FROM article WHERE author_id = r.id AND NOT published';
    CREATE FUNCTION liked(fewest int) RETURNS SETOF article STABLE LANGUAGE sql
        AS 'SELECT * FROM article WHERE likes >= fewest';
    CREATE FUNCTION publish_all() RETURNS SETOF article VOLATILE LANGUAGE sql
        AS 'UPDATE article SET published = true RETURNING *';
"""
FUNCTIONS = """
    - function: {name: liked, schema: public}
      permissions: [{role: caller}]
    - function: {name: publish_all, schema: public}
      permissions: [{role: caller}]
"""
TABLES = """
    - table: {name: author, schema: public}
      array_relationships:
        - name: articles
          using: {foreign_key_constraint_on: {column: author_id, table: article}}
        - name: staff
          using: {foreign_key_constraint_on: {column: boss_id, table: author}}
      object_relationships: [{name: boss, using: {foreign_key_constraint_on: boss_id}}]
      computed_fields:
        - {name: upper_name, definition: {function: upper_name}}
        - {name: drafts, definition: {function: drafts}}
      select_permissions:
        - {role: user, permission: {columns: [id, name, boss_id], filter: {}}}
        - {role: counter, permission:
            {columns: '*', computed_fields: [upper_name], filter: {}, allow_aggregations: true}}
        - {role: caller, permission: {columns: [id], filter: {}}}
        - {role: nobody, permission: {columns: [], filter: {}, allow_aggregations: true}}
    - table: {name: article, schema: public}
      configuration: {column_config: {author_id: {custom_name: writer}}}
      object_relationships: [{name: author, using: {foreign_key_constraint_on: author_id}}]
      select_permissions:
        - role: user
          permission:
            columns: [id, title, author_id]
            filter: {_or: [{author_id: X-Hasura-User-Id}, {published: {_eq: true}}]}
        - {role: counter, permission:
            {columns: [id, likes], filter: {published: {_eq: true}}, limit: 1,
             allow_aggregations: true}}
        - {role: caller, permission: {columns: [id], filter: {published: true}}}
        - role: narrow
          permission:
            columns: [title]
            filter: {}
            query_root_fields: [select_aggregate]
            subscription_root_fields: [select]
            allow_aggregations: true
    - table: {name: setting, schema: public}
"""


@pytest.fixture
def magazine(sandbox: Callable[..., Sandbox]) -> Sandbox:
    return sandbox(SQL, TABLES, FUNCTIONS)


RELATED = """
    - table: {name: author, schema: public}
      array_relationships:
        - name: articles
          using: {foreign_key_constraint_on: {column: author_id, table: article}}
      computed_fields:
        - {name: upper_name, definition: {function: upper_name}}
        - {name: drafts, definition: {function: drafts}}
    - table: {name: article, schema: public}
      object_relationships: [{name: author, using: {foreign_key_constraint_on: author_id}}]
    - table: {name: setting, schema: public}
"""


@pytest.fixture
def filtered(sandbox: Callable[..., Sandbox]) -> Callable[..., list[int]]:
    """Return the ids of the rows that a role with this filter sees."""

    def ids(condition: Any, table: str = "article", user: str = "") -> list[int]:
        tables: list[dict[str, Any]] = yaml.safe_load(RELATED)
        permission = {"role": "user", "permission": {"columns": ["id"], "filter": condition}}
        for entry in tables:
            if entry["table"]["name"] == table:
                entry["select_permissions"] = [permission]
        made = sandbox(SQL, tables)
        assert not made.engine.inconsistencies
        role = made.as_role("user", value=user)
        rows = role.ask(f"{{ {table}(order_by: {{id: asc}}) {{ id }} }}")
        return [row["id"] for row in rows[table]]

    return ids


def test_a_role_sees_its_rows_alone(magazine: Sandbox) -> None:
    query = "{ article(order_by: {id: asc}) { id } }"
    assert magazine.as_role("user", user_id="1").ask(query) == {
        "article": [{"id": 1}, {"id": 2}, {"id": 3}]
    }
    assert magazine.as_role("user", user_id="3").ask(query)["article"][-1] == {"id": 4}


def test_a_row_that_is_not_seen_is_not_found_by_its_key_either(magazine: Sandbox) -> None:
    data = magazine.as_role("user", user_id="1").ask(
        "{ seen: article_by_pk(id: 3) { id } hidden: article_by_pk(id: 4) { id } }"
    )
    assert data == {"seen": {"id": 3}, "hidden": None}


def test_a_column_that_is_not_granted_does_not_exist(magazine: Sandbox) -> None:
    user = magazine.as_role("user", user_id="1")
    for query, path in (
        ("{ article { likes } }", "$.selectionSet.article.selectionSet.likes"),
        ("{ article(where: {likes: {_eq: 1}}) { id } }", "$.selectionSet.article.args.where.likes"),
        (
            "{ article(order_by: {likes: asc}) { id } }",
            "$.selectionSet.article.args.order_by.likes",
        ),
    ):
        code, where, message = user.refused(query)
        assert (code, message.split(" not found")[0]) == ("validation-failed", "field 'likes'")
        assert where.replace("[0]", "") == path
    assert user.refused("{ article(distinct_on: likes) { id } }")[0] == "validation-failed"


def test_a_column_is_granted_by_its_name_in_postgres(magazine: Sandbox) -> None:
    user = magazine.as_role("user", user_id="1")
    assert user.ask("{ article(where: {id: {_eq: 1}}) { writer } }") == {"article": [{"writer": 1}]}


def test_related_rows_are_held_to_the_permissions_of_their_table(magazine: Sandbox) -> None:
    user = magazine.as_role("user", user_id="2")
    data = user.ask("{ author(order_by: {id: asc}) { articles(order_by: {id: asc}) { id } } }")
    assert data["author"] == [
        {"articles": [{"id": 1}]},
        {"articles": [{"id": 3}]},
        {"articles": []},
    ]
    data = user.ask('{ author(where: {articles: {title: {_eq: "Four"}}}) { id } }')
    assert data == {"author": []}


def test_a_relationship_to_a_table_that_is_not_seen_does_not_exist(magazine: Sandbox) -> None:
    narrow = magazine.as_role("narrow")
    code, _, message = narrow.refused("{ article_aggregate { nodes { author { id } } } }")
    assert (code, message) == ("validation-failed", "field 'author' not found in type: 'article'")


def test_aggregates_need_a_permission_of_their_own(magazine: Sandbox) -> None:
    user = magazine.as_role("user", user_id="1")
    assert "article_aggregate" in user.refused("{ article_aggregate { nodes { id } } }")[2]
    for query in (
        "{ author { articles_aggregate { nodes { id } } } }",
        "{ author(order_by: {articles_aggregate: {count: asc}}) { id } }",
        "{ author(where: {articles_aggregate: {count: {predicate: {_eq: 1}}}}) { id } }",
    ):
        assert user.refused(query)[2].startswith("field 'articles_aggregate' not found")


def test_aggregates_are_over_the_rows_that_the_role_sees(magazine: Sandbox) -> None:
    data = magazine.as_role("counter").ask(
        """{
            article_aggregate { aggregate { count sum { likes } } }
            author(where: {articles_aggregate: {count: {predicate: {_eq: 1}}}}) { id }
            ordered: author(order_by: [{articles_aggregate: {count: desc}}, {id: desc}]) { id }
        }"""
    )
    assert data["article_aggregate"] == {"aggregate": {"count": 2, "sum": {"likes": 12}}}
    assert sorted(row["id"] for row in data["author"]) == [1, 2]
    assert [row["id"] for row in data["ordered"]] == [2, 1, 3]


def test_a_limit_bounds_lists_and_nodes_but_not_aggregates(magazine: Sandbox) -> None:
    data = magazine.as_role("counter").ask(
        """{
            all: article { id }
            many: article(limit: 9) { id }
            none: article(limit: 0) { id }
            article_aggregate(order_by: {id: desc}) { aggregate { count } nodes { id } }
            empty: article_aggregate(where: {id: {_eq: 0}}) { nodes { id } }
            author(order_by: {id: asc}) { articles { id } }
        }"""
    )
    assert [len(data[key]) for key in ("all", "many", "none")] == [1, 1, 0]
    assert data["article_aggregate"] == {"aggregate": {"count": 2}, "nodes": [{"id": 3}]}
    assert data["empty"] == {"nodes": []}
    ids = [[article["id"] for article in row["articles"]] for row in data["author"]]
    assert ids == [[1], [3], []]


def test_scalar_computed_fields_are_granted_and_those_of_rows_go_with_the_rows(
    magazine: Sandbox,
) -> None:
    query = "{ author(where: {id: {_eq: 1}}) { upper_name drafts { id } } }"
    assert magazine.as_role("counter").ask(query)["author"] == [{"upper_name": "ADA", "drafts": []}]
    user = magazine.as_role("user", user_id="1")
    assert user.refused(query)[2] == "field 'upper_name' not found in type: 'author'"
    data = user.ask("{ author(where: {id: {_eq: 1}}) { drafts { id } } }")
    assert data["author"] == [{"drafts": [{"id": 2}]}]


def test_root_fields_can_be_granted_one_by_one(magazine: Sandbox) -> None:
    narrow = magazine.as_role("narrow")
    assert narrow.ask("{ article_aggregate { aggregate { count } } }")
    for name in ("article", "article_by_pk(id: 1)"):
        assert narrow.refused(f"{{ {name} {{ title }} }}")[0] == "validation-failed"
    fields = narrow.ask("{ __schema { subscriptionType { fields { name } } } }")
    names = [field["name"] for field in fields["__schema"]["subscriptionType"]["fields"]]
    assert names == ["article", "liked", "liked_aggregate"]


def test_the_key_has_to_be_seen_for_a_row_to_be_got_by_it(sandbox: Callable[..., Sandbox]) -> None:
    tables = """
        - table: {name: article, schema: public}
          select_permissions: [{role: user, permission: {columns: [title], filter: {}}}]
    """
    user = sandbox(SQL, tables).as_role("user")
    assert "article_by_pk" in user.refused("{ article_by_pk(id: 1) { title } }")[2]
    assert len(user.ask("{ article { title } }")["article"]) == 4


def test_without_permissions_there_is_nothing_to_query(magazine: Sandbox) -> None:
    unknown = magazine.as_role("stranger")
    assert "no queries available" in unknown.ask("{ no_queries_available }")["no_queries_available"]
    assert unknown.refused("mutation { delete_author(where: {}) { affected_rows } }") == (
        "validation-failed",
        "$",
        "no mutations exist",
    )
    assert unknown.refused("{ author { id } }")[0] == "validation-failed"


def test_who_sees_no_column_may_count_the_rows_and_follow_them(magazine: Sandbox) -> None:
    counter = magazine.as_role("nobody")
    rows = len(magazine.rows("SELECT 1 FROM author"))
    data = counter.ask(
        """{
            author(limit: 1) { __typename }
            author_aggregate { aggregate { count(distinct: true) } nodes { __typename } }
        }"""
    )
    assert data == {
        "author": [{"__typename": "author"}],
        "author_aggregate": {
            "aggregate": {"count": rows},
            "nodes": [{"__typename": "author"}] * rows,
        },
    }


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        ("{ author { id } }", "author.selectionSet.id", "field 'id' not found in type: 'author'"),
        (
            "{ author(distinct_on: id) { __typename } }",
            "author",
            "'author' has no argument named 'distinct_on'",
        ),
        (
            "{ author_aggregate { aggregate { count(columns: id) } } }",
            "author_aggregate.selectionSet.aggregate.selectionSet.count",
            "'count' has no argument named 'columns'",
        ),
        (
            "{ author_aggregate { aggregate { max { id } } } }",
            "author_aggregate.selectionSet.aggregate.selectionSet.max",
            "field 'max' not found in type: 'author_aggregate_fields'",
        ),
        (
            "subscription { author_stream(batch_size: 1, cursor: {}) { __typename } }",
            "author_stream",
            "field 'author_stream' not found in type: 'subscription_root'",
        ),
    ],
)
def test_who_sees_no_column_can_name_none(
    magazine: Sandbox, query: str, path: str, message: str
) -> None:
    refused = magazine.as_role("nobody").refused(query)
    assert refused == ("validation-failed", f"$.selectionSet.{path}", message)


def test_introspection_shows_what_the_role_may_use(magazine: Sandbox) -> None:
    query = """{
        __schema { queryType { fields { name } } mutationType { name } }
        author: __type(name: "author") { fields { name } }
        setting: __type(name: "setting") { name }
    }"""
    data = magazine.as_role("user", user_id="1").ask(query)
    names = [field["name"] for field in data["__schema"]["queryType"]["fields"]]
    assert names == ["article", "article_by_pk", "author", "author_by_pk", "liked"]
    assert data["__schema"]["mutationType"] is None
    names = [field["name"] for field in data["author"]["fields"]]
    assert names == ["articles", "boss", "boss_id", "drafts", "id", "name", "staff"]
    assert data["setting"] is None


def test_functions_of_queries_go_with_the_rows_that_they_return(magazine: Sandbox) -> None:
    data = magazine.as_role("user", user_id="3").ask("{ liked(args: {fewest: 1}) { id } }")
    assert [row["id"] for row in data["liked"]] == [1, 3, 4]
    data = magazine.as_role("caller").ask("{ liked(args: {fewest: 1}) { id } }")
    assert [row["id"] for row in data["liked"]] == [1, 3]


def test_functions_of_mutations_are_granted_by_name(magazine: Sandbox) -> None:
    mutation = "mutation { publish_all { id } }"
    assert magazine.as_role("user", user_id="1").refused(mutation)[2] == "no mutations exist"
    assert len(magazine.as_role("caller").ask(mutation)["publish_all"]) == 4


def test_functions_can_be_left_to_explicit_permissions(sandbox: Callable[..., Sandbox]) -> None:
    strict = sandbox(SQL, TABLES, FUNCTIONS, infers_functions=False)
    query = "{ liked(args: {fewest: 1}) { id } }"
    assert "'liked' not found" in strict.as_role("user", user_id="1").refused(query)[2]
    assert len(strict.as_role("caller").ask(query)["liked"]) == 2


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, [1, 2, 3, 4]),
        ({"likes": {"_gt": 4}}, [1, 3]),
        ({"likes": {"$gt": 4}}, [1, 3]),
        ({"$or": [{"id": {"$eq": 1}}, {"$not": {"id": {"$lt": 4}}}]}, [1, 4]),
        ({"_and": [{"id": {"_gte": 2}}, {"id": {"_lte": 3}}]}, [2, 3]),
        ({"_or": []}, []),
        ({"id": 3}, [3]),
        ({"id": {"_in": [1, 4, 9]}}, [1, 4]),
        ({"id": {"_nin": [1, 4]}}, [2, 3]),
        ({"title": {"_like": "T%"}}, [2, 3]),
        ({"title": {"_iregex": "^(o|f)"}}, [1, 4]),
        ({"subtitle": {"_is_null": True}}, [2, 4]),
        ({"subtitle": {"_is_null": False}}, [1, 3]),
        ({"subtitle": {"_eq": None}}, [2, 4]),
        ({"likes": {"_ne": 5}}, [2, 3, 4]),
        ({"likes": {"_neq": 5}}, [2, 3, 4]),
        ({"title": {"_ceq": "subtitle"}}, [1]),
        ({"title": {"$cne": ["subtitle"]}}, [3]),
        ({"author_id": {"_clt": "id"}}, [2, 3, 4]),
        ({'odd "name': {"_eq": 3}}, [3]),
        ({"author": {"email": {"_is_null": True}}}, [3]),
        ({"author": {"id": {"_ceq": ["$", "id"]}}}, [1]),
        ({"author": {"articles": {"likes": {"_eq": 5}}}}, [1, 2]),
        ({"_exists": {"_table": {"schema": "public", "name": "setting"},
                      "_where": {"name": {"_eq": "open"}, "is_on": {"_eq": True}}}}, [1, 2, 3, 4]),
        ({"_exists": {"_table": "setting", "_where": {"is_on": False}}}, []),
        ({"_exists": {"_table": "author",
                      "_where": {"id": {"_ceq": ["$", "author_id"]}, "name": "Cyd"}}}, [4]),
    ],
)  # fmt: skip
def test_filters_speak_hasuras_language(
    filtered: Callable[..., list[int]], condition: Any, expected: list[int]
) -> None:
    assert filtered(condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"data": {"_contains": {"level": "gold"}}}, [1]),
        ({"data": {"_has_key": "n"}}, [1]),
        ({"data": {"_has_keys_any": ["x", "n"]}}, [1]),
        ({"data": {"_cast": {"String": {"_like": "%gold%"}}}}, [1]),
        ({"tags": {"_contains": ["b"]}}, [1, 2]),
        ({"tags": {"_eq": "{b}"}}, [2]),
        ({"upper_name": {"_eq": "BOB"}}, [2]),
        ({"drafts": {"title": {"_eq": "Four"}}}, [3]),
    ],
)
def test_filters_know_json_arrays_and_computed_fields(
    filtered: Callable[..., list[int]], condition: Any, expected: list[int]
) -> None:
    assert filtered(condition, table="author") == expected


@pytest.mark.parametrize(
    ("predicates", "expected"),
    [
        ({"count": {"predicate": {"_gt": 1}}}, [1]),
        ({"count": {"predicate": {"_eq": 1}, "filter": {"published": True}}}, [1, 2]),
        ({"count": {"predicate": {"_eq": 0}, "arguments": ["subtitle"]}}, [3]),
        ({"bool_or": {"predicate": {"_eq": False}, "arguments": "published"}}, [3]),
    ],
)
def test_filters_know_aggregates_of_related_rows(
    filtered: Callable[..., list[int]], predicates: Any, expected: list[int]
) -> None:
    assert filtered({"articles_aggregate": predicates}, table="author") == expected


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ({"author_id": {"_eq": "X-Hasura-Value"}}, "1", [1, 2]),
        ({"author_id": {"_eq": "x-hasura-VALUE"}}, "2", [3]),
        ({"author_id": {"_in": "X-Hasura-Value"}}, "{2,3}", [3, 4]),
        ({"author_id": {"_nin": "X-Hasura-Value"}}, "{}", [1, 2, 3, 4]),
        ({"author_id": {"_in": ["X-Hasura-Value", 3]}}, "2", [3, 4]),
        ({"title": {"_like": "X-Hasura-Value"}}, "%o%", [2, 4]),
        ({"author": {"name": "X-Hasura-Value"}}, "Ada", [1, 2]),
    ],
)
def test_session_variables_are_values_and_lists(
    filtered: Callable[..., list[int]], condition: Any, value: str, expected: list[int]
) -> None:
    assert filtered(condition, user=value) == expected


def test_a_missing_session_variable_is_asked_for(magazine: Sandbox) -> None:
    assert magazine.as_role("user").refused("{ article { id } }") == (
        "not-found",
        "$",
        'missing session variable: "x-hasura-user-id"',
    )
    assert magazine.as_role("user").ask("{ author(limit: 1) { id } }")


def test_a_session_variable_is_a_value_and_never_sql(magazine: Sandbox) -> None:
    user = magazine.as_role("user", user_id="1); DROP TABLE article; --")
    code, _, message = user.refused("{ article { id } }")
    assert (code, message.split(":")[0]) == (
        "data-exception",
        "invalid input syntax for type integer",
    )
    assert magazine.rows("SELECT count(*) FROM article") == [(4,)]


def test_a_permission_that_does_not_hold_is_left_out_and_said(
    sandbox: Callable[..., Sandbox],
) -> None:
    tables = """
        - table: {name: article, schema: public}
          select_permissions:
            - {role: a, permission: {columns: [id, nothing], filter: {}}}
            - {role: b, permission: {columns: [id], filter: {nothing: {_eq: 1}}}}
            - {role: c, permission: {columns: [id], filter: {id: {_almost: 1}}}}
            - {role: d, permission: {columns: [id], filter: {id: {_eq: [1]}}}}
            - {role: e, permission: {columns: [id], filter: {_exists: {_table: nothing}}}}
            - {role: f, permission: {columns: [id], filter: {id: {_ceq: nothing}}}}
            - {role: admin, permission: {columns: [id], filter: {}}}
            - {role: fine, permission: {columns: [id], filter: {}}}
          insert_permissions:
            - {role: fine, permission: {columns: [id], check: {}, set: {nothing: 1}}}
    """
    made = sandbox(SQL, tables)
    places = [(item.kind, item.name) for item in made.engine.inconsistencies]
    expected = [("select_permission", f"{role} on article") for role in "abcdef"]
    assert places == [
        *expected,
        ("select_permission", "admin on article"),
        ("insert_permission", "fine on article"),
    ]
    assert made.as_role("a").ask("{ no_queries_available }")
    assert len(made.as_role("fine").ask("{ article { id } }")["article"]) == 4


def test_subscriptions_are_held_to_the_permissions(magazine: Sandbox) -> None:
    user = magazine.as_role("user", user_id="3")
    request = {"query": "subscription { article(order_by: {id: asc}) { id } }"}

    async def first() -> str:
        prepared = await user.engine.prepare(request, user.session)
        with user.engine.subscribe(prepared, user.session) as subscriber:
            return await subscriber.next()

    rows = orjson.loads(user.runner.run(first()))
    assert [row["id"] for row in rows] == [1, 3, 4]

"""`/v1/metadata`: what it refuses, in Hasura's words, and the one source that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local.test_metadata_api import done, post, refused

if TYPE_CHECKING:
    from tests.conftest import MakeProject, Serve, Served

_SQL = "CREATE TABLE author (id serial PRIMARY KEY, name text NOT NULL)"


@pytest.fixture
def served(serve: Serve, make_project: MakeProject) -> Served:
    return serve(make_project(_SQL, ["author"]))


def test_the_source_is_configured_and_renamed_and_there_is_no_other(served: Served) -> None:
    configuration = {"connection_info": {"database_url": "postgres://elsewhere"}}
    given = {"name": "default", "configuration": configuration}
    assert refused(served, "pg_add_source", given) == (
        400,
        "already-exists",
        'source with name "default" already exists',
    )
    done(served, "pg_add_source", {**given, "replace_configuration": True})
    done(served, "rename_source", {"name": "default", "new_name": "lab"})
    (source,) = done(served, "export_metadata")["sources"]
    assert (source["name"], source["configuration"]) == ("lab", configuration)
    done(served, "pg_update_source", {"name": "lab", "customization": {}})
    alone = (400, "not-supported", "this server serves the source 'lab' alone")
    assert refused(served, "pg_add_source", {**given, "name": "other"}) == alone
    assert refused(served, "pg_drop_source", {"name": "lab"}) == alone
    assert refused(served, "pg_drop_source", {"name": "other"})[1] == "not-exists"
    assert served.query("{ author { id } }")["data"] == {"author": []}


@pytest.mark.parametrize(
    ("signature", "volatility", "table_argument", "reasons"),
    [
        ("()", "STABLE", None, ' because the function "f" has no input arguments'),
        ("(a author)", "STABLE", "b", ' because "b" is not an input argument of "f" function'),
        (
            "(a author, n int)",
            "VOLATILE",
            "n",
            " for the following reasons:\n"
            '  • the function "f" is of type VOLATILE; cannot be added as a computed field\n'
            '  • "n" argument of the function "f" is not COMPOSITE type\n'
            '  • "n" argument of the function "f" of type "pg_catalog.int4" is not the table to'
            " which the computed field is being added\n",
        ),
    ],
)
def test_a_function_that_cannot_compute_a_field_is_refused_in_hasuras_words(
    served: Served, signature: str, volatility: str, table_argument: str | None, reasons: str
) -> None:
    sql = f"CREATE FUNCTION f{signature} RETURNS text {volatility} LANGUAGE sql AS 'SELECT $$x$$'"
    done(served, "run_sql", {"sql": sql})
    definition = {"function": "f", "table_argument": table_argument}
    args = {"table": "author", "name": "label", "definition": definition}
    assert refused(served, "pg_add_computed_field", args) == (
        400,
        "invalid-configuration",
        'Inconsistent object: in table "author": in computed field "label": the computed field'
        f' "label" cannot be added to table "author"{reasons}',
    )


def test_an_inconsistency_says_where_it_stands(served: Served) -> None:
    relationship = {"table": "author", "name": "x", "using": {"foreign_key_constraint_on": "name"}}
    _, code, message = refused(served, "pg_create_object_relationship", relationship)
    assert code == "invalid-configuration"
    assert message.startswith('Inconsistent object: in table "author": in relationship "x": ')
    permission = {"table": "author", "role": "r", "permission": {"columns": ["no"], "filter": {}}}
    _, _, message = refused(served, "pg_create_select_permission", permission)
    assert message.startswith(
        'Inconsistent object: in table "author": in permission for role "r": '
    )


@pytest.mark.parametrize(
    ("root_field", "reason"),
    [
        (
            "select_by_pk",
            'The "select_by_pk" field cannot be included in the query_root_fields or'
            ' subscription_root_fields because the role "r" does not have access to the primary key'
            ' of the table "author" in the source "default"',
        ),
        (
            "select_aggregate",
            'The "select_aggregate" root field can only be enabled in the query_root_fields or '
            ' the subscription_root_fields when "allow_aggregations" is set to true',
        ),
    ],
)
def test_a_permission_does_not_name_root_fields_that_it_cannot_give(
    served: Served, root_field: str, reason: str
) -> None:
    permission = {"columns": ["name"], "filter": {}, "query_root_fields": ["select", root_field]}
    args = {"table": "author", "role": "r", "permission": permission}
    body = post(served, "pg_create_select_permission", args).json()
    place = 'Inconsistent object: in table "author": in permission for role "r": '
    assert (body["code"], body["error"]) == ("invalid-configuration", place + reason)
    assert body["internal"] == [
        {
            "definition": {
                "role": "r",
                "source": "default",
                "comment": None,
                "permission": {"allow_aggregations": False, "computed_fields": [], **permission},
                "table": {"schema": "public", "name": "author"},
            },
            "reason": place + reason,
            "name": "select_permission r in table author in source default",
            "type": "select_permission",
        }
    ]

"""`run-logger queries check`: what is wrong in .graphql files, and what is not advisable."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from run_logger._resources import resource
from run_logger.cli.queries import app
from run_logger.errors import GenerationError

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from tests.conftest import MakeProject, Serve

SDL = '''
schema { query: query_root, mutation: mutation_root, subscription: subscription_root }
type query_root {
  sample(where: sample_bool_exp, limit: Int, offset: Int): [sample!]!
  sample_by_pk(id: Int!): sample
  sample_aggregate(where: sample_bool_exp, limit: Int): sample_aggregate!
}
type subscription_root {
  sample(where: sample_bool_exp, limit: Int): [sample!]!
}
type mutation_root {
  erase(where: sample_bool_exp!): response
  erase_by_pk(id: Int!): sample
  change(where: sample_bool_exp!, _set: sample_set, _inc: sample_set): response
  change_by_pk(pk: sample_pk!, _inc: sample_set, _delete_elem: sample_set): sample
  change_many(updates: [sample_updates!]!): [response]
  add(objects: [sample_insert!]!, on_conflict: sample_on_conflict): response
  act(note: String): response
  compute(args: sample_set!, where: sample_bool_exp, limit: Int): [sample!]!
}
type sample { id: Int!, code: String!, name: String, lab: lab, parts: [sample!]! }
type lab { id: Int!, name: String }
type sample_aggregate { count: Int! }
type response { affected_rows: Int! }
enum sample_constraint {
  """unique or primary key constraint on columns "id" """
  sample_pkey
  """unique or primary key constraint on columns "code", "batch" """
  sample_code_batch_key
}
enum lab_constraint {
  """unique or primary key constraint on columns "id" """
  lab_pkey
}
input sample_on_conflict { constraint: sample_constraint! }
input sample_insert { id: Int, name: String }
input sample_set { id: Int, name: String }
input sample_pk { id: Int! }
input sample_updates { where: sample_bool_exp!, _set: sample_set, _inc: sample_set }
input sample_bool_exp {
  _and: [sample_bool_exp!]
  _or: [sample_bool_exp!]
  _not: sample_bool_exp
  id: int_exp
  code: text_exp
  name: text_exp
  lab: lab_bool_exp
}
input lab_bool_exp { _and: [lab_bool_exp!], id: int_exp, name: text_exp }
input int_exp { _eq: Int, _in: [Int!], _gt: Int }
input text_exp { _eq: String, _like: String }
'''


@pytest.fixture
def queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the queries, still empty, beside a schema; the current directory is above."""
    folder = tmp_path / "queries"
    folder.mkdir()
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "schema.graphql").write_text(SDL)
    monkeypatch.chdir(tmp_path)
    return folder


def check(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments], catch_exceptions=False)


def advice(queries: Path, text: str) -> list[str]:
    """Return what is said of one file, without its name."""
    (queries / "one.graphql").write_text(text)
    result = check()
    assert result.exit_code == 0, result.stdout
    return [line.partition(":")[2] for line in result.stdout.splitlines()]


def test_errors_come_as_compilers_write_them_with_the_nearest_names(queries: Path) -> None:
    (queries / "a.graphql").write_text(
        "query a($w: sample_bol_exp) {\n  sample(wher: $w, limit: 1) { id, nam }\n}\n"
    )
    (queries / "b.graphql").write_text("query b { sample(limit: 1) { ...Sampel } }")
    (queries / "c.graphql").write_text("fragment Sample on sample {\n  id\n")
    (queries / "d.graphql").write_text("{ sample(limit: 1) { ...Samples } }")
    (queries / "e.graphql").write_text("fragment Samples on sample { id }")
    result = check()
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "queries/a.graphql:1:13: error: Unknown type 'sample_bol_exp'."
        " Did you mean 'sample_bool_exp', 'lab_bool_exp', 'sample_insert', or 'sample_set'?",
        "queries/a.graphql:2:10: error: Unknown argument 'wher' on field 'query_root.sample'."
        " Did you mean 'where'?",
        "queries/a.graphql:2:36: error: Cannot query field 'nam' on type 'sample'."
        " Did you mean 'name' or 'lab'?",
        "queries/b.graphql:1:33: error: Unknown fragment 'Sampel'. Did you mean 'Samples'?",
        "queries/c.graphql:3:1: error: Expected Name, found <EOF>.",
        "queries/d.graphql:1:1: error: This anonymous operation must be the only defined"
        " operation.",
        "queries/d.graphql:1:1: error: the operation has no name: write one after query",
    ]
    assert "5 files: 7 errors, 0 warnings" in result.stderr


def test_two_operations_of_one_name_are_an_error(queries: Path) -> None:
    (queries / "a.graphql").write_text("query a { sample_by_pk(id: 1) { id } }")
    (queries / "b.graphql").write_text("query a { sample_by_pk(id: 2) { id } }")
    result = check()
    assert "queries/b.graphql:1:7: error: There can be only one operation named 'a'." in (
        result.stdout.splitlines()
    )


def test_files_may_use_the_fragments_of_the_folder(queries: Path, tmp_path: Path) -> None:
    (queries / "fragments.graphql").write_text("fragment Sample on sample { id }")
    (queries / "broken.graphql").write_text("query b { nope }")
    other = tmp_path / "other.graphql"
    other.write_text("query a { sample_by_pk(id: 1) { ...Sample } }")
    assert check("other.graphql").exit_code == 0
    assert check(str(queries / "fragments.graphql")).exit_code == 0
    assert check().exit_code == 1


@pytest.mark.parametrize(
    "where",
    [
        "{}",
        "$where",
        "{id: {}}",
        "{id: $compared}",
        "{id: {_eq: $maybe}}",
        "{id: {_eq: null}}",
        "{_and: []}",
        "{_and: [{}, $where]}",
        "{_or: [{id: {_eq: 1}}, {}]}",
        "{_or: $some}",
    ],
)
def test_a_delete_that_may_match_every_row_is_warned_of(queries: Path, where: str) -> None:
    types = {
        "$where": "sample_bool_exp!",
        "$compared": "int_exp!",
        "$maybe": "Int",
        "$some": "[sample_bool_exp!]",
    }
    variables = [f"{name}: {type_}" for name, type_ in types.items() if name in where]
    head = f"mutation m({', '.join(variables)})" if variables else "mutation m"
    text = f"{head} {{\n  erase(where: {where}) {{ affected_rows }}\n}}"
    (message,) = advice(queries, text)
    assert message.startswith("2:3: warning: this deletes every row where ")
    assert ("$where is {}" in message) is (where == "$where")


@pytest.mark.parametrize(
    "where",
    [
        "{id: {_eq: 1}}",
        "{id: {_eq: $id}}",
        "{id: {_gt: $with_default}}",
        "{_and: [{}, {id: {_in: [$id]}}]}",
        '{_and: {name: {_eq: "a"}}}',
        '{_or: [{id: {_eq: 1}}, {name: {_like: "%a"}}]}',
        "{_or: []}",
        "{_not: {id: {_eq: 1}}}",
        "{lab: {}}",
    ],
)
def test_a_delete_with_a_condition_is_not(queries: Path, where: str) -> None:
    kept = {"$id": "$id: Int!", "$with_default": "$with_default: Int = 3"}
    variables = ", ".join(text for name, text in kept.items() if name in where)
    head = f"mutation m({variables})" if variables else "mutation m"
    assert advice(queries, f"{head} {{ erase(where: {where}) {{ affected_rows }} }}") == []


def test_updates_are_warned_of_as_deletes_are(queries: Path) -> None:
    text = """mutation m($name: String) {
  change(where: {}, _set: {name: $name}) { affected_rows }
  change_many(updates: [{where: {}, _set: {id: 2}}, {where: {id: {_eq: 1}}}]) { affected_rows }
}"""
    assert [line[:40] for line in advice(queries, text)] == [
        "2:3: warning: this updates every row whe",
        "3:3: warning: this updates every row whe",
    ]


@pytest.mark.parametrize(
    "field",
    [
        "add(objects: []) { affected_rows }",
        "change(where: {id: {_eq: 1}}, _inc: {id: 1}) { affected_rows }",
        "change_by_pk(pk: {id: 1}, _inc: {id: 1}) { id }",
        "change_by_pk(pk: {id: 1}, _delete_elem: {id: 1}) { id }",
        "change_many(updates: {where: {id: {_eq: 1}}, _inc: {id: 1}}) { affected_rows }",
    ],
)
def test_a_mutation_that_is_not_safe_to_send_twice_is_warned_of(queries: Path, field: str) -> None:
    (message,) = advice(queries, f"mutation m {{ {field} }}")
    assert message.startswith("1:14: warning: this is not safe to send twice: ")


@pytest.mark.parametrize(
    "field",
    [
        "add(objects: [], on_conflict: {constraint: sample_pkey}) { affected_rows }",
        "change(where: {id: {_eq: 1}}, _set: {id: 1}) { affected_rows }",
        "erase_by_pk(id: 1) { id }",
        'act(note: "a") { affected_rows }',
        "compute(args: {id: 1}) { id }",
    ],
)
def test_a_mutation_that_may_be_sent_twice_is_not(queries: Path, field: str) -> None:
    assert advice(queries, f"mutation m {{ {field} }}") == []


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "(limit: $n)",
        "(limit: null)",
        '(where: {name: {_eq: "a"}})',
        "(where: {id: {_gt: 1}})",
        "(where: {_or: [{id: {_eq: 1}}]})",
        "(where: {_not: {id: {_eq: 1}}})",
    ],
)
def test_a_list_without_limit_and_key_is_warned_of(queries: Path, arguments: str) -> None:
    head = "query q($n: Int)" if "$n" in arguments else "query q"
    (message,) = advice(queries, f"{head} {{ sample{arguments} {{ id }} }}")
    assert "warning: this list has no limit, and no key in its where" in message


@pytest.mark.parametrize(
    "selection",
    [
        "sample(limit: 3) { id, parts { id } }",
        "sample(where: {id: {_in: [1, 2]}}) { id }",
        'sample(where: {code: {_eq: "a"}}) { id }',
        "sample(where: {_and: [{id: {_eq: 1}}]}) { id }",
        "sample(where: {lab: {id: {_eq: 1}}}) { id }",
        "sample_by_pk(id: 1) { id }",
        "sample_aggregate { count }",
    ],
)
def test_a_list_with_limit_or_key_is_not(queries: Path, selection: str) -> None:
    assert advice(queries, f"query q {{ {selection} }}") == []


def test_a_live_query_is_a_list_too_and_so_is_a_fragment_of_the_root(queries: Path) -> None:
    text = """subscription s { sample { id } }
query q($n: Int!) { ...Root }
fragment Root on query_root { a: sample(limit: $n) { id }, b: sample { id } }"""
    assert [line.split(" ")[0] for line in advice(queries, text)] == ["1:18:", "3:60:"]


def test_a_comment_with_a_reason_switches_advice_off_for_a_line(queries: Path) -> None:
    text = """query q {
  # advice: off (there are three samples)
  a: sample { id }
  b: sample { id }  # advice: off, they are few
  # Nothing about advice.
  c: sample { id }
}"""
    assert [line.split(" ")[0] for line in advice(queries, text)] == ["6:3:"]


def test_a_comment_without_reason_or_use_is_warned_of(queries: Path) -> None:
    text = """query q {
  # advice: off
  a: sample { id }
  # advice: off (it has a limit)
  b: sample(limit: 1) { id }
}"""
    assert advice(queries, text) == [
        "2:3: warning: say why: # advice: off (REASON)",
        "4:3: warning: there is no advice here to switch off",
    ]


def test_warnings_fail_only_strictly(queries: Path) -> None:
    (queries / "one.graphql").write_text("query q { sample { id } }")
    assert check().exit_code == 0
    assert check("--strict").exit_code == 1


def test_a_program_reads_findings_as_json(queries: Path) -> None:
    (queries / "one.graphql").write_text("query q { nope }")
    result = check("--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == [
        {
            "file": "queries/one.graphql",
            "line": 1,
            "column": 11,
            "level": "error",
            "message": "Cannot query field 'nope' on type 'query_root'.",
        }
    ]


def test_queries_are_checked_against_what_an_endpoint_serves(
    queries: Path, serve: Serve, make_project: MakeProject
) -> None:
    served = serve(make_project("create table b (id serial primary key, name text);", ["b"]))
    (queries / "one.graphql").write_text('query q { b(where: {name: {_eq: "a"}}) { id, nam } }')
    result = check("--endpoint", served.url)
    assert result.stdout.splitlines() == [
        "queries/one.graphql:1:46: error: Cannot query field 'nam' on type 'b'."
        " Did you mean 'name'?"
    ]
    (queries / "one.graphql").write_text("query q { b(where: {id: {_eq: 1}}) { id } }")
    assert check("--endpoint", served.url, "--strict").exit_code == 0


def test_a_file_that_is_not_there_is_named(queries: Path) -> None:
    (queries / "one.graphql").write_text("query q { sample_by_pk(id: 1) { id } }")
    with pytest.raises(GenerationError, match=r"none\.graphql cannot be read"):
        check("none.graphql")


def test_without_graphql_core_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "graphql", None)
    with pytest.raises(GenerationError, match=r"run-logger\[codegen\]"):
        check()


def test_our_own_queries_pass_strictly() -> None:
    root = resource("schema").parent
    schema, queries = str(root / "schema" / "schema.graphql"), str(root / "queries")
    result = check("--schema", schema, "--queries", queries, "--strict")
    assert (result.exit_code, result.stdout) == (0, "")

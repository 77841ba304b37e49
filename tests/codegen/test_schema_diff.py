"""`run-logger schema diff`: what changed in a schema, and which queries it touches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from graphql import (
    BreakingChangeType,
    DangerousChangeType,
    build_schema,
    parse,
)
from typer.testing import CliRunner

from run_logger.cli.schema import app
from run_logger.codegen.diff import FORMS, compare
from run_logger.codegen.uses import Uses
from run_logger.errors import GenerationError

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from tests.conftest import MakeProject, Serve

OLD = """
schema { query: query_root }
directive @cached(ttl: Int) on QUERY
directive @once repeatable on QUERY | FIELD
type query_root {
  sample(where: sample_bool_exp, limit: Int, order_by: order_by = asc): [sample!]!
  either: either
  named: named
}
type sample implements named { id: Int!, weighed: String!, taken: String, mood: mood, old: String }
interface named { id: Int! }
union either = sample | other
type other { id: Int!, note: note }
type note { text: String }
enum mood { good bad }
enum order_by { asc desc }
input sample_bool_exp {
  _and: [sample_bool_exp!]
  weighed: text_exp
  mood: mood
  other: other_bool_exp
}
input other_bool_exp { id: Int }
input text_exp { _eq: String }
"""

QUERIES = """\
query heavy {
  sample(where: {weighed: {_eq: "1"}, mood: good}, limit: 3) { ...Sample }
}

fragment Sample on sample {
  id
  weighed
  mood
}

query any_of($where: sample_bool_exp) @cached @once {
  sample(where: $where) { id }
}

query others { either { ... on other { note { text } } } named { id } }
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a schema that is kept, and queries that fit it; the current one."""
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "all.graphql").write_text(QUERIES)
    (tmp_path / "old.graphql").write_text(OLD)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.run-logger.generate]\nschema = "old.graphql"\nqueries = "queries"\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def diff(project: Path, old: str, new: str, *arguments: str) -> Result:
    """Compare with the schema in which `old` is `new`."""
    assert old in OLD
    (project / "new.graphql").write_text(OLD.replace(old, new))
    command = ["diff", "--schema", "new.graphql", *arguments]
    return CliRunner().invoke(app, command, catch_exceptions=False)


def places(project: Path, old: str, new: str) -> dict[str, list[str]]:
    """Return the places that each change touches, as `line:column operation`."""
    changes = json.loads(diff(project, old, new, "--json").stdout)
    return {
        change["description"]: [
            f"{use['line']}:{use['column']} {use['variable'] or use['definition']}"
            for use in change["touches"]
        ]
        for change in changes
    }


def test_a_renamed_column_names_every_query_that_breaks(project: Path) -> None:
    result = diff(project, "weighed: String!", "weight: String!")
    file = project / "queries" / "all.graphql"
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "breaking: sample.weighed was removed.",
        f"    {file}:7:3: fragment Sample of heavy",
        "safe: sample.weight was added.",
        "1 breaking, 0 dangerous, 1 safe; 1 of the breaking ones touch the queries",
    ]


def test_a_column_of_a_filter_counts_where_callers_may_send_it(project: Path) -> None:
    assert places(project, "weighed: text_exp", "weight: text_exp") == {
        "sample_bool_exp.weighed was removed.": ["2:18 heavy", "11:14 where"],
        "An optional field weight on input type sample_bool_exp was added.": [],
    }
    assert places(project, "input other_bool_exp { id: Int }", "input other_bool_exp { i: Int }")[
        "other_bool_exp.id was removed."
    ] == ["11:14 where"]


def test_what_no_query_uses_fails_only_strictly(project: Path) -> None:
    assert diff(project, ", old: String", "").exit_code == 0
    result = diff(project, ", old: String", "", "--strict")
    assert result.exit_code == 1
    assert "1 breaking, 0 dangerous, 0 safe; 0 of the breaking" in result.stdout


@pytest.mark.parametrize(
    ("old", "new", "description", "touched"),
    [
        ("weighed: String!", "weighed: Int!", "sample.weighed changed type", ["7:3"]),
        ("limit: Int,", "", "query_root.sample arg limit was removed.", ["2:52"]),
        ("limit: Int,", "limit: String,", "query_root.sample arg limit has changed", ["2:52"]),
        ("limit: Int,", "limit: Int, n: Int!,", "A required arg n", ["2:3", "12:3"]),
        ("limit: Int,", "limit: Int, n: Int,", "An optional arg n", []),
        (
            "order_by = asc",
            "order_by = desc",
            "query_root.sample arg order_by has",
            ["2:3", "12:3"],
        ),
        ("good bad", "fair bad", "good was removed from enum type mood.", ["2:45", "11:14"]),
        ("good bad", "good bad fair", "fair was added to enum type mood.", ["8:3"]),
        ("  mood: mood\n", "  mood: mood\n  z: Int!\n", "A required field z", ["2:17", "11:14"]),
        ("= sample | other", "= sample", "other was removed from union", ["15:16"]),
        ("= sample | other", "= sample | other | note", "note was added to union", ["15:16"]),
        (
            "sample implements named",
            "sample",
            "sample no longer implements",
            ["2:3", "5:1", "12:3"],
        ),
        ("type other", "type other implements named", "named added to interfaces", ["15:25"]),
        (", note: note }\ntype note { text: String }", "}", "note was removed.", ["15:40"]),
        ("type note {", "interface note {", "note changed from", ["15:40"]),
        ("directive @cached(ttl: Int) on QUERY", "", "cached was removed.", ["11:39"]),
        ("(ttl: Int)", "", "ttl was removed from cached.", ["11:39"]),
        ("(ttl: Int)", "(ttl: Int, n: Int!)", "A required arg n on directive", ["11:39"]),
        (" repeatable", "", "Repeatable flag was removed from once.", ["11:47"]),
        ("QUERY | FIELD", "QUERY", "FIELD was removed from once.", ["11:47"]),
    ],
)
def test_every_kind_of_change_names_its_places(
    project: Path, old: str, new: str, description: str, touched: list[str]
) -> None:
    found = places(project, old, new)
    matching = [each for text, each in found.items() if text.startswith(description)]
    assert [[place.split()[0] for place in each] for each in matching] == [touched]


def test_the_words_of_every_kind_of_change_are_known() -> None:
    assert set(FORMS) == {*BreakingChangeType, *DangerousChangeType}


def test_what_only_widens_is_safe() -> None:
    new = OLD.replace("taken: String", "taken: String!, more: Int") + "type extra { a: Int }"
    changes = compare(build_schema(OLD), build_schema(new))
    assert [(change.severity.value, change.description) for change in changes] == [
        ("safe", "extra was added."),
        ("safe", "sample.more was added."),
        ("safe", "sample.taken changed type from String to String!."),
    ]


def test_changes_that_touch_the_queries_come_first() -> None:
    old = build_schema(OLD)
    new = build_schema(OLD.replace("taken: String, ", "").replace("weighed: String!, ", ""))
    uses = Uses(old, parse("query q { sample { weighed } }"))
    assert [bool(change.touches) for change in compare(old, new, uses)] == [True, False]


@pytest.mark.usefixtures("project")
def test_an_endpoint_is_compared_with_the_file_that_is_kept(
    serve: Serve, make_project: MakeProject
) -> None:
    served = serve(make_project("create table sample (id serial primary key);", ["sample"]))
    result = CliRunner().invoke(app, ["diff", "--endpoint", served.url], catch_exceptions=False)
    assert result.exit_code == 1
    assert "breaking: sample.weighed was removed.\n    " in result.stdout


@pytest.mark.usefixtures("project")
def test_without_an_endpoint_the_options_are_named() -> None:
    with pytest.raises(GenerationError, match="--endpoint URL, or --schema FILE"):
        CliRunner().invoke(app, ["diff"], catch_exceptions=False)


def test_queries_that_do_not_fit_the_kept_schema_are_an_error(project: Path) -> None:
    (project / "queries" / "all.graphql").write_text("query q { nope }")
    with pytest.raises(GenerationError, match=r"all\.graphql:1: Cannot query field 'nope'"):
        diff(project, "good bad", "good")


def test_without_queries_there_is_a_diff_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.graphql").write_text(OLD)
    result = diff(tmp_path, ", old: String", "", "--against", "old.graphql")
    assert result.exit_code == 0
    assert "breaking: sample.old was removed." in result.stdout

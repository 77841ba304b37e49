"""Selections become fields: fragments are unfolded, equal ones merge, wrong ones are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from run_logger.local.operation import Field
    from tests.local.request.conftest import Reader


def keys(field: Field) -> list[str]:
    return [selected.key for selected in field.selection]


def test_a_selection_becomes_fields_with_their_types_and_paths(reader: Reader) -> None:
    field = reader.only("{all: run {id __typename logs {log}}}")
    id_, typename, logs = field.selection
    assert (field.key, field.name, field.type) == ("all", "run", "run")
    assert (id_.type, id_.path) == ("Int", "$.selectionSet.run.selectionSet.id")
    assert (typename.name, typename.type) == ("__typename", "String")
    assert (logs.type, keys(logs)) == ("log", ["log"])


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        ("{run{x}}", "run.selectionSet.x", "field 'x' not found in type: 'run'"),
        ("{run}", "run.selectionSet", "missing selection set for 'run'"),
        ("{run{id{x}}}", "run.selectionSet.id", "unexpected subselection set for non-object field"),
        ("{run(x: 1){id}}", "run", "'run' has no argument named 'x'"),
        (
            "mutation {insert_run{affected_rows}}",
            "insert_run.args.objects",
            "missing required field 'objects'",
        ),
        (
            "mutation {__schema{x}}",
            "__schema",
            "field '__schema' not found in type: 'mutation_root'",
        ),
    ],
)
def test_a_wrong_selection_is_refused_in_its_place(
    reader: Reader, query: str, path: str, message: str
) -> None:
    assert reader.refused(query) == (f"$.selectionSet.{path}", message)


def test_fragments_are_unfolded_where_their_type_applies(reader: Reader) -> None:
    field = reader.only(
        "query($yes: Boolean! = true) {run {...A ... on run {big} ... {at} ... on log {log}"
        " ... @include(if: false) {blob} ...A @skip(if: $yes)}} fragment A on run {id name}"
    )
    assert keys(field) == ["id", "name", "big", "at"]


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        ("{run{...A}}", "run.selectionSet", 'reference to undefined fragment "A"'),
        (
            "{run{...A}} fragment A on run {...B} fragment B on run {...C}"
            " fragment C on run {...A}",
            "run.selectionSet.A.selectionSet.B.selectionSet.C.selectionSet",
            "the fragment definition(s) A, B, and C form a cycle",
        ),
    ],
)
def test_fragments_without_an_end_are_refused(
    reader: Reader, query: str, path: str, message: str
) -> None:
    assert reader.refused(query) == (f"$.selectionSet.{path}", message)


def test_equal_selections_merge_with_all_that_is_selected_on_them(reader: Reader) -> None:
    field = reader.only("{run(limit: 1) {id logs {id}} run(limit: 1) {name logs {log}}}")
    assert keys(field) == ["id", "logs", "name"]
    assert keys(field.selection[1]) == ["id", "log"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "{a: run{id} a: run_aggregate{nodes{id}}}",
            "selection of both 'run' and 'run_aggregate' specify the same response name, 'a'",
        ),
        (
            "{run(limit: 1){id} run(limit: 2){id}}",
            "inconsistent arguments between multiple selections of field 'run'",
        ),
    ],
)
def test_selections_that_do_not_merge_are_refused(reader: Reader, query: str, message: str) -> None:
    assert reader.refused(query) == ("$.selectionSet", message)


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        (
            "{run{id @x}}",
            ".selectionSet.run.selectionSet",
            "directive 'x' is not defined in the schema",
        ),
        ("query @skip(if: true) {run{id}}", "", "directive 'skip' is not allowed on a query"),
        (
            "{run{id @skip}}",
            ".selectionSet.run.selectionSet.skip.args.if",
            "missing required field 'if'",
        ),
        (
            "{run{id @skip(x: 1)}}",
            ".selectionSet.run.selectionSet.skip",
            "'skip' has no argument named 'x'",
        ),
        (
            "{run @skip(if: true) @skip(if: true) {id}}",
            ".selectionSet",
            "the following directives are used more than once: ['skip']",
        ),
    ],
)
def test_a_wrong_directive_is_refused(reader: Reader, query: str, path: str, message: str) -> None:
    assert reader.refused(query) == (f"${path}", message)


def test_a_query_may_ask_to_be_cached(reader: Reader) -> None:
    assert reader.only("query @cached(ttl: 5) {run{id}}").name == "run"


def test_introspection_is_left_to_whoever_answers_it(reader: Reader) -> None:
    operation, texts = reader.read(
        "query($n: String!) {__type(name: $n) {name} run{id}}", {"n": "run"}
    )
    assert [field.name for field in operation.fields] == ["__type", "run"]
    assert operation.fields[0].arguments == {}
    assert texts == []

"""A document's text becomes the operation that is meant, or is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.local.request.conftest import Reader


@pytest.mark.parametrize(
    "query",
    [
        "{run{id}",
        "",
        "type A{x: Int}",
        "{run(limit: 1, limit: 2){id}}",
        "{run(limit: 1e9999999999999999999){id}}",
    ],
)
def test_what_is_no_query_is_refused_at_the_query(reader: Reader, query: str) -> None:
    assert reader.refused(query) == ("$.query", "not a valid graphql query")


def test_a_name_chooses_among_the_operations(reader: Reader) -> None:
    operation, _ = reader.read(
        "query A {run{id}} mutation B {delete_run(where:{}){affected_rows}}", name="B"
    )
    assert (operation.kind, operation.root_type) == ("mutation", "mutation_root")


@pytest.mark.parametrize(
    ("query", "name", "message"),
    [
        (
            "query A {run{id}} query B {run{id}}",
            None,
            "exactly one operation has to be present in the document"
            " when operationName is not specified",
        ),
        ("query A {run{id}}", "C", 'no such operation found in the document: "C"'),
        (
            "{run{id}}",
            "C",
            "operationName cannot be used when an anonymous operation exists in the document",
        ),
        ("subscription {run{id}}", None, "no subscriptions exist"),
    ],
)
def test_an_operation_that_is_not_singled_out_is_refused(
    reader: Reader, query: str, name: str | None, message: str
) -> None:
    assert reader.error(query, name=name) == ("$", message, "validation-failed")


@pytest.mark.parametrize("brackets", ["{}", "[]"])
def test_a_deep_query_is_refused_with_the_limit(reader: Reader, brackets: str) -> None:
    query = "{run(where: {metadata: {_eq: " + brackets[0] * 1_000 + brackets[1] * 1_000 + "}}){id}}"
    assert reader.refused(query) == ("$.query", "the query is nested more than 100 levels deep")


def test_brackets_in_strings_and_comments_are_not_depth(reader: Reader) -> None:
    text = "{" * 200
    query = f'{{run(where: {{name: {{_in: ["{text}", """{text}""", "\\"["]}}}}){{id # {text}\n}}}}'
    assert reader.values(query) == [f'{{"{text}","{text}","\\"["}}']


def test_a_huge_query_is_refused_with_the_remedy(reader: Reader) -> None:
    path, message = reader.refused('{run(where: {name: {_eq: "' + "x" * 10_000_000 + '"}}){id}}')
    assert path == "$.query"
    assert "send its data as variables" in message


@pytest.mark.parametrize("depth", [150, 5_000])
def test_deep_variables_are_refused(reader: Reader, depth: int) -> None:
    where: dict[str, Any] = {}
    for _ in range(depth):
        where = {"_not": where}
    _, message = reader.refused("query($w: run_bool_exp) {run(where: $w){id}}", {"w": where})
    assert message == "the value is nested more than 100 levels deep"


def test_fragments_that_multiply_are_refused(reader: Reader) -> None:
    fragments = "".join(
        f" fragment F{n} on run {{a: logs {{run {{...F{n + 1}}}}} b: logs {{run {{...F{n + 1}}}}}}}"
        for n in range(20)
    )
    _, message = reader.refused("{run {...F0}}" + fragments + " fragment F20 on run {id}")
    assert message == "the operation selects more than 20000 fields"


@pytest.mark.parametrize(
    ("query", "variables", "message"),
    [
        (
            "query($i: Int!) {run(limit: $i){id}}",
            {},
            'expecting a value for non-nullable variable: "i"',
        ),
        (
            "query($i: Int!) {run(limit: $i){id}}",
            {"i": None},
            'null value found for non-nullable type: "Int!"',
        ),
        ("{run(limit: $i){id}}", {}, 'unbound variable "i"'),
        (
            "query($i: Int) {run{id}}",
            {"i": 1, "j": 2},
            "unexpected variables in variableValues: i, j",
        ),
    ],
)
def test_variables_that_do_not_match_their_values_are_refused(
    reader: Reader, query: str, variables: dict[str, Any], message: str
) -> None:
    assert reader.refused(query, variables) == ("$", message)


@pytest.mark.parametrize("what", ["variable", "fragment"])
def test_what_is_defined_twice_is_refused(reader: Reader, what: str) -> None:
    query = (
        "query($a: Int, $a: Int) {run(limit: $a){id}}"
        if what == "variable"
        else "{run{...a}} fragment a on run {id} fragment a on run {name}"
    )
    assert reader.error(query) == ("$", f'multiple definitions for {what} "a"', "parse-failed")


@pytest.mark.parametrize(
    ("declared", "place", "expected"),
    [
        ("Int", "big: {_eq: $x}", "bigint"),
        ("Int!", "id: {_in: $x}", "[Int!]"),
        ("[[Int!]!]!", "id: {_in: $x}", "[Int!]"),
        ("Int", "id: {_in: [$x]}", "Int!"),
    ],
)
def test_a_variable_stands_only_where_its_type_fits(
    reader: Reader, declared: str, place: str, expected: str
) -> None:
    _, message = reader.refused(
        f"query($x: {declared}) {{run(where: {{{place}}}){{id}}}}", {"x": [1]}
    )
    assert message == (
        f"variable 'x' is declared as '{declared}', but used where '{expected}' is expected"
    )


@pytest.mark.parametrize("declared", ["[Int]", "[Int]!", "[Int!]", "[Int!]!"])
def test_a_variable_may_declare_the_items_of_a_list_nullable(reader: Reader, declared: str) -> None:
    query = f"query($x: {declared}) {{run(where: {{id: {{_in: $x}}}}){{id}}}}"
    assert reader.values(query, {"x": [1, 2]}) == ['{"1","2"}']
    assert reader.refused(query, {"x": [1, None]}) == (
        "$.selectionSet.run.args.where.id._in[1]",
        "unexpected null value for type 'Int'",
    )


@pytest.mark.parametrize(
    "query",
    [
        "query($x: Int! = 7) {run_by_pk(id: $x){id}}",
        "query($x: Int = 7) {run_by_pk(id: $x){id}}",
        "query($x: run_bool_exp = {id: {_eq: 7}}) {run(where: $x){id}}",
    ],
)
def test_a_default_stands_for_a_variable_that_is_not_given(reader: Reader, query: str) -> None:
    assert reader.values(query) == ["7"]


def test_an_unset_variable_is_null(reader: Reader) -> None:
    assert reader.only("query($n: Int) {run(limit: $n){id}}").arguments == {}
    query = "mutation($n: String) {update_run(where: {}, _set: {name: $n}) {affected_rows}}"
    assert reader.values(query) == [None]
    assert reader.refused("query($n: Int) {run(where: {id: {_eq: $n}}){id}}") == (
        "$.selectionSet.run.args.where.id._eq",
        "unexpected null value for type 'Int'",
    )

"""Arguments and conditions, as literals and in variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from run_logger.local.catalog import PgType
from run_logger.local.operation import Value

BIGINT = PgType("bigint", "int8")

if TYPE_CHECKING:
    from tests.local.request.conftest import Reader


def outside(number: str) -> str:
    return (
        f"The value {number} lies outside the bounds or is not an integer."
        " Maybe it is a float, or is there integer overflow?"
    )


def test_requests_that_differ_in_values_have_one_tree(reader: Reader) -> None:
    query = (
        "query($w: run_bool_exp!, $n: Int) {run(where: $w, limit: $n, order_by: {id: desc})"
        ' {id metadata(path: "$.a")}}'
    )
    first, one = reader.read(query, {"w": {"id": {"_in": [1]}, "name": {"_eq": "a"}}, "n": 1})
    second, two = reader.read(query, {"w": {"id": {"_in": [2, 3]}, "name": {"_eq": "b"}}, "n": 9})
    assert (first, repr(first)) == (second, repr(second))
    assert one == ['{"1"}', "a", "1", '{"a"}']
    assert two == ['{"2","3"}', "b", "9", '{"a"}']


def test_inserts_that_differ_in_values_and_number_have_one_tree(reader: Reader) -> None:
    query = "mutation($o: [run_insert_input!]!) {insert_run(objects: $o) {affected_rows}}"
    first, _ = reader.read(query, {"o": [{"id": 1, "metadata": {"a": 1}}]})
    second, _ = reader.read(
        query, {"o": [{"metadata": None, "id": 2}, {"id": "3", "metadata": []}]}
    )
    assert (first, repr(first)) == (second, repr(second))


def test_conditions_keep_their_shape(reader: Reader) -> None:
    where = reader.only(
        "{run(where: {_not: {_or: [{logs: {id: {_is_null: true}}}]}, _and: {id: {}}}){id}}"
    ).arguments["where"]
    assert where == {
        "_not": {"_or": ({"logs": {"id": {"_is_null": True}}},)},
        "_and": ({"id": {}},),
    }


@pytest.mark.parametrize(
    ("where", "path", "message"),
    [
        ("{_and: null}", "._and", "expected a list, but found null"),
        ("{_not: null}", "._not", "expected an object for type 'run_bool_exp', but found null"),
        ("{id: null}", ".id", "expected an object for type 'Int_comparison_exp', but found null"),
        ("{id: {_in: null}}", ".id._in", "expected a list, but found null"),
        ("{id: {_in: [1, null]}}", ".id._in[1]", "unexpected null value for type 'Int'"),
        (
            "{id: {_is_null: 1}}",
            ".id._is_null",
            "expected a boolean for type 'Boolean', but found an integer",
        ),
        ("{idd: {_eq: 1}}", ".idd", "field 'idd' not found in type: 'run_bool_exp'"),
        ("[]", "", "expected an object for type 'run_bool_exp', but found a list"),
        ("{tags: {_eq: null}}", ".tags._eq", "unexpected null value for type 'String'"),
    ],
)
def test_a_wrong_condition_is_refused_in_its_place(
    reader: Reader, where: str, path: str, message: str
) -> None:
    query = f"mutation {{delete_run(where: {where}) {{affected_rows}}}}"
    assert reader.refused(query) == (f"$.selectionSet.delete_run.args.where{path}", message)


def test_a_key_of_the_variables_that_is_no_name_is_refused(reader: Reader) -> None:
    assert reader.refused("query($w: run_bool_exp) {run(where: $w){id}}", {"w": {"a b": 1}}) == (
        "$.selectionSet.run.args.where",
        'variable value contains object with key "a b", which is not a legal GraphQL name',
    )


def test_null_is_nothing_for_what_narrows_a_select(reader: Reader) -> None:
    field = reader.only(
        "{run(where: null, order_by: null, limit: null, offset: null, distinct_on: null){id}}"
    )
    assert field.arguments == {}


def test_a_single_value_stands_for_a_list(reader: Reader) -> None:
    arguments = reader.only("{run(order_by: {id: asc}, distinct_on: id){id}}").arguments
    assert arguments == {"order_by": ({"id": "asc"},), "distinct_on": ("id",)}


def test_limit_and_offset_are_parameters(reader: Reader) -> None:
    operation, texts = reader.read('{run(limit: 5, offset: "12345678901"){id}}')
    assert operation.fields[0].arguments == {"limit": Value(0, BIGINT), "offset": Value(1, BIGINT)}
    assert texts == ["5", "12345678901"]


@pytest.mark.parametrize(
    ("argument", "code", "message"),
    [
        (
            "limit: -1",
            "validation-failed",
            "expected a non-negative 32-bit integer for type 'Int', but found an integer",
        ),
        (
            'limit: "1"',
            "validation-failed",
            "expected a non-negative 32-bit integer for type 'Int', but found a string",
        ),
        (
            "limit: x",
            "validation-failed",
            "expected a non-negative 32-bit integer for type 'Int', but found an enum value",
        ),
        (
            "limit: 3000000000",
            "parse-failed",
            outside("3.0e9"),
        ),
        (
            'offset: "x"',
            "validation-failed",
            "expected a 32-bit integer, or a 64-bit integer represented as a string"
            " for type 'Int', but found a string",
        ),
    ],
)
def test_a_wrong_count_is_refused(reader: Reader, argument: str, code: str, message: str) -> None:
    name = argument.partition(":")[0]
    assert reader.error(f"{{run({argument}){{id}}}}") == (
        f"$.selectionSet.run.args.{name}",
        message,
        code,
    )


def test_enum_values_are_names_in_a_query_and_strings_in_variables(reader: Reader) -> None:
    by_variable = reader.only("query($o: order_by) {run(order_by: {id: $o}){id}}", {"o": "desc"})
    assert by_variable.arguments == reader.only("{run(order_by: {id: desc}){id}}").arguments
    assert reader.refused('{run(order_by: {id: "desc"}){id}}') == (
        "$.selectionSet.run.args.order_by[0].id",
        "expected an enum value for type 'order_by', but found a string",
    )
    assert reader.refused("{run(where: {mood: {_eq: ugly}}){id}}") == (
        "$.selectionSet.run.args.where.mood._eq",
        "expected one of the values ['bad', 'good'] for type 'mood_enum', but found 'ugly'",
    )
    assert reader.values("{run(where: {mood: {_in: [good, bad]}}){id}}") == ['{"good","bad"}']


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$.a.b[0]", '{"a","b","0"}'),
        ("a-b", '{"a-b"}'),
        ("$['x \\\\'y']", '{"x \'y"}'),
        ('[\\"k\\"]', '{"k"}'),
    ],
)
def test_a_json_path_becomes_its_steps(reader: Reader, path: str, steps: str) -> None:
    assert reader.values(f'{{run{{metadata(path: "{path}")}}}}') == [steps]


@pytest.mark.parametrize("path", ["$", ""])
def test_the_path_of_the_whole_document_is_left_out(reader: Reader, path: str) -> None:
    assert reader.only(f'{{run{{metadata(path: "{path}")}}}}').selection[0].arguments == {}


def test_a_wrong_json_path_is_refused(reader: Reader) -> None:
    path, message = reader.refused('{run{metadata(path: "a b")}}')
    assert path == "$.selectionSet.run.selectionSet.metadata.args"
    assert message.startswith("parse json path error: a b. Accept letters")

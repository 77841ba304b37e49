"""The rows of an insert become one parameter, or mappings where rows are nested."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from run_logger.local.catalog import PgType
from run_logger.local.operation import Rows, Value

TEXT = PgType("text", "text")

if TYPE_CHECKING:
    from tests.local.request.conftest import Reader


INSERT = "mutation($o: [run_insert_input!]!) {insert_run(objects: $o) {affected_rows}}"


def test_rows_are_one_parameter_in_the_form_that_postgres_reads(reader: Reader) -> None:
    given = {
        "id": 1.0, "score": Decimal("1.50"), "archived": True, "metadata": {"a": [1]},
        "space": {"b": 1}, "tags": ["x", None], "name": None, "mood": "good",
    }  # fmt: skip
    rows, cells = reader.rows(INSERT, {"o": [given]})
    assert set(rows.columns) == set(given)
    assert rows.complete
    assert cells == [
        {**given, "score": 1.5, "space": '{"b":1}', "tags": '{"x",NULL}'},
    ]
    assert '"score":1.50' in (reader.values(INSERT, {"o": [given]})[0] or "")


def test_rows_may_leave_out_columns(reader: Reader) -> None:
    rows, cells = reader.rows(INSERT, {"o": [{"id": 1}, {"name": "a"}]})
    assert (rows.columns, rows.complete) == (("id", "name"), False)
    assert cells == [{"id": 1}, {"name": "a"}]


def test_rows_of_literals_equal_rows_of_variables(reader: Reader) -> None:
    literal = (
        "mutation($n: String, $r: run_insert_input!) {insert_run(objects: [{name: $n, metadata:"
        " {a: $n}, mood: bad}, $r]) {affected_rows}}"
    )
    row = {"name": "b", "metadata": {"a": "b"}, "mood": "bad"}
    _, cells = reader.rows(literal, {"n": "b", "r": row})
    assert cells == [row, row]


def test_no_rows_are_rows(reader: Reader) -> None:
    assert reader.rows(INSERT, {"o": []}) == (Rows(0, (), complete=True), [])


def test_a_single_object_is_rows_of_one(reader: Reader) -> None:
    rows, cells = reader.rows("mutation {insert_run_one(object: {id: 1, logs: null}) {id}}")
    assert (rows.columns, cells) == (("id",), [{"id": 1}])


@pytest.mark.parametrize(
    ("rows", "place", "message", "code"),
    [
        (
            [{"id": 1}, {"idd": 1}],
            "[1].idd",
            "field 'idd' not found in type: 'run_insert_input'",
            "validation-failed",
        ),
        (
            [{"id": 1}, None],
            "[1]",
            "expected an object for type 'run_insert_input', but found null",
            "validation-failed",
        ),
        (
            [{"name": 1}],
            "[0].name",
            "parsing Text failed, expected String, but encountered Number",
            "parse-failed",
        ),
        (
            [{"mood": "x"}],
            "[0].mood",
            "expected one of the values ['bad', 'good'] for type 'mood_enum', but found 'x'",
            "validation-failed",
        ),
        ([{"logs": {}}], "[0].logs.data", "missing required field 'data'", "validation-failed"),
        (
            [{"logs": {"data": [{"x": 1}]}}],
            "[0].logs.data[0].x",
            "field 'x' not found in type: 'log_insert_input'",
            "validation-failed",
        ),
    ],
)
def test_a_wrong_row_is_refused_in_its_place(
    reader: Reader, rows: list[Any], place: str, message: str, code: str
) -> None:
    path = f"$.selectionSet.insert_run.args.objects{place}"
    assert reader.error(INSERT, {"o": rows}) == (path, message, code)


def test_rows_with_related_rows_are_mappings(reader: Reader) -> None:
    operation, texts = reader.read(
        INSERT,
        {
            "o": [
                {"name": "a", "logs": {"data": [{"log": 1}, {"log": 2}]}},
                {"name": "b", "logs": {"data": []}},
                {"logs": {"data": {"run": {"data": {"name": "c"}}}}},
            ]
        },
    )
    assert operation.fields[0].arguments["objects"] == (
        {"name": Value(0, TEXT), "logs": {"data": Rows(1, ("log",), complete=True)}},
        {"name": Value(2, TEXT)},
        {"logs": {"data": ({"run": {"data": Rows(3, ("name",), complete=True)}},)}},
    )
    assert texts == ["a", '[{"log":1},{"log":2}]', "b", '[{"name":"c"}]']


def test_what_stands_beside_related_rows_is_kept(reader: Reader) -> None:
    object_ = reader.only(
        "mutation {insert_run_one(object: {logs: {data: {}, on_conflict:"
        " {constraint: log_pkey, update_columns: [log]}}}) {id}}"
    ).arguments["object"]
    assert object_ == {
        "logs": {
            "data": Rows(0, (), complete=True),
            "on_conflict": {"constraint": "log_pkey", "update_columns": ("log",)},
        }
    }

"""Values of columns become the texts that Postgres casts to their types."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.local.request.conftest import Reader


def outside(number: str) -> str:
    return (
        f"The value {number} lies outside the bounds or is not an integer."
        " Maybe it is a float, or is there integer overflow?"
    )


@pytest.mark.parametrize(
    ("column", "literal", "text"),
    [
        ("id", "5", "5"),
        ("id", "5.0", "5"),
        ("id", '"5"', "5"),
        ("big", "9223372036854775807", "9223372036854775807"),
        ("score", "1.50", "1.50"),
        ("score", "1" * 5_000, "1" * 5_000),
        ("price", "1e3", "1000.00"),
        ("loss", "0.5", "0.5"),
        ("archived", "true", "true"),
        ("archived", '"t"', "t"),
        ("name", '"a\\"b"', 'a"b'),
        ("at", '"now"', "now"),
        ("blob", '"\\\\xde"', "\\xde"),
        (
            "tags",
            '["a", "b c", "d\\"e\\\\f", "null", null, ""]',
            '{"a","b c","d\\"e\\\\f","null",NULL,""}',
        ),
        ("tags", '[["a"], ["b"]]', '{{"a"},{"b"}}'),
        ("tags", '"{a,b}"', "{a,b}"),
        ("documents", '[{a: 1}, [1], "x"]', '{"{\\"a\\":1}","[1]","\\"x\\""}'),
        ("documents", '["{\\"a\\": 1}", "2"]', '{"{\\"a\\": 1}","2"}'),
        ("metadata", '{a: [1, 2.50, x, null, "y"]}', '{"a":[1,2.50,"x",null,"y"]}'),
        ("metadata", '"{\\"a\\": 1}"', '"{\\"a\\": 1}"'),
        ("metadata", "123456789012345678901234567890", "123456789012345678901234567890"),
        ("space", "{b: 1, a: 2}", '{"b":1,"a":2}'),
        ("mood", "good", "good"),
    ],
)
def test_a_literal_becomes_the_text_of_its_column(
    reader: Reader, column: str, literal: str, text: str
) -> None:
    query = f"mutation {{update_run(where: {{}}, _set: {{{column}: {literal}}}) {{affected_rows}}}}"
    assert reader.values(query) == [text]


@pytest.mark.parametrize(
    ("column", "declared", "value", "text"),
    [
        ("id", "Int", 5.0, "5"),
        ("id", "Int", Decimal("1E+3"), "1000"),
        ("score", "numeric", Decimal("0.1000000000000000000001"), "0.1000000000000000000001"),
        ("metadata", "jsonb", {"a": Decimal("1.10"), "b": 2**70}, f'{{"a":1.10,"b":{2**70}}}'),
        ("metadata", "jsonb", "x", '"x"'),
        ("name", "String", None, None),
        ("tags", "[String!]", ["a"], '{"a"}'),
        ("mood", "mood_enum", "bad", "bad"),
    ],
)
def test_a_variable_becomes_the_text_of_its_column(
    reader: Reader, column: str, declared: str, value: Any, text: str | None
) -> None:
    query = (
        f"mutation($v: {declared}) {{update_run(where: {{}}, _set: {{{column}: $v}})"
        " {affected_rows}}"
    )
    assert reader.values(query, {"v": value}) == [text]


@pytest.mark.parametrize(
    ("column", "literal", "message"),
    [
        (
            "id",
            "1.5",
            outside("1.5"),
        ),
        (
            "id",
            "2147483648",
            outside("2.147483648e9"),
        ),
        (
            "id",
            "true",
            "parsing Integer expected for input type: int4 failed,"
            " expected Number, but encountered Boolean",
        ),
        (
            "small",
            "1e999999999",
            outside("1.0e999999999"),
        ),
        (
            "loss",
            "1e400",
            "The value 1.0e400 lies outside the bounds. Is it overflowing the float bounds?",
        ),
        ("price", "1e18", "The value 1.0e18 lies outside the bounds."),
        ("score", "true", "parsing Scientific failed, expected Number, but encountered Boolean"),
        ("archived", "1", "parsing Bool failed, expected Boolean, but encountered Number"),
        ("name", "1", "parsing Text failed, expected String, but encountered Number"),
        ("at", "{}", "parsing UTCTime failed, expected String, but encountered Object"),
        ("blob", "1", "A string is expected for type: bytea"),
        ("tags", "1", "parsing [] failed, expected Array, but encountered Number"),
        ("tags", "[1]", "parsing Text failed, expected String, but encountered Number"),
    ],
)
def test_a_value_of_another_type_is_refused(
    reader: Reader, column: str, literal: str, message: str
) -> None:
    query = f"mutation {{update_run(where: {{}}, _set: {{{column}: {literal}}}) {{affected_rows}}}}"
    path = f"$.selectionSet.update_run.args._set.{column}"
    assert reader.error(query) == (path, message, "parse-failed")


def test_json_that_cannot_be_written_is_refused(reader: Reader) -> None:
    nested: list[Any] = []
    for _ in range(2_000):
        nested = [nested]
    query = "query($m: jsonb) {run(where: {metadata: {_eq: $m}}){id}}"
    for value in (nested, "\ud800"):
        path, message, code = reader.error(query, {"m": value})
        assert (path, code) == ("$.selectionSet.run.args.where.metadata._eq", "parse-failed")
        assert re.match("the value cannot be written as JSON: ", message)


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_text_that_postgres_cannot_store_is_refused(reader: Reader, text: str) -> None:
    query = "query($n: String) {run(where: {name: {_eq: $n}}){id}}"
    path, message, code = reader.error(query, {"n": text})
    assert (path, code) == ("$", "data-exception")
    assert message.startswith('invalid byte sequence for encoding "UTF8"')


def test_variables_inside_a_json_literal_are_filled_in(reader: Reader) -> None:
    query = (
        "query($a: Int, $b: jsonb = {c: [d]})"
        " {run(where: {metadata: {_contains: {a: $a, b: [$b]}}}){id}}"
    )
    assert reader.values(query, {"a": 1}) == ['{"a":1,"b":[{"c":["d"]}]}']

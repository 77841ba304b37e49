"""Postgres's scalars, read from what Hasura answers and written to what Postgres reads."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from run_logger.codegen.imports import Imports
from run_logger.codegen.scalars import Scalar, Scalars
from run_logger.scalars import Bytea, Interval, Numeric, Timetz
from run_logger.wire import (
    send_bytea,
    send_float,
    send_interval,
    send_numeric,
    send_timestamp,
    send_timestamptz,
)


def read(type_: Any, value: Any) -> Any:
    return TypeAdapter(type_).validate_python(value)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("00:00:00", timedelta(0)),
        ("01:03:02", timedelta(hours=1, minutes=3, seconds=2)),
        ("-00:00:00.5", timedelta(seconds=-0.5)),
        ("1 day", timedelta(days=1)),
        ("3 days 04:05:06.789", timedelta(days=3, hours=4, minutes=5, seconds=6.789)),
        ("-1 days +02:03:00", timedelta(days=-1, hours=2, minutes=3)),
        ("100:00:00", timedelta(hours=100)),
        ("P1DT2H3M4.5S", timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
        ("PT-0.000001S", timedelta(microseconds=-1)),
        ("P2W", timedelta(weeks=2)),
    ],
)
def test_an_interval_is_read_as_postgres_and_iso_8601_write_it(text: str, span: timedelta) -> None:
    assert read(Interval, text) == span


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 mon", "has months or years"),
        ("2 years 1 day", 'interval = "str"'),
        ("P1M", "has months or years"),
        ("soon", "is no interval"),
        ("", "is no interval"),
        ("P", "is no interval"),
        ("999999999999 days", "longer than a timedelta"),
    ],
)
def test_an_interval_that_is_no_timedelta_says_so(text: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read(Interval, text)


@pytest.mark.parametrize(
    "span",
    [
        timedelta(0),
        timedelta(days=40, seconds=3723, microseconds=5),
        timedelta(microseconds=-1),
        -timedelta(days=2, hours=3),
        timedelta.max,
    ],
)
def test_an_interval_comes_back_as_it_was_sent(span: timedelta) -> None:
    text = send_interval(span)
    assert read(Interval, text) == span


def test_bytes_go_as_hex_text_and_come_back() -> None:
    assert send_bytea(b"\x00\xff") == r"\x00ff"
    assert read(Bytea, r"\x00ff") == b"\x00\xff"
    assert send_bytea([b"\x01", None, "text"]) == [r"\x01", None, "text"]
    with pytest.raises(ValidationError, match="bytea_output"):
        read(Bytea, "escaped")


def test_a_numeric_keeps_its_digits_and_what_is_no_number() -> None:
    assert send_numeric(Decimal("12345678901234567890.10")) == "12345678901234567890.10"
    assert read(Numeric, "12345678901234567890.10") == Decimal("12345678901234567890.10")
    assert read(Numeric, "NaN").is_nan()
    assert send_numeric(float("inf")) == "inf"
    assert send_numeric(3) == 3


def test_a_float_that_json_lacks_goes_as_text() -> None:
    assert send_float([1.5, float("nan"), float("-inf"), None]) == [1.5, "nan", "-inf", None]
    assert read(float, "-Infinity") == float("-inf")


def test_a_time_with_zone_is_read_as_postgres_shortens_it() -> None:
    assert read(Timetz, "15:22:23+00") == time(15, 22, 23, tzinfo=UTC)
    east = timezone(timedelta(hours=5, minutes=30))
    assert read(Timetz, "15:22:23.5+05:30") == time(15, 22, 23, 500_000, tzinfo=east)


def test_a_timestamp_that_would_change_its_meaning_is_refused() -> None:
    naive, aware = datetime(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC)  # noqa: DTZ001
    assert (send_timestamptz(aware), send_timestamp(naive)) == (aware, naive)
    assert send_timestamptz([None, "now"]) == [None, "now"]
    with pytest.raises(ValueError, match="has no time zone"):
        send_timestamptz(naive)
    with pytest.raises(ValueError, match="has a time zone, which this column does not keep"):
        send_timestamp([aware])


@pytest.mark.parametrize(
    ("scalar", "came", "given"),
    [
        ("String", "str", "str"),
        ("bigint", "int", "int"),
        ("jsonb", "Any", "Any"),
        ("numeric", "Numeric", "Union[Decimal, float]"),
        ("timestamptz", "AwareDatetime", "datetime"),
        ("timestamp", "NaiveDatetime", "datetime"),
        ("bytea", "Bytea", "bytes"),
        ("_text", "list[Optional[str]]", "Sequence[Optional[str]]"),
        ("_int8", "list[Optional[int]]", "Sequence[Optional[int]]"),
        ("_jsonb", "list[Any]", "Sequence[Any]"),
        ("mine", "Mine", "Mine"),
        ("_mine", "list[Optional[Mine]]", "Sequence[Optional[Mine]]"),
    ],
)
def test_a_scalar_has_a_python_type(scalar: str, came: str, given: str) -> None:
    scalars, imports = Scalars({"mine": Scalar("lab.types.Mine", ("lab.types.Mine",))}), Imports([])
    assert (scalars.read(scalar, imports), scalars.given(scalar, imports)) == (came, given)
    assert scalars.unknown == set()


def test_a_scalar_that_nobody_knows_is_json_and_is_named() -> None:
    scalars, imports = Scalars({}), Imports([])
    assert (scalars.read("halfpipe", imports), scalars.given("_halfpipe", imports)) == (
        "Any",
        "Any",
    )
    assert scalars.unknown == {"halfpipe", "_halfpipe"}

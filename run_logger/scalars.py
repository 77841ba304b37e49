"""How a generated client reads Postgres's scalars: types for pydantic.

`run_logger.wire` has the other way.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from run_logger.wire import ExactFloat

__all__ = ["Bytea", "Interval", "Numeric", "Timetz"]

_UNITS = {"year": 0, "mon": 1, "day": 2}
_POSTGRES = re.compile(r"([-+]?\d+) (year|mon|day)s?\b")
_CLOCK = re.compile(r"([-+]?)(\d+):(\d\d):(\d\d(?:\.\d+)?)$")
_NUMBER = r"([-+]?\d+(?:\.\d+)?)"
_ISO = re.compile(
    rf"P(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?$"
)
_SHORT_OFFSET = re.compile(r"[+-]\d\d$")


def _read_bytea(value: Any) -> Any:
    r"""Return the bytes of hex text: `\x`, then two digits a byte."""
    if not isinstance(value, str):
        return value
    if not value.startswith("\\x"):
        raise ValueError("bytea comes as hex text here; set bytea_output to hex in the database")
    return bytes.fromhex(value[2:])


def _read_interval(value: Any) -> Any:
    """Return the timedelta of an interval as Postgres or ISO 8601 writes it."""
    if not isinstance(value, str):
        return value
    read = _iso_interval if value.startswith("P") else _postgres_interval
    months, days, seconds = read(value)
    if months:
        raise ValueError(
            f"the interval {value!r} has months or years, whose length a timedelta does not know;"
            ' map it to text: interval = "str" in [tool.run-logger.generate.scalars]'
        )
    try:
        return timedelta(microseconds=int((days * 86_400 + seconds) * 1_000_000))
    except OverflowError:
        raise ValueError(f"the interval {value!r} is longer than a timedelta can be") from None


def _postgres_interval(text: str) -> tuple[Decimal, Decimal, Decimal]:
    amounts = [Decimal(0), Decimal(0), Decimal(0)]
    rest = text
    while match := _POSTGRES.match(rest):
        amounts[_UNITS[match[2]]] += Decimal(match[1])
        rest = rest[match.end() :].lstrip()
    seconds = _clock(rest) if rest else Decimal(0)
    if seconds is None or not text:
        raise ValueError(f"{text!r} is no interval of Postgres's or ISO 8601's")
    years, months, days = amounts
    return years * 12 + months, days, seconds


def _clock(text: str) -> Decimal | None:
    match = _CLOCK.match(text)
    if match is None:
        return None
    sign = -1 if match[1] == "-" else 1
    return sign * (Decimal(match[2]) * 3600 + Decimal(match[3]) * 60 + Decimal(match[4]))


def _iso_interval(text: str) -> tuple[Decimal, Decimal, Decimal]:
    match = _ISO.match(text)
    if match is None or not any(match.groups()):
        raise ValueError(f"{text!r} is no interval of Postgres's or ISO 8601's")
    years, months, weeks, days, hours, minutes, seconds = (
        Decimal(part or 0) for part in match.groups()
    )
    return years * 12 + months, weeks * 7 + days, hours * 3600 + minutes * 60 + seconds


def _read_timetz(value: Any) -> Any:
    """Complete the zone of a time, which Postgres shortens to its hours."""
    if isinstance(value, str) and _SHORT_OFFSET.search(value):
        return f"{value}:00"
    return value


def _read_numeric(value: Any) -> Any:
    """Return a number with the digits that came; "NaN" and "Infinity" come as text."""
    if isinstance(value, ExactFloat):
        return Decimal(value.text)
    return Decimal(value) if isinstance(value, str) else value


Bytea = Annotated[bytes, BeforeValidator(_read_bytea)]
"""Bytes, which come as hex text."""

Interval = Annotated[timedelta, BeforeValidator(_read_interval)]
"""A span of days and seconds; one with months or years is an error that says what to do."""

Timetz = Annotated[time, BeforeValidator(_read_timetz)]
"""A time of day with its zone."""

Numeric = Annotated[Decimal, Field(allow_inf_nan=True), BeforeValidator(_read_numeric)]
"""A decimal number of any size, NaN and the infinities included."""

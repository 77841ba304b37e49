"""How a generated client sends Postgres's scalars that JSON has no form for.

Each function takes a value, a list of values or None, and leaves alone what JSON can take as it
is: a string goes to Postgres as text, whatever the type. `run_logger.scalars` has the other way.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

__all__ = [
    "ExactFloat",
    "send_bytea",
    "send_float",
    "send_interval",
    "send_numeric",
    "send_timestamp",
    "send_timestamptz",
]


class ExactFloat(float):
    """A number of an answer that remembers its text, for those who need each digit.

    Args:
        text: The number as JSON has it.
    """

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> Self:
        """Make one."""
        made = super().__new__(cls, text)
        made.text = text
        return made


def send_bytea(value: Any) -> Any:
    r"""Return bytes as the text that Postgres reads: `\x`, then two digits a byte."""
    return _each(value, (bytes, bytearray, memoryview), lambda data: rf"\x{bytes(data).hex()}")


def send_interval(value: Any) -> Any:
    """Return a timedelta as the text of an interval: days, then hours, minutes and seconds."""
    return _each(value, (timedelta,), _interval_text)


def send_numeric(value: Any) -> Any:
    """Return a Decimal as its text, which keeps every digit; a float that JSON lacks likewise."""
    return _each(send_float(value), (Decimal,), str)


def send_float(value: Any) -> Any:
    """Return NaN and the infinities as the text that Postgres reads, other floats as they are."""
    if type(value) is float and math.isfinite(value):
        return value
    return _each(value, (float,), lambda number: number if math.isfinite(number) else str(number))


def send_timestamptz(value: Any) -> Any:
    """Return times as they are, if they have a zone.

    Raises:
        ValueError: One has none: the server would read it in a zone of its own.
    """
    return _each(value, (datetime,), _with_zone)


def send_timestamp(value: Any) -> Any:
    """Return times as they are, if they have no zone.

    Raises:
        ValueError: One has a zone, which the server would drop.
    """
    return _each(value, (datetime,), _without_zone)


def _each(value: Any, types: tuple[type, ...], convert: Callable[[Any], Any]) -> Any:
    """Convert a value of these types, and those in a list; return anything else as it is."""
    if isinstance(value, types):
        return convert(value)
    if isinstance(value, (list, tuple)):
        items: list[Any] = [*value]
        return [_each(item, types, convert) for item in items]
    return value


def _interval_text(span: timedelta) -> str:
    sign = "-" if span < timedelta(0) else ""
    size = abs(span)
    minutes, seconds = divmod(size.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours:02}:{minutes:02}:{seconds:02}.{size.microseconds:06}"
    return f"{sign}{size.days} days {sign}{clock}"


def _with_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(
            f"{moment.isoformat()} has no time zone, and this column needs one;"
            " give it one: datetime.now(tz=UTC), or moment.astimezone() for local time"
        )
    return moment


def _without_zone(moment: datetime) -> datetime:
    if moment.tzinfo is not None:
        raise ValueError(
            f"{moment.isoformat()} has a time zone, which this column does not keep;"
            " convert it and drop the zone: moment.astimezone(UTC).replace(tzinfo=None)"
        )
    return moment

"""Values of Postgres types: what a type takes, as Hasura v2 reads it, and the text of a value.

Any type takes a string, which Postgres reads. A JSON type takes any value. Beyond that numbers,
booleans and lists go where they belong.
"""

from __future__ import annotations

import math
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from run_logger.local.request.syntax import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from run_logger.local.catalog import PgType

# What a value becomes inside the JSON text of an insert's rows.
Cell: TypeAlias = "Callable[[Any], Any]"

_INTEGERS: Final = {
    "int2": (-(2**15), 2**15 - 1),
    "int4": (-(2**31), 2**31 - 1),
    "int8": (-(2**63), 2**63 - 1),
}
# The types that take only strings, with their names in the messages of Hasura's JSON library.
_STRINGS: Final = {
    "text": "Text",
    "varchar": "Text",
    "citext": "Text",
    "bpchar": "Text",
    "char": "Text",
    "uuid": "UUID",
    "date": "Day",
    "timestamp": "LocalTime",
    "timestamptz": "UTCTime",
    "timetz": "ZonedTimeOfDay",
}
# Hasura spells a number out between these bounds and uses an exponent outside of them.
_SPELLED_FROM: Final = Decimal("0.1")
_SPELLED_BELOW: Final = Decimal(10**7)
_MOST_MONEY: Final = Decimal(10**17)


class BadValueError(ValueError):
    """A value that is not of the type; the message is Hasura's."""


def text_of(type_: PgType, value: Any) -> str | None:
    """Return the text that Postgres casts to the type, None for NULL.

    Args:
        type_: The Postgres type.
        value: A JSON value; numbers may be Decimal.

    Raises:
        BadValueError: If the type does not take the value.
    """
    if value is None:
        return None
    return _spell(value, _reader_of(type_))


def _spell(value: Any, cell: Cell) -> str:
    item = cell(value)
    if isinstance(item, str):
        return item
    if isinstance(item, bool):
        return "true" if item else "false"
    return str(item)


def _reader_of(type_: PgType) -> Cell:
    # The cell of a jsonb is the value itself, which has yet to be written.
    return json_text if type_.is_json else cell_of(type_)


def _item_reader_of(type_: PgType) -> Cell:
    return _document_text if type_.is_json else cell_of(type_)


def _document_text(value: Any) -> str:
    """Return an item of an array of JSON: as with Hasura v2 a string may hold a document."""
    if isinstance(value, str) and _is_json(value):
        return value
    return json_text(value)


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def cell_of(type_: PgType) -> Cell:
    """Return what makes a value that is not null into a cell of the JSON of an insert's rows.

    The function raises BadValueError for a value that the type does not take.
    """
    if type_.element is not None:
        return _array_cell(type_.element)
    if type_.name == "jsonb":
        return _as_it_is
    if type_.name == "json":
        return json_text
    if type_.kind != "base":
        return _string_only(type_)
    return _BASE_CELLS.get(type_.name) or _string_only(type_)


def array_text(element: PgType, items: Iterable[Any]) -> str:
    """Return the text of an array: `{"1",NULL,"a b"}`.

    Args:
        element: The type of its elements.
        items: JSON values; of a multidimensional array, lists.

    Raises:
        BadValueError: If the type does not take one of the items.
    """
    return _array_text(_item_reader_of(element), items, nested=not element.is_json)


def _array_text(cell: Cell, items: Iterable[Any], *, nested: bool) -> str:
    texts: list[str] = []
    for item in items:
        if item is None:
            texts.append("NULL")
        elif nested and is_list(item):
            texts.append(_array_text(cell, item, nested=True))
        else:
            texts.append(_quoted(_spell(item, cell)))
    return "{" + ",".join(texts) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def json_text(value: Any) -> str:
    """Return a value as JSON, with its numbers as exact as they came.

    Raises:
        BadValueError: If it is nested too deeply, or holds half of a surrogate pair.
    """
    try:
        return orjson.dumps(value, default=_exact).decode()
    except TypeError:
        return _json_text_of_giants(value)


def _json_text_of_giants(value: Any) -> str:
    try:
        return orjson.dumps(_spelled_out(value), default=_exact).decode()
    except (TypeError, RecursionError) as error:
        raise BadValueError(f"the value cannot be written as JSON: {error}") from error


def _spelled_out(value: Any) -> Any:
    """Return the value with the integers that orjson refuses as text."""
    if is_list(value):
        return [_spelled_out(item) for item in value]
    if is_object(value):
        return {key: _spelled_out(item) for key, item in value.items()}
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return orjson.Fragment(str(Decimal(value)))
    return value


def _exact(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is no JSON")


def whole_number(value: Any, low: int, high: int) -> int:
    """Return a number as an integer between two bounds, both included.

    Raises:
        BadValueError: If it is no whole number, or lies outside.
    """
    # The bounds come first: the integer of a Decimal may be too large for any memory.
    if low <= value <= high and value == int(value):
        return int(value)
    raise BadValueError(
        f"The value {_scientific(value)} lies outside the bounds or is not an integer."
        " Maybe it is a float, or is there integer overflow?"
    )


def _scientific(value: float | Decimal) -> str:
    """Spell a number as Hasura's messages do: `1.5`, `2.147483648e9`."""
    number = _decimal(value)
    if not number.is_finite() or not number:
        return str(number) if number else "0.0"
    sign, digits, _ = number.as_tuple()
    minus = "-" if sign else ""
    if _SPELLED_FROM <= number.copy_abs() < _SPELLED_BELOW:
        plain = f"{number.copy_abs():f}"
        return minus + (plain if "." in plain else f"{plain}.0")
    significant = "".join(map(str, digits)).rstrip("0")
    return f"{minus}{significant[0]}.{significant[1:] or '0'}e{number.adjusted()}"


def _decimal(value: float | Decimal) -> Decimal:
    # The digits that a float is written with, and not those of its binary value.
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _as_it_is(value: Any) -> Any:
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    """Name the kind of a JSON value as Hasura's JSON library does."""
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, str):
        return "String"
    if isinstance(value, list):
        return "Array"
    return "Object" if isinstance(value, dict) else "Number"


def _string_only(type_: PgType) -> Cell:
    def cell(value: Any) -> str:
        if isinstance(value, str):
            return value
        raise BadValueError(f"A string is expected for type: {type_.name}")

    return cell


def _string_cell(name: str) -> Cell:
    def cell(value: Any) -> str:
        if isinstance(value, str):
            return value
        raise BadValueError(
            f"parsing {name} failed, expected String, but encountered {_kind(value)}"
        )

    return cell


def _integer_cell(name: str, low: int, high: int) -> Cell:
    def cell(value: Any) -> int | str:
        if isinstance(value, str) or (type(value) is int and low <= value <= high):
            return value
        _require_number(value, f"Integer expected for input type: {name}")
        return whole_number(value, low, high)

    return cell


def _float_cell(name: str) -> Cell:
    def cell(value: Any) -> Any:
        if isinstance(value, (str, float)):
            return value
        _require_number(value, f"Float expected for input type: {name}")
        if math.isfinite(float(_decimal(value))):
            return value
        raise BadValueError(
            f"The value {_scientific(value)} lies outside the bounds."
            " Is it overflowing the float bounds?"
        )

    return cell


def _numeric(value: Any) -> Any:
    if isinstance(value, (str, float)):
        return value
    _require_number(value, "Scientific")
    return value


def _money(value: Any) -> str:
    if isinstance(value, str):
        return value
    _require_number(value, "Scientific")
    if not -_MOST_MONEY < value < _MOST_MONEY:
        raise BadValueError(f"The value {_scientific(value)} lies outside the bounds.")
    # Postgres reads no exponent in an amount of money.
    return f"{_decimal(value):.2f}"


def _boolean(value: Any) -> bool | str:
    if isinstance(value, (bool, str)):
        return value
    raise BadValueError(f"parsing Bool failed, expected Boolean, but encountered {_kind(value)}")


def _array_cell(element: PgType) -> Cell:
    def cell(value: Any) -> str:
        if isinstance(value, str):
            return value
        if is_list(value):
            return array_text(element, value)
        raise BadValueError(f"parsing [] failed, expected Array, but encountered {_kind(value)}")

    return cell


def _require_number(value: Any, what: str) -> None:
    if not _is_number(value):
        raise BadValueError(
            f"parsing {what} failed, expected Number, but encountered {_kind(value)}"
        )


_BASE_CELLS: Final[Mapping[str, Cell]] = {
    **{name: _integer_cell(name, *bounds) for name, bounds in _INTEGERS.items()},
    **{name: _string_cell(parsed) for name, parsed in _STRINGS.items()},
    "float4": _float_cell("float4"),
    "float8": _float_cell("float8"),
    "numeric": _numeric,
    "money": _money,
    "bool": _boolean,
}

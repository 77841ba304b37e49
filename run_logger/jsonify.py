"""What Python values become in JSON, and the bytes of it.

`jsonify` walks a value; `encode` leaves the walking to orjson and falls back on `jsonify` for
what orjson refuses. Both come to the same: they share the step from one value to a plainer one.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard, cast
from uuid import UUID

import orjson

from run_logger.json_path import json_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    import numpy as np
    from _typeshed import DataclassInstance

__all__ = ["decode", "encode", "jsonify", "without_nul"]

MAX_DEPTH = 254
"""How deep lists and mappings may nest: what orjson allows, which does not count tuples."""

_REFUSED_BY_POSTGRES = re.compile("[\x00\ud800-\udfff]")
_ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# What orjson would write by rules of its own comes to `_plainer` instead.
_OPTIONS = (
    orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_INT64 = range(-(2**63), 2**64)

# Arrays that orjson writes as it writes their `tolist`. Not so float32 and float16, for which it
# has a shortest text of its own; the other byte order it does not take.
_NATIVE = "<" if sys.byteorder == "little" else ">"
_SAME_TEXT = {"|b1", "|i1", "|u1"} | {
    _NATIVE + size for size in ("i2", "i4", "i8", "u2", "u4", "u8", "f8")
}


def jsonify(value: Any) -> Any:
    """Return a value as JSON types: None, bool, int, float, str, list, and dict with str keys.

    NaN and the infinities become None. A path, UUID or str subclass becomes a str; a date, time
    or datetime (numpy's too) its ISO 8601 text; an Enum its value; a Decimal the nearest float;
    a dataclass, pydantic model or record of a structured array a dict; an array, tensor or
    whatever else has `tolist()` nested lists of Python numbers; what has `__json__()` what that
    returns; any other iterable a list.
    U+0000 and lone surrogates, which Postgres refuses, become U+FFFD. Keys become the text that
    JSON has for them; of two keys that become equal the later one stands, as in jsonb.

    Args:
        value: Anything; a generator in it is used up.

    Raises:
        TypeError: Something in it has no JSON form (bytes, complex numbers, a cycle, more than
            254 levels, objects); the message names its path, such as `metrics.images[2]`.
    """
    return _Walk().plain(value)


def encode(value: Any) -> bytes:
    r"""Return the bytes of `jsonify(value)`, as UTF-8 without spaces.

    U+0000 is the one exception: it stays, written `\u0000`, and `without_nul` takes it out later,
    which keeps a search through every byte from the hot path.

    Args:
        value: Anything; a generator in it is used up.

    Raises:
        TypeError: As from `jsonify`.
    """
    try:
        return orjson.dumps(value, _for_orjson, _OPTIONS)
    except TypeError:
        return orjson.dumps(_with_big_ints(jsonify(value)))


def without_nul(text: bytes) -> bytes:
    r"""Return JSON text with every `\u0000` in its strings replaced by U+FFFD.

    Args:
        text: Valid JSON; a backslash that is itself escaped begins no `\u0000`.
    """
    # There is none behind the last backslash; that one is found sooner.
    if text.find(rb"\u0000", 0, text.rfind(b"\\") + len(rb"\u0000")) < 0:
        return text
    return _ESCAPED_NUL.sub(rb"\1" + _REPLACEMENT.encode(), text)


def decode(text: bytes | str) -> Any:
    """Return what JSON text says; ints of any size stay ints, which orjson makes floats of.

    Args:
        text: Valid JSON.
    """
    # Through Decimal: `int` refuses more than 4,300 digits.
    return json.loads(text, parse_int=lambda digits: int(Decimal(digits)))


class _Walk:
    """One walk through a value; it knows the way from the root to where it stands."""

    __slots__ = ("above", "steps")

    def __init__(self) -> None:
        self.steps: list[object] = []
        self.above: set[int] = set()

    def plain(self, value: Any) -> Any:
        original = value
        for _ in range(MAX_DEPTH):
            if value is None or type(value) in (bool, int):
                return value
            if type(value) is str:
                return _clean(value)
            if type(value) is float:
                return value if math.isfinite(value) else None
            if type(value) in (dict, list, tuple):
                return self._plain_container(value, original)
            value = self._plainer(value)
        raise self._refusal(type(original).__name__)

    def _plain_container(self, value: Any, original: Any) -> Any:
        self._enter(original)
        plain = self._plain_dict(value) if _is_mapping(value) else self._plain_list(value)
        self.steps.pop()
        self.above.discard(id(original))
        return plain

    def _enter(self, original: Any) -> None:
        if id(original) in self.above:
            raise self._refusal("a value that contains itself")
        if len(self.steps) >= MAX_DEPTH:
            raise self._refusal(f"a value of more than {MAX_DEPTH} levels")
        self.above.add(id(original))
        self.steps.append(None)

    def _plain_list(self, items: Sequence[Any]) -> list[Any]:
        plain: list[Any] = []
        for index, item in enumerate(items):
            self.steps[-1] = index
            plain.append(self.plain(item))
        return plain

    def _plain_dict(self, items: Mapping[Any, Any]) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for key, value in items.items():
            self.steps[-1] = key
            plain[self._key(key)] = self.plain(value)
        return plain

    def _key(self, key: Any) -> str:
        if type(key) is str:
            return _clean(key)
        plain = self.plain(key)
        if isinstance(plain, str):
            return plain
        if isinstance(plain, (list, dict)):
            raise self._refusal(f"a key of type {type(key).__name__}")
        return orjson.dumps(_with_big_ints(plain)).decode()

    def _plainer(self, value: Any) -> Any:
        try:
            return _plainer(value)
        except _NoJsonFormError:
            raise self._refusal(type(value).__name__) from None

    def _refusal(self, what: str) -> TypeError:
        place = json_path(self.steps) or "the value"
        return TypeError(f"{place}: {what} has no JSON form; convert it first, or leave it out")


class _NoJsonFormError(TypeError):
    """A value has no plainer form; who walks adds its path."""


def _clean(text: str) -> str:
    return _REFUSED_BY_POSTGRES.sub(_REPLACEMENT, text)


def _for_orjson(value: Any) -> Any:
    own = getattr(cast("Any", type(value)), "__json__", None)
    if own is not None:
        return own(value)
    if isinstance(value, Iterator):
        # If orjson then fails further on, the walk would find it used up.
        raise _NoJsonFormError
    numpy = _numpy()
    if numpy is not None and type(value) is numpy.ndarray:
        return _fragment(value)
    return _plainer(value)


def _fragment(array: np.ndarray[Any, Any]) -> Any:
    """Return an array for orjson: written as it lies in memory where that gives the same text."""
    if array.dtype.str not in _SAME_TEXT or not array.flags.c_contiguous or array.ndim == 0:
        return _from_array(array)
    return orjson.Fragment(orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY))


def _plainer(value: Any) -> Any:
    """Return a value one step nearer to JSON's types."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (str, int, float)):
        return _base_value(value)
    for types, convert in _CONVERSIONS:
        if isinstance(value, types):
            return convert(value)
    return _plainer_object(value)


def _base_value(value: str | float) -> str | float:
    """Return an instance of a subclass as one of str, int or float."""
    if isinstance(value, str):
        return str.__str__(value)
    return int(value) if isinstance(value, int) else float(value)


def _from_decimal(value: Decimal) -> float | None:
    return None if value.is_nan() else float(value)


def _refuse(_value: object) -> NoReturn:
    raise _NoJsonFormError


_CONVERSIONS: tuple[tuple[tuple[type, ...], Callable[[Any], Any]], ...] = (
    ((PurePath, UUID), str),
    ((dt.date, dt.time), lambda value: value.isoformat()),
    ((Decimal,), _from_decimal),
    ((orjson.Fragment,), lambda value: decode(value.contents)),
    ((bytes, bytearray, memoryview), _refuse),
)


def _plainer_object(value: Any) -> Any:
    array = _as_array(value)
    if array is not None:
        return _from_array(array)
    if _is_dataclass_instance(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    for method in ("__json__", "model_dump", "tolist"):
        if hasattr(cast("Any", type(value)), method):
            return getattr(value, method)()
    if _is_mapping(value):
        return dict(value)
    if _is_iterable(value):
        return list(value)
    raise _NoJsonFormError


def _is_dataclass_instance(value: Any) -> TypeGuard[DataclassInstance]:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _is_mapping(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _is_iterable(value: Any) -> TypeGuard[Iterable[Any]]:
    return isinstance(value, Iterable)


def _numpy() -> ModuleType | None:
    """Return numpy if somebody has imported it: else no value can be of its types."""
    return sys.modules.get("numpy")


def _as_array(value: Any) -> np.ndarray[Any, Any] | None:
    """Return an array, or a numpy scalar as one of no dimensions; None for anything else."""
    numpy = _numpy()
    if numpy is None or not isinstance(value, (numpy.ndarray, numpy.generic)):
        return None
    return cast("np.ndarray[Any, Any]", numpy.asanyarray(value))


def _from_array(array: np.ndarray[Any, Any]) -> Any:
    """Return Python values: nested lists of them, or one for an array of no dimensions."""
    if array.dtype.names:
        return _from_records(array)
    if array.dtype.kind == "M":
        return _from_datetimes(array)
    if array.dtype.kind in "cmSV":  # complex, timedelta, bytes, void
        raise _NoJsonFormError
    if array.dtype.char == "g":
        return _from_long_doubles(array)
    return array.tolist()


def _from_records(array: np.ndarray[Any, Any]) -> Any:
    if array.ndim > 0:
        return [*array]
    return {name: array[name] for name in array.dtype.names or ()}


def _from_datetimes(array: np.ndarray[Any, Any]) -> Any:
    texts = array.astype(str).astype(object)
    texts[array != array] = None  # noqa: PLR0124  (NaT alone differs from itself)
    return texts.tolist()


def _from_long_doubles(array: np.ndarray[Any, Any]) -> Any:
    import numpy as np  # noqa: PLC0415  (loaded already, or there would be no such array)

    with np.errstate(over="ignore"):  # beyond the range of a double: null, as infinity is
        return array.astype(np.float64).tolist()


def _with_big_ints(plain: Any) -> Any:
    """Return JSON types with every int that orjson refuses as the text of its digits."""
    if _is_mapping(plain):
        return {key: _with_big_ints(value) for key, value in plain.items()}
    if _is_list(plain):
        return [_with_big_ints(item) for item in plain]
    if isinstance(plain, int) and plain not in _INT64:
        # Through Decimal: `str` refuses ints of more than 4,300 digits.
        return orjson.Fragment(format(Decimal(plain), "f"))
    return plain


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)

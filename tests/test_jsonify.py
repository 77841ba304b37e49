"""What values become in JSON, and that the quick way to its bytes comes to the same."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import types
from collections import OrderedDict, deque
from decimal import Decimal
from enum import Enum, Flag, IntEnum
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import numpy as np
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from run_logger.hasura_logger import jsonify as public_jsonify
from run_logger.jsonify import MAX_DEPTH, encode, jsonify, without_nul

if TYPE_CHECKING:
    from collections.abc import Callable

UTC = dt.UTC


class Colour(Enum):
    RED = "red"
    WHERE = Path("/etc")


class Level(IntEnum):
    LOW = 1


class Bits(Flag):
    A = 1


class Text(str):
    __slots__ = ()


class Whole(int):
    pass


@dataclasses.dataclass
class Net:
    depth: int
    path: Path
    _hidden: float = math.nan


class Model(pydantic.BaseModel):
    path: Path
    scores: set[int]


class Row(NamedTuple):
    x: int
    y: float


class Tensor:
    """What torch and jax have in common."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __repr__(self) -> str:
        """Name the test's case the same way in every process."""
        return f"Tensor({self.values})"

    def tolist(self) -> Any:
        return self.values


RECORDS = np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f4")])

CASES: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (2**70, 2**70),
    (-0.0, -0.0),
    (math.nan, None),
    (math.inf, None),
    (-math.inf, None),
    ("text", "text"),
    (Text("text"), "text"),
    (Whole(3), 3),
    (Path("/a/b"), "/a/b"),
    (PureWindowsPath("a", "b"), "a\\b"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (dt.datetime(2026, 1, 2, 3, 4, 5, 6), "2026-01-02T03:04:05.000006"),  # noqa: DTZ001  naive on purpose
    (dt.datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
    (dt.date(2026, 1, 2), "2026-01-02"),
    (dt.time(3, 4, tzinfo=UTC), "03:04:00+00:00"),
    (Colour.RED, "red"),
    (Colour.WHERE, "/etc"),
    (Level.LOW, 1),
    (Bits.A, 1),
    (Decimal("1.5"), 1.5),
    (Decimal("NaN"), None),
    (Decimal("-Infinity"), None),
    (Net(3, Path("x")), {"depth": 3, "path": "x", "_hidden": None}),
    (Model(path=Path("x"), scores={1}), {"path": "x", "scores": [1]}),
    (Row(1, 2.5), [1, 2.5]),
    ((1, [2, (3,)]), [1, [2, [3]]]),
    ({7}, [7]),
    (frozenset({"a"}), ["a"]),
    (range(3), [0, 1, 2]),
    (deque([1, 2]), [1, 2]),
    (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    (types.MappingProxyType({"a": {1}}), {"a": [1]}),
    (Tensor([[1.0, math.nan]]), [[1.0, None]]),
    (Tensor(2), 2),
    (np.float64(1.5), 1.5),
    (np.float64("nan"), None),
    (np.float32(0.1), 0.10000000149011612),
    (np.float16(0.1), 0.0999755859375),
    (np.longdouble("0.5"), 0.5),
    (np.longdouble("1e4000"), None),
    (np.int8(-3), -3),
    (np.uint64(2**64 - 1), 2**64 - 1),
    (np.bool_(True), True),
    (np.str_("a"), "a"),
    (np.datetime64("2026-01-02"), "2026-01-02"),
    (np.datetime64("2026-01-02T03:04:05.123"), "2026-01-02T03:04:05.123"),
    (np.datetime64("NaT"), None),
    (np.array(3), 3),
    (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    (np.array([[1, 2], [3, 4]]).T, [[1, 3], [2, 4]]),
    (np.arange(6)[::2], [0, 2, 4]),
    (np.array([0.5, np.nan, np.inf, -0.0]), [0.5, None, None, -0.0]),
    (np.array([0.1], "f4"), [0.10000000149011612]),
    (np.array([0.1], "f2"), [0.0999755859375]),
    (np.array([0.5, np.nan], "g"), [0.5, None]),
    (np.array([1.5], ">f8"), [1.5]),
    (np.array([True, False]), [True, False]),
    (np.array(["a", "b"]), ["a", "b"]),
    (np.array([1, "a", None, Path("x")], object), [1, "a", None, "x"]),
    (np.array(["2026", "NaT"], "M8[ns]"), ["2026-01-01T00:00:00.000000000", None]),
    (np.ma.array([1.0, 2.0], mask=[False, True]), [1.0, None]),
    (np.zeros((0, 3)), []),
    (RECORDS, [{"a": 1, "b": 2.5}]),
    (RECORDS[0], {"a": 1, "b": 2.5}),
    ("a\x00b", "a\ufffdb"),
    ("a\ud800b", "a\ufffdb"),
    ("\\u0000", "\\u0000"),
    (["\\\x00\x00"], ["\\\ufffd\ufffd"]),
    ({"k\x00": 1, "\udfff": 2}, {"k\ufffd": 1, "\ufffd": 2}),
    (
        {1: "int", 1.5: "float", False: "bool", None: "none", Path("p"): "path"},
        {"1": "int", "1.5": "float", "false": "bool", "null": "none", "p": "path"},
    ),
    (
        {UUID(int=1): 1, Colour.RED: 2, dt.date(2026, 1, 2): 3, np.int64(4): 4, 2**70: 5},
        {
            "00000000-0000-0000-0000-000000000001": 1,
            "red": 2,
            "2026-01-02": 3,
            "4": 4,
            "1180591620717411303424": 5,
        },
    ),
    ({1: "first", "1": "later"}, {"1": "later"}),
    ({"1": "first", 1: "later"}, {"1": "later"}),
]


@pytest.mark.parametrize(("value", "expected"), CASES, ids=[repr(value) for value, _ in CASES])
def test_a_value_becomes_json(value: Any, expected: Any) -> None:
    plain = jsonify(value)
    assert same(plain, expected)
    assert same(json.loads(without_nul(encode(value))), expected)


def same(one: Any, other: Any) -> bool:
    """Tell equality of type and sign as well: 1 is not 1.0 here, nor 0.0 the same as -0.0."""
    return repr(one) == repr(other)


def test_the_public_name_stands_beside_the_logger() -> None:
    assert public_jsonify is jsonify


def test_a_generator_is_read_once() -> None:
    def numbers() -> Any:
        yield from (1, 2)

    assert jsonify(numbers()) == [1, 2]
    assert encode({"a": numbers(), "b": {1: "a key that orjson refuses"}}) == (
        b'{"a":[1,2],"b":{"1":"a key that orjson refuses"}}'
    )


def test_the_same_value_twice_is_no_cycle() -> None:
    shared = [1]
    assert jsonify([shared, shared, {"a": shared}]) == [[1], [1], {"a": [1]}]


def test_the_value_is_copied() -> None:
    values = {"a": [1]}
    plain = jsonify(values)
    values["a"].append(2)
    assert plain == {"a": [1]}


def test_an_int_of_any_size_keeps_its_digits() -> None:
    number = 10**5000 + 1
    assert jsonify(number) == number
    assert encode([number]) == b"[1" + b"0" * 4999 + b"1]"


def cyclic_list() -> Any:
    cycle: list[Any] = [1]
    cycle.append({"again": cycle})
    return {"a": cycle}


def cyclic_dataclass() -> Any:
    net = Net(1, Path())
    net.depth = [net]  # type: ignore[assignment]
    return net


Endless = type("Endless", (), {"tolist": lambda self: type(self)()})

REFUSED: list[tuple[Any, str]] = [
    ({"metrics": {"images": [1, 2, b"x"]}}, "metrics.images[2]: bytes"),
    (b"x", "the value: bytes"),
    ({"a": bytearray(b"x")}, "a: bytearray"),
    ({"a": memoryview(b"x")}, "a: memoryview"),
    ({"a b": [object()]}, '["a b"][0]: object'),
    ([1j], "[0]: complex"),
    ({"z": np.zeros(2, complex)}, "z: ndarray"),
    ({"z": np.complex128(1)}, "z: complex128"),
    ({"t": np.timedelta64(1, "s")}, "t: timedelta64"),
    ({"t": dt.timedelta(1)}, "t: timedelta"),
    ({"s": np.array([b"x"])}, "s: ndarray"),
    ({"o": np.array([1, b"x"], object)}, "o[1]: bytes"),
    ({"r": np.array([(1, 1j)], [("a", "i4"), ("b", "c8")])}, "r[0].b: ndarray"),
    ({"net": Net(1, b"x")}, "net.path: bytes"),  # type: ignore[arg-type]
    ({(1, 2): 3}, '["(1, 2)"]: a key of type tuple'),
    ({b"k": 3}, "[\"b'k'\"]: bytes"),
    (cyclic_list(), "a[1].again: a value that contains itself"),
    (cyclic_dataclass(), "depth[0]: a value that contains itself"),
    ({"e": Endless()}, "e: Endless"),
    ({"l": len}, "l: builtin_function_or_method"),
]


@pytest.mark.parametrize("convert", [jsonify, encode])
@pytest.mark.parametrize(("value", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_has_no_json_form_is_named_by_its_path(
    convert: Callable[[Any], Any], value: Any, message: str
) -> None:
    with pytest.raises(TypeError) as error:
        convert(value)
    assert str(error.value).startswith(f"{message} has no JSON form")


@pytest.mark.parametrize("convert", [jsonify, encode])
@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_lists_and_mappings_nest_as_deep_as_orjson_goes(
    convert: Callable[[Any], Any], wrap: Callable[[Any], Any]
) -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH):
        value = wrap(value)
    convert(value)
    with pytest.raises(TypeError, match="more than 254 levels"):
        convert(wrap(value))


def test_a_depth_of_ten_thousand_is_an_error_as_any() -> None:
    value: Any = 1
    for _ in range(10_000):
        value = [value]
    with pytest.raises(TypeError, match="more than 254 levels"):
        encode(value)


SCALARS: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=4)
    | st.sampled_from(["\x00", "\\u0000", "\ud800", "\\\x00"])
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.dates()
    | st.times()
    | st.uuids()
    | st.decimals()
    | st.sampled_from([*Colour, *Level, *Bits, Path("p"), Text("t"), Whole(1)])
    | st.floats(width=32).map(np.float32)
    | st.floats().map(np.float64)
    | st.integers(-128, 127).map(np.int8)
    | st.datetimes().map(np.datetime64)
)
DTYPES = (
    arrays.boolean_dtypes()
    | arrays.integer_dtypes(endianness="?")
    | arrays.unsigned_integer_dtypes(endianness="?")
    | arrays.floating_dtypes(endianness="?")
    | arrays.datetime64_dtypes()
    | arrays.unicode_string_dtypes()
    | st.just(np.dtype("g"))
    | st.just(np.dtype([("a", "i4"), ("b", "f8", (2,))]))
)
ARRAYS = arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, min_side=0, max_side=3))
KEYS = st.text(max_size=3) | st.integers() | st.floats() | st.none() | st.sampled_from([*Colour])
VALUES = st.recursive(
    SCALARS | ARRAYS | ARRAYS.map(np.transpose),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(KEYS, inner, max_size=3)
        | inner.map(lambda value: Net(value, Path()))
        | inner.map(Tensor)
        | inner.map(lambda value: OrderedDict(a=value))
    ),
    max_leaves=6,
)


@given(VALUES)
def test_both_ways_to_the_bytes_agree(value: Any) -> None:
    assert without_nul(encode(value)) == encode(jsonify(value))


@given(VALUES)
def test_jsonify_leaves_json_types_alone(value: Any) -> None:
    plain = jsonify(value)
    assert same(jsonify(plain), plain)


@given(st.text("\x00\\u0a", max_size=12))
def test_a_nul_is_taken_out_of_the_bytes_and_nothing_else(text: str) -> None:
    expected = text.replace("\x00", "\ufffd")
    assert json.loads(without_nul(encode({text: text}))) == {expected: expected}

"""What a generated input holds, refuses and sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from run_logger.inputs import DEFAULT, UNSET, Input, Wire, field_names
from run_logger.jsonify import decode, encode
from run_logger.wire import send_bytea

if TYPE_CHECKING:
    from collections.abc import Mapping


class Row(Input):
    __wire__: ClassVar[Mapping[str, Wire]] = {
        "from_": Wire("from"),
        "blob": Wire("blob", send_bytea),
    }
    __required__: ClassVar[frozenset[str]] = frozenset({"key"})
    key: int
    _id: int | None = None
    from_: int | None = None
    blob: bytes | None = None
    limit: int = DEFAULT
    rows: list[Row] | None = None


def sent(value: object) -> Any:
    return decode(encode(value))


def test_what_was_not_given_is_not_sent_and_none_is_null() -> None:
    row = Row(key=1, _id=None, rows=[Row(key=2)])
    assert sent(row) == {"key": 1, "_id": None, "rows": [{"key": 2}]}
    assert row.blob is None
    assert row.limit is DEFAULT


def test_a_field_goes_under_the_schemas_name_and_as_postgres_reads_it() -> None:
    row = Row(key=1, from_=2, blob=b"\x01")
    assert sent({"rows": [row]}) == {"rows": [{"key": 1, "from": 2, "blob": r"\x01"}]}
    by_the_schemas_name: dict[str, Any] = {"key": 1, "from": 2}
    assert Row(**by_the_schemas_name) == Row(key=1, from_=2)


def test_a_field_can_be_changed_and_taken_back() -> None:
    row = Row(key=1, _id=3)
    row.from_ = 4
    del row._id
    assert sent(row) == {"key": 1, "from": 4}
    assert repr(row) == "Row(key=1, from_=4)"
    assert row != Row(key=1)


def test_a_field_that_the_type_does_not_have_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"Row has no field kye; did you mean key\?"):
        Row(kye=1)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match=r"Row has no field zzz$"):
        Row(key=1).zzz = 2  # type: ignore[attr-defined]


def test_a_required_field_that_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match="Row needs key"):
        Row(from_=1)  # type: ignore[call-arg]


def test_a_value_without_a_json_form_is_named_with_its_path() -> None:
    with pytest.raises(TypeError, match=r"rows\[0\]\.limit: complex has no JSON form"):
        encode(Row(key=1, rows=[Row(key=2, limit=1j)]))  # type: ignore[arg-type]


def test_the_fields_of_a_type_can_be_listed() -> None:
    assert field_names(Row) == {"key", "_id", "from", "blob", "limit", "rows"}


def test_what_was_not_given_is_false_and_shows_its_name() -> None:
    assert not UNSET
    assert repr(UNSET) == "UNSET"

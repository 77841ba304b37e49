"""What is read back equals what `jsonify` makes of what was logged."""

from __future__ import annotations

import gc
import math
import string
import weakref
from datetime import UTC, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as hypothesis_seed
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from run_logger.hasura_logger import HasuraLogger, jsonify
from tests.trials.oracle import Verdict, same

if TYPE_CHECKING:
    from tests.trials.conftest import Record, Size
    from tests.trials.stage import Stage


class Mode(Enum):
    """An enum of a user's."""

    TRAIN = "train"
    TEST = 2


class Tensor:
    """What frameworks have: no type that a logger knows, with `tolist`."""

    def __init__(self, values: list[float]) -> None:
        self.values = values

    def tolist(self) -> list[float]:
        """Return the numbers."""
        return self.values


DTYPES = [*"?bBhHiIlLqQefd", "<U3", ">f8", ">i4"]

TEXTS = st.text() | st.text("\0\ud800\udfff\\\"'aé\n", max_size=8)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXTS
    | st.decimals(allow_nan=False)
    | st.datetimes(timezones=st.none() | st.just(UTC) | st.just(timezone(timedelta(hours=-5))))
    | st.uuids()
    | st.sampled_from(Mode)
    | st.just(Path("/data") / "é")
)
ARRAYS = hnp.arrays(st.sampled_from(DTYPES), hnp.array_shapes(min_dims=0, min_side=0, max_side=3))
KEYS = TEXTS | st.integers() | st.booleans() | st.none() | st.just(1) | st.just("1")
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS | ARRAYS | st.builds(Tensor, st.lists(st.floats(), max_size=3)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.sets(st.integers(), max_size=3)
    ),
    max_leaves=12,
)
# Arguments have names: what a user cannot write is what no call can pass.
ROWS = st.dictionaries(st.text(string.printable + "é\0\ud800", min_size=1), VALUES, max_size=5)


def test_what_is_read_back_is_what_jsonify_says(
    stage: Stage, size: Size, seed: int, record: Record
) -> None:
    run = stage.run()
    examples, found = size(40, 3000), Verdict()

    @hypothesis_seed(seed)
    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=[*HealthCheck]
    )
    @given(rows=st.lists(ROWS, min_size=1, max_size=20))
    def log_and_read(rows: list[dict[str, Any]]) -> None:
        nonlocal found
        for row in rows:
            logger.log(**row)
        assert logger.flush(60)
        stored = [row.log for row in stage.oracle.rows(run.key)[found.records :]]
        expected = [jsonify(row) for row in rows]
        found += Verdict(records=len(rows), lost=len(rows) - len(stored))
        assert len(stored) == len(expected), logger.stats()
        assert all(map(same, stored, expected)), (stored, expected)

    with HasuraLogger(stage.endpoint, run_key=run.key, debounce_time=0.001) as logger:
        logger.create_run({})
        log_and_read()
    record(found)


NAMED = {
    "NaN": math.nan,
    "infinity": [math.inf, -math.inf],
    "negative zero": -0.0,
    "past 2 ** 53": 2**53 + 1,
    "past 2 ** 63": [2**63, 2**64, -(2**63) - 1, 10**30],
    "the smallest and the largest float": [5e-324, 1.7976931348623157e308],
    "a decimal": Decimal("0.1000"),
    "a 0-d array": np.array(1.5),
    "an array of objects": np.array([None, "a", 1], dtype=object),
    "an array in Fortran's order": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "a strided array": np.arange(10)[::-3],
    "numpy's own scalars": [np.float16(1), np.int8(-1), np.bool_(True), np.str_("é")],
    "a nanosecond": np.datetime64("2026-01-01T00:00:00.123456789"),
    "keys that become equal": {1: "number", "1": "text"},
    "zero in a text": "a\0b",
    "lone surrogates": "\ud800 \udfff",
    "a key with zero": {"a\0": 1},
    "a UUID": UUID(int=7),
    "an empty row": {},
    "a generator's items": range(3),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_value_of_note(name: str, stage: Stage, record: Record) -> None:
    run = stage.run()
    with HasuraLogger(stage.endpoint, run_key=run.key) as logger:
        logger.create_run({"value": NAMED[name]})
        logger.log(before=1)
        logger.log(value=NAMED[name])
        logger.update_metadata({"again": NAMED[name]})
        logger.log(after=1)
    expected = jsonify(NAMED[name])
    stored = [row.log for row in stage.oracle.rows(run.key)]
    assert same(stored, [{"before": 1}, {"value": expected}, {"after": 1}])
    assert same(stage.oracle.metadata(run.key)["value"], expected)
    assert same(stage.oracle.metadata(run.key)["again"], expected)
    record(Verdict(records=4))


def _cycle() -> list[Any]:
    cycle: list[Any] = []
    cycle.append(cycle)
    return cycle


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [_cycle(), b"bytes", object(), {"deep": [object()]}])
def test_a_value_without_a_json_form_costs_no_other(
    value: Any, stage: Stage, record: Record
) -> None:
    run = stage.run()
    with HasuraLogger(stage.endpoint, run_key=run.key) as logger:
        logger.create_run({})
        logger.log(step=1)
        with pytest.raises(TypeError, match="value"):
            logger.log(value=value)
        logger.log(step=2)
    assert [row.log for row in stage.oracle.rows(run.key)] == [{"step": 1}, {"step": 2}]
    record(Verdict(records=2))


def test_a_value_of_depth_10_000_costs_no_other(stage: Stage, record: Record) -> None:
    run = stage.run()
    with HasuraLogger(stage.endpoint, run_key=run.key) as logger:
        logger.create_run({})
        logger.log(step=1)
        try:
            logger.log(value=_nested(10_000))
        except (TypeError, RecursionError):
            kept = 2
        else:
            kept = 3
        logger.log(step=2)
        assert logger.flush(20), logger.stats()
        rejected = sum(logger.stats().rejected.values())
    rows = [row.log for row in stage.oracle.rows(run.key)]
    assert len(rows) + rejected == kept
    assert [row for row in rows if "step" in row] == [{"step": 1}, {"step": 2}]
    record(Verdict(records=2))


def test_an_object_that_changes_after_its_log(stage: Stage, record: Record) -> None:
    run = stage.run()
    values, array = [1.0], np.zeros(3)
    with HasuraLogger(stage.endpoint, run_key=run.key) as logger:
        logger.create_run({})
        logger.log(values=values, array=array)
        values.append(2.0)
        array[:] = 7
    assert [row.log for row in stage.oracle.rows(run.key)] == [
        {"values": [1.0], "array": [0, 0, 0]}
    ]
    record(Verdict(records=1))


def test_a_tensor_is_not_kept(stage: Stage, record: Record) -> None:
    run, tensor = stage.run(), Tensor([1.5])
    kept = weakref.ref(tensor)
    with HasuraLogger(stage.endpoint, run_key=run.key) as logger:
        logger.create_run({})
        logger.log(tensor=tensor)
        del tensor
        gc.collect()
        assert kept() is None
    assert [row.log for row in stage.oracle.rows(run.key)] == [{"tensor": [1.5]}]
    record(Verdict(records=1))


def test_steps_in_any_order(stage: Stage, record: Record) -> None:
    steps: list[Any] = [3, 1, 1, 0.5, None, -7, "last", 2]
    run = stage.run()
    with HasuraLogger(stage.endpoint, run_key=run.key) as logger:
        logger.create_run({})
        for step in steps:
            logger.log(step=step)
        logger.log()
    stored = [row.log for row in stage.oracle.rows(run.key)]
    assert same(stored, [*({"step": step} for step in steps), {}])
    record(Verdict(records=len(steps) + 1))


def test_a_large_record_and_a_large_blob(stage: Stage, size: Size, record: Record) -> None:
    text, blob = "é" * size(1 << 20, 25 << 20), bytes(range(256)) * size(1 << 12, 400_000)
    run = stage.run()
    with HasuraLogger(stage.endpoint, run_key=run.key, timeout=120) as logger:
        logger.create_run({})
        logger.log(step=1)
        logger.log(text=text)
        logger.blob(blob, {"name": "weights"})
        logger.log(step=2)
        assert logger.flush(200), logger.stats()
    assert [row.log for row in stage.oracle.rows(run.key)] == [
        {"step": 1},
        {"text": text},
        {"step": 2},
    ]
    assert stage.oracle.blobs(run.key) == [blob]
    record(Verdict(records=4))

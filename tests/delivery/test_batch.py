"""Records as the variables of a delivery."""

from __future__ import annotations

import json
from typing import Any

from run_logger.delivery.journal.reader import Chunk
from run_logger.delivery.sending.batch import Batch
from run_logger.jsonify import encode


def batch(*lines: bytes) -> Batch:
    seqs = [10 * number for number, _ in enumerate(lines, start=1)]
    return Batch(Chunk(0, 10 * len(lines), lines, seqs))


def variables(*lines: bytes) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(encode(batch(*lines).variables(run_id=3, writer_id=4)))
    return decoded


def test_rows_get_their_run_writer_and_seq() -> None:
    sent = variables(
        b'{"log":{"a":1},"logged_at":"t1"}',
        b'{"blob":"x","metadata":null,"logged_at":"t2"}',
        b'{"log":{},"logged_at":"t3"}',
    )
    owner = {"run_id": 3, "writer_id": 4}
    assert sent["logs"] == [
        {"log": {"a": 1}, "logged_at": "t1", "seq": 10, **owner},
        {"log": {}, "logged_at": "t3", "seq": 30, **owner},
    ]
    assert sent["blobs"] == [
        {"blob": "x", "metadata": None, "logged_at": "t2", "seq": 20, **owner},
    ]
    assert (sent["metadata"], sent["with_metadata"]) == ({}, False)


def test_the_last_value_of_a_key_of_the_metadata_stands() -> None:
    sent = variables(b'{"metadata":{"a":1,"b":{"x":1}}}', b'{"metadata":{"b":{"y":2},"c":3}}')
    assert sent["metadata"] == {"a": 1, "b": {"y": 2}, "c": 3}
    assert sent["with_metadata"]


def test_an_int_of_any_size_keeps_its_digits() -> None:
    number = 10**5000 + 1
    sent = batch(b'{"metadata":{"n":%b}}' % encode(number)).variables(1, 1)
    assert encode(number) in encode(sent)


def test_the_end_of_the_writer_goes_with_the_mark() -> None:
    ending = batch(
        b'{"log":{},"logged_at":"t1"}',
        b'{"finish":{"outcome":"failed","error":"E: no"},"finished_at":"t2"}',
    )
    assert ending.count == 1
    assert ending.finish == {
        "outcome": "failed",
        "error": "E: no",
        "finished_at": "t2",
    }


def test_a_log_that_speaks_of_metadata_is_a_log() -> None:
    sent = variables(b'{"log":{"metadata":{"a":1},"finish":2},"logged_at":"t"}')
    assert len(sent["logs"]) == 1
    assert not sent["with_metadata"]

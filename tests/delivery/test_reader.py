"""Reading a journal while it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from run_logger.delivery.reader import Reader, Record

if TYPE_CHECKING:
    from pathlib import Path

HEADER = b'{"journal":1}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(HEADER)
    return path


def append(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


def read(path: Path, offset: int, max_rows: int = 500, max_bytes: int = 1 << 20) -> list[Record]:
    return Reader(path).read(offset, max_rows=max_rows, max_bytes=max_bytes)


def test_the_seq_of_a_record_is_the_offset_of_its_end(path: Path) -> None:
    append(path, b'{"log":1}\n{"log":22}\n')
    start = len(HEADER)
    assert read(path, 0) == [Record(start + 10, b'{"log":1}'), Record(start + 21, b'{"log":22}')]


def test_reading_goes_on_from_any_seq(path: Path) -> None:
    append(path, b"".join(b'{"log":%d}\n' % number for number in range(20)))
    whole = read(path, 0)
    for index, record in enumerate(whole):
        assert read(path, record.seq) == whole[index + 1 :]


def test_a_line_without_its_end_is_waited_for(path: Path) -> None:
    append(path, b'{"log":1}\n{"log"')
    assert [record.line for record in read(path, 0)] == [b'{"log":1}']
    append(path, b":2}\n")
    assert [record.line for record in read(path, 0)] == [b'{"log":1}', b'{"log":2}']


def test_a_journal_without_records_gives_none(path: Path) -> None:
    assert read(path, 0) == []


def test_rows_and_bytes_are_bounded(path: Path) -> None:
    append(path, b'{"log":1}\n' * 10)
    assert len(read(path, 0, max_rows=3)) == 3
    assert len(read(path, 0, max_bytes=35)) == 3


def test_a_record_beyond_the_bound_comes_alone(path: Path) -> None:
    long = b'{"log":"%s"}' % (b"x" * 10_000)
    append(path, long + b"\n" + b'{"log":1}\n')
    assert [record.line for record in read(path, 0, max_bytes=50)] == [long]


@pytest.mark.parametrize(("start", "end", "count"), [(0, None, 5), (0, 34, 2), (34, None, 3)])
def test_records_are_counted_between_offsets(
    path: Path, start: int, end: int | None, count: int
) -> None:
    append(path, b'{"log":1}\n' * 5)
    assert Reader(path).count(start, end) == count

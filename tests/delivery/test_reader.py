"""Reading a journal while it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from run_logger.delivery.journal.header import Header
from run_logger.delivery.journal.identity import WriterIdentity
from run_logger.delivery.journal.reader import Reader
from run_logger.delivery.recovery.stored import StoredJournal
from run_logger.delivery.storage.files import JournalFiles
from run_logger.delivery.storage.lock import OwnerLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRITER = WriterIdentity(uuid4(), host="node7", pid=42, rank=None)
HEADER = Header("http://host/v1/graphql", uuid4(), 7, WRITER, "1.0.0").line()
START = len(HEADER)


@pytest.fixture
def files(tmp_path: Path) -> JournalFiles:
    files = JournalFiles(tmp_path, str(WRITER.key))
    files.journal.write_bytes(HEADER)
    return files


@pytest.fixture
def journal(files: JournalFiles) -> Iterator[StoredJournal]:
    """A journal whose writer is dead."""
    journal = StoredJournal(files)
    yield journal
    journal.release()


@pytest.fixture
def reader(journal: StoredJournal) -> Reader:
    return Reader(journal)


def append(files: JournalFiles, text: bytes, first: int = 0) -> None:
    with files.segment(first).open("ab") as file:
        file.write(text)


def lines(
    reader: Reader, offset: int = 0, max_rows: int = 500, max_bytes: int = 1 << 20
) -> list[bytes]:
    return [*reader.read(offset, max_rows=max_rows, max_bytes=max_bytes).lines]


def test_the_seq_of_a_record_is_the_offset_of_its_end(files: JournalFiles, reader: Reader) -> None:
    append(files, b'{"log":1}\n{"log":22}\n')
    chunk = reader.read(0, max_rows=500, max_bytes=1 << 20)
    assert [*chunk] == [(b'{"log":1}', START + 10), (b'{"log":22}', START + 21)]
    assert (chunk.start, chunk.end) == (START, START + 21)


def test_reading_goes_on_from_any_seq(files: JournalFiles, reader: Reader) -> None:
    append(files, b"".join(b'{"log":%d}\n' % number for number in range(20)))
    whole = [*reader.read(0, max_rows=500, max_bytes=1 << 20)]
    for index, (_, seq) in enumerate(whole):
        assert [*reader.read(seq, max_rows=500, max_bytes=1 << 20)] == whole[index + 1 :]


def test_a_line_without_its_end_is_waited_for(files: JournalFiles, reader: Reader) -> None:
    append(files, b'{"log":1}\n{"log"')
    assert lines(reader) == [b'{"log":1}']
    append(files, b":2}\n")
    assert lines(reader) == [b'{"log":1}', b'{"log":2}']


def test_a_journal_without_records_gives_none(reader: Reader) -> None:
    assert lines(reader) == []


def test_rows_and_bytes_are_bounded(files: JournalFiles, reader: Reader) -> None:
    append(files, b'{"log":1}\n' * 10)
    assert len(lines(reader, max_rows=3)) == 3
    assert len(lines(reader, max_bytes=35)) == 3


def test_a_record_beyond_the_bound_comes_alone(files: JournalFiles, reader: Reader) -> None:
    long = b'{"log":"%s"}' % (b"x" * 10_000)
    append(files, long + b"\n" + b'{"log":1}\n')
    assert lines(reader, max_bytes=50) == [long]


def test_a_blob_in_a_file_comes_alone(files: JournalFiles, reader: Reader) -> None:
    blob = b'{"blob":{"file":"x"}}'
    append(files, b'{"log":1}\n' + blob + b"\n" + b'{"log":2}\n')
    first = reader.read(0, max_rows=500, max_bytes=1 << 20)
    second = reader.read(first.end, max_rows=500, max_bytes=1 << 20)
    assert (first.lines, second.lines) == ([b'{"log":1}'], [blob])


def test_nothing_counts_after_the_last_record(files: JournalFiles, reader: Reader) -> None:
    end = b'{"finish":{},"finished_at":"t"}'
    append(files, b'{"log":1}\n' + end + b'\n{"log":2}\n')
    assert lines(reader) == [b'{"log":1}', end]
    assert lines(Reader(reader.source), START + 10 + len(end) + 1) == []
    assert reader.count(0)[0] == 1


def test_a_sealed_segment_is_followed_by_the_next(files: JournalFiles, reader: Reader) -> None:
    append(files, b'{"log":1}\n{"next":5000}\n{"log":"too late"}\n')
    append(files, HEADER + b'{"log":2}\n', first=5000)
    first = reader.read(0, max_rows=500, max_bytes=1 << 20)
    second = reader.read(first.end, max_rows=500, max_bytes=1 << 20)
    assert first.lines == [b'{"log":1}']
    assert [*second] == [(b'{"log":2}', 5000 + START + 10)]
    assert reader.count(0)[0] == 2


def test_what_a_living_writer_has_not_sealed_is_not_left_behind(
    files: JournalFiles, journal: StoredJournal
) -> None:
    append(files, b'{"log":1}\n')
    append(files, HEADER + b'{"log":2}\n', first=5000)
    journal.release()
    owner = OwnerLock.take(files.lock)
    assert owner
    assert lines(Reader(StoredJournal(files)), START + 10) == []
    owner.release()
    assert lines(Reader(StoredJournal(files)), START + 10) == [b'{"log":2}']


@pytest.mark.parametrize(("start", "end", "count"), [(0, None, 5), (0, START + 20, 2)])
def test_records_are_counted_between_offsets(
    files: JournalFiles, reader: Reader, start: int, end: int | None, count: int
) -> None:
    append(files, b'{"log":1}\n' * 5)
    assert reader.count(start, end)[0] == count

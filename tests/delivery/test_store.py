"""Where the lines of a journal go when a file is full, gone, or cannot be written."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from run_logger.delivery import memory, store
from run_logger.delivery.identity import WriterIdentity
from run_logger.delivery.journal import Header, Journal, JournalClosedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def new_journal(directory: Path, **options: Any) -> Journal:
    writer = WriterIdentity.of_this_process()
    header = Header("http://host/v1/graphql", uuid4(), 7, writer, "1.0.0")
    return Journal(directory, header, **options)


@pytest.fixture
def journal(journals: Path) -> Iterator[Journal]:
    journal = new_journal(journals)
    yield journal
    journal.release()


def logged(journal: Journal) -> list[Any]:
    """Return what was logged, as the journal's reader finds it."""
    found: list[Any] = []
    reader, offset = journal.reader(), 0
    while lines := (chunk := reader.read(offset, max_rows=100, max_bytes=1 << 16)).lines:
        found += [json.loads(line).get("log") for line in lines]
        offset = chunk.end
    return found


@pytest.fixture(name="_little_room")
def little_room() -> Iterator[None]:
    """A limit on the size of files, which stands for a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_long_journal_goes_on_in_segments_and_delivered_ones_go(
    journal: Journal, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SEGMENT_BYTES", 500)
    for step in range(10):
        journal.log({"step": step})
        journal.tend()
    names = {segment.path: segment.first for segment in journal.segments()}
    assert len(names) >= 2
    assert {path: path.name for path in journals.glob("*.jsonl")}.keys() == names.keys()
    assert logged(journal) == [{"step": step} for step in range(10)]
    journal.discard(journal.segments()[-1].first)
    assert [*journals.glob("*.jsonl")] == [journal.segments()[-1].path]


def test_no_line_is_lost_or_doubled_when_segments_change_under_many_threads(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SEGMENT_BYTES", 300)

    def log(n: int) -> None:
        for i in range(2000):
            journal.log({"n": n, "i": i})

    threads = [threading.Thread(target=log, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        journal.tend()
        os.sched_yield()
    journal.finish("finished")
    rows = logged(journal)[:-1]
    assert len(journal.segments()) > 2
    for n in range(8):
        assert [row["i"] for row in rows if row["n"] == n] == [*range(2000)]


def test_a_record_after_the_end_is_an_error_and_no_record_before_it_is_lost(
    journal: Journal,
) -> None:
    counts = [0] * 4

    def log(n: int) -> None:
        with suppress(JournalClosedError):
            while True:
                journal.log({"n": n, "i": counts[n]})
                counts[n] += 1

    threads = [threading.Thread(target=log, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    while min(counts) < 20:
        pass
    journal.finish("finished")
    for thread in threads:
        thread.join()
    rows = logged(journal)
    assert rows.pop() is None
    assert [sum(row["n"] == n for row in rows) for n in range(4)] == counts


@pytest.mark.usefixtures("_little_room")
def test_a_full_disk_sends_the_journal_into_memory_and_nothing_is_lost(
    journals: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = new_journal(journals)
    for step in range(100):
        journal.log({"step": step})
    assert logged(journal) == [{"step": step} for step in range(100)]
    assert not journal.persistent
    assert len([record for record in caplog.records if "kept in memory" in record.message]) == 1


def test_a_journal_comes_back_to_the_disk(journals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "DISK_PAUSE", 0)
    journals.write_text("no directory")
    journal = new_journal(journals)
    journal.log({"step": 0})
    assert not journal.persistent
    journals.unlink()
    journal.tend()
    journal.log({"step": 1})
    assert logged(journal) == [{"step": 0}, {"step": 1}]
    journal.discard(journal.segments()[-1].first)
    assert journal.persistent


def test_a_journal_whose_directory_is_removed_goes_on_in_a_new_one(
    journal: Journal, journals: Path
) -> None:
    journal.log({"step": 0})
    for path in journals.iterdir():
        path.unlink()
    journals.rmdir()
    journal.tend()
    journal.log({"step": 1})
    assert logged(journal) == [{"step": 0}, {"step": 1}]
    [path] = journals.glob("*.jsonl")
    assert json.loads(path.read_text().splitlines()[1])["log"] == {"step": 1}


def test_records_are_dropped_and_counted_when_the_memory_is_full(
    journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MEMORY_BYTES", 2000)
    journals.write_text("no directory")
    journal = new_journal(journals)
    for step in range(100):
        journal.log({"step": step})
    kept = len(logged(journal))
    assert 0 < kept < 100
    assert journal.dropped == 100 - kept


def test_a_record_waits_for_room_where_none_is_to_be_dropped(
    journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MEMORY_BYTES", 4000)
    journals.write_text("no directory")
    journal = new_journal(journals, on_full="block")
    rows: list[Any] = []

    def log() -> None:
        for step in range(200):
            journal.log({"step": step})

    thread = threading.Thread(target=log)
    thread.start()
    reader, offset = journal.reader(), 0
    while len(rows) < 200:
        chunk = reader.read(offset, max_rows=5, max_bytes=1 << 16)
        rows += [json.loads(line)["log"]["step"] for line in chunk.lines]
        offset = chunk.end
        journal.discard(offset)
    thread.join()
    assert rows == [*range(200)]
    assert journal.dropped == 0


def test_an_error_of_the_disk_loses_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    failing = [journal.segments()[0].descriptor]

    def failing_write(descriptor: int, line: bytes) -> int:
        if descriptor not in failing:
            return write(descriptor, line)
        write(descriptor, line[:7])
        raise OSError(errno.EIO, "bad disk")

    journal.log({"step": 0})
    with monkeypatch.context() as broken:
        broken.setattr(os, "write", failing_write)
        journal.log({"step": 1})
    journal.log({"step": 2})
    assert logged(journal) == [{"step": 0}, {"step": 1}, {"step": 2}]

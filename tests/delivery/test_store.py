"""Where the lines of a journal go when a file is full, gone, or cannot be written."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from run_logger.delivery.journal.header import Header
from run_logger.delivery.journal.identity import WriterIdentity
from run_logger.delivery.journal.journal import Journal
from run_logger.delivery.journal.reader import Reader
from run_logger.delivery.storage import factory, memory, store
from run_logger.delivery.storage.closed import JournalClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
    reader, offset = Reader(journal.store), 0
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
        journal.store.tend()
    names = {segment.path: segment.first for segment in journal.store.segments()}
    assert len(names) >= 2
    assert {path: path.name for path in journals.glob("*.jsonl")}.keys() == names.keys()
    assert logged(journal) == [{"step": step} for step in range(10)]
    journal.store.discard(journal.store.segments()[-1].first)
    assert [*journals.glob("*.jsonl")] == [journal.store.segments()[-1].path]


def test_no_line_is_lost_or_doubled_when_segments_change_under_many_threads(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SEGMENT_BYTES", 300)
    counts = [0] * 8
    changed = threading.Event()

    def log(n: int) -> None:
        while not changed.is_set():
            journal.log({"n": n, "i": counts[n]})
            counts[n] += 1

    threads = [threading.Thread(target=log, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    while len(journal.store.segments()) < 20:
        journal.store.tend()
    changed.set()
    for thread in threads:
        thread.join()
    journal.finish("finished")
    rows = logged(journal)[:-1]
    for n in range(8):
        assert [row["i"] for row in rows if row["n"] == n] == [*range(counts[n])]


def test_a_record_after_the_end_is_an_error_and_no_record_before_it_is_lost(
    journal: Journal,
) -> None:
    counts = [0] * 4
    under_way = threading.Barrier(5, timeout=60)

    def log(n: int) -> None:
        with suppress(JournalClosedError):
            while True:
                journal.log({"n": n, "i": counts[n]})
                counts[n] += 1
                if counts[n] == 20:
                    under_way.wait()

    threads = [threading.Thread(target=log, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    under_way.wait()
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
    assert not journal.store.is_persistent
    assert len([record for record in caplog.records if "kept in memory" in record.message]) == 1


def test_a_journal_comes_back_to_the_disk(journals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factory, "DISK_PAUSE", 0)
    journals.write_text("no directory")
    journal = new_journal(journals)
    journal.log({"step": 0})
    assert not journal.store.is_persistent
    journals.unlink()
    journal.store.tend()
    journal.log({"step": 1})
    assert logged(journal) == [{"step": 0}, {"step": 1}]
    journal.store.discard(journal.store.segments()[-1].first)
    assert journal.store.is_persistent


def test_a_journal_whose_directory_is_removed_goes_on_in_a_new_one(
    journal: Journal, journals: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal.log({"step": 0})
    for path in journals.iterdir():
        path.unlink()
    journals.rmdir()
    journal.store.tend()
    journal.store.tend()
    assert caplog.text.count("has been removed and goes on in another file") == 1
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
    assert journal.store.dropped == 100 - kept


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
    reader, offset = Reader(journal.store), 0
    while len(rows) < 200:
        chunk = reader.read(offset, max_rows=5, max_bytes=1 << 16)
        rows += [json.loads(line)["log"]["step"] for line in chunk.lines]
        offset = chunk.end
        journal.store.discard(offset)
    thread.join()
    assert rows == [*range(200)]
    assert journal.store.dropped == 0


def test_each_record_waits_for_the_disk_where_it_is_to_outlive_a_loss_of_power(
    journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    for name in ("fsync", "fdatasync"):
        sync = getattr(os, name)

        def note(descriptor: int, sync: Any = sync) -> None:
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            synced.append(f"{path} {os.fstat(descriptor).st_size}")
            sync(descriptor)

        monkeypatch.setattr(os, name, note)
    journal = new_journal(journals, durable="power")
    assert synced == [f"{journals} {journals.stat().st_size}"]
    records: list[Callable[[], None]] = [
        lambda: journal.log({"step": 0}),
        lambda: journal.metadata({"a": 1}),
        lambda: journal.finish("finished"),
    ]
    for record in records:
        record()
        assert synced[-1] == f"{journal.path} {journal.path.stat().st_size}"
    assert len(synced) == 4
    journal.release()


def test_an_error_of_the_disk_loses_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    failing = [journal.store.segments()[0].descriptor]

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

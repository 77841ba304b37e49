"""The journal: what `log()` leaves on disk."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from run_logger.delivery.journal.header import Header
from run_logger.delivery.journal.identity import WriterIdentity
from run_logger.delivery.journal.journal import Journal
from run_logger.delivery.storage.files import journal_directory


def new_header() -> Header:
    writer = WriterIdentity(uuid4(), host="node7", pid=42, rank=None)
    return Header("http://host/v1/graphql", uuid4(), 7, writer, "1.0.0")


def lines_of(journal: Journal) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.path.read_text().splitlines()]


@pytest.fixture
def journal(journals: Path) -> Journal:
    return Journal(journals / "deeper", new_header())


def test_nobody_else_may_read_a_journal(journal: Journal) -> None:
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_the_first_line_says_whose_journal_it_is(journals: Path) -> None:
    header = new_header()
    [first] = lines_of(Journal(journals, header))
    assert first == {
        "journal": 1,
        "endpoint": "http://host/v1/graphql",
        "run_key": str(header.run_key),
        "run_id": 7,
        "writer": {
            "key": str(header.writer.key),
            "host": "node7",
            "pid": 42,
            "rank": None,
            "parent": None,
        },
        "version": "1.0.0",
    }


def test_each_record_is_a_line(journal: Journal) -> None:
    journal.log({"loss": 0.5, "path": Path("/a")})
    journal.metadata({"a": {1}})
    journal.blob(b"\x00\xff", {"kind": "bytes"})
    journal.blob("text", None)
    journal.finish("failed", "ValueError: no")
    lines = lines_of(journal)[1:]
    moments = [line.pop(next(key for key in line if key.endswith("_at")), "") for line in lines[2:]]
    assert all(moments)
    assert lines[0].pop("logged_at").endswith("+00:00")
    assert lines == [
        {"log": {"loss": 0.5, "path": "/a"}},
        {"metadata": {"a": [1]}},
        {"blob": r"\x00ff", "metadata": {"kind": "bytes"}},
        {"blob": "text", "metadata": None},
        {"finish": {"outcome": "failed", "error": "ValueError: no"}},
    ]


def test_a_value_without_json_form_leaves_no_trace(journal: Journal) -> None:
    before = journal.size()
    with pytest.raises(TypeError, match=r"image: bytes has no JSON form"):
        journal.log({"loss": 0.5, "image": b"x"})
    assert journal.size() == before == journal.path.stat().st_size


def test_lines_of_many_threads_stay_whole(journal: Journal) -> None:
    def write(thread: int) -> None:
        for step in range(200):
            journal.log({"thread": thread, "step": step, "text": "x" * (step * 37 % 500)})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = [line["log"] for line in lines_of(journal)[1:]]
    assert len(rows) == 1600
    for number in range(8):
        steps = [row["step"] for row in rows if row["thread"] == number]
        assert steps == list(range(200))


KILLED = """
import os, signal, sys
from pathlib import Path
from uuid import uuid4
from run_logger.delivery.journal.identity import WriterIdentity
from run_logger.delivery.journal.header import Header
from run_logger.delivery.journal.journal import Journal
journal = Journal(Path(sys.argv[1]), Header("", uuid4(), 1, WriterIdentity.of_this_process(), ""))
for step in range(100):
    journal.log({"step": step})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_logged_outlives_a_killed_process(journals: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, journals], check=False)
    assert done.returncode == -signal.SIGKILL
    [path] = journals.glob("*.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["log"]["step"] for line in lines[1:]] == list(range(100))


def test_a_writer_has_one_journal(journals: Path) -> None:
    header = new_header()
    Journal(journals, header)
    with pytest.raises(FileExistsError):
        Journal(journals, header)


def test_journals_lie_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUN_LOGGER_DIR", str(tmp_path / "here"))
    assert journal_directory() == tmp_path / "here"
    monkeypatch.delenv("RUN_LOGGER_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert journal_directory().is_relative_to(tmp_path)
    assert journal_directory().name == "run-logger"

"""Delivering journals that other processes have left."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from run_logger.delivery.journal.header import Header
from run_logger.delivery.journal.identity import WriterIdentity
from run_logger.delivery.journal.journal import Journal
from run_logger.delivery.recovery import adoption, stored
from run_logger.delivery.recovery.sync import deliver, deliver_rejected, find_journals, survey
from run_logger.delivery.sending import sender
from run_logger.errors import JournalError, RunNotFoundError
from run_logger.hasura_logger import Client, HasuraLogger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def client(endpoint: str) -> Iterator[Client]:
    with Client(endpoint) as client:
        yield client


def offline(directory: Path, endpoint: str, key: UUID | None = None, **run: Any) -> Journal:
    """Return the journal of a process that works without a server."""
    writer = WriterIdentity.of_this_process()
    journal = Journal(directory, Header(endpoint, key or uuid4(), None, writer, "1.0.0"))
    journal.run(run, [{"mark": "line"}])
    return journal


def killed(journal: Journal) -> Path:
    """Leave a journal as the end of its process would."""
    journal.release()
    return journal.path


def rows(client: Client) -> list[Any]:
    answer = client.execute("{ run_log(order_by: [{writer_id: asc}, {seq: asc}]) { log } }")
    return [row["log"] for row in answer["run_log"]]


def runs(client: Client) -> list[Any]:
    query = "{ run { id key metadata charts { spec order } status writers { outcome error } } }"
    found: list[Any] = client.execute(query)["run"]
    return found


def test_a_run_without_a_server_is_created_at_its_delivery(
    client: Client, endpoint: str, journals: Path
) -> None:
    journal = offline(journals, endpoint, a=1)
    journal.metadata({"parameters": {"lr": 1}, "run_id": None, "name": "x"})
    for step in range(3):
        journal.log({"step": step})
    journal.finish("finished")
    done = deliver(killed(journal), client)
    [run] = runs(client)
    assert (done.run_id, done.delivered, done.rejected, done.removed) == (run["id"], 4, {}, True)
    assert run["metadata"] == {"a": 1, "parameters": {"lr": 1}, "run_id": run["id"], "name": "x"}
    assert run["charts"] == [{"spec": {"mark": "line"}, "order": 0}]
    assert [writer["outcome"] for writer in run["writers"]] == ["finished"]
    assert rows(client) == [{"step": step} for step in range(3)]
    assert [*journals.iterdir()] == []


def test_pieces_of_one_run_join(client: Client, endpoint: str, journals: Path) -> None:
    key = uuid4()
    for piece in range(3):
        journal = offline(journals, endpoint, key, piece=piece)
        journal.log({"piece": piece})
        deliver(killed(journal), client)
    [run] = runs(client)
    assert run["metadata"] == {"piece": 0}
    assert [writer["outcome"] for writer in run["writers"]] == ["killed"] * 3
    assert rows(client) == [{"piece": piece} for piece in range(3)]


def test_a_copy_that_is_delivered_twice_is_there_once(
    client: Client, endpoint: str, journals: Path, tmp_path: Path
) -> None:
    journal = offline(journals, endpoint)
    for step in range(3):
        journal.log({"step": step})
    path = killed(journal)
    shutil.copytree(journals, tmp_path / "copy")
    assert deliver(path, client).delivered == 3
    [copy] = find_journals([tmp_path / "copy"])
    again = deliver(copy, client)
    assert (again.delivered, again.removed) == (0, True)
    assert rows(client) == [{"step": step} for step in range(3)]


def test_a_journal_is_delivered_while_its_writer_lives_and_stays(
    client: Client, endpoint: str, journals: Path
) -> None:
    journal = offline(journals, endpoint)
    journal.log({"step": 0})
    assert survey(journal.path).live
    done = deliver(journal.path, client)
    assert (done.delivered, done.removed) == (1, False)
    journal.log({"step": 1})
    assert deliver(killed(journal), client).removed
    assert rows(client) == [{"step": 0}, {"step": 1}]


def test_a_look_at_a_journal_takes_no_part_in_its_delivery(endpoint: str, journals: Path) -> None:
    journal = offline(journals, endpoint)
    journal.log({"step": 0})
    path = killed(journal)
    path.with_suffix(".lock").unlink()
    before = {file: file.read_bytes() for file in journals.iterdir()}
    found = survey(path)
    assert (found.records, found.live) == (1, False)
    assert {file: file.read_bytes() for file in journals.iterdir()} == before


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_there_are_no_locks_nothing_young_is_removed(
    client: Client,
    endpoint: str,
    journals: Path,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "lockf", refuse)
    monkeypatch.setattr(fcntl, "fcntl", refuse)
    journal = offline(journals, endpoint)
    journal.log({"step": 0})
    path = killed(journal)
    assert survey(path).live is None
    done = deliver(path, client)
    assert (done.delivered, done.removed) == (1, False)
    a_day_ago = time.time() - stored.OLD_AGE - 60
    os.utime(path, (a_day_ago, a_day_ago))
    assert deliver(path, client).removed
    assert rows(client) == [{"step": 0}]
    assert [*journals.iterdir()] == []


FORKS = """
import os, sys
from run_logger.hasura_logger import HasuraLogger
logger = HasuraLogger(sys.argv[1], offline=True)
logger.create_run({"a": 1}, charts=[{"mark": "line"}])
logger.log(step=0)
if not os.fork():
    logger.log(step=1)
    logger.finish()
    os._exit(0)
os.wait()
logger.finish()
"""


def test_the_journal_of_a_forked_process_alone_makes_the_run(
    client: Client, endpoint: str, journals: Path
) -> None:
    subprocess.run([sys.executable, "-c", FORKS, endpoint], check=True, timeout=60)
    parent, child = sorted(
        find_journals([journals]), key=lambda path: b'"step":1' in path.read_bytes()
    )
    assert deliver(child, client).delivered == 1
    assert deliver(parent, client).delivered == 1
    [run] = runs(client)
    assert run["metadata"] == {"a": 1}
    assert len(run["charts"]) == 1
    assert [writer["outcome"] for writer in run["writers"]] == ["finished"] * 2
    assert sorted(row["step"] for row in rows(client)) == [0, 1]


def test_the_half_of_a_line_belongs_to_nobody(
    client: Client, endpoint: str, journals: Path
) -> None:
    journal = offline(journals, endpoint)
    journal.log({"step": 0})
    path = killed(journal)
    with path.open("ab") as file:
        file.write(b'{"log":{"step":')
    assert deliver(path, client).removed
    assert rows(client) == [{"step": 0}]


@pytest.mark.parametrize("damage", ["a flipped byte", "zeros", "a torn line", "a key"])
def test_a_damaged_line_is_set_aside_and_the_others_arrive(
    client: Client, endpoint: str, journals: Path, damage: str
) -> None:
    journal = offline(journals, endpoint)
    for step in range(5):
        journal.log({"step": step, "text": "x"})
    path = killed(journal)
    text = path.read_bytes()
    place = text.index(b'{"log":{"step":2')
    match damage:
        case "a flipped byte":
            text = text[: place + 8] + b"\xff" + text[place + 9 :]
        case "zeros":
            text = text[:place] + bytes(40) + text[place + 40 :]
        case "a key":
            text = text[:place] + text[place:].replace(b'"logged_at"', b'"logged_a|"', 1)
        case _:
            text = text[:place] + b'{"log":{"torn' + text[place:]
    path.write_bytes(text)
    done = deliver(path, client)
    left = [0, 1, 2, 3, 4] if damage == "a torn line" else [0, 1, 3, 4]
    assert [row["step"] for row in rows(client)] == left
    assert done.rejected == {"unreadable": 1}
    [kept] = journals.glob("*.rejected.jsonl")
    assert json.loads(kept.read_text().splitlines()[1])["code"] == "unreadable"


@pytest.mark.parametrize(
    ("whole", "damaged"),
    [(b'{"run"', b'{"ruo"'), (b'"charts"', b'"chasts"'), (b'{"run"', b'{"run!'), (b"}}\n", b"}}Z")],
)
def test_what_a_run_was_to_be_created_with_may_be_damaged(
    client: Client, endpoint: str, journals: Path, whole: bytes, damaged: bytes
) -> None:
    journal = offline(journals, endpoint, a=1)
    journal.log({"step": 0})
    path = killed(journal)
    header, rest = path.read_bytes().split(b"\n", 1)
    path.write_bytes(header + b"\n" + rest.replace(whole, damaged, 1))
    done = deliver(path, client)
    assert (done.delivered, done.rejected) == (1, {"unreadable": 1})
    assert rows(client) == [{"step": 0}]
    assert [run["metadata"] for run in runs(client)] == [{}]


@pytest.mark.parametrize("whole", [b'"file"', b'"text"', b'"metadata"'])
def test_a_damaged_record_of_a_large_blob_costs_no_other(
    client: Client, endpoint: str, journals: Path, whole: bytes
) -> None:
    journal = offline(journals, endpoint)
    journal.log({"step": 0})
    journal.blob(bytes(100_000), None)
    journal.log({"step": 1})
    path = killed(journal)
    before, after = path.read_bytes().split(b'{"blob"')
    damaged = after.replace(whole, whole[:-2] + b'|"', 1)
    path.write_bytes(before + b'{"blob"' + damaged)
    done = deliver(path, client)
    assert (done.delivered, done.rejected) == (2, {"unreadable": 1})
    assert rows(client) == [{"step": 0}, {"step": 1}]


def online(directory: Path, endpoint: str, key: UUID, run_id: int) -> Path:
    """Leave the journal of a process that has recorded in a run of some server's."""
    writer = WriterIdentity.of_this_process()
    journal = Journal(directory, Header(endpoint, key, run_id, writer, "1.0.0"))
    journal.log({"step": 0})
    return killed(journal)


def create(client: Client, key: UUID) -> int:
    run = client.create_run(key=key, metadata={}, charts=[], writer_key=uuid4(), sweep_id=None)
    assert run
    return run.id


def test_at_another_endpoint_a_run_is_known_by_its_key(client: Client, journals: Path) -> None:
    key = uuid4()
    others, ours = create(client, uuid4()), create(client, key)
    done = deliver(online(journals, "http://elsewhere/v1/graphql", key, others), client)
    assert done.run_id == ours
    [row] = client.execute("{ run_log { run_id } }")["run_log"]
    assert row == {"run_id": ours}


def test_a_run_that_another_endpoint_does_not_have_is_not_delivered_to_the_one_with_its_id(
    client: Client, journals: Path
) -> None:
    path = online(journals, "http://elsewhere/v1/graphql", uuid4(), create(client, uuid4()))
    with pytest.raises(RunNotFoundError, match="recorded at http://elsewhere/v1/graphql"):
        deliver(path, client)
    assert path.exists()
    assert rows(client) == []


def test_a_run_that_was_deleted_before_its_writer_joined_is_said_to_be_deleted(
    client: Client, journals: Path
) -> None:
    run_id = create(client, key := uuid4())
    client.delete_runs([run_id])
    with pytest.raises(RunNotFoundError, match=f"^run {run_id} has been deleted"):
        deliver(online(journals, client.endpoint, key, run_id), client)


def test_what_was_refused_is_sent_again(client: Client, endpoint: str, journals: Path) -> None:
    journal = offline(journals, endpoint)
    journal.log({"step": 0})
    journal.blob(r"\xNOHEX", {"kind": "broken"})
    journal.log({"step": 1})
    done = deliver(killed(journal), client)
    assert (done.delivered, done.rejected) == (2, {"data-exception": 1})
    [kept] = journals.glob("*.rejected.jsonl")
    assert deliver_rejected(kept, client).rejected == {"data-exception": 1}
    kept.write_bytes(kept.read_bytes().replace(b"NOHEX", b"00ff"))
    assert deliver_rejected(kept, client).delivered == 1
    [blob] = client.execute("{ run_blob { blob metadata } }")["run_blob"]
    assert blob == {"blob": r"\x00ff", "metadata": {"kind": "broken"}}
    assert [*journals.iterdir()] == []


@pytest.mark.parametrize("blob", [bytes(range(256)) * 1000, "häß\x00\\\\" * 50_000])
def test_a_large_blob_is_a_file_until_it_is_delivered(
    client: Client, endpoint: str, journals: Path, blob: bytes | str
) -> None:
    journal = offline(journals, endpoint)
    journal.log({"step": 0})
    journal.blob(blob, {"kind": "large"})
    journal.log({"step": 1})
    assert len([*journals.glob("*.blob")]) == 1
    assert journal.path.stat().st_size < 2000
    done = deliver(killed(journal), client)
    assert (done.delivered, done.rejected) == (3, {})
    [stored] = client.execute("{ run_blob { blob metadata } }")["run_blob"]
    sent = (
        blob
        if isinstance(blob, bytes)
        else blob.replace("\x00", "\ufffd").replace("\\\\", "\\").encode()
    )
    assert bytes.fromhex(stored["blob"][2:]) == sent
    assert [*journals.iterdir()] == []


def test_a_journal_of_a_newer_format_stays_untouched(
    client: Client, endpoint: str, journals: Path
) -> None:
    path = killed(offline(journals, endpoint))
    text = path.read_bytes().replace(b'{"journal":1', b'{"journal":2')
    path.write_bytes(text)
    with pytest.raises(JournalError, match="format 2"):
        deliver(path, client)
    assert path.read_bytes() == text


def test_an_empty_journal_goes(client: Client, endpoint: str, journals: Path) -> None:
    path = killed(offline(journals, endpoint))
    path.write_bytes(b"")
    assert deliver(path, client).removed
    assert runs(client) == []


def test_a_deleted_run_is_said_and_its_records_are_kept(endpoint: str, journals: Path) -> None:
    with HasuraLogger(endpoint) as logger:
        logger.create_run({})
        assert logger.run_id
        logger.client.delete_runs([logger.run_id])
        logger.log(step=0)
        assert not logger.flush(60)
        run_id = logger.run_id
    [path] = journals.glob("*.jsonl")
    with (
        Client(endpoint) as client,
        pytest.raises(RunNotFoundError, match=f"run {run_id} has been"),
    ):
        deliver(path, client)
    assert path.exists()


def test_what_a_dead_process_left_is_adopted(
    client: Client, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphan = offline(journals, client.endpoint)
    orphan.log({"orphan": True})
    killed(orphan)
    other = killed(offline(journals, "http://elsewhere/v1/graphql"))
    adopter = adoption.Adopter(client, journals)
    monkeypatch.setattr(adopter, "_next_look", 0)
    while adopter.step():
        pass
    [run] = runs(client)
    assert run["writers"] == [{"outcome": "killed", "error": None}]
    assert run["status"] == "killed"
    assert [*journals.glob("*.jsonl")] == [other]


def test_a_server_that_refuses_every_record_loses_none(
    serve: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    served = serve()
    with psycopg.connect(served.dsn, autocommit=True) as database:
        database.execute("ALTER TABLE run_log ADD CONSTRAINT never CHECK (false)")
        monkeypatch.setattr(sender, "FIRST_PAUSE", 0.01)
        # The first delivery is to have them all before it.
        with HasuraLogger(served.url, debounce_time=3600) as logger:
            logger.create_run({})
            for step in range(5):
                logger.log(step=step)
            while "the server refuses every record" not in caplog.text:
                assert not logger.flush(0.05)
            assert logger.stats().rejected == {}
            assert logger.stats().waiting == 5
            database.execute("ALTER TABLE run_log DROP CONSTRAINT never")
            assert logger.flush(60)
            assert logger.stats().delivered == 5

"""The delivery of a journal, whatever happens on the way to the server."""

from __future__ import annotations

import json
import logging
import socket
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import httpx
import pytest

from run_logger.delivery.journal.header import Header
from run_logger.delivery.journal.identity import WriterIdentity
from run_logger.delivery.journal.journal import Journal
from run_logger.delivery.journal.reader import Reader
from run_logger.delivery.lifecycle import writer
from run_logger.delivery.sending import courier, sender, writer_row
from run_logger.hasura_logger import Client, HasuraLogger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Faults(Protocol):
    """The proxy of conftest.py."""

    url: str
    operations: list[str]

    def fail(self, operation: str, *faults: str) -> None: ...
    def heal(self) -> None: ...
    def wait_for(self, operation: str, times: int = 1) -> None: ...


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(sender, "LONGEST_PAUSE", 0.05)


@pytest.fixture
def logger(proxy: Faults) -> Iterator[HasuraLogger]:
    with HasuraLogger(proxy.url) as logger:
        logger.create_run({})
        yield logger
        proxy.heal()


def rows(logger: HasuraLogger) -> list[Any]:
    """Return the run's log by its position in the journal."""
    answer = logger.execute(
        "query ($id: Int) { run_log(where: {run_id: {_eq: $id}}, order_by: {seq: asc}) { log } }",
        {"id": logger.run_id},
    )
    return [row["log"] for row in answer["run_log"]]


def metadata(logger: HasuraLogger) -> Any:
    query = "query ($id: Int!) { run_by_pk(id: $id) { metadata } }"
    return logger.execute(query, {"id": logger.run_id})["run_by_pk"]["metadata"]


@pytest.mark.parametrize("fault", ["no answer", "no request", "503", "429", "408", "500"])
def test_a_batch_whose_delivery_fails_arrives_once(
    logger: HasuraLogger, proxy: Faults, fault: str
) -> None:
    proxy.fail("deliver", fault, fault)
    for step in range(3):
        logger.log(step=step)
    logger.update_metadata({"a": 1})
    assert logger.flush(60)
    assert rows(logger) == [{"step": step} for step in range(3)]
    assert metadata(logger) == {"a": 1}
    assert logger.stats().delivered == 4


def test_a_lost_answer_does_not_bring_old_metadata_back(
    logger: HasuraLogger, proxy: Faults
) -> None:
    logger.update_metadata({"state": "early"})
    assert logger.flush(60)
    proxy.fail("deliver", "no answer")
    logger.update_metadata({"state": "late"})
    proxy.wait_for("deliver", times=3)
    logger.execute(
        "mutation ($id: Int!) { update_run_by_pk(pk_columns: {id: $id}, "
        '_append: {metadata: {state: "by hand"}}) { id } }',
        {"id": logger.run_id},
    )
    assert logger.flush(60)
    assert metadata(logger) == {"state": "by hand"}


def test_records_keep_their_order_over_many_batches(
    logger: HasuraLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "MAX_BYTES", 5000)
    for step in range(300):
        logger.log(step=step, text="x" * (step % 90))
    assert logger.flush(60)
    assert [row["step"] for row in rows(logger)] == list(range(300))


def test_a_record_that_the_server_refuses_is_set_aside_alone(
    logger: HasuraLogger, journals: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for step in range(10):
        logger.log(step=step)
    logger.blob(r"\xNOHEX", {"kind": "broken"})
    for step in range(10, 20):
        logger.log(step=step)
    assert logger.flush(60)
    assert [row["step"] for row in rows(logger)] == list(range(20))
    [kept] = journals.glob("*.rejected.jsonl")
    [header, entry] = [json.loads(line) for line in kept.read_text().splitlines()]
    assert header["run_id"] == logger.run_id
    assert entry["record"]["metadata"] == {"kind": "broken"}
    assert entry["code"] == "data-exception"
    assert "hexadecimal" in entry["reason"]
    assert logger.stats().rejected == {"data-exception": 1}
    assert logger.stats().accepted == 21
    logger.finish()
    [last] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "1 refused" in last.getMessage()
    assert str(kept) in last.getMessage()


def test_a_batch_that_is_too_large_goes_in_parts(logger: HasuraLogger, proxy: Faults) -> None:
    proxy.fail("deliver", "413", "413")
    for step in range(20):
        logger.log(step=step)
    assert logger.flush(60)
    assert [row["step"] for row in rows(logger)] == list(range(20))
    assert logger.stats().rejected == {}


def test_a_delivery_goes_on_from_where_another_moved_the_mark(
    logger: HasuraLogger, proxy: Faults
) -> None:
    logger.log(step=0)
    assert logger.flush(60)
    # Another process delivers the same journal meanwhile: to this one it looks as a lost answer.
    proxy.fail("deliver", "no answer")
    logger.log(step=1)
    proxy.wait_for("writer_by_key")
    logger.log(step=2)
    assert logger.flush(60)
    assert rows(logger) == [{"step": 0}, {"step": 1}, {"step": 2}]
    assert logger.stats().delivered == 3


def test_an_outage_is_said_once_and_over_when_it_is_over(
    logger: HasuraLogger, proxy: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "run_logger")
    proxy.fail("deliver", *["no request"] * 5)
    logger.log(step=0)
    assert logger.flush(60)
    logger.finish()
    said = [record.getMessage() for record in caplog.records]
    assert len([text for text in said if "nothing is delivered for now" in text]) == 1
    assert said.count("delivering again") == 1


def test_flush_gives_up_after_its_timeout(logger: HasuraLogger, proxy: Faults) -> None:
    proxy.fail("deliver", *["503"] * 1000)
    logger.log(step=0)
    assert not logger.flush(0.05)
    assert logger.stats().waiting == 1


def test_what_finish_cannot_deliver_stays_and_is_said(
    proxy: Faults,
    journals: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(writer, "FINISH_SECONDS", 0.2)
    logger = HasuraLogger(proxy.url)
    logger.create_run({})
    proxy.fail("deliver", *["no request"] * 1000)
    logger.log(step=0)
    logger.finish()
    [journal] = journals.glob("*.jsonl")
    assert f"1 left in {journal}" in caplog.text
    assert [next(iter(json.loads(line))) for line in journal.read_text().splitlines()] == [
        "journal",
        "log",
        "finish",
    ]
    assert logger.stats().waiting == 1


def test_a_run_that_cannot_be_joined_is_named_and_its_records_are_kept(
    endpoint: str,
    journals: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(writer, "FINISH_SECONDS", 0)
    logger = HasuraLogger(endpoint, _run_id=4711)
    logger.log(step=0)
    while not caplog.records:
        assert not logger.flush(0.05)
    logger.finish()
    assert "run 4711 does not exist" in caplog.text
    assert logger.stats().waiting == 1
    assert len([*journals.glob("*.jsonl")]) == 1


@pytest.mark.parametrize("fault", ["413", "401", "503"])
def test_one_refusal_to_join_does_not_mean_that_the_run_is_gone(
    logger: HasuraLogger, proxy: Faults, fault: str
) -> None:
    proxy.fail("join_run", fault)
    assert logger.run_id is not None
    with HasuraLogger(proxy.url, _run_id=logger.run_id) as joined:
        joined.log(step=0)
        assert joined.flush(60)
    assert proxy.operations.count("join_run") > 1
    assert rows(logger) == [{"step": 0}]


def test_a_journal_that_cannot_be_removed_does_not_disturb_the_end(
    logger: HasuraLogger, journals: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logger.log(step=0)
    assert logger.flush(60)
    [journal] = journals.glob("*.jsonl")
    journal.with_suffix(".a.blob").mkdir()  # no file, and not to be unlinked like one
    logger.finish()
    assert "stays though all of it is delivered" in caplog.text


def test_a_flush_without_a_thread_keeps_its_time_before_a_server_that_hangs(journals: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}/v1/graphql"
        writer_here = WriterIdentity.of_this_process()
        header = Header(endpoint, uuid4(), None, writer_here, "1.0.0")
        journal = Journal(journals, header)
        journal.run({}, [])
        # Without a bound of its own the client would wait for ever.
        with Client(endpoint, timeout=httpx.Timeout(None)) as client:
            carrier = courier.Courier(client, Reader(journal.store), header)
            here = sender.Sender(carrier, 0.1)
            assert not here.flush(journal.size(), 0.5)
    journal.remove()


def test_a_journal_goes_once_all_of_it_is_delivered(logger: HasuraLogger, journals: Path) -> None:
    logger.log(step=0)
    assert len([*journals.glob("*.jsonl")]) == 1
    logger.finish()
    assert [*journals.iterdir()] == []


def test_an_idle_writer_says_that_it_lives(
    logger: HasuraLogger, proxy: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert logger.flush(60)
    monkeypatch.setattr(writer_row, "HEARTBEAT_SECONDS", 0)
    proxy.wait_for("heartbeat", times=2)


def test_rows_of_several_deliveries_wait_for_the_debounce_time(proxy: Faults) -> None:
    with HasuraLogger(proxy.url, debounce_time=3600) as logger:
        logger.create_run({})
        for step in range(5):
            logger.log(step=step)
        assert "deliver" not in proxy.operations
        assert logger.flush(60)
        assert len(rows(logger)) == 5
        assert proxy.operations.count("deliver") == 1


def test_a_sender_that_meets_the_unexpected_says_so_and_goes_on(
    logger: HasuraLogger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(courier, "Batch", None)
        logger.log(step=0)
        while not caplog.records:
            assert not logger.flush(0.05)
    assert logger.flush(60)
    assert rows(logger) == [{"step": 0}]
    [trouble] = [record for record in caplog.records if record.exc_info]
    assert "TypeError" in caplog.text
    assert "everything is kept" in trouble.getMessage()

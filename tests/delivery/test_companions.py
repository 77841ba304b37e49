"""What is recorded beside a run, and the run's own metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from run_logger.hasura_logger import HasuraLogger

if TYPE_CHECKING:
    import pytest

    from tests.delivery.conftest import Proxy


def metadata_of(logger: HasuraLogger) -> Any:
    query = "query ($id: Int!) { run_by_pk(id: $id) { metadata } }"
    return logger.execute(query, {"id": logger.run_id})["run_by_pk"]["metadata"]


def test_provenance_that_the_user_stores_while_it_is_gathered_stands(endpoint: str) -> None:
    logger = HasuraLogger(endpoint, capture=True)
    logger.create_run({})
    logger.update_metadata({"provenance": "mine"})
    logger.finish()
    assert metadata_of(logger) == {"provenance": "mine"}


def test_a_run_that_is_resumed_keeps_the_provenance_of_its_beginning(endpoint: str) -> None:
    key = uuid4()
    with HasuraLogger(endpoint, run_key=key, capture={"python": True}) as first:
        first.create_run({})
    with HasuraLogger(endpoint, run_key=key, capture={"command": True}) as again:
        again.create_run({})
    assert [*metadata_of(first)["provenance"]] == ["python"]


def test_provenance_arrives_once_though_an_answer_is_lost(proxy: Proxy) -> None:
    proxy.fail("deliver", "no answer")
    with HasuraLogger(proxy.url, capture={"python": True}) as logger:
        logger.create_run({})
    assert [*metadata_of(logger)["provenance"]] == ["python"]
    assert logger.stats().waiting == 0


def test_without_a_server_provenance_is_kept_for_the_delivery(
    endpoint: str, journals: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUN_LOGGER_OFFLINE", "1")
    with HasuraLogger(endpoint, capture={"python": True}) as logger:
        logger.create_run({"a": 1})
    [journal] = journals.glob("*.jsonl")
    assert b'{"defaults":{"provenance":{"python":' in journal.read_bytes()

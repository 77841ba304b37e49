"""The roles of our own schema: `logger` records runs and deletes nothing, `viewer` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from run_logger.hasura_logger import HasuraLogger

if TYPE_CHECKING:
    from tests.conftest import Serve, Served

PASSWORD = "s3cret"  # noqa: S105  of this file alone
SECRET = {"x-hasura-admin-secret": PASSWORD}
LOGGER = {**SECRET, "x-hasura-role": "logger"}
VIEWER = {**SECRET, "x-hasura-role": "viewer"}


def record(served: Served) -> int:
    with HasuraLogger(served.url, headers=LOGGER) as logger:
        logger.create_run({"name": "ours"}, charts=[{"mark": "line"}])
        for step in range(3):
            logger.log(step=step)
        logger.blob(b"\x00\xff", {"kind": "bytes"})
        logger.update_metadata({"note": "late"})
        assert logger.flush(20)
        stats = logger.stats()
    assert not stats.rejected
    assert logger.run_id is not None
    return logger.run_id


def test_a_logger_records_a_run_whole_and_a_viewer_reads_it(serve: Serve) -> None:
    served = serve(admin_secret=PASSWORD)
    run_id = record(served)
    answer = served.query(
        """query ($id: Int!) { run_by_pk(id: $id) {
            metadata status charts { spec } run_blobs { blob metadata }
            run_logs(order_by: {seq: asc}) { log }
            run_logs_aggregate { aggregate { count } }
            writers { outcome }
        } }""",
        {"id": run_id},
        VIEWER,
    )
    run: Any = answer["data"]["run_by_pk"]
    assert run["metadata"]["name"] == "ours"
    assert run["metadata"]["note"] == "late"
    assert run["charts"] == [{"spec": {"mark": "line"}}]
    assert run["run_blobs"] == [{"blob": "\\x00ff", "metadata": {"kind": "bytes"}}]
    assert [row["log"]["step"] for row in run["run_logs"]] == [0, 1, 2]
    assert run["run_logs_aggregate"] == {"aggregate": {"count": 3}}
    assert run["writers"] == [{"outcome": "finished"}]
    assert run["status"] == "finished"


def test_a_logger_deletes_nothing_and_a_viewer_writes_nothing(serve: Serve) -> None:
    served = serve(admin_secret=PASSWORD)
    for headers, mutation, message in (
        (LOGGER, "delete_run(where: {}) { affected_rows }", "field 'delete_run' not found"),
        (VIEWER, "insert_run_one(object: {}) { id }", "no mutations exist"),
    ):
        answer = served.query(f"mutation {{ {mutation} }}", headers=headers)
        assert answer["errors"][0]["message"].startswith(message)


def test_a_viewer_calls_the_functions_of_the_old_page(serve: Serve) -> None:
    served = serve(admin_secret=PASSWORD)
    run_id = record(served)
    answer = served.query("{ non_sweep_run { id } empty_sweeps { id } }", headers=VIEWER)
    assert answer == {"data": {"non_sweep_run": [{"id": run_id}], "empty_sweeps": []}}


def test_a_role_needs_the_secret_too(serve: Serve) -> None:
    served = serve(admin_secret=PASSWORD)
    body = {"query": "{ run { id } }"}
    answer = httpx.post(served.url, json=body, headers={"x-hasura-role": "viewer"}).json()
    assert answer["errors"][0]["extensions"]["code"] == "access-denied"

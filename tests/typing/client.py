"""Uses of the typed client that type checkers have to accept, and misuses that they have to find.

Nobody runs this file. A misuse carries the comment that silences it: a checker that does not find
it reports the comment as unused.
"""
# pyright: reportUnnecessaryTypeIgnoreComment=true

# ruff: noqa: T201  (a value is used where it is printed)
from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type
from uuid import UUID, uuid4

from run_logger_client import (
    Client,
    Int_comparison_exp,
    RunSummary,
    WriterMark,
    chart_insert_input,
    jsonb_comparison_exp,
    order_by,
    run_blob_insert_input,
    run_bool_exp,
    run_order_by,
    writer_set_input,
)
from run_logger_client.insert_blobs import InsertBlobsInsertRunBlob
from run_logger_client.watch_run import WatchRunRun

from run_logger.transport import ConnectionPool, Subscription

if TYPE_CHECKING:
    from datetime import datetime


def connect() -> Client:
    """A client takes an endpoint by position, and all else by name."""
    pool = ConnectionPool(timeout=5)
    Client("http://localhost:8080/v1/graphql", headers={"x-hasura-role": "logger"}, pool=pool)
    return Client("http://localhost:8080/v1/graphql")


def filters(client: Client) -> None:
    """Hasura's operators keep their names, in every depth."""
    where = run_bool_exp(
        _and=[
            run_bool_exp(id=Int_comparison_exp(_in=[1, 2], _gt=0)),
            run_bool_exp(_not=run_bool_exp(metadata=jsonb_comparison_exp(_contains={"a": 1}))),
        ],
    )
    runs = client.list_runs(where=where, order_by=[run_order_by(id=order_by.desc)], limit=10)
    for run in runs:
        summary: RunSummary = run
        assert_type(summary.id, int)
        assert_type(run.key, UUID)
        assert_type(run.archived, bool)
        created_at: datetime | None = run.created_at
        assert_type(run.metadata, Any | None)
        print(created_at)


def misspelt(client: Client) -> None:
    """A typo is found before it matches every row."""
    run_bool_exp(idd=Int_comparison_exp(_eq=1))  # type: ignore[call-arg]
    Int_comparison_exp(in_=[1])  # type: ignore[call-arg]
    client.list_runs(wher=None)  # type: ignore[call-arg]
    client.heartbeat("1")  # type: ignore[arg-type]
    client.nope()  # type: ignore[attr-defined]


def create(client: Client) -> None:
    """What a mutation returns is known: None where it has no row to return."""
    run = client.create_run(
        key=uuid4(),
        metadata={"parameters": {"lr": 0.1}},
        charts=[chart_insert_input(spec={"mark": "line"}, order=0)],
        writer_key=uuid4(),
        sweep_id=None,
    )
    print(run.id)  # type: ignore[union-attr]
    if run:
        writer: WriterMark = run.writers[0]
        contact = writer_set_input(host="a host")
        mark = writer_set_input(delivered=writer.delivered + 1)
        client.deliver(
            run.id, writer.id, writer.delivered, contact, mark, [], [], {}, with_metadata=False
        )


def anything(client: Client) -> None:
    """Any other query has an untyped answer."""
    answer = client.execute("query runs($n: Int) { run(limit: $n) { id } }", {"n": 1})
    assert_type(answer, dict[str, Any])


def follow(client: Client) -> None:
    """A subscription is an iterator of what its operation selects, and a context manager."""
    with client.watch_run(1) as states:
        assert_type(states, Subscription[list[WatchRunRun]])
        for rows in states:
            assert_type(rows, list[WatchRunRun])


def send(client: Client) -> None:
    """A column of bytes takes bytes, and a field that the type does not have is found."""
    row = run_blob_insert_input(run_id=1, blob=b"\x00", metadata={})
    assert_type(client.insert_blobs([row]), InsertBlobsInsertRunBlob | None)
    run_blob_insert_input(blob="text")  # type: ignore[arg-type]
    row.nope = 1  # type: ignore[attr-defined]

"""Reading back: runs in any order by pages, logs as tables, blobs as bytes."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import polars as pl
import psycopg
import pyarrow as pa
import pytest
from run_logger_client import (
    Client,
    Int_comparison_exp,
    jsonb_comparison_exp,
    order_by,
    run_bool_exp,
    run_log_insert_input,
    run_order_by,
)

from run_logger import HasuraLogger, reading
from run_logger.errors import ConfigError, RunNotFoundError
from run_logger.reading import blob, logs, runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.conftest import Serve, Served


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve()


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    with Client(served.url) as client:
        yield client


def create(client: Client, metadata: object = None) -> int:
    """Create a run, and return its id."""
    run = client.create_run(uuid4(), metadata or {}, [], uuid4())
    assert run
    return run.id


def log(client: Client, run_id: int, *rows: dict[str, Any]) -> None:
    """Log rows to a run."""
    client.insert_logs([run_log_insert_input(run_id=run_id, log=row) for row in rows])


def test_runs_come_whole_from_pages_of_any_size(client: Client) -> None:
    ids = [create(client) for _ in range(5)]
    for page in (1, 2, 5, 6):
        assert [run.id for run in runs(client, page=page)] == ids


def test_runs_are_those_that_where_matches(client: Client) -> None:
    ids = [create(client, {"name": "ab"[n % 2]}) for n in range(6)]
    where = run_bool_exp(metadata=jsonb_comparison_exp(_contains={"name": "a"}))
    assert [run.id for run in runs(client, where, page=2)] == ids[::2]
    assert list(runs(client, run_bool_exp(id=Int_comparison_exp(_lt=0)))) == []


ORDERS = [
    [("created_at", "asc")],
    [("created_at", "desc")],
    [("created_at", "asc_nulls_first")],
    [("created_at", "desc_nulls_last"), ("id", "desc")],
    [("sweep_index", "desc_nulls_last"), ("created_at", "asc_nulls_last")],
    [("sweep_index", "asc"), ("created_at", "desc_nulls_first"), ("key", "desc")],
    [("id", "desc")],
    [("retry_of", "asc"), ("sweep_id", "desc")],
]


def test_pages_follow_each_other_in_every_order_with_nulls_and_equals(
    served: Served, client: Client
) -> None:
    with psycopg.connect(served.dsn, autocommit=True) as connection:
        connection.execute(
            "insert into run (metadata, sweep_index, created_at)"
            " select '{}', nullif(n % 3, 0), case n % 4 when 0 then null"
            " else timestamptz '2020-01-01 00:00:00.123456+00' + n % 2 * interval '1 day' end"
            " from generate_series(1, 24) as n"
        )
        for order in ORDERS:
            terms = ", ".join(_sql(*term) for term in [*order, ("id", "asc")])
            expected = connection.execute(f"select id from run order by {terms}").fetchall()
            by = [run_order_by(**_term(*term)) for term in order]
            for page in (1, 5):
                assert [(run.id,) for run in runs(client, order_by=by, page=page)] == expected


def _sql(column: str, direction: str) -> str:
    way, _, nulls = direction.partition("_")
    return f"{column} {way} {nulls.replace('_', ' ')}"


def _term(column: str, direction: str) -> dict[str, Any]:
    return {column: order_by(direction)}


def test_runs_that_are_created_and_deleted_meanwhile_move_no_other(client: Client) -> None:
    ids = [create(client) for _ in range(6)]
    reading_on = runs(client, order_by=[run_order_by(id=order_by.desc)], page=2)
    seen = [next(reading_on).id, next(reading_on).id]
    client.delete_runs([ids[5], ids[4]])
    create(client)
    assert seen + [run.id for run in reading_on] == ids[::-1]


def test_no_page_is_read_before_it_is_asked_for() -> None:
    nowhere = Client("http://127.0.0.1:1/v1/graphql", retries=0)
    unread = runs(nowhere)
    with pytest.raises(ConnectionError):
        next(unread)


@pytest.mark.parametrize(
    ("by", "named"),
    [
        ([run_order_by(metadata=order_by.asc)], "the order of metadata"),
        ([run_order_by(status=order_by.asc)], "the order of status"),
        ([run_order_by(id=order_by.asc, sweep_id=order_by.asc)], "the order of id, sweep_id"),
        ([run_order_by()], "the order of nothing"),
    ],
)
def test_an_order_in_which_pages_cannot_follow_is_refused(
    by: Sequence[run_order_by], named: str
) -> None:
    client = Client("http://127.0.0.1:1/v1/graphql")
    with pytest.raises(ConfigError, match=f"{named}.*one column each: id, key"):
        runs(client, order_by=by)
    with pytest.raises(ConfigError, match="a page cannot have 0 runs"):
        runs(client, page=0)


def test_logs_are_a_table_with_a_column_for_each_key(client: Client) -> None:
    first, second = create(client), create(client)
    log(client, first, {"step": 0, "loss": 1}, {"step": 1, "loss": 0.5, "text": "a", "no": None})
    log(client, second, {"step": 0, "ok": True, "tags": ["x"], "run_id": 7, "big": 2**63})
    table = logs(client, [second, first]).arrow()
    assert {field.name: str(field.type) for field in table.schema} == {
        "run_id": "int64",
        "logged_at": "timestamp[us, tz=UTC]",
        "big": "double",
        "ok": "bool",
        "step": "int64",
        "tags": "string",
        "run_id_": "int64",
        "loss": "double",
        "no": "null",
        "text": "string",
    }
    assert table["run_id"].to_pylist() == [second, first, first]
    assert table["loss"].to_pylist() == [None, 1.0, 0.5]
    assert table["tags"].to_pylist() == ['["x"]', None, None]
    assert table["run_id_"].to_pylist() == [7, None, None]
    (logged_at, *_) = table["logged_at"].to_pylist()
    assert logged_at
    assert abs(datetime.now(UTC) - logged_at) < timedelta(days=1)


def test_only_the_keys_that_were_asked_for_come_each_with_a_column(client: Client) -> None:
    run_id = create(client)
    log(client, run_id, {"step": 0, "loss": 1.5}, {"step": 1, "other": 1})
    table = logs(client, [run_id], keys=["loss", "never"]).arrow()
    assert table.column_names == ["run_id", "logged_at", "loss", "never"]
    assert table["loss"].to_pylist() == [1.5, None]
    assert table["never"].to_pylist() == [None, None]


def test_a_column_has_the_type_that_holds_the_values_of_all_pages(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("run_logger.reading.rows._PAGE", 1)
    run_id = create(client)
    values = [1, None, 2.5, True, "text", {"a": [1]}]
    log(client, run_id, *({"number": n, "mixed": value} for n, value in enumerate(values)))
    log(client, run_id, {"number": 0.5, "late": 3})
    table = logs(client, [run_id]).arrow()
    assert table["number"].to_pylist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 0.5]
    assert table["mixed"].to_pylist() == ["1", None, "2.5", "true", "text", '{"a":[1]}', None]
    assert table["late"].to_pylist() == [None] * 6 + [3]


def test_a_table_without_rows_has_its_own_columns(client: Client) -> None:
    table = logs(client, [create(client)], keys=["loss"]).arrow()
    assert (table.num_rows, table.column_names) == (0, ["run_id", "logged_at", "loss"])
    assert str(table.schema.field("run_id").type) == "int64"
    assert logs(client, []).arrow().num_rows == 0


def test_libraries_of_data_frames_take_logs_as_they_are(client: Client) -> None:
    run_id = create(client)
    log(client, run_id, {"loss": 1.5}, {"loss": 2})
    read = logs(client, [run_id])
    assert pl.DataFrame(read)["loss"].to_list() == [1.5, 2.0]
    assert read.arrow().to_pandas()["loss"].tolist() == [1.5, 2.0]
    assert pa.RecordBatchReader.from_stream(read).read_all()["loss"].to_pylist() == [1.5, 2.0]


def test_of_many_rows_no_json_is_kept(served: Served, client: Client) -> None:
    run_id = create(client)
    with psycopg.connect(served.dsn, autocommit=True) as connection:
        connection.execute(
            "insert into run_log (run_id, log)"
            " select %s, jsonb_build_object('step', n, 'loss', n / 2.0)"
            " from generate_series(1, 12000) as n",
            [run_id],
        )
    table = logs(client, [run_id]).arrow()
    assert table["step"].to_pylist() == list(range(1, 12001))
    # Run, time, step and loss take eight bytes each, and a little for what is null.
    assert table.nbytes < 12_000 * 4 * 9


def test_without_pyarrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"run-logger\[frames\]"):
        logs(Client("http://127.0.0.1:1/v1/graphql"), [1]).arrow()


def test_logs_say_what_they_read() -> None:
    read = logs(Client("http://127.0.0.1:1/v1/graphql"), [1, 2], keys=["a"])
    assert repr(read) == "Logs(run_ids=[1, 2], keys=('a',))"


def test_a_blob_comes_back_as_its_bytes(served: Served, client: Client) -> None:
    data = bytes(range(256)) * 300
    with HasuraLogger(served.url) as logger:
        logger.create_run({})
        logger.blob(data, metadata={"name": "all bytes"})
        logger.blob(b"", metadata={})
    assert logger.run_id is not None
    shown = client.show_run(logger.run_id)
    assert shown is not None
    assert [blob(client, each.id) for each in shown.run_blobs] == [data, b""]


def test_a_blob_that_is_not_there_is_named(client: Client) -> None:
    with pytest.raises(RunNotFoundError, match=r"there is no blob 1 at http.*run-logger runs show"):
        blob(client, 1)


def test_what_reads_back_is_public() -> None:
    assert {"Logs", "blob", "chart_groups", "chart_rows", "log_rows", "logs", "runs"} <= set(
        reading.__all__
    )

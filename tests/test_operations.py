"""Every operation of `queries/`, sent by the generated client to a server over our own schema."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from run_logger_client import (
    Client,
    Int_comparison_exp,
    chart_insert_input,
    order_by,
    parameter_choices_insert_input,
    run_blob_insert_input,
    run_bool_exp,
    run_log_insert_input,
    run_log_sample_args,
    run_order_by,
    sweep_order_by,
    writer_set_input,
)

from run_logger.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from run_logger_client.create_run import CreateRunInsertRunOne


@pytest.fixture
def client(endpoint: str) -> Iterator[Client]:
    with Client(endpoint) as client:
        yield client


def create(client: Client, **given: Any) -> CreateRunInsertRunOne:
    defaults = {"key": uuid4(), "metadata": {}, "charts": [], "writer_key": uuid4()}
    run = client.create_run(**{**defaults, **given})
    assert run
    return run


def create_sweep(client: Client, **given: Any) -> int:
    choices = [parameter_choices_insert_input(Key="lr", choice=[0.1, 0.2])]
    defaults = {"space": {"lr": [0.1, 0.2]}, "metadata": {}, "parameter_choices": choices}
    sweep = client.create_sweep(**{**defaults, **given})
    assert sweep
    return sweep.id


def log(run: CreateRunInsertRunOne, seq: int, **values: Any) -> run_log_insert_input:
    writer = run.writers[0].id
    return run_log_insert_input(run_id=run.id, writer_id=writer, seq=seq, log=values)


def deliver(client: Client, run: CreateRunInsertRunOne, start: int, end: int, **given: Any) -> int:
    """Deliver a batch; return how many rows of writer the mark moved on: 1 or 0."""
    defaults = {"logs": [], "blobs": [], "metadata": {}, "with_metadata": False}
    contact, mark = writer_set_input(pid=1), writer_set_input(delivered=end)
    writer_id = run.writers[0].id
    delivery = client.deliver(run.id, writer_id, start, contact, mark, **{**defaults, **given})
    assert delivery.mark
    return delivery.mark.affected_rows


def metadata_of(client: Client, run_id: int) -> Any:
    run = client.show_run(run_id)
    assert run
    return run.metadata


def test_a_run_is_created_with_its_charts_and_its_writer(client: Client) -> None:
    charts = [chart_insert_input(spec={"n": n}, order=n) for n in (1, 0)]
    key, writer_key = uuid4(), uuid4()
    run = create(client, key=key, writer_key=writer_key, charts=charts, host="h", pid=1)
    assert (run.key, run.sweep, run.sweep_index) == (key, None, None)
    assert [(w.key, w.run_id, w.delivered, w.outcome) for w in run.writers] == [
        (writer_key, run.id, 0, None)
    ]
    assert [chart.spec for chart in client.charts_of_runs([run.id])] == [{"n": 0}, {"n": 1}]


def test_a_create_sent_again_fails_whole_and_uses_up_no_point(client: Client) -> None:
    sweep_id, key = create_sweep(client, grid_index=0), uuid4()
    create(client, key=key, sweep_id=sweep_id)
    with pytest.raises(ContentError) as caught:
        create(client, key=key, sweep_id=sweep_id)
    assert caught.value.code == "constraint-violation"
    assert create(client, sweep_id=sweep_id).sweep_index == 1
    assert [found.sweep_index for found in client.run_by_key(key)] == [0]


def test_a_run_of_a_sweep_gets_an_index_and_the_space(client: Client) -> None:
    sweep_id = create_sweep(client, grid_index=0, run_limit=5)
    run = create(client, sweep_id=sweep_id)
    assert run.sweep_index == 0
    assert run.sweep
    assert (run.sweep.id, run.sweep.grid_index, run.sweep.run_limit) == (sweep_id, 0, 5)
    assert run.sweep.space == {"lr": [0.1, 0.2]}
    assert [(c.Key, c.choice) for c in run.sweep.parameter_choices] == [("lr", [0.1, 0.2])]
    alone = client.sweep_by_id(sweep_id)
    assert alone
    assert alone.model_dump() == run.sweep.model_dump()


def test_sweeps_are_listed_with_the_number_of_their_runs(client: Client) -> None:
    first, second = create_sweep(client), create_sweep(client)
    create(client, sweep_id=first)
    listed = client.list_sweeps(order_by=[sweep_order_by(id=order_by.desc)])
    counts = [sweep.runs_aggregate.aggregate for sweep in listed]
    assert [sweep.id for sweep in listed] == [second, first]
    assert [count.count for count in counts if count] == [0, 1]


def test_a_batch_is_delivered_once_however_often_it_is_sent(client: Client) -> None:
    run = create(client)
    batch = {"logs": [log(run, 5, x=1)], "metadata": {"k": 1}, "with_metadata": True}
    assert deliver(client, run, 0, 10, **batch) == 1
    assert deliver(client, run, 0, 10, **{**batch, "metadata": {"k": 2}}) == 0
    assert deliver(client, run, 10, 20, logs=[log(run, 5, x=1), log(run, 15, x=2)]) == 1
    assert [row.log for row in client.logs_page(run.id, 0, 100)] == [{"x": 1}, {"x": 2}]
    assert metadata_of(client, run.id) == {"k": 1}
    (mark,) = client.writer_by_key(run.writers[0].key)
    assert mark.delivered == 20


def test_a_batch_with_one_bad_record_changes_nothing(client: Client) -> None:
    run = create(client)
    missing = run_log_insert_input(run_id=run.id + 1, log={})
    with pytest.raises(ContentError):
        deliver(client, run, 0, 10, logs=[log(run, 5, x=1), missing])
    assert client.logs_page(run.id, 0, 100) == []
    (mark,) = client.writer_by_key(run.writers[0].key)
    assert mark.delivered == 0


@pytest.mark.parametrize("way", ["append_metadata", "deliver"])
def test_a_null_metadata_counts_as_empty(client: Client, way: str) -> None:
    run = create(client)
    clear = "mutation { update_run(where: {}, _set: {metadata: null}) { affected_rows } }"
    client.execute(clear)
    if way == "deliver":
        deliver(client, run, 0, 1, metadata={"a": 1}, with_metadata=True)
    else:
        client.append_metadata(run.id, {"a": 1})
    assert metadata_of(client, run.id) == {"a": 1}


def test_metadata_are_merged_and_a_key_is_taken_out(client: Client) -> None:
    run = create(client, metadata={"a": 1, "parameters": {"lr": 0.1}})
    merged = client.append_metadata(run.id, {"a": 2, "note": "n"}).append
    assert merged
    assert merged.metadata == {"a": 2, "note": "n", "parameters": {"lr": 0.1}}
    left = client.delete_metadata_key(run.id, "note")
    assert left
    assert left.metadata == {"a": 2, "parameters": {"lr": 0.1}}


def test_the_parameters_of_a_run_are_read_alone(client: Client) -> None:
    stored = client.run_parameters(create(client, metadata={"parameters": {"lr": 0.1}}).id)
    assert stored
    assert stored.metadata == {"lr": 0.1}
    none = client.run_parameters(create(client).id)
    assert none
    assert none.metadata is None
    assert client.run_parameters(10**6) is None


def test_a_writer_joins_a_run_once_under_its_key(client: Client) -> None:
    run, key = create(client), uuid4()
    joined = client.join_run(run.id, key, rank=1, parent_id=run.writers[0].id)
    again = client.join_run(run.id, key)
    assert joined
    assert again
    assert (joined.id, joined.run_id, joined.run.key) == (again.id, run.id, run.key)
    assert client.run_by_id(run.id) == joined.run


def test_the_first_outcome_of_a_writer_stands(client: Client) -> None:
    run = create(client)
    writer = run.writers[0]
    for outcome in ("failed", "finished"):
        client.finish_writer(writer.id, outcome, error="E: x")
    beat = client.heartbeat(writer.id)
    assert beat
    assert beat.outcome == "failed"
    shown = client.show_run(run.id)
    assert shown
    assert (shown.status, shown.writers[0].error) == ("failed", "E: x")
    assert client.heartbeat(10**6) is None


def test_a_dead_writer_is_buried_once_and_rises_again(client: Client) -> None:
    writer = create(client).writers[0]
    for count in (1, 0):
        buried = client.bury_writer(writer.id, datetime(2026, 1, 2, tzinfo=UTC))
        assert buried
        assert buried.affected_rows == count
    [mark] = client.writer_by_key(writer.key)
    assert mark.outcome == "killed"
    risen = client.reopen_writer(writer.id)
    assert risen
    assert risen.outcome is None


def test_rejected_records_that_are_sent_again_are_there_once(client: Client) -> None:
    run = create(client)
    writer_id = run.writers[0].id
    logs = [run_log_insert_input(log={"x": 1}, seq=10, run_id=run.id, writer_id=writer_id)]
    blobs = [run_blob_insert_input(blob=b"\x00", seq=20, run_id=run.id, writer_id=writer_id)]
    for count in (1, 0):
        sent = client.insert_rejected(logs, blobs)
        assert sent.insert_run_log
        assert sent.insert_run_blob
        assert sent.insert_run_log.affected_rows == sent.insert_run_blob.affected_rows == count


def test_a_blob_comes_back_as_its_bytes(client: Client) -> None:
    run = create(client)
    client.insert_blobs([run_blob_insert_input(run_id=run.id, blob=b"\xde\xad", metadata={"n": 1})])
    shown = client.show_run(run.id)
    assert shown
    blob = client.get_blob(shown.run_blobs[0].id)
    assert blob
    assert (blob.run_id, blob.blob, blob.metadata) == (run.id, b"\xde\xad", {"n": 1})


def test_logs_are_paged_counted_and_sampled(client: Client) -> None:
    run = create(client)
    client.insert_logs([run_log_insert_input(run_id=run.id, log={"x": n}) for n in range(20)])
    first = client.logs_page(run.id, 0, 15)
    rest = client.logs_page(run.id, first[-1].id, 15)
    assert [row.log["x"] for row in (*first, *rest)] == list(range(20))
    count = client.count_logs([run.id]).aggregate
    assert count
    assert count.count == 20
    sample = client.sample_logs(run_log_sample_args(run_ids=[run.id], max_rows=5))
    assert 2 <= len(sample) <= 5


def test_a_run_is_watched_and_its_rows_are_read_writer_by_writer(client: Client) -> None:
    run = create(client)
    (writer,) = run.writers
    client.insert_logs([run_log_insert_input(run_id=run.id, log={"x": 0})])
    deliver(client, run, 0, 20, logs=[log(run, 5, x=1), log(run, 15, x=2)])
    with client.watch_run(run.id) as states:
        (state,) = next(states)
    assert (state.id, state.status) == (run.id, "running")
    assert [(each.id, each.delivered) for each in state.writers] == [(writer.id, 20)]
    rows = client.writer_rows(run.id, writer.id, 5, 10)
    assert [(row.seq, row.log) for row in rows] == [(15, {"x": 2})]
    assert [row.log for row in client.rows_without_writer(run.id, 0, 10)] == [{"x": 0}]


def test_runs_are_listed_filtered_ordered_and_paged(client: Client) -> None:
    ids = [create(client).id for _ in range(4)]
    newest_first = [run_order_by(id=order_by.desc)]
    page = client.list_runs(order_by=newest_first, limit=2, offset=1)
    assert [run.id for run in page] == ids[2:0:-1]
    chosen = run_bool_exp(id=Int_comparison_exp(_in=ids[:2]))
    assert {run.id for run in client.list_runs(where=chosen)} == set(ids[:2])
    count = client.count_runs(where=chosen).aggregate
    assert count
    assert count.count == 2


def test_runs_are_archived_and_brought_back(client: Client) -> None:
    run = create(client)
    for archived in (True, False):
        changed = client.archive_runs([run.id], archived)
        assert changed
        assert [row.id for row in changed.returning] == [run.id]
        (listed,) = client.list_runs()
        assert listed.archived is archived


def test_deleting_a_run_takes_what_hangs_on_it_and_no_more(client: Client) -> None:
    run = create(client, charts=[chart_insert_input(spec={})])
    retry = create(client, retry_of=run.id)
    fork = client.join_run(retry.id, uuid4(), parent_id=run.writers[0].id)
    assert fork
    own_fork = client.join_run(run.id, uuid4(), parent_id=run.writers[0].id)
    assert own_fork
    blob = run_blob_insert_input(run_id=run.id, blob=b"\x00", metadata={})
    deliver(client, run, 0, 9, logs=[log(run, 3)], blobs=[blob])
    deleted = client.delete_runs([run.id]).delete_run
    assert deleted
    assert [row.id for row in deleted.returning] == [run.id]
    (left,) = client.list_runs()
    assert (left.id, left.retry_of) == (retry.id, None)
    assert len(client.writer_by_key(UUID(str(fork.key)))) == 1


def test_a_sweep_says_how_far_it_is(client: Client) -> None:
    sweep_id = create_sweep(client, metadata={"method": "random", "seed": 3})
    create(client, sweep_id=sweep_id)
    state = client.sweep_state(sweep_id)
    assert state
    assert (state.issued, state.method, state.seed, state.archived) == (1, "random", 3, False)


def test_the_runs_of_a_sweep_come_with_the_last_value_of_a_metric(client: Client) -> None:
    sweep_id = create_sweep(client)
    run = create(client, sweep_id=sweep_id, sweep_index=5, metadata={"a b": 1})
    deliver(client, run, 0, 9, logs=[log(run, 3, **{"a b": 2}), log(run, 6, **{"a b": 3})])
    (found,) = client.sweep_runs(sweep_id, 0, 10, "a b", '["a b"]')
    assert (found.sweep_index, found.stated, [row.value for row in found.run_logs]) == (5, 1, [3])
    assert client.sweep_runs(sweep_id, run.id, 10, "a b", '["a b"]') == []
    (last,) = client.last_values([run.id], "a b", '["a b"]')
    assert [row.value for row in last.run_logs] == [3]
    (logging,) = client.sweep_log_keys(sweep_id)
    assert [row.log for row in logging.run_logs] == [{"a b": 3}]


def test_the_parameters_of_a_run_are_settled_once(client: Client) -> None:
    run = create(client)
    settled = [
        client.settle_parameters(run.id, {"sweep_parameters": 1}),
        client.settle_parameters(run.id, {"sweep_parameters": 2}),
    ]
    assert [answer.affected_rows for answer in settled if answer] == [1, 0]
    found = client.run_by_id(run.id)
    assert found
    assert found.sweep_parameters == 1


def test_one_process_begins_the_run_of_an_agent_and_may_repeat_that(client: Client) -> None:
    run = create(client, metadata={"agent": {}})
    first, second = {"begun_by": "1"}, {"begun_by": "2"}
    begun = [
        client.begin_run(run.id, first, first),
        client.begin_run(run.id, second, second),
        client.begin_run(run.id, first, first),
    ]
    assert [answer.affected_rows for answer in begun if answer] == [1, 0, 1]
    client.insert_charts([chart_insert_input(run_id=run.id, spec={})])
    assert len(client.charts_of_runs([run.id])) == 1


def test_an_agent_speaks_for_a_run_until_a_process_records_it(client: Client) -> None:
    key = uuid4()
    run = create(client, writer_key=key)
    beaten = [client.beat_for_run(key)]
    client.join_run(run.id, uuid4())
    beaten.append(client.beat_for_run(key))
    assert [answer.affected_rows for answer in beaten if answer] == [1, 0]
    client.end_for_run(key, "failed", error="exit status 3")
    client.end_for_run(key, "finished")
    assert [writer.outcome for writer in client.writer_by_key(key)] == ["failed"]


def test_a_run_is_seen_beside_what_others_have_reported(client: Client) -> None:
    sweep_id = create_sweep(client)
    run = create(client, sweep_id=sweep_id)
    create(client, sweep_id=sweep_id, metadata={"sweep_reports": [[1, 0.5]]})
    view = client.pruning_view(run.id, sweep_id, "loss", "loss")
    assert view.own
    assert view.own.run_logs == []
    assert [other.reports for other in view.others] == [[[1, 0.5]]]


def test_the_endpoint_says_which_columns_it_has(client: Client) -> None:
    tables = client.endpoint_tables()
    assert tables.writer
    assert tables.writer.fields
    assert {"key", "delivered"} <= {field.name for field in tables.writer.fields}


def test_every_operation_is_tried_here() -> None:
    functions = [value for value in globals().values() if hasattr(value, "__code__")]
    tried = {name for function in functions for name in function.__code__.co_names}
    operations = {name for name in vars(Client) if not name.startswith("_")}
    assert operations - tried == set()

"""`run-logger sync` takes to the database what dead, living and offline processes recorded."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from run_logger.delivery.sending import sender
from tests.cli.conftest import steps

if TYPE_CHECKING:
    from pathlib import Path

    from run_logger.local.postgres import Postgres
    from tests.cli.conftest import Record, Shell
    from tests.conftest import MakeProject, Serve


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "LONGEST_PAUSE", 0.01)


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def start_sync(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "run_logger.cli", "sync", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_what_a_killed_process_recorded_arrives_and_its_journal_goes(
    shell: Shell, endpoint: str, record: Record, journals: Path
) -> None:
    run_id = record(endpoint).run_id
    result = shell("sync")
    assert result.code == 0, result
    assert f"run {run_id}: 5 delivered" in result.out
    assert steps(endpoint, run_id) == [0, 1, 2, 3, 4]
    assert list(journals.iterdir()) == []
    assert shell("runs", "show", str(run_id), "--json").json["status"] == "killed"
    again = shell("sync")
    assert (again.code, again.out) == (0, "Nothing waits.\n")


def test_what_is_printed_for_programs_says_the_same(
    shell: Shell, endpoint: str, record: Record
) -> None:
    run_id = record(endpoint).run_id
    (outcome,) = shell("sync", "--json").json
    assert (outcome["run_id"], outcome["endpoint"]) == (run_id, endpoint)
    assert (outcome["delivered"], outcome["left"]) == (5, 0)
    assert (outcome["rejected"], outcome["problem"]) == ({}, "")


def test_one_journal_is_synced_when_it_is_named(
    shell: Shell, endpoint: str, record: Record, journals: Path
) -> None:
    record(endpoint)
    (first,) = journals.glob("*.jsonl")
    record(endpoint, 3)
    assert shell("sync", str(first)).code == 0
    assert len(steps(endpoint)) == 5
    assert len(list(journals.glob("*.jsonl"))) == 1


def test_a_dry_run_says_what_is_there_and_changes_nothing(
    shell: Shell, endpoint: str, record: Record, journals: Path
) -> None:
    run_id = record(endpoint).run_id
    before = contents(journals)
    result = shell("sync", "--dry-run")
    assert result.code == 0
    assert f"run {run_id}: up to 5 left" in result.out
    assert contents(journals) == before
    assert steps(endpoint) == []


def test_a_living_process_is_synced_too_and_keeps_its_journal(
    shell: Shell, endpoint: str, record: Record, journals: Path
) -> None:
    recorder = record(endpoint, end="waits")
    result = shell("sync")
    assert result.code == 0
    assert "its process lives" in result.out
    assert steps(endpoint, recorder.run_id) == [0, 1, 2, 3, 4]
    assert list(journals.glob("*.jsonl"))
    assert shell("sync", "--json").json[0]["delivered"] == 0
    recorder.process.communicate(timeout=60)
    assert recorder.process.returncode == 0
    assert steps(endpoint, recorder.run_id) == [0, 1, 2, 3, 4]
    assert not list(journals.glob("*.jsonl"))


def test_two_syncs_at_once_deliver_each_record_once(
    endpoint: str, record: Record, journals: Path
) -> None:
    run_id = record(endpoint, 4000).run_id
    both = [start_sync(), start_sync()]
    ends = [(*sync.communicate(timeout=60), sync.returncode) for sync in both]
    assert [code for _, _, code in ends] == [0, 0], ends
    assert steps(endpoint, run_id) == list(range(4000))
    assert not list(journals.glob("*.jsonl"))


def test_a_copy_of_the_directory_brings_nothing_twice(
    shell: Shell, endpoint: str, record: Record, journals: Path, tmp_path: Path
) -> None:
    run_id = record(endpoint).run_id
    copy = shutil.copytree(journals, tmp_path / "copy")
    assert shell("sync").code == 0
    assert shell("sync", str(copy)).code == 0
    assert steps(endpoint, run_id) == [0, 1, 2, 3, 4]
    assert not list(copy.glob("*.jsonl"))


def test_a_run_that_was_recorded_offline_gets_its_id(
    shell: Shell, endpoint: str, record: Record
) -> None:
    assert record(endpoint, RUN_LOGGER_OFFLINE="1").run_id is None
    (outcome,) = shell("sync", "--json").json
    assert outcome["problem"] == ""
    assert steps(endpoint, outcome["run_id"]) == [0, 1, 2, 3, 4]


def test_a_server_that_is_away_leaves_the_journal_and_says_what_to_do(
    shell: Shell, endpoint: str, nowhere: str, record: Record, journals: Path
) -> None:
    record(nowhere, RUN_LOGGER_OFFLINE="1")
    before = contents(journals)
    result = shell("sync")
    assert result.code == 1
    assert "0 delivered, up to 5 left" in result.out
    assert "no connection" in result.out
    assert f"at {nowhere}. " in result.out
    assert "Check that the server runs" in result.out
    assert contents(journals) == before
    assert shell("sync", "--endpoint", endpoint).code == 0
    assert steps(endpoint) == [0, 1, 2, 3, 4]


def test_a_wrong_secret_leaves_the_journal_and_names_the_variable(
    shell: Shell,
    serve: Serve,
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served = serve(admin_secret="right")  # noqa: S106  (it guards nothing)
    monkeypatch.setenv("HASURA_GRAPHQL_ADMIN_SECRET", "right")
    run_id = record(served.url).run_id
    monkeypatch.setenv("HASURA_GRAPHQL_ADMIN_SECRET", "a-guess")
    result = shell("sync")
    assert result.code == 1
    assert "Set HASURA_GRAPHQL_ADMIN_SECRET" in result.out
    assert "a-guess" not in result.out
    monkeypatch.setenv("HASURA_GRAPHQL_ADMIN_SECRET", "right")
    assert shell("sync").code == 0
    assert steps(served.url, run_id) == [0, 1, 2, 3, 4]


def test_a_database_of_an_older_version_is_named_and_left_alone(
    shell: Shell, serve: Serve, make_project: MakeProject, record: Record, journals: Path
) -> None:
    sql = "CREATE TABLE run (id serial PRIMARY KEY, metadata jsonb)"
    served = serve(make_project(sql, tables=["run"]))
    record(served.url, RUN_LOGGER_OFFLINE="1")
    result = shell("sync")
    assert result.code == 1
    assert "migration 'writers'" in result.out
    assert list(journals.glob("*.jsonl"))
    assert served.query("{ run { id } }")["data"]["run"] == []


def test_a_run_of_another_server_is_not_taken_for_the_one_with_its_id(
    shell: Shell, serve: Serve, postgres: Postgres, project_template: str, record: Record
) -> None:
    other = serve(database_url=postgres.create_database(template=project_template)).url
    here = serve().url
    run_id = record(here).run_id
    assert record(other, rows=0).run_id == run_id
    result = shell("sync", "--endpoint", other)
    assert result.code == 1
    assert f"run {run_id}, recorded at {here}, is not there at {other}" in result.out
    assert steps(other) == []


def test_a_run_that_was_deleted_is_said_to_be_gone_and_its_records_are_kept(
    shell: Shell, endpoint: str, record: Record, journals: Path
) -> None:
    run_id = record(endpoint).run_id
    assert shell("runs", "delete", str(run_id), "--yes").code == 0
    result = shell("sync")
    assert result.code == 1
    assert f"run {run_id} has been deleted" in result.out
    assert list(journals.glob("*.jsonl"))


def test_a_record_that_is_refused_is_set_aside_and_can_be_sent_again(
    shell: Shell, endpoint: str, record: Record, project_database: str, journals: Path
) -> None:
    run_id = record(endpoint).run_id
    with psycopg.connect(project_database, autocommit=True) as connection:
        connection.execute(
            "ALTER TABLE run_log ADD CONSTRAINT no_two CHECK (log ->> 'step' <> '2')"
        )
        result = shell("sync")
        assert result.code == 1
        assert "4 delivered, 1 set aside" in result.out
        (kept,) = journals.glob("*.rejected.jsonl")
        assert str(kept) in result.out
        assert "run-logger sync --rejected" in result.out
        assert steps(endpoint, run_id) == [0, 1, 3, 4]
        assert shell("sync", "--rejected").code == 1
        connection.execute("ALTER TABLE run_log DROP CONSTRAINT no_two")
    last = shell("sync", "--rejected")
    assert last.code == 0, last
    assert "1 delivered" in last.out
    assert steps(endpoint, run_id) == [0, 1, 2, 3, 4]
    assert list(journals.iterdir()) == []


def test_a_sync_that_watches_delivers_what_is_written_later(endpoint: str, record: Record) -> None:
    with start_sync("--watch", "--json") as sync:
        recorder = record(endpoint, end="waits")
        assert sync.stdout is not None
        delivered = 0
        while delivered < 5:
            outcome: dict[str, Any] = json.loads(sync.stdout.readline())
            assert (outcome["run_id"], outcome["problem"]) == (recorder.run_id, "")
            delivered += outcome["delivered"]
        sync.send_signal(signal.SIGINT)
        _, errors = sync.communicate(timeout=60)
    assert (sync.returncode, errors) == (0, "")
    assert steps(endpoint, recorder.run_id) == [0, 1, 2, 3, 4]


def test_a_file_that_is_no_journal_is_an_error_and_the_others_are_delivered(
    shell: Shell, endpoint: str, record: Record, journals: Path
) -> None:
    run_id = record(endpoint).run_id
    broken = journals / "00000000-0000-4000-8000-000000000000.jsonl"
    broken.write_bytes(b'{"journal": 999}\n')
    result = shell("sync")
    assert result.code == 1
    assert broken.name in result.out
    assert steps(endpoint, run_id) == [0, 1, 2, 3, 4]
    assert broken.read_bytes() == b'{"journal": 999}\n'


def test_a_journal_without_a_line_is_cleared_away(shell: Shell, journals: Path) -> None:
    journals.mkdir()
    (journals / "00000000-0000-4000-8000-000000000000.jsonl").touch()
    result = shell("sync")
    assert result.code == 0, result
    assert list(journals.iterdir()) == []


def test_where_nothing_was_recorded_there_is_nothing_to_do(shell: Shell, journals: Path) -> None:
    result = shell("sync")
    assert (result.code, result.out) == (0, "Nothing waits.\n")
    assert not journals.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["there/is/none"], "there is nothing at there/is/none"),
        (["--watch", __file__], "--watch is for directories"),
        (["--watch", "--dry-run"], "--watch and --dry-run do not go together"),
    ],
)
def test_a_wrong_call_is_an_error_that_says_so(
    shell: Shell, words: list[str], message: str
) -> None:
    result = shell("sync", *words)
    assert result.code == 1
    assert message in result.err

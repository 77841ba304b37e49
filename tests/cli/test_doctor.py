"""`run-logger doctor` says what is wrong, and what to do about it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import run_logger
from run_logger._resources import resource
from run_logger.hasura_logger import Client, HasuraLogger

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Record, Result, Shell
    from tests.conftest import MakeProject, Serve


def findings(result: Result, section: str) -> list[dict[str, Any]]:
    """Return what was found in a section; the exit code and `ok` agree with all of it."""
    found: list[dict[str, Any]] = result.json["findings"]
    sick = any(finding["level"] == "problem" for finding in found)
    assert (result.code, result.json["ok"]) == (int(sick), not sick)
    return [finding for finding in found if finding["section"] == section]


def test_where_all_is_well_it_says_so(shell: Shell, endpoint: str) -> None:
    result = shell("doctor")
    assert result.code == 0, result.out
    assert "✓ nothing waits to be delivered" in result.out
    assert f"✓ {endpoint} answers and lets us in; it speaks Hasura v2." in result.out
    assert "✓ its tables are those of this version" in result.out
    assert "✗" not in result.out


def test_it_changes_nothing(shell: Shell, journals: Path) -> None:
    shell("doctor")
    assert not journals.exists()


def test_the_journal_of_a_killed_process_is_a_problem_with_its_figures(
    shell: Shell, endpoint: str, record: Record, journals: Path
) -> None:
    run_id = record(endpoint).run_id
    (journal,) = journals.glob("*.jsonl")
    size = journal.stat().st_size
    result = shell("doctor", "--json")
    (found,) = findings(result, "pending")
    assert found["level"] == "problem"
    assert found["facts"].pop("changed_at")
    assert found["facts"].pop("run_key")
    assert found["facts"] == {
        "journal": str(journal),
        "endpoint": endpoint,
        "run_id": run_id,
        "records": 5,
        "bytes": size,
        "live": False,
    }
    text = shell("doctor").out
    assert f"✗ run {run_id}: up to 5 records" in text
    assert "Deliver them: run-logger sync." in text


def test_the_journal_of_a_living_process_is_none(
    shell: Shell, endpoint: str, record: Record
) -> None:
    recorder = record(endpoint, end="waits")
    result = shell("doctor", "--json")
    (found,) = findings(result, "pending")
    assert (found["level"], found["facts"]["live"]) == ("fine", True)
    recorder.process.communicate(timeout=60)


def test_refused_records_are_counted_by_reason(shell: Shell, endpoint: str, journals: Path) -> None:
    with HasuraLogger(endpoint) as logger:
        logger.create_run({})
        logger.log(step=0)
        logger.blob(r"\xNOHEX", {"kind": "broken"})
    (found,) = findings(shell("doctor", "--json"), "rejected")
    assert found["level"] == "problem"
    assert found["facts"]["rejected"] == 1
    ((reason, count),) = found["facts"]["reasons"].items()
    assert reason.startswith("data-exception: ")
    assert "hexadecimal" in reason
    assert count == 1
    (kept,) = journals.glob("*.rejected.jsonl")
    assert str(kept) in found["remedy"]
    assert "run-logger sync --rejected" in found["remedy"]


def test_a_journal_of_a_newer_format_is_a_problem(shell: Shell, journals: Path) -> None:
    journals.mkdir()
    path = journals / "00000000-0000-4000-8000-000000000000.jsonl"
    path.write_bytes(b'{"journal": 999}\n')
    (found,) = findings(shell("doctor", "--json"), "pending")
    assert found["level"] == "problem"
    assert path.name in found["text"]


def test_each_endpoint_that_a_journal_names_is_looked_at_once(
    shell: Shell, endpoint: str, nowhere: str, record: Record
) -> None:
    record(endpoint)
    record(endpoint)
    record(nowhere, RUN_LOGGER_OFFLINE="1")
    found = findings(shell("doctor", "--json"), "endpoint")
    looked_at = [each["facts"]["endpoint"] for each in found if "answers" in each["text"]]
    assert looked_at == [endpoint]
    (failed,) = [each for each in found if each["level"] == "problem"]
    assert failed["facts"] == {"error": "UnreachableError", "endpoint": nowhere}
    assert failed["text"].startswith("no connection")
    assert "run-logger serve" in failed["remedy"]


def test_without_any_endpoint_it_asks_for_one(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUN_LOGGER_ENDPOINT")
    (found,) = findings(shell("doctor", "--json"), "endpoint")
    assert found["level"] == "note"
    assert "--endpoint URL" in found["remedy"]


def test_a_wrong_secret_is_told_from_a_server_that_is_away(
    shell: Shell, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serve(admin_secret="right")  # noqa: S106  (it guards nothing)
    monkeypatch.setenv("HASURA_GRAPHQL_ADMIN_SECRET", "wrong-secret")
    result = shell("doctor", "--json", "--endpoint", served.url)
    (found,) = findings(result, "endpoint")
    assert found["facts"]["error"] == "AuthenticationError"
    assert "Set HASURA_GRAPHQL_ADMIN_SECRET" in found["remedy"]
    assert "wrong-secret" not in result.out


def test_something_else_than_hasura_is_named(
    shell: Shell, serve_app: Callable[[Starlette], str]
) -> None:
    routes = [Route("/v1/graphql", lambda _: PlainTextResponse("hello"), methods=["POST"])]
    url = f"{serve_app(Starlette(routes=routes))}/v1/graphql"
    (found,) = findings(shell("doctor", "--json", "--endpoint", url), "endpoint")
    assert found["facts"]["error"] == "NotHasuraError"


_BASELINE = next((resource("schema") / "migrations/default").glob("*_baseline/up.sql")).read_text()
_OLD_TABLES = ["sweep", "run", "parameter_choices", "chart", "run_log", "run_blob"]


@pytest.mark.parametrize("migration", ["baseline", "writers"])
def test_a_migration_that_is_missing_is_named(
    shell: Shell, serve: Serve, make_project: MakeProject, migration: str
) -> None:
    sql, tables = (_BASELINE, _OLD_TABLES if migration == "writers" else [])
    served = serve(make_project(sql, tables=tables))
    result = shell("doctor", "--json", "--endpoint", served.url)
    _, found = findings(result, "endpoint")
    assert f"migration '{migration}'" in found["text"]
    assert "hasura migrate apply" in found["remedy"]


def test_a_column_that_is_missing_is_named(
    shell: Shell, serve: Serve, project_database: str
) -> None:
    with psycopg.connect(project_database) as connection:
        connection.execute("ALTER TABLE writer DROP COLUMN rank")
    _, found = findings(shell("doctor", "--json", "--endpoint", serve().url), "endpoint")
    assert found["facts"]["missing_fields"] == ["writer.rank"]
    assert "not all that this version needs: writer.rank" in found["text"]


def test_a_newer_database_is_worth_a_note(
    shell: Shell, serve: Serve, project_database: str
) -> None:
    with psycopg.connect(project_database) as connection:
        connection.execute("ALTER TABLE writer ADD COLUMN mood text")
    _, found = findings(shell("doctor", "--json", "--endpoint", serve().url), "endpoint")
    assert (found["level"], found["facts"]["unknown_fields"]) == ("note", ["mood"])
    assert "pip install --upgrade run-logger" in found["remedy"]


def test_an_old_hasura_is_a_problem(
    shell: Shell, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from run_logger.local import app  # noqa: PLC0415  (loaded with the server alone)

    monkeypatch.setattr(app, "DIALECT", "v2.9.1")
    found, _ = findings(shell("doctor", "--json", "--endpoint", endpoint), "endpoint")
    assert "Hasura v2.9.1 is older than v2.30" in found["text"]
    assert found["level"] == "problem"


def test_a_sweep_that_old_and_new_clients_share_is_named(shell: Shell, endpoint: str) -> None:
    insert = "mutation ($run: run_insert_input!) { insert_run_one(object: $run) { id } }"
    with Client(endpoint) as client, HasuraLogger(endpoint) as logger:
        sweeps = [
            client.create_sweep(
                space={"lr": [1, 2]}, metadata={}, parameter_choices=[], grid_index=0
            )
            for _ in range(3)
        ]
        shared, new, old = (sweep.id for sweep in sweeps if sweep)
        for sweep in (shared, old):
            client.execute(insert, {"run": {"sweep_id": sweep}})
        with HasuraLogger(endpoint) as other:
            other.create_run({}, sweep_id=new)
            logger.create_run({}, sweep_id=shared)
            found = findings(shell("doctor", "--json"), "sweeps")
    assert [each["facts"]["sweep"] for each in found] == [shared]
    assert found[0]["level"] == "problem"


def test_variables_are_told_and_secrets_are_not(
    shell: Shell, endpoint: str, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HASURA_GRAPHQL_ROLE", "admin")
    monkeypatch.setenv("HASURA_GRAPHQL_TOKEN", "s3cret-token")
    monkeypatch.setenv("RUN_LOGGER_HEADERS", "x-key: s3cret-key")
    monkeypatch.setenv("RUN_LOGGER_ENDPOINT", endpoint.replace("//", "//me:s3cret-word@"))
    result = shell("doctor")
    assert f"RUN_LOGGER_DIR is set to {journals}" in result.out
    assert "HASURA_GRAPHQL_TOKEN is set\n" in result.out
    assert "RUN_LOGGER_HEADERS is set\n" in result.out
    assert f"RUN_LOGGER_ENDPOINT is set to {endpoint}" in result.out
    assert "s3cret" not in result.out + result.err


def test_every_variable_that_the_library_reads_is_known(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = Path(run_logger.__file__).parent.rglob("*.py")
    names = {
        name for path in sources for name in re.findall(r"RUN_LOGGER_[A-Z_]+", path.read_text())
    }
    for name in names - {"RUN_LOGGER_DIR", "RUN_LOGGER_ENDPOINT"}:
        monkeypatch.setenv(name, "1")
    out = shell("doctor").out
    assert "RUN_LOGGER_HEADERS" in names
    assert all(f"{name} is set" in out for name in names)
    assert "nothing reads it" not in out


def test_a_variable_that_is_misspelt_is_a_problem(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUN_LOGGER_OFLINE", "1")
    result = shell("doctor")
    assert result.code == 1
    assert "✗ RUN_LOGGER_OFLINE is set, and nothing reads it" in result.out
    assert "Is it RUN_LOGGER_OFFLINE that you mean?" in result.out


def test_a_place_where_no_journal_can_be_written_is_a_problem(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a file"
    file.touch()
    monkeypatch.setenv("RUN_LOGGER_DIR", str(file))
    result = shell("doctor")
    assert result.code == 1
    assert f"✗ journals cannot be written in {file}" in result.out
    assert "Set RUN_LOGGER_DIR" in result.out


def test_a_directory_of_journals_is_tried_and_left_as_it_was(shell: Shell, journals: Path) -> None:
    journals.mkdir()
    found = findings(shell("doctor", "--json"), "environment")
    (place,) = [each for each in found if "free_bytes" in each["facts"]]
    space = os.statvfs(journals)
    assert place["facts"]["free_bytes"] == pytest.approx(space.f_bavail * space.f_frsize, rel=0.1)
    assert any(each["text"] == "its file system has locks" for each in found)
    assert list(journals.iterdir()) == []


def test_each_extra_is_told_with_what_it_lacks(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from run_logger.cli.checks import environment  # noqa: PLC0415

    needs = ["orjson>=3", "typer>=0.1; extra == 'one'", "no-such-package[x]>=1; extra == 'two'"]
    monkeypatch.setattr(environment, "requires", lambda _: needs)
    one, two = findings(shell("doctor", "--json"), "extras")
    assert (one["text"], one["remedy"]) == ("[one] is installed", "")
    assert two["text"] == "[two] lacks no-such-package"
    assert two["remedy"] == "If you want it: pip install 'run-logger[two]'."

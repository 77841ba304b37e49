"""`run-logger serve` as its users meet it: a process, its output, its exit code."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import httpx
import psycopg
import pytest

from run_logger.local.binaries import system_binaries
from run_logger.local.postgres import dsn_of_running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from run_logger.local.postgres import Postgres
    from tests.conftest import MakeProject

_BLOCKING_FUNCTION = """
    CREATE TABLE item (id int PRIMARY KEY);
    CREATE FUNCTION wait_for_lock() RETURNS SETOF item LANGUAGE plpgsql STABLE AS $$
    BEGIN
        PERFORM pg_advisory_lock_shared(4711);
        RETURN QUERY SELECT 7;
    END $$;
"""
SECRET = "hunter2"  # noqa: S105  of this file alone
# Whatever is waited for comes much sooner, unless the machine has a lot else to do.
PATIENCE = 60


class Start(Protocol):
    def __call__(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]: ...


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "run_logger.cli", "serve", "--port", "0", *arguments]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A machine without settings, whose user's home is closed to others."""
    kept = {name: os.environ[name] for name in ("PATH",)}
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return {**kept, "HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "COLUMNS": "300"}


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    """Start `run-logger serve` with these arguments; ended when the test ends."""
    given = environment
    with ExitStack() as stack:

        def start(
            *arguments: str, environment: Mapping[str, str] | None = None
        ) -> subprocess.Popen[str]:
            process = stack.enter_context(
                subprocess.Popen(
                    command(*arguments),
                    env={**given, **(environment or {})},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            return process

        yield start


def url_of(process: subprocess.Popen[str]) -> str:
    """Wait until the server answers, and return the URL that it prints."""
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url, process.communicate()[1]
    return url


def stop(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> str:
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    return errors


def fails(process: subprocess.Popen[str]) -> str:
    """Wait for the end, which is an error in one line, and return that line."""
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (1, "")
    assert "Traceback" not in errors
    return errors


def ask(url: str, query: str, **headers: str) -> object:
    return httpx.post(url, json={"query": query}, headers=headers, timeout=PATIENCE).json()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_a_signal_leaves_the_database_clean(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    arguments = ("--data-dir", str(tmp_path / "data"))
    process = start(*arguments)
    url = url_of(process)
    assert ask(url, "{ run { id } }") == {"data": {"run": []}}
    assert httpx.get(url.replace("/v1/graphql", "/healthz"), timeout=PATIENCE).text == "OK"
    assert f"run-logger serves {tmp_path / 'data'}" in stop(process, number)
    assert "database system is shut down" in (tmp_path / "data/postgres.log").read_text()
    again = start(*arguments)
    url_of(again)
    assert "recovery" not in (tmp_path / "data/postgres.log").read_text()
    stop(again)


def test_after_kill_9_it_starts_again_on_the_same_data(start: Start, tmp_path: Path) -> None:
    arguments = ("--data-dir", str(tmp_path / "data"))
    process = start(*arguments)
    insert = "mutation { insert_sweep_one(object: {remaining_runs: 41}) { remaining_runs } }"
    assert ask(url_of(process), insert) == {"data": {"insert_sweep_one": {"remaining_runs": 41}}}
    process.kill()
    process.wait()
    again = start(*arguments)
    answer = ask(url_of(again), "{ sweep { remaining_runs } }")
    assert answer == {"data": {"sweep": [{"remaining_runs": 41}]}}
    stop(again)


def test_by_default_the_data_are_in_the_users_home(
    start: Start, environment: dict[str, str]
) -> None:
    process = start()
    url_of(process)
    stop(process)
    assert list(Path(environment["HOME"]).rglob("PG_VERSION"))


def test_a_request_under_way_is_answered_before_it_stops(
    start: Start, database: str, make_project: MakeProject
) -> None:
    project = make_project(_BLOCKING_FUNCTION, tables=["item"], functions=["wait_for_lock"])
    process = start("--database-url", database, "--project", str(project))
    url = url_of(process)
    with psycopg.connect(database, autocommit=True) as connection, ThreadPoolExecutor(1) as thread:
        connection.execute("SELECT pg_advisory_lock(4711)")
        answer = thread.submit(ask, url, "{ wait_for_lock { id } }")
        until(lambda: is_waiting(connection))
        process.send_signal(signal.SIGTERM)
        until(lambda: is_closed(url))
        connection.execute("SELECT pg_advisory_unlock(4711)")
        assert answer.result() == {"data": {"wait_for_lock": [{"id": 7}]}}
    assert process.wait(PATIENCE) == 0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_waiting(connection: psycopg.Connection) -> bool:
    query = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted"
    return connection.execute(query).fetchone() is not None


def is_closed(url: str) -> bool:
    parts = httpx.URL(url)
    with socket.socket() as client:
        return client.connect_ex((parts.host, parts.port)) != 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("moment", ["", "starting PostgreSQL", "ready to accept connections"])
def test_a_signal_ends_a_start_that_takes_long(
    start: Start, tmp_path: Path, make_project: MakeProject, number: signal.Signals, moment: str
) -> None:
    """Whatever the moment, Postgres is not left behind, not even to stop by itself."""
    project = make_project("SELECT pg_sleep(100)")
    process = start("--data-dir", str(tmp_path / "data"), "--project", str(project))
    log = tmp_path / "data/postgres.log"
    until(lambda: log.exists() and moment in log.read_text())
    for _ in range(2):
        process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number
    assert dsn_of_running(tmp_path / "data") is None
    text = log.read_text()
    assert "starting PostgreSQL" not in text or "database system is shut down" in text


def test_a_port_in_use_is_named_with_what_to_do(start: Start, database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = fails(start("--port", str(port), "--database-url", database))
    assert f"Cannot listen on port {port} of 127.0.0.1: address already in use" in error
    assert "another --port" in error


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104  refused, which is the test
def test_other_machines_are_let_in_only_with_a_secret(start: Start, host: str) -> None:
    error = fails(start("--host", host, "--admin-secret", ""))
    assert f"{host} can be reached from other machines, and there is no admin secret" in error
    assert "--admin-secret" in error


def test_with_a_secret_it_listens_everywhere_and_shows_the_secret_nowhere(
    start: Start, database: str
) -> None:
    process = start(
        *("--host", "0.0.0.0"),  # noqa: S104  with a secret
        environment={
            "HASURA_GRAPHQL_ADMIN_SECRET": SECRET,
            "HASURA_GRAPHQL_DATABASE_URL": database,
        },
    )
    url = url_of(process)
    refused = ask(url, "{ run { id } }")
    assert "invalid" in str(ask(url, "{ run { id } }", **{"x-hasura-admin-secret": "wrong"}))
    answered = ask(url, "{ run { id } }", **{"x-hasura-admin-secret": SECRET})
    assert answered == {"data": {"run": []}}
    shown = url + str(refused) + stop(process)
    assert SECRET not in shown


def test_a_host_that_is_none_of_ours_is_an_error(start: Start) -> None:
    assert "nowhere.invalid is no address" in fails(start("--host", "nowhere.invalid"))


def test_data_of_another_postgres_are_refused_with_both_versions(
    start: Start, tmp_path: Path
) -> None:
    debian = system_binaries()
    assert debian is not None
    data = ("--data-dir", str(tmp_path / "data"))
    older = start(*data, environment={"PGBIN": str(debian.directory)})
    url_of(older)
    stop(older)
    error = fails(start(*data))
    assert f"are of Postgres {debian.major}" in error
    assert "holds Postgres 18" in error


def test_a_failing_migration_names_file_and_line_and_is_rolled_back(
    start: Start, postgres: Postgres, make_project: MakeProject
) -> None:
    database = postgres.create_database()
    project = make_project("CREATE TABLE half ();\n\nCREATE TABEL oops ();")
    error = fails(start("--database-url", database, "--project", str(project)))
    assert f"{project}/migrations/default/1_init/up.sql, line 3: syntax error" in error
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regclass('half')").fetchone() == (None,)


@pytest.mark.parametrize("has_migrations", [True, False])
def test_a_database_that_is_not_there_is_an_error_without_its_password(
    start: Start, make_project: MakeProject, has_migrations: bool
) -> None:
    project = make_project("")
    if not has_migrations:
        shutil.rmtree(project / "migrations")
    database = f"postgres://me:{SECRET}@127.0.0.1:1/db"
    error = fails(start("--database-url", database, "--project", str(project)))
    assert "The database cannot be used: connection failed" in error
    assert SECRET not in error


def test_a_database_url_that_is_none_is_not_repeated(start: Start) -> None:
    error = fails(start("--database-url", f"postgers://me:{SECRET}@host/db"))
    assert "no connection string" in error
    assert SECRET not in error


def test_metadata_that_do_not_fit_the_database_are_told(
    start: Start, database: str, make_project: MakeProject
) -> None:
    project = make_project("", tables=["nowhere"])
    process = start("--database-url", database, "--project", str(project))
    health = url_of(process).replace("/v1/graphql", "/healthz")
    assert httpx.get(health, timeout=PATIENCE).text == "WARN: inconsistent objects in schema"
    assert "nowhere" in stop(process)


def test_a_wrong_option_is_a_usage_error(start: Start) -> None:
    process = start("--prot", "1")
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 2


def test_without_the_servers_packages_it_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['uvloop'] = None; sys.argv[1:] = ['serve'];"
        "from run_logger.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert done.returncode == 1
    assert b"pip install 'run-logger[local]'" in done.stderr


def test_when_postgres_dies_the_server_says_so_and_ends(start: Start, tmp_path: Path) -> None:
    data = tmp_path / "data"
    process = start("--data-dir", str(data))
    url = url_of(process)
    assert ask(url, "{ run { id } }") == {"data": {"run": []}}
    os.kill(int((data / "postgres/postmaster.pid").read_text().split("\n")[0]), signal.SIGQUIT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "has stopped by itself" in errors
    assert "Traceback" not in errors


def test_hasuras_variables_say_where_to_listen_and_what_to_ask_for(start: Start) -> None:
    process = start(
        environment={
            "HASURA_GRAPHQL_SERVER_HOST": "*",
            "HASURA_GRAPHQL_ADMIN_SECRET": SECRET,
            "HASURA_GRAPHQL_CORS_DOMAIN": "https://lab.example",
        },
    )
    url = url_of(process)
    assert url.startswith("http://127.0.0.1:")
    request = {"query": "{ run { id } }"}
    headers = {"x-hasura-admin-secret": SECRET, "origin": "https://lab.example"}
    answer = httpx.post(url, json=request, headers=headers, timeout=PATIENCE)
    assert answer.json() == {"data": {"run": []}}
    assert answer.headers["access-control-allow-origin"] == "https://lab.example"
    headers["origin"] = "https://other.example"
    answer = httpx.post(url, json=request, headers=headers, timeout=PATIENCE)
    assert "access-control-allow-origin" not in answer.headers

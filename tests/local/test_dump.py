"""`run-logger serve dump`, `restore` and `upgrade`: the embedded data as files."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Protocol

import psycopg
import pytest

from run_logger.local.binaries import embedded_binaries, system_binaries
from run_logger.local.migrations import migrate
from run_logger.local.postgres import Postgres

if TYPE_CHECKING:
    from pathlib import Path

    from run_logger.local.binaries import Binaries
    from tests.conftest import MakeProject

_SQL = """
    CREATE EXTENSION IF NOT EXISTS pgcrypto;
    CREATE TABLE item (id int PRIMARY KEY, text text, token bytea DEFAULT gen_random_bytes(4));
    INSERT INTO item VALUES (1, E'grüß\\t[bold]'), (2, NULL);
"""


class Run(Protocol):
    def __call__(self, *arguments: object, pgbin: Path | None = None) -> tuple[int, str]: ...


@pytest.fixture
def run() -> Run:
    """Run `run-logger serve …` to its end; returns the exit code and the standard error."""

    def run(*arguments: object, pgbin: Path | None = None) -> tuple[int, str]:
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "COLUMNS": "300"}
        if pgbin is not None:
            environment["PGBIN"] = str(pgbin)
        command = [sys.executable, "-m", "run_logger.cli", "serve", *map(str, arguments)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr

    return run


@pytest.fixture
def filled(tmp_path: Path, make_project: MakeProject) -> Path:
    """A data directory of the embedded Postgres with a table and two rows."""
    return _fill(tmp_path / "filled", make_project, embedded_binaries())


def _fill(directory: Path, make_project: MakeProject, binaries: Binaries | None) -> Path:
    with Postgres(directory, binaries=binaries, durable=False) as postgres:
        migrate(postgres.dsn(), make_project(_SQL))
        with psycopg.connect(postgres.dsn()) as connection:
            connection.execute("CREATE ROLE reader")
            connection.execute("GRANT SELECT ON item TO reader")
    return directory


def _rows(directory: Path) -> list[tuple[object, ...]]:
    with (
        Postgres(directory, durable=False) as postgres,
        psycopg.connect(postgres.dsn()) as connection,
    ):
        return connection.execute("SELECT id, text FROM item ORDER BY id").fetchall()


_ROWS = [(1, "grüß\t[bold]"), (2, None)]


def test_what_is_dumped_is_restored_with_its_migrations(
    run: Run, filled: Path, tmp_path: Path, make_project: MakeProject
) -> None:
    file, other = tmp_path / "runs[1].archive", tmp_path / "other"
    assert run("dump", file, "--data-dir", filled) == (0, f"written {file}\n")
    assert run("--data-dir", other, "restore", file)[0] == 0
    assert _rows(other) == _ROWS
    with Postgres(other, durable=False) as postgres:
        assert migrate(postgres.dsn(), make_project(_SQL)) == []
    code, error = run("restore", file, "--data-dir", other)
    assert (code, "holds something already" in error) == (1, True)


def test_a_database_is_dumped_while_it_is_in_use(run: Run, filled: Path, tmp_path: Path) -> None:
    with Postgres(filled, durable=False):
        assert run("dump", tmp_path / "file", "--data-dir", filled)[0] == 0
    assert (tmp_path / "file").stat().st_size > 0


def test_as_sql_the_rows_go_into_any_database_that_has_the_tables(
    run: Run, filled: Path, tmp_path: Path, debian_postgres: Postgres, make_project: MakeProject
) -> None:
    file = tmp_path / "rows.sql"
    assert run("dump", "--format", "sql", "--data-only", file, "--data-dir", filled)[0] == 0
    dsn = debian_postgres.create_database()
    migrate(dsn, make_project(_SQL.partition("INSERT")[0]))
    binaries = embedded_binaries()
    assert binaries is not None
    psql = [binaries.program("psql"), dsn, "-v", "ON_ERROR_STOP=1", "--single-transaction", "-q"]
    with psycopg.connect(dsn) as connection:
        connection.execute("DELETE FROM item")
    subprocess.run([*psql, "-f", str(file)], check=True)
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT id, text FROM item ORDER BY id").fetchall() == _ROWS
    assert "run_logger" not in file.read_text()


def test_as_sql_it_goes_into_an_empty_database_of_a_postgres_with_the_real_pgcrypto(
    run: Run, filled: Path, tmp_path: Path, debian_postgres: Postgres
) -> None:
    file = tmp_path / "all.sql"
    assert run("dump", "--format", "sql", file, "--data-dir", filled)[0] == 0
    text = file.read_text()
    lines = [line for line in text.splitlines() if not line.startswith("\\")]
    assert "COPY public.item" in text
    dsn = debian_postgres.create_database()
    with psycopg.connect(dsn) as connection:
        connection.execute("\n".join(lines).partition("COPY ")[0].encode())
        assert connection.execute("SELECT length(public.gen_random_bytes(3))").fetchone() == (3,)


def test_data_of_another_postgres_are_taken_over(
    run: Run, tmp_path: Path, make_project: MakeProject
) -> None:
    old = system_binaries()
    assert old is not None
    directory = _fill(tmp_path / "data", make_project, old)
    code, error = run("--port", 0, "--data-dir", directory)
    assert (code, f"run-logger serve upgrade --data-dir {directory}" in error) == (1, True)
    kept = directory / f"postgres.{old.major}"
    message = f"upgraded {directory}; the old data are in {kept}\n"
    assert run("upgrade", "--data-dir", directory) == (0, message)
    assert _rows(directory) == _ROWS
    assert kept.is_dir()
    with Postgres(directory) as postgres, psycopg.connect(postgres.dsn()) as connection:
        granted = "SELECT has_table_privilege('reader', 'item', 'SELECT')"
        assert connection.execute(granted).fetchone() == (True,)
    message = f"{directory} is of this Postgres already\n"
    assert run("upgrade", "--data-dir", directory) == (0, message)


def test_what_cannot_be_done_is_said_with_what_to_do(
    run: Run, filled: Path, tmp_path: Path
) -> None:
    nothing = tmp_path / "nothing"
    for command in (("dump", tmp_path / "file"), ("upgrade",)):
        code, error = run(*command, "--data-dir", nothing)
        assert (code, "holds no data" in error) == (1, True)
    code, error = run("dump", filled / "postgres.log", "--data-dir", filled)
    assert (code, "exists already" in error) == (1, True)
    code, error = run("restore", filled / "postgres.log", "--data-dir", nothing)
    assert (code, "is no archive" in error) == (1, True)
    cut = tmp_path / "cut"
    run("dump", tmp_path / "whole", "--data-dir", filled)
    cut.write_bytes((tmp_path / "whole").read_bytes()[:1000])
    code, error = run("restore", cut, "--data-dir", nothing)
    assert (code, "pg_restore fails" in error) == (1, True)
    (filled / "postgres/PG_VERSION").write_text("9\n")
    code, error = run("upgrade", "--data-dir", filled)
    assert (code, "--from-bin" in error) == (1, True)

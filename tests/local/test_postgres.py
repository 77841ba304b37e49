from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from run_logger.local import unprivileged
from run_logger.local.binaries import (
    Binaries,
    embedded_binaries,
    find_binaries,
    system_binaries,
)
from run_logger.local.errors import ServeError
from run_logger.local.postgres import Postgres

# Starts a server, writes a row, says so, and waits to be killed.
_OWNER = """
import sys
from pathlib import Path
import psycopg
from run_logger.local.postgres import Postgres

postgres = Postgres(Path(sys.argv[1]))
postgres.start()
with psycopg.connect(postgres.dsn()) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    connection.execute("INSERT INTO kept VALUES (1)")
print("kept", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def embedded() -> Binaries:
    binaries = embedded_binaries()
    assert binaries is not None
    return binaries


@pytest.fixture
def debian() -> Binaries:
    binaries = system_binaries()
    assert binaries is not None
    return binaries


@pytest.fixture
def private_home(tmp_path: Path) -> Path:
    """A directory under one that only its owner may enter."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return home / "data"


def value(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


def test_either_postgres_runs_and_keeps_its_data(
    any_postgres: Postgres, private_home: Path
) -> None:
    server = Postgres(private_home, binaries=any_postgres.binaries, durable=False)
    with server:
        dsn = server.create_database("with space")
        with psycopg.connect(dsn) as connection:
            connection.execute("CREATE TABLE kept (n int)")
    with server:
        assert value(dsn, "SELECT count(*) FROM kept") == 0
        version = value(dsn, "SHOW server_version")
    assert str(version).startswith(any_postgres.binaries.version)


def test_the_server_is_reached_over_its_socket_alone_and_by_its_owner_alone(
    private_home: Path,
) -> None:
    with Postgres(private_home) as server:
        assert value(server.dsn(), "SHOW listen_addresses") == ""
        assert (private_home / ".s.PGSQL.5432").stat().st_mode & 0o777 == 0o700
        assert private_home.stat().st_mode & 0o777 == 0o700


def test_what_is_answered_is_kept_and_text_is_utf8(private_home: Path) -> None:
    with Postgres(private_home) as server:
        for setting, expected in {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "server_encoding": "UTF8",
            "lc_messages": "C",
        }.items():
            assert value(server.dsn(), f"SHOW {setting}") == expected


def test_a_database_is_copied_from_a_template(postgres: Postgres) -> None:
    template = postgres.create_database("template for a copy")
    with psycopg.connect(template) as connection:
        connection.execute("CREATE TABLE a AS SELECT 7 AS n")
    copy = postgres.create_database(template="template for a copy")
    assert value(copy, "SELECT n FROM a") == 7


def test_a_directory_whose_path_is_too_long_for_a_socket_works(private_home: Path) -> None:
    directory = private_home / ("long" * 20) / ("path" * 20)
    with Postgres(directory, durable=False) as server:
        socket = Path(str(value(server.dsn(), "SHOW unix_socket_directories")).strip('"'))
        assert socket.is_dir()
    assert not socket.exists()


def test_data_of_another_version_are_refused_with_both_versions_and_the_remedy(
    private_home: Path, embedded: Binaries, debian: Binaries
) -> None:
    with Postgres(private_home, binaries=debian, durable=False):
        pass
    with pytest.raises(ServeError) as caught:
        Postgres(private_home, binaries=embedded).start()
    assert f"are of Postgres {debian.major}" in str(caught.value)
    assert f"holds Postgres {embedded.version}" in str(caught.value)
    assert f"Point PGBIN to the bin directory of a Postgres {debian.major}" in str(caught.value)


def test_a_data_directory_of_someone_elses_postgres_is_refused(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("13\n")
    with pytest.raises(ServeError, match="data directory of Postgres 13 that run-logger did not"):
        Postgres(tmp_path).start()


def test_a_file_in_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServeError, match="file cannot be used: File exists"):
        Postgres(tmp_path / "file").start()


def test_a_directory_without_locks_is_refused(
    private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with pytest.raises(ServeError, match="cannot be used: Function not implemented"):
        Postgres(private_home).start()


def test_a_start_that_was_cut_short_is_begun_again(private_home: Path) -> None:
    (private_home / "postgres.new" / "base").mkdir(parents=True)
    with Postgres(private_home, durable=False) as server:
        assert value(server.dsn(), "SELECT 1") == 1
    assert not (private_home / "postgres.new").exists()


def test_a_second_server_on_the_directory_is_refused(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("run_logger.local.postgres._PREDECESSOR_SECONDS", 0)
    with pytest.raises(ServeError, match="Another server runs on the data directory"):
        Postgres(postgres.directory).start()
    assert value(postgres.dsn(), "SELECT 1") == 1


def test_a_server_that_somebody_started_by_hand_is_seen(private_home: Path) -> None:
    server = Postgres(private_home, durable=False)
    with server:
        pass
    cluster = private_home / "postgres"
    with subprocess.Popen(["sleep", "60"], cwd=cluster) as stranger:
        (cluster / "postmaster.pid").write_text(f"{stranger.pid}\n{cluster}\n")
        with pytest.raises(ServeError, match=rf"Another Postgres \(process {stranger.pid}\)"):
            server.start()
        stranger.kill()


def test_a_stale_pid_file_whose_pid_is_somebody_elses_now_does_no_harm(private_home: Path) -> None:
    server = Postgres(private_home, durable=False)
    with server:
        pass
    cluster = private_home / "postgres"
    stale = f"{os.getppid()}\n{cluster}\n0\n5432\n\n\n\nready\n"
    (cluster / "postmaster.pid").write_text(stale)
    (private_home / ".s.PGSQL.5432.lock").write_text(stale)
    with server:
        assert value(server.dsn(), "SELECT 1") == 1


def test_a_server_that_does_not_start_says_why(private_home: Path) -> None:
    server = Postgres(private_home, durable=False)
    with server:
        pass
    (private_home / "postgres" / "postgresql.conf").write_text("shared_buffers = nonsense\n")
    with pytest.raises(ServeError, match='invalid value for parameter "shared_buffers"'):
        server.start()


def test_kill_9_takes_postgres_along_and_the_next_start_finds_what_was_answered(
    private_home: Path,
) -> None:
    for expected in (1, 2):
        with subprocess.Popen(
            [sys.executable, "-c", _OWNER, str(private_home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as owner:
            assert owner.stdout is not None
            assert owner.stdout.readline() == b"kept\n"
            owner.kill()
        with Postgres(private_home) as server:
            assert value(server.dsn(), "SELECT count(*) FROM kept") == expected


def test_kill_9_of_postgres_itself_loses_nothing_that_was_answered(private_home: Path) -> None:
    server = Postgres(private_home)
    with server:
        with psycopg.connect(server.dsn()) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        pid = int((private_home / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
    with server:
        assert value(server.dsn(), "SELECT n FROM kept") == 1


def test_pgbin_comes_first(debian: Binaries, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGBIN", str(debian.directory))
    assert find_binaries() == debian


def test_a_pgbin_without_postgres_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGBIN", str(tmp_path))
    with pytest.raises(ServeError, match="does not hold Postgres's programs"):
        find_binaries()


def test_root_without_user_namespaces_runs_postgres_as_nobody(
    any_postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data made with namespaces, run without, and with them again; others need neither."""
    with TemporaryDirectory() as directory:
        server = Postgres(Path(directory), binaries=any_postgres.binaries, durable=False)
        with server:
            pass
        (server.directory / "mine").touch()
        owner = server.directory.stat().st_uid
        monkeypatch.setattr(unprivileged, "_NAMESPACE", ["false"])
        with server:
            assert value(server.dsn(), "SELECT 1") == 1
        monkeypatch.undo()
        with server:
            assert value(server.dsn(), "SELECT 1") == 1
        assert (server.directory / "mine").stat().st_uid == owner


def test_root_without_any_way_to_another_user_is_told_so(
    private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Postgres(private_home)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(unprivileged, "_NAMESPACE", ["no such program"])
    monkeypatch.setattr(unprivileged, "_as_user", lambda _: ["no such program"])
    monkeypatch.setattr(unprivileged, "_give_to_nobody", lambda *_: 65534)
    with pytest.raises(ServeError, match="Postgres does not run as root"):
        server.start()

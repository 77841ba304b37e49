"""The embedded Postgres: a server of our own over a data directory, for as long as we live.

It listens on a unix socket alone, in a directory that only its owner can enter: that is why it
trusts whoever connects. A data directory holds

    postgres/                     what Postgres itself calls its data directory
    postgres.log, postgres.log.1  the log of this start and of the one before
    postgres.lock                 held by every process of the server
    .s.PGSQL.5432                 the socket
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from run_logger.local.binaries import Binaries, find_binaries
from run_logger.local.errors import ServeError
from run_logger.local.interruption import run_whole, uninterrupted
from run_logger.local.unprivileged import end_with_parent, unprivileged

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType

_SUPERUSER = "postgres"
_PORT = 5432  # only names the socket: nothing listens on TCP
_SOCKET = f".s.PGSQL.{_PORT}"
# Where in postmaster.pid the directory of the socket stands, and what the server does.
_SOCKET_LINE = 4
_STATE_LINE = 7
# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the final zero byte included.
_LONGEST_SOCKET_PATH = 103
# Whoever was killed takes its Postgres along, which needs a moment to begin to stop.
_PREDECESSOR_SECONDS = 5.0
# Recovery after a crash replays at most max_wal_size of log.
_START_SECONDS = 120.0
_STOP_SECONDS = 60.0
_POLL_SECONDS = 0.005

_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    # As in a container, which is where a Hasura's database usually lives.
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Nobody replicates from here, and so less is written ahead.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    # Statements made from GraphQL are long and quick: compiling them costs more than it gains.
    "jit": "off",
}
# The first Postgres that finds extensions in directories besides its own, which come first.
_EXTENSION_PATHS = 18
_EXTENSIONS = Path(__file__).parent / "extensions"
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


class Postgres:
    """A Postgres server over a data directory, between `start` and `stop`, or in a `with`.

    It is bound to the thread that starts it: when that ends, by kill -9 too, the kernel stops it.

    Args:
        directory: The data directory; made, for its owner alone, if it does not exist.
        binaries: The Postgres to run; by default what `find_binaries` finds.
        durable: Whether what is committed outlives a loss of power; False is quicker, for tests.
    """

    def __init__(
        self, directory: Path, *, binaries: Binaries | None = None, durable: bool = True
    ) -> None:
        self.directory: Path = directory.absolute()
        self.binaries: Binaries = binaries or find_binaries()
        self._durable = durable
        self._cluster = self.directory / "postgres"
        self._log = self.directory / "postgres.log"
        self._socket_directory = self.directory
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        else:
            return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server, over new data if there are none, and wait until it can be connected to.

        Raises:
            ServeError: The directory is in use, or holds data of another version of Postgres or
                something else, or Postgres does not start.
        """
        with _usable(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._check_version()
            lock = _locked(self.directory / "postgres.lock")
        try:
            user = unprivileged(self.directory, self._cluster, self.binaries.program("postgres"))
            self._initialize(user, lock)
            self._remove_stale_pid_files()
            with uninterrupted():
                self._process = self._launch(user, lock)
        finally:
            os.close(lock)
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """Stop the server, if it runs: sessions end, all is written, nothing is to recover."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)
        if self._socket_directory != self.directory:
            shutil.rmtree(self._socket_directory)
            self._socket_directory = self.directory

    @property
    def is_running(self) -> bool:
        """Whether the server that was started still runs."""
        return self._process is not None and self._process.poll() is None

    def stopped_by_itself(self) -> ServeError:
        """Return the error that says why the server does not run any more."""
        return ServeError(
            f"Postgres {self.binaries.version} on {self._cluster} has stopped by itself",
            remedy=f"The end of {self._log} says why:\n{_tail(self._log)}",
        )

    def dsn(self, database: str = "postgres") -> str:
        """Return the connection string of one of the server's databases, as libpq reads it."""
        return _dsn(str(self._socket_directory), database)

    def create_database(self, name: str | None = None, template: str | None = None) -> str:
        """Create a database, by copying files: quick, and known to Postgres since version 15.

        Args:
            name: Its name; by default one that is not in use.
            template: The database to copy, to which nobody may be connected; by default Postgres's.

        Returns:
            The connection string of the new database.
        """
        name = name or f"database_{uuid.uuid4().hex}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
            sql.Identifier(name), sql.Identifier(template or "template1")
        )
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(statement)
        return self.dsn(name)

    def _check_version(self) -> None:
        if found := _version_of(self.directory):
            raise ServeError(
                f"{self.directory} is a data directory of Postgres {found} that run-logger did not"
                " make",
                remedy="Give an empty --data-dir, or serve that database with --database-url.",
            )
        found = _version_of(self._cluster)
        if found and found != self.binaries.major:
            raise ServeError(
                f"The data in {self.directory} are of Postgres {found}, and"
                f" {self.binaries.directory} holds Postgres {self.binaries.version}",
                remedy=f"Point PGBIN to the bin directory of a Postgres {found}, or take the data"
                f" over: run-logger serve upgrade --data-dir {self.directory}.",
            )

    def _initialize(self, user: list[str], lock: int) -> None:
        """Make the cluster whole or not at all: a kill can come at any moment."""
        if self._cluster.exists():
            return
        unfinished = self.directory / "postgres.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        command = [self.binaries.program("initdb"), "-D", str(unfinished), "-U", _SUPERUSER]
        command += ["--no-locale", "--encoding=UTF8", "--auth-local=trust", "--auth-host=reject"]
        command += [] if self._durable else ["--no-sync"]
        code, said = run_whole([*user, *command], self.directory, lock)
        if code:
            raise ServeError(
                f"Postgres cannot make its data in {unfinished}: {said.strip()}",
                remedy="Mend that, or give another --data-dir.",
            )
        unfinished.rename(self._cluster)

    def _remove_stale_pid_files(self) -> None:
        """Remove a dead server's pid files: its pid may be a stranger's, or a zombie's, by now."""
        (self.directory / f"{_SOCKET}.lock").unlink(missing_ok=True)
        pid_file = self._cluster / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text().split("\n", 1)[0])
        if _works_in(pid, self._cluster):
            raise ServeError(
                f"Another Postgres (process {pid}) runs on {self._cluster}",
                remedy=f"Stop it (kill -INT {pid}), or give another --data-dir.",
            )
        pid_file.unlink()

    def _launch(self, user: list[str], lock: int) -> subprocess.Popen[bytes]:
        self._socket_directory = _socket_directory(self.directory)
        log = _new_log(self._log)
        try:
            return subprocess.Popen(
                [*user, *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                # The terminal's Ctrl-C is for us: Postgres stops after what is under way.
                start_new_session=True,
                # The lock is free when the last process of the server is gone.
                pass_fds=(lock,),
                preexec_fn=None if user else end_with_parent,  # noqa: PLW1509  one system call
            )
        finally:
            os.close(log)

    def _command(self) -> list[str]:
        settings = {**_SETTINGS, "unix_socket_directories": f'"{self._socket_directory}"'}
        settings |= {} if self._durable else _NOT_DURABLE
        if int(self.binaries.major) >= _EXTENSION_PATHS:
            settings["extension_control_path"] = f"$system:{_EXTENSIONS}"
        options = [word for pair in settings.items() for word in ("-c", "=".join(pair))]
        return [self.binaries.program("postgres"), "-D", str(self._cluster), *options]

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while _state(self._cluster / "postmaster.pid", process.pid) != "ready":
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ServeError(
                    f"Postgres {self.binaries.version} does not start on {self._cluster}",
                    remedy=f"The end of {self._log} says why:\n{_tail(self._log)}",
                )
            time.sleep(_POLL_SECONDS)


def dsn_of_running(directory: Path) -> str | None:
    """Return the connection string of the server that runs on a data directory.

    Args:
        directory: The data directory.

    Returns:
        The connection string of the database that it serves; None if no server runs.
    """
    lock = directory / "postgres.lock"
    pid_file = directory / "postgres" / "postmaster.pid"
    if not lock.exists() or not pid_file.exists():
        return None
    descriptor = os.open(lock, os.O_WRONLY)
    try:
        if _try_lock(descriptor):
            return None
    finally:
        os.close(descriptor)
    return _dsn(pid_file.read_text().split("\n")[_SOCKET_LINE], "postgres")


def version_of(directory: Path) -> str | None:
    """Return the major version of Postgres ("18") whose data a directory holds, None if none."""
    return _version_of(directory / "postgres")


def _dsn(socket_directory: str, database: str) -> str:
    return make_conninfo(host=socket_directory, port=_PORT, user=_SUPERUSER, dbname=database)


@contextmanager
def _usable(directory: Path) -> Generator[None]:
    """Say which directory it is that cannot be made, written in or locked."""
    try:
        yield
    except OSError as error:
        raise ServeError(
            f"The data directory {directory} cannot be used: {error.strerror}",
            remedy="Give another with --data-dir.",
        ) from error


def _version_of(cluster: Path) -> str | None:
    file = cluster / "PG_VERSION"
    return file.read_text().strip() if file.exists() else None


def _locked(path: Path) -> int:
    """Open and lock a file; the lock lasts until all who have inherited the file are gone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        _wait_for_lock(descriptor, path.parent)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _wait_for_lock(descriptor: int, directory: Path) -> None:
    begin = time.monotonic()
    while not _try_lock(descriptor):
        stopping = _state(directory / "postgres" / "postmaster.pid") == "stopping"
        if time.monotonic() - begin > (_STOP_SECONDS if stopping else _PREDECESSOR_SECONDS):
            raise ServeError(
                f"Another server runs on the data directory {directory}",
                remedy="Stop it, or give another --data-dir.",
            )
        time.sleep(_POLL_SECONDS)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _works_in(pid: int, directory: Path) -> bool:
    """Tell whether a process has this working directory, as Postgres has that of its data."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == directory.resolve()
    except OSError:
        return False


def _socket_directory(directory: Path) -> Path:
    """Return the data directory, or a new short one where a socket's path would be too long."""
    if len(os.fsencode(directory / _SOCKET)) <= _LONGEST_SOCKET_PATH:
        return directory
    short = Path(tempfile.mkdtemp(prefix="run-logger-", dir="/tmp"))
    owner = directory.stat()
    os.chown(short, owner.st_uid, owner.st_gid)
    return short


def _new_log(path: Path) -> int:
    if path.exists():
        path.replace(path.with_name(f"{path.name}.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _state(pid_file: Path, pid: int | None = None) -> str | None:
    """Return what a server says that it does: "starting", "ready", "stopping".

    Args:
        pid_file: Where it says so: its pid stands first, its state last.
        pid: The process that has to have said so; None: any.
    """
    try:
        lines = pid_file.read_text().split("\n")
    except FileNotFoundError:
        return None
    if pid is not None and lines[0] != str(pid):
        return None
    return next((line.strip() for line in lines[_STATE_LINE:] if line), None)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End sessions and write all; if that takes too long stop at once, to recover at the start."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-10:])

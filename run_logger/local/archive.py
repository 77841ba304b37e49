"""The embedded database as a file, and in another version of Postgres."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psycopg

from run_logger.local.binaries import Binaries, binaries_in, find_binaries
from run_logger.local.errors import ServeError
from run_logger.local.postgres import Postgres, dsn_of_running, version_of

if TYPE_CHECKING:
    from collections.abc import Generator

# What the server, or a Hasura, keeps for itself: it has no place in another database.
_RECORDS = ("run_logger", "hdb_catalog")
_MAGIC = b"PGDMP"
# A file of SQL begins with settings.
_HEAD = 4096
_NEW_SETTING = b"SET transaction_timeout"
_HOLDS_DATA = """
    SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast'))
"""


def dump(
    directory: Path, file: Path, *, form: Literal["archive", "sql"], data_only: bool = False
) -> None:
    """Write the embedded database into a file, whether or not it is being served.

    Args:
        directory: The data directory.
        file: The file, which must not exist.
        form: `archive`, which `restore` reads, or `sql`, which psql reads into any database: all
            but what the server keeps for itself, for whoever reads it.
        data_only: Whether only the rows are written, for a database that has the tables.

    Raises:
        ServeError: There are no data, or they cannot be written there.
    """
    if file.exists():
        raise ServeError(f"{file} exists already", remedy="Give the name of a new file.")
    _check_data(directory)
    options = ["--format=custom" if form == "archive" else "--format=plain"]
    options += ["--data-only"] if data_only else []
    if form == "sql":
        options += ["--no-owner", "--no-privileges"]
        options += [f"--exclude-schema={name}" for name in _RECORDS]
    unfinished = file.with_name(f"{file.name}.unfinished")
    with _served(directory) as (dsn, binaries):
        _run(binaries, "pg_dump", *options, f"--file={unfinished}", f"--dbname={dsn}")
    if form == "sql":
        _suit_older_versions(unfinished)
    unfinished.rename(file)


def restore(directory: Path, file: Path) -> None:
    """Fill an empty embedded database from an archive.

    Args:
        directory: The data directory, made if it does not exist.
        file: What `dump` wrote, here or with another version of Postgres.

    Raises:
        ServeError: The file is no archive, or the database holds something already.
    """
    with file.open("rb") as opened:
        if opened.read(len(_MAGIC)) != _MAGIC:
            raise ServeError(
                f"{file} is no archive of run-logger serve dump",
                remedy="A file of SQL goes into a database with psql.",
            )
    with Postgres(directory) as postgres:
        if _holds_data(postgres.dsn()):
            raise ServeError(
                f"The database in {directory} holds something already",
                remedy="Give an empty --data-dir.",
            )
        _restore(postgres, file, "--no-owner", "--no-privileges")


def upgrade(directory: Path, old: Path | None) -> Path | None:
    """Take an embedded database over into the Postgres that would run now.

    Args:
        directory: The data directory.
        old: The `bin` directory of the Postgres whose data they are; by default Debian's.

    Returns:
        Where the old data are kept; None if they are of this Postgres already.

    Raises:
        ServeError: There are no data, or the old Postgres is not there.
    """
    found = _check_data(directory)
    binaries = find_binaries()
    if found == binaries.major:
        return None
    made = directory / "upgrade"
    if made.exists():
        shutil.rmtree(made)
    with (
        Postgres(directory, binaries=_old_binaries(found, old)) as source,
        Postgres(made, binaries=binaries) as target,
    ):
        _copy(source, target, made / "archive")
    kept = directory / f"postgres.{found}"
    (directory / "postgres").rename(kept)
    (made / "postgres").rename(directory / "postgres")
    shutil.rmtree(made)
    return kept


def _suit_older_versions(file: Path) -> None:
    """Make a comment of the setting that Postgres knows since 17 only, in place."""
    with file.open("r+b") as opened:
        place = opened.read(_HEAD).find(_NEW_SETTING)
        if place >= 0:
            opened.seek(place)
            opened.write(b"--")


def _check_data(directory: Path) -> str:
    found = version_of(directory)
    if found is None:
        raise ServeError(
            f"{directory} holds no data of run-logger serve",
            remedy="Give the --data-dir that it was started with.",
        )
    return found


def _old_binaries(version: str, directory: Path | None) -> Binaries:
    directory = directory or Path("/usr/lib/postgresql") / version / "bin"
    found = binaries_in(directory)
    if found is None or found.major != version:
        raise ServeError(
            f"The data are of Postgres {version}, which is not in {directory}",
            remedy=f"Install Postgres {version}, and give its bin directory with --from-bin.",
        )
    return found


def _copy(source: Postgres, target: Postgres, archive: Path) -> None:
    # The tools are those of the newer version, which reads older ones.
    tools = target.binaries
    roles = _run(tools, "pg_dumpall", "--roles-only", f"--dbname={source.dsn()}")
    # Every cluster has this one.
    roles = roles.replace("CREATE ROLE postgres;\n", "")
    dsn = target.dsn()
    _run(tools, "psql", "--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", dsn, stdin=roles)
    _run(tools, "pg_dump", "--format=custom", f"--file={archive}", f"--dbname={source.dsn()}")
    _restore(target, archive)


def _restore(postgres: Postgres, file: Path, *options: str) -> None:
    options = ("--single-transaction", "--exit-on-error", *options)
    _run(postgres.binaries, "pg_restore", *options, f"--dbname={postgres.dsn()}", str(file))


@contextmanager
def _served(directory: Path) -> Generator[tuple[str, Binaries]]:
    """Give the database's connection string, from the server that runs or one of our own."""
    if running := dsn_of_running(directory):
        yield running, find_binaries()
        return
    with Postgres(directory) as postgres:
        yield postgres.dsn(), postgres.binaries


def _holds_data(dsn: str) -> bool:
    with psycopg.connect(dsn) as connection:
        return connection.execute(_HOLDS_DATA).fetchone() == (True,)


def _run(binaries: Binaries, name: str, *arguments: str, stdin: str | None = None) -> str:
    """Run one of Postgres's programs and return what it prints."""
    program = binaries.program(name)
    if not Path(program).is_file():
        raise ServeError(
            f"{binaries.directory} does not hold {name}",
            remedy="Point PGBIN to the bin directory of a whole Postgres.",
        )
    done = subprocess.run(
        [program, *arguments], check=False, capture_output=True, text=True, input=stdin
    )
    if done.returncode:
        raise ServeError(f"{name} fails: {done.stderr.strip()}", remedy="Mend that and try again.")
    return done.stdout

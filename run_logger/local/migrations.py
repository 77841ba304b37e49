"""The migrations of a Hasura CLI project: applied in order, once each, each in a transaction."""

from __future__ import annotations

import logging
import re
import select
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors, pq

from run_logger.local.errors import ServeError
from run_logger.local.metadata import read_metadata
from run_logger.local.statements import statement_starts

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)

# Any number that other programs are unlikely to lock: "run-logg" in ASCII.
_ADVISORY_LOCK = 0x72756E2D6C6F6767
CREATE_RECORD = """
    CREATE SCHEMA IF NOT EXISTS run_logger;
    CREATE TABLE IF NOT EXISTS run_logger.migration (
        version numeric PRIMARY KEY,
        name text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    );
"""
# Hasura v2 creates pgcrypto before anything else, and migrations made with it rely on that. A
# database that holds something already is left as it is.
_LACKS_PGCRYPTO = """
    SELECT EXISTS (SELECT FROM pg_available_extensions
            WHERE name = 'pgcrypto' AND installed_version IS NULL)
        AND coalesce(has_schema_privilege(to_regnamespace('public'), 'CREATE'), false)
        AND has_database_privilege(current_database(), 'CREATE')
        AND NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'run_logger'))
"""
_CREATE_PGCRYPTO = "CREATE EXTENSION pgcrypto WITH SCHEMA public"
_RECORD = "INSERT INTO run_logger.migration (version, name) VALUES (%s, %s)"
_RECORDED = "SELECT version FROM run_logger.migration"
# Where a Hasura has been at work on this database, it remembers what its CLI has applied.
_RECORDED_BY_HASURA = """
    SELECT version::numeric
    FROM hdb_catalog.hdb_version, jsonb_object_keys(cli_state -> 'migrations' -> %s) AS version
"""
_USE_OTHER_POSTGRES = (
    "Point PGBIN to a Postgres that has this extension (Debian's package postgresql has most) and"
    " give an empty --data-dir, or use --database-url."
)
_DIRECTORY = re.compile(r"(\d+)(?:_.*)?")
_DONE = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.EMPTY_QUERY)


@dataclass(frozen=True, slots=True, order=True)
class Migration:
    """One directory of migrations: `<version>_<name>/up.sql`."""

    version: int
    directory: Path

    @property
    def file(self) -> Path:
        """The SQL that takes the database forward."""
        return self.directory / "up.sql"


def migrate(dsn: str, project: Path) -> list[Migration]:
    """Apply those of a project's migrations that the database has not seen.

    As with Hasura, a whole file is one query in one transaction, and a file that commits by itself
    may do so. Servers that start at the same time wait for each other here.

    Args:
        dsn: The connection string of the database.
        project: The directory of a Hasura CLI project; without `migrations/` nothing is done.

    Returns:
        What was applied.

    Raises:
        ServeError: The project's migrations are not what they should be, or one fails: it is
            rolled back, and those before it stay applied.
        psycopg.Error: The database cannot be reached, or we may not keep a record in it.
    """
    directory = _migrations_directory(project)
    migrations = [] if directory is None else find_migrations(directory)
    if not migrations:
        return []
    with psycopg.connect(dsn, autocommit=True, client_encoding="utf8") as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_ADVISORY_LOCK])
        applied = _applied_versions(connection, migrations[0].directory.parent.name)
        waiting = [migration for migration in migrations if migration.version not in applied]
        if waiting and connection.execute(_LACKS_PGCRYPTO).fetchone() == (True,):
            connection.execute(_CREATE_PGCRYPTO)
        for migration in waiting:
            _apply(connection, migration)
        return waiting


def find_migrations(directory: Path) -> list[Migration]:
    """Return the migrations in a directory, in numeric order of their versions.

    Raises:
        ServeError: Two have one version, or one is written in YAML.
    """
    migrations = sorted(
        Migration(int(match[1]), child)
        for child in directory.iterdir()
        if (match := _DIRECTORY.fullmatch(child.name))
    )
    for first, second in pairwise(migrations):
        if first.version == second.version:
            raise ServeError(
                f"{first.directory} and {second.directory} have the same version",
                remedy="Give one of them another number.",
            )
    for migration in migrations:
        if (migration.directory / "up.yaml").exists():
            raise ServeError(
                f"{migration.directory}/up.yaml is a migration of a Hasura CLI before version 2",
                remedy="Write its SQL into an up.sql, and what it tracks into metadata/.",
            )
    return [migration for migration in migrations if migration.file.exists()]


def _migrations_directory(project: Path) -> Path | None:
    """Return what holds the migrations: one directory a database, or none in old projects."""
    root = project / "migrations"
    children = sorted(child for child in root.glob("*") if child.is_dir())
    if any(_DIRECTORY.fullmatch(child.name) for child in children):
        return root
    if len(children) > 1:
        source = read_metadata(project).source
        children = [child for child in children if child.name == source]
        if not children:
            raise ServeError(
                f"{root} holds the migrations of several databases, and none is called {source}",
                remedy="Serve a project with one database, or call one of them so.",
            )
    return children[0] if children else None


def _applied_versions(connection: psycopg.Connection, database: str) -> set[int]:
    connection.execute(CREATE_RECORD)
    versions = connection.execute(_RECORDED).fetchall()
    hasura = connection.execute("SELECT to_regclass('hdb_catalog.hdb_version')").fetchone()
    if hasura != (None,):
        versions += connection.execute(_RECORDED_BY_HASURA, [database]).fetchall()
    return {int(version) for (version,) in versions}


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    _log.info("applying %s", migration.directory.name)
    text = migration.file.read_text(encoding="utf-8-sig")
    connection.execute("BEGIN")
    _run(connection, migration.file, text)
    try:
        connection.execute(_RECORD, [migration.version, migration.directory.name])
        connection.execute("COMMIT")
    except psycopg.Error as error:
        raise _failure(f"{migration.file}, at its end: {str(error).strip()}") from error
    # A file that was dumped sets the search path, and the next one does not expect that.
    connection.execute("RESET SESSION AUTHORIZATION")
    connection.execute("RESET ALL")


def _run(connection: psycopg.Connection, file: Path, text: str) -> None:
    """Send a whole file as one query, and count the statements that succeed."""
    connection.pgconn.send_query(text.encode())
    done = 0
    while result := _next_result(connection.pgconn):
        if result.status not in _DONE:
            # There may be more to read, which only the end of the connection stops.
            connection.close()
            raise _error(file, text, done, result)
        done += 1


def _next_result(pgconn: pq.abc.PGconn) -> pq.abc.PGresult | None:
    """Wait for a result here and not in libpq, where no signal would end the wait."""
    unsent = pgconn.flush()
    while unsent or pgconn.is_busy():
        select.select([pgconn.socket], [pgconn.socket] if unsent else [], [])
        pgconn.consume_input()
        unsent = pgconn.flush()
    return pgconn.get_result()


def _error(file: Path, text: str, done: int, result: pq.abc.PGresult) -> ServeError:
    """Return the error of the statement that comes after those that are done."""
    if result.status != pq.ExecStatus.FATAL_ERROR:
        start = _statement_start(text, done)
        problem = "COPY from or to the client has no place in a migration"
        return _failure(f"{file}, line {_line(text, start)}: {problem}")
    error = errors.error_from_result(result)
    diagnostic = error.diag
    said = [diagnostic.message_primary, diagnostic.message_detail, diagnostic.message_hint]
    said += [diagnostic.context]
    line = _line(text, _offset(text, done, diagnostic))
    problem = f"{file}, line {line}: " + "\n".join(part for part in said if part)
    return _failure(problem, _is_missing_extension(error))


def _failure(problem: str, is_missing_extension: bool = False) -> ServeError:
    remedy = _USE_OTHER_POSTGRES if is_missing_extension else "Mend it and start again."
    return ServeError(problem, remedy=f"This migration was rolled back. {remedy}")


def _is_missing_extension(error: psycopg.Error) -> bool:
    unavailable = (errors.FeatureNotSupported, errors.UndefinedFile)
    return isinstance(error, unavailable) and "extension" in str(error)


def _offset(text: str, done: int, diagnostic: errors.Diagnostic) -> int:
    """Return where the error is, as exactly as Postgres says it: its positions count from one."""
    if diagnostic.statement_position:
        return int(diagnostic.statement_position) - 1
    start = _statement_start(text, done)
    if diagnostic.internal_query and diagnostic.internal_position:
        body = text.find(diagnostic.internal_query, start)
        if body >= 0:
            return body + int(diagnostic.internal_position) - 1
    return start


def _statement_start(text: str, done: int) -> int:
    return statement_starts(text)[done]


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1

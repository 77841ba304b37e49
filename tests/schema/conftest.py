"""Databases before and after the project's migrations, on both versions of Postgres."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
import pytest

from run_logger._resources import resource

if TYPE_CHECKING:
    from collections.abc import Sequence

_MIGRATIONS = sorted((resource("schema") / "migrations" / "default").iterdir())


@dataclass(frozen=True, slots=True)
class Database:
    """A database, and the steps that can be applied to it."""

    dsn: str

    def query(self, sql: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a statement in a transaction of its own and return its rows, if it has any."""
        with psycopg.connect(self.dsn) as connection:
            cursor = connection.execute(sql.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def value(self, sql: str, parameters: Sequence[Any] | None = None) -> Any:
        """Return the one value of a query's one row."""
        ((value,),) = self.query(sql, parameters)
        return value

    def up(self, step: int) -> None:
        """Apply a migration: 0 is the baseline, 1 what came after it."""
        self.query((_MIGRATIONS[step] / "up.sql").read_text())

    def down(self, step: int) -> None:
        """Take a migration back."""
        self.query((_MIGRATIONS[step] / "down.sql").read_text())


class ServesDatabases(Protocol):
    """What is needed of a running Postgres."""

    def create_database(self) -> str: ...


@pytest.fixture
def empty(any_postgres: ServesDatabases) -> Database:
    """A database without anything in it."""
    return Database(any_postgres.create_database())


@pytest.fixture
def old(empty: Database) -> Database:
    """A database that run-logger 0.1.8 and its users have filled."""
    empty.query((Path(__file__).parent / "old_database.sql").read_text())
    return empty


@pytest.fixture
def upgraded(old: Database) -> Database:
    """The old database, with the migrations applied to it."""
    old.up(0)
    old.up(1)
    return old


@pytest.fixture
def new(empty: Database) -> Database:
    """A database with all the tables and no rows."""
    empty.up(0)
    empty.up(1)
    return empty


@pytest.fixture(scope="session")
def made_databases() -> dict[ServesDatabases, Database]:
    """The database with all the tables that each server has got for `cleared`."""
    return {}


@pytest.fixture
def cleared(
    any_postgres: ServesDatabases, made_databases: dict[ServesDatabases, Database]
) -> Database:
    """A database with all the tables and no rows, for tests that leave the tables as they are."""
    if any_postgres not in made_databases:
        database = Database(any_postgres.create_database())
        database.up(0)
        database.up(1)
        made_databases[any_postgres] = database
    made_databases[any_postgres].query("TRUNCATE sweep, run RESTART IDENTITY CASCADE")
    return made_databases[any_postgres]


@pytest.fixture(scope="module")
def shared(postgres: ServesDatabases) -> Database:
    """A new database for tests that make their own rows and look at these alone."""
    made = Database(postgres.create_database())
    made.up(0)
    made.up(1)
    return made

"""pgcrypto is there before the first migration, whichever Postgres it is."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from run_logger.local.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from run_logger.local.postgres import Postgres
    from tests.conftest import MakeProject

_DIGESTS = ["md5", "sha224", "sha256", "sha384", "sha512"]
# A key, one of a block of SHA-256 exactly, and those that are longer than any block.
_KEYS = [b"", b"key", b"k" * 64, b"k" * 65, b"k" * 129]


@pytest.fixture
def connection(
    any_postgres: Postgres, make_project: MakeProject
) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A database of a project made with Hasura's console."""
    dsn = any_postgres.create_database()
    migrate(
        dsn,
        make_project(
            """
            CREATE EXTENSION IF NOT EXISTS pgcrypto;
            CREATE TABLE item (
                id uuid PRIMARY KEY DEFAULT public.gen_random_uuid(),
                token text DEFAULT encode(gen_random_bytes(20), 'hex')
            );
            """
        ),
    )
    with psycopg.connect(dsn, autocommit=True) as opened:
        yield opened


def value(connection: psycopg.Connection[tuple[Any, ...]], sql: str, *parameters: Any) -> Any:
    row = connection.execute(sql.encode(), parameters).fetchone()
    assert row is not None
    return row[0]


def test_a_first_migration_may_use_it_without_asking(
    any_postgres: Postgres, make_project: MakeProject
) -> None:
    dsn = any_postgres.create_database()
    migrate(dsn, make_project("CREATE TABLE item (id uuid DEFAULT public.gen_random_uuid())"))


def test_random_bytes_are_as_many_as_wanted_and_never_the_same(
    connection: psycopg.Connection[tuple[Any, ...]],
) -> None:
    for count in (1, 13, 14, 1024):
        assert len(value(connection, "SELECT gen_random_bytes(%s)", count)) == count
    insert = "INSERT INTO item DEFAULT VALUES RETURNING token"
    tokens = {value(connection, insert) for _ in range(50)}
    assert len(tokens) == 50
    with pytest.raises(psycopg.Error, match="Length not in range"):
        value(connection, "SELECT gen_random_bytes(0)")


@pytest.mark.parametrize("name", _DIGESTS)
def test_digests_are_those_of_everybody_else(
    connection: psycopg.Connection[tuple[Any, ...]], name: str
) -> None:
    expected = hashlib.new(name, "grüß".encode()).digest()
    assert value(connection, "SELECT digest(%s::text, %s)", "grüß", name) == expected
    assert value(connection, "SELECT digest(%s::bytea, %s)", "grüß".encode(), name) == expected


@pytest.mark.parametrize("key", _KEYS)
def test_hmacs_are_those_of_everybody_else(
    connection: psycopg.Connection[tuple[Any, ...]], key: bytes
) -> None:
    for name in _DIGESTS:
        expected = hmac.digest(key, b"data", name)
        sql = "SELECT hmac(%s::bytea, %s::bytea, %s)"
        assert value(connection, sql, b"data", key, name) == expected
        text = value(connection, "SELECT hmac('data', %s::text, %s)", key.decode(), name)
        assert text == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT crypt('secret', 'salt')",
        "SELECT gen_salt('bf')",
        "SELECT pgp_sym_encrypt('data', 'key')",
        "SELECT encrypt('data', 'key', 'aes')",
        "SELECT digest('data', 'sha1')",
    ],
)
def test_what_is_not_built_in_is_an_error_that_says_what_to_do(
    embedded_postgres: Postgres, make_project: MakeProject, sql: str
) -> None:
    dsn = embedded_postgres.create_database()
    migrate(dsn, make_project("SELECT 1"))
    with (
        psycopg.connect(dsn) as connection,
        pytest.raises(psycopg.errors.FeatureNotSupported) as refused,
    ):
        connection.execute(sql.encode())
    assert "PGBIN" in (refused.value.diag.message_hint or "")


def test_it_can_be_moved_to_another_schema(
    any_postgres: Postgres, make_project: MakeProject
) -> None:
    dsn = any_postgres.create_database()
    migrate(
        dsn,
        make_project("CREATE SCHEMA crypto; ALTER EXTENSION pgcrypto SET SCHEMA crypto"),
    )
    with psycopg.connect(dsn) as connection:
        found = value(connection, "SELECT crypto.hmac('data', 'key', 'sha256')")
    assert found == hmac.digest(b"key", b"data", "sha256")


def test_a_database_that_holds_something_is_left_as_it_is(
    any_postgres: Postgres, make_project: MakeProject
) -> None:
    dsn = any_postgres.create_database()
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE theirs (id int)")
    migrate(dsn, make_project("SELECT 1"))
    with psycopg.connect(dsn) as connection:
        extensions = "SELECT count(*) FROM pg_extension WHERE extname = 'pgcrypto'"
        assert value(connection, extensions) == 0

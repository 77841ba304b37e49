from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest

from run_logger.local.errors import ServeError
from run_logger.local.migrations import migrate

if TYPE_CHECKING:
    from pathlib import Path

    from run_logger.local.postgres import Postgres


def write(project: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = project / "migrations" / name / "up.sql"
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    return project


def column(dsn: str, query: str) -> list[object]:
    with psycopg.connect(dsn) as connection:
        return [value for (value,) in connection.execute(query.encode())]


def tables(dsn: str) -> list[object]:
    return column(
        dsn, "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    )


def test_files_are_applied_in_numeric_order_and_once_each(database: str, tmp_path: Path) -> None:
    project = write(
        tmp_path,
        {
            "default/10_second": "INSERT INTO a VALUES (10)",
            "default/9_first": "CREATE TABLE a (n int)",
            "default/100": "INSERT INTO a VALUES (100)",
        },
    )
    assert [migration.version for migration in migrate(database, project)] == [9, 10, 100]
    assert migrate(database, project) == []
    assert column(database, "SELECT n FROM a") == [10, 100]


def test_a_file_added_later_is_applied_even_if_its_number_is_lower(
    database: str, tmp_path: Path
) -> None:
    migrate(database, write(tmp_path, {"default/2_b": "CREATE TABLE b ()"}))
    project = write(tmp_path, {"default/1_a": "CREATE TABLE a ()"})
    assert [migration.version for migration in migrate(database, project)] == [1]


def test_the_older_layout_without_a_directory_for_the_database_works(
    database: str, tmp_path: Path
) -> None:
    migrate(database, write(tmp_path, {"1_init": "CREATE TABLE a ()"}))
    assert tables(database) == ["a"]


def test_a_project_without_migrations_leaves_the_database_as_it_stands(
    database: str, tmp_path: Path
) -> None:
    assert migrate(database, tmp_path) == []
    assert column(database, "SELECT to_regnamespace('run_logger')::text") == [None]


def test_of_several_databases_the_one_called_default_is_meant(
    database: str, tmp_path: Path
) -> None:
    project = write(tmp_path, {"default/1": "CREATE TABLE a ()", "other/1": "CREATE TABLE b ()"})
    migrate(database, project)
    assert tables(database) == ["a"]


def test_several_databases_without_a_default_are_an_error(database: str, tmp_path: Path) -> None:
    project = write(tmp_path, {"one/1": "", "two/1": ""})
    with pytest.raises(ServeError, match="several databases"):
        migrate(database, project)


def test_two_files_of_one_version_are_an_error_that_names_both(
    database: str, tmp_path: Path
) -> None:
    project = write(tmp_path, {"default/1_a": "", "default/01_b": ""})
    with pytest.raises(ServeError, match=r"01_b and \S+1_a have the same version"):
        migrate(database, project)


def test_migrations_in_yaml_are_an_error_that_names_the_file(database: str, tmp_path: Path) -> None:
    (tmp_path / "migrations/default/1_a").mkdir(parents=True)
    (tmp_path / "migrations/default/1_a/up.yaml").write_text("- type: run_sql")
    with pytest.raises(ServeError, match=r"1_a/up\.yaml is a migration of a Hasura CLI before"):
        migrate(database, tmp_path)


def test_a_failing_file_is_rolled_back_and_those_before_it_stay(
    any_postgres: Postgres, tmp_path: Path
) -> None:
    database = any_postgres.create_database()
    project = write(
        tmp_path,
        {
            "default/1_good": "CREATE TABLE good ()",
            "default/2_bad": "CREATE TABLE half ();\nSELECT nothing",
        },
    )
    with pytest.raises(ServeError, match=r"2_bad/up\.sql, line 2: column \"nothing\" does not"):
        migrate(database, project)
    assert tables(database) == ["good"]
    (project / "migrations/default/2_bad/up.sql").write_text("CREATE TABLE whole ()")
    assert len(migrate(database, project)) == 1


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("SELECT 1;\n\nCREATE TABEL a ();", 3, 'syntax error at or near "TABEL"'),
        ("CREATE TABLE a ();\nCREATE TABLE a ();", 2, 'relation "a" already exists'),
        ("-- ä; ö\nSELECT ';';\n\n/* ; /* ; */ ; */ DROP TABLE a;", 4, 'table "a" does not exist'),
        (
            'SELECT $x$;\n;$x$;;\nSELECT E\'\\\';\', ";" FROM (SELECT 1 ";") a;\nDROP TABLE b',
            4,
            "b",
        ),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql\nBEGIN ATOMIC\n"
            "SELECT CASE WHEN true THEN 1 END;\nSELECT 2;\nEND;\nDROP TABLE a",
            6,
            'table "a" does not exist',
        ),
        (
            "SELECT 1;\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n\n SELECT x $$;",
            4,
            'column "x" does not exist',
        ),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS\n$$BEGIN\n RETURN oops();\nEND$$;"
            "\nSELECT 1;\nSELECT f();",
            6,
            "PL/pgSQL function f() line 2 at RETURN",
        ),
        (
            "SELECT 1;\nDO $$ BEGIN\n  PERFORM 1;\n  EXECUTE 'SELECT 1';\n  UPDATE a SET x = 1;\n"
            "END $$",
            5,
            'relation "a" does not exist',
        ),
        (
            "CREATE TABLE a (n int UNIQUE DEFERRABLE INITIALLY DEFERRED);\n"
            "INSERT INTO a VALUES (1), (1);",
            None,
            "duplicate key value",
        ),
        ("SELECT 1;\nCREATE INDEX CONCURRENTLY ON pg_class (oid)", 2, "transaction block"),
        ("SELECT 1;\nCOPY pg_class FROM STDIN", 2, "COPY from or to the client"),
    ],
)
def test_the_error_names_file_and_line_and_what_postgres_says(
    database: str, tmp_path: Path, text: str, line: int | None, message: str
) -> None:
    project = write(tmp_path, {"default/1_init": text})
    with pytest.raises(ServeError) as caught:
        migrate(database, project)
    where = f"line {line}: " if line else "at its end: "
    assert f"{project}/migrations/default/1_init/up.sql, {where}" in str(caught.value)
    assert message in str(caught.value)
    assert column(database, "SELECT count(*) FROM run_logger.migration") == [0]


def test_a_file_may_have_a_transaction_of_its_own(database: str, tmp_path: Path) -> None:
    project = write(tmp_path, {"default/1": "BEGIN;\nCREATE TABLE a ();\nCOMMIT;"})
    migrate(database, project)
    assert migrate(database, project) == []


def test_an_enum_grows_in_a_migration(database: str, tmp_path: Path) -> None:
    project = write(
        tmp_path,
        {
            "default/1": "CREATE TYPE e AS ENUM ('a')",
            "default/2": "ALTER TYPE e ADD VALUE 'b'",
            "default/3": "CREATE TABLE t (e e DEFAULT 'b')",
        },
    )
    assert len(migrate(database, project)) == 3


def test_settings_of_one_file_do_not_reach_the_next(database: str, tmp_path: Path) -> None:
    project = write(
        tmp_path,
        {
            "default/1": "SELECT pg_catalog.set_config('search_path', '', false)",
            "default/2": "CREATE TABLE a ()",
        },
    )
    migrate(database, project)
    assert tables(database) == ["a"]


def test_text_with_percent_signs_braces_and_a_byte_order_mark_is_sent_as_it_is(
    database: str, tmp_path: Path
) -> None:
    write(tmp_path, {"default/1": "\ufeffCREATE TABLE a AS SELECT '%s {} ä'::text AS t"})
    migrate(database, tmp_path)
    assert column(database, "SELECT t FROM a") == ["%s {} ä"]


def test_what_a_hasura_has_applied_to_this_database_counts_as_applied(
    database: str, tmp_path: Path
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            """
            CREATE SCHEMA hdb_catalog;
            CREATE TABLE hdb_catalog.hdb_version (cli_state jsonb);
            INSERT INTO hdb_catalog.hdb_version VALUES
                ('{"migrations": {"default": {"1": false}, "other": {"2": false}}}');
            """
        )
    project = write(tmp_path, {"default/1": "SELECT 1", "default/2": "SELECT 1"})
    assert [migration.version for migration in migrate(database, project)] == [2]


def test_servers_that_start_at_once_apply_each_file_once(database: str, tmp_path: Path) -> None:
    project = write(tmp_path, {f"default/{n}": f"CREATE TABLE t{n} ()" for n in range(9)})
    with ThreadPoolExecutor(4) as threads:
        applied = list(threads.map(lambda _: len(migrate(database, project)), range(4)))
    assert sorted(applied) == [0, 0, 0, 9]


def test_an_extension_that_this_postgres_lacks_is_an_error_with_a_way_out(
    any_postgres: Postgres, tmp_path: Path
) -> None:
    project = write(tmp_path, {"default/1": "CREATE EXTENSION postgis"})
    with pytest.raises(ServeError, match=r"1/up\.sql, line 1: .*postgis") as caught:
        migrate(any_postgres.create_database(), project)
    assert "Point PGBIN to a Postgres that has this extension" in str(caught.value)

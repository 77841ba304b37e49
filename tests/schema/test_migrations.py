"""The migrations, on new databases and on one that has been in use for years."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import errors

from run_logger._resources import resource
from run_logger.local.migrations import migrate

if TYPE_CHECKING:
    from tests.schema.conftest import Database

_OLD_TABLES = ["sweep", "run", "run_log", "run_blob", "chart", "parameter_choices"]
_USERS_TABLES = ["new_run_logs", '"note, on a log"']

_QUERIES = Path(__file__).parent


def _rows(database: Database, tables: list[str]) -> dict[str, list[dict[str, Any]]]:
    rows = "SELECT jsonb_agg(row ORDER BY row -> 'id', row -> 'Key') FROM {}, to_jsonb({}) AS row"
    return {table: database.value(rows.format(table, table)) for table in tables}


def _users_objects(database: Database) -> set[tuple[Any, ...]]:
    return set(database.query((_QUERIES / "users_objects.sql").read_text()))


def _shape(database: Database) -> set[tuple[Any, ...]]:
    return set(database.query((_QUERIES / "shape.sql").read_text()))


def test_the_old_tables_keep_every_row_and_every_value(old: Database) -> None:
    tables = _OLD_TABLES + _USERS_TABLES
    before = _rows(old, tables)

    old.up(0)
    assert _rows(old, tables) == before, "the baseline changes nothing"
    old.up(1)

    after = _rows(old, tables)
    for table in tables:
        columns = before[table][0].keys()
        kept = [{column: row[column] for column in columns} for row in after[table]]
        assert kept == before[table], table


def test_views_and_functions_of_users_are_as_they_were(old: Database) -> None:
    before = _users_objects(old)

    old.up(0)
    old.up(1)

    assert before <= _users_objects(old)
    assert {name for name, kind, *_ in before if kind in {"v", "m"}} == {
        f'"Lab".{view}' for view in ['"Last log"', "loss", "counted", "unfilled", "apart", "late"]
    }


def test_views_and_functions_of_users_still_work(upgraded: Database) -> None:
    assert upgraded.value('SELECT max(id) FROM "Lab".loss') == 100
    assert upgraded.query('SELECT id, rows FROM "Lab".counted') == [(100, 5)]
    assert upgraded.value('SELECT count(*) FROM "Lab".late') == 5
    assert upgraded.value('SELECT "Lab".newest_id()') == 100
    assert upgraded.value("SELECT count(*) FROM late_logs(90)") == 10
    assert (
        upgraded.value("SELECT metadata_path(run, '{name}') FROM run WHERE id = 2") == "the second"
    )
    assert upgraded.value(
        'SELECT note FROM "note, on a log" JOIN run_log ON run_log_id = run_log.id'
    )


def test_a_view_reads_ids_that_no_integer_holds(upgraded: Database) -> None:
    upgraded.query("INSERT INTO run_log (id, run_id, log) VALUES (3000000000, 1, '{}')")

    assert upgraded.value('SELECT max(id) FROM "Lab".loss') == 3_000_000_000


def test_the_sequence_of_logs_goes_on_beyond_integers(upgraded: Database) -> None:
    assert upgraded.value("INSERT INTO run_log (run_id, log) VALUES (1, '{}') RETURNING id") == 101

    upgraded.query("SELECT setval('run_log_id_seq', 3000000000)")

    added = upgraded.value("INSERT INTO run_log (run_id, log) VALUES (1, '{}') RETURNING id")
    assert added == 3_000_000_001


def test_a_foreign_key_to_logs_still_refers_and_cascades(upgraded: Database) -> None:
    with pytest.raises(errors.ForeignKeyViolation):
        upgraded.query('INSERT INTO "note, on a log" (run_log_id) VALUES (4000)')

    upgraded.query("DELETE FROM run_log WHERE id = 7")

    assert upgraded.query('SELECT * FROM "note, on a log"') == []


def test_logs_carry_two_indexes_and_one_foreign_key(new: Database) -> None:
    indexes = new.query("SELECT indexname FROM pg_indexes WHERE tablename = 'run_log' ORDER BY 1")
    keys = new.query(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'run_log'::regclass AND contype = 'f'"
    )

    assert indexes == [("run_log_pkey",), ("run_log_writer_id_seq_key",)]
    assert keys == [("run_log_run_id_fkey",)]


def test_old_sweeps_get_their_space_in_stored_order(upgraded: Database) -> None:
    spaces = dict(upgraded.query("SELECT id, space::text FROM sweep"))

    assert spaces == {
        1: '{ "lr" : [0.1,0.01], "batch" : [[1, 2],{"a": null},"x"] }',
        2: '{ "z" : [1], "a" : [1] }',
        3: '{ "lr" : [true] }',
        4: None,
    }


def test_old_sweeps_go_on_counting_where_they_stood(upgraded: Database) -> None:
    # By its counter for a grid that was begun, by their runs for the others.
    assert dict(upgraded.query("SELECT id, issued FROM sweep")) == {1: 2, 2: 0, 3: 6, 4: 0}


def test_old_rows_have_no_time_and_new_ones_have(upgraded: Database) -> None:
    for table, column in [
        ("run_log", "logged_at"),
        ("run_blob", "logged_at"),
        ("run", "created_at"),
    ]:
        assert upgraded.value(f"SELECT count({column}) FROM {table}") == 0

    upgraded.query("INSERT INTO run_log (run_id, log) VALUES (1, '{}')")

    assert upgraded.value("SELECT count(logged_at) FROM run_log") == 1


def test_each_old_run_gets_a_key_of_its_own(upgraded: Database) -> None:
    assert upgraded.value("SELECT count(DISTINCT key) FROM run") == 5


def test_applying_them_again_to_a_new_database_changes_nothing(new: Database) -> None:
    _assert_applying_again_changes_nothing(new)


def test_applying_them_again_to_an_old_database_changes_nothing(upgraded: Database) -> None:
    # Meanwhile an old client has gone on with its sweep.
    upgraded.query("UPDATE sweep SET grid_index = 9, issued = issued + 1")

    _assert_applying_again_changes_nothing(upgraded)


def _assert_applying_again_changes_nothing(database: Database) -> None:
    shape, objects = _shape(database), _users_objects(database)
    rows = _rows(database, _OLD_TABLES)

    database.up(0)
    database.up(1)

    assert _shape(database) == shape
    assert _users_objects(database) == objects
    assert _rows(database, _OLD_TABLES) == rows


def test_the_second_migration_can_be_taken_back_and_applied_again(old: Database) -> None:
    old.up(0)
    before, objects = _rows(old, _OLD_TABLES), _users_objects(old)
    old.up(1)
    shape = _shape(old)

    old.down(1)
    rows = _rows(old, _OLD_TABLES)
    old.up(1)

    for table, old_rows in before.items():
        assert [set(row) - {"name"} for row in rows[table]] == [set(row) for row in old_rows], table
        assert len(rows[table]) == len(old_rows), table
    assert _shape(old) == shape
    assert objects <= _users_objects(old)


def test_the_baseline_is_taken_back_where_there_are_no_rows(new: Database) -> None:
    shape = _shape(new)

    new.down(1)
    new.down(0)

    assert _shape(new) == set()
    new.up(0)
    new.up(1)
    assert _shape(new) == shape


def test_the_baseline_drops_no_table_that_holds_rows(old: Database) -> None:
    with pytest.raises(errors.RaiseException, match=r"the table public\.sweep holds rows"):
        old.down(0)

    assert old.value("SELECT count(*) FROM run") == 5


def test_the_local_server_applies_all_to_an_old_database(old: Database) -> None:
    applied = migrate(old.dsn, resource("schema"))

    assert len(applied) == len(list((resource("schema") / "migrations/default").iterdir()))
    assert migrate(old.dsn, resource("schema")) == []
    assert old.value("SELECT count(*) FROM run_log") == 100


def test_a_policy_on_the_ids_of_logs_stops_the_migration(old: Database) -> None:
    old.query('CREATE POLICY "only the first" ON run_log USING (id < 1000)')
    old.up(0)

    with pytest.raises(errors.RaiseException, match="cannot become bigint: policy only the first"):
        old.up(1)

    assert old.value("SELECT pg_typeof(id)::text FROM run_log LIMIT 1") == "integer"
    assert old.value('SELECT max(id) FROM "Lab".loss') == 100


def test_a_view_that_needs_the_old_key_stops_the_migration(old: Database) -> None:
    old.query("CREATE VIEW keyed AS SELECT run_id FROM run_log GROUP BY id")
    old.up(0)

    with pytest.raises(
        errors.RaiseException, match=r"does not stand on the key.*view public\.keyed"
    ):
        old.up(1)

    assert old.value("SELECT count(*) FROM keyed") == 100


def test_a_function_that_lists_the_old_columns_stops_the_migration(old: Database) -> None:
    old.query(
        "CREATE FUNCTION listed() RETURNS SETOF run_log LANGUAGE sql AS"
        " 'SELECT id, run_id, log FROM run_log'"
    )
    old.up(0)

    with pytest.raises(errors.RaiseException, match=r"listed\(\) lists the columns of a table"):
        old.up(1)


def test_a_function_that_was_broken_before_does_not_stop_the_migration(old: Database) -> None:
    old.query(
        "SET check_function_bodies = off; CREATE FUNCTION broken() RETURNS SETOF run_log"
        " LANGUAGE sql AS 'SELECT nothing FROM nowhere'"
    )

    old.up(0)
    old.up(1)


def test_the_migration_gives_up_where_it_would_make_others_wait(old: Database) -> None:
    old.up(0)
    (step,) = (resource("schema") / "migrations" / "default").glob("*_writers/up.sql")
    impatient = step.read_text().replace("lock_timeout = '5s'", "lock_timeout = '50ms'")

    with psycopg.connect(old.dsn) as other:
        other.execute("SELECT FROM run LIMIT 1")
        with pytest.raises(errors.LockNotAvailable):
            old.query(impatient)


def test_every_column_and_every_table_says_what_it_holds(new: Database) -> None:
    silent = new.query(
        "SELECT attrelid::regclass::text, attname FROM pg_attribute"
        " JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT attisdropped"
        " AND (attnum > 0 AND col_description(attrelid, attnum) IS NULL"
        " OR obj_description(attrelid, 'pg_class') IS NULL)"
    )

    assert silent == []

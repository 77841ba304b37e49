"""How long the second migration locks an old database, per million rows of log.

    python benchmarks/migration.py [ROWS]

Prints a line for each Postgres that is installed: the embedded one and the system's.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import psycopg

from run_logger._resources import resource
from run_logger.local.binaries import embedded_binaries, system_binaries
from run_logger.local.postgres import Postgres

_RUNS = 1_000
_ROW = "jsonb_build_object('step', i, {})".format(
    ", ".join(f"'metric{number}', random()" for number in range(10))
)


def main() -> None:
    """Migrate a database of so many rows, and print the seconds."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    for binaries in (embedded_binaries(), system_binaries()):
        if binaries is None:
            continue
        with (
            tempfile.TemporaryDirectory(prefix="run-logger-bench-") as directory,
            Postgres(Path(directory), binaries=binaries) as server,
        ):
            seconds = migrate_old_database(server.create_database(), rows)
        per_million = seconds / rows * 1_000_000
        print(f"Postgres {binaries.version}: {per_million:.1f} s per million rows of log")


def migrate_old_database(dsn: str, rows: int) -> float:
    """Fill the old tables, apply the second migration, and return how long that took."""
    migrations = sorted((resource("schema") / "migrations" / "default").iterdir())
    baseline, second = ((path / "up.sql").read_bytes() for path in migrations[:2])
    with psycopg.connect(dsn) as connection:
        connection.execute(baseline)
        connection.execute(f"insert into run select from generate_series(1, {_RUNS})".encode())
        connection.execute(
            f"insert into run_log (run_id, log) select 1 + i % {_RUNS}, {_ROW}"  # noqa: S608
            f" from generate_series(1, {rows}) i".encode()
        )
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("vacuum analyze")
    with psycopg.connect(dsn) as connection:
        start = time.perf_counter()
        connection.execute(second)
        connection.commit()
        return time.perf_counter() - start


if __name__ == "__main__":
    main()

"""The oracle: compares what is in the database with what was recorded."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import psycopg
from psycopg.rows import class_row

from tests.trials.rows import row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

__all__ = ["Oracle", "Row", "Verdict", "WriterRow", "same", "verdict_of"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a number of records.

    Attributes:
        records: Those that were accepted.
        lost: Those of them that are not in the database.
        doubled: Rows that stand there again.
        out_of_order: Rows that stand before one that their source logged earlier.
        altered: Rows whose payload is another.
        invented: Rows that nobody logged.
    """

    records: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    altered: int = 0
    invented: int = 0

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(*map(sum, zip(astuple(self), astuple(other), strict=True)))

    @property
    def faults(self) -> int:
        """The number of records that something is wrong with."""
        return sum(astuple(self)[1:])


@dataclass(frozen=True, slots=True)
class Row:
    """A row of `run_log`."""

    id: int
    writer_id: int | None
    seq: int | None
    log: Any


@dataclass(frozen=True, slots=True)
class WriterRow:
    """A row of `writer`."""

    id: int
    parent_id: int | None
    delivered: int
    outcome: str | None
    error: str | None


class Oracle:
    """Reads the database past the endpoint.

    Args:
        dsn: The database.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection = psycopg.connect(dsn, autocommit=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def judge(
        self, key: UUID, counts: Sequence[int], *, in_flight: int = 0, resent: bool = False
    ) -> Verdict:
        """Compare a run's log with the rows that its sources logged.

        Args:
            key: The run's key.
            counts: How many calls of each source returned.
            in_flight: How many more rows of each source may be there: calls that were under way.
            resent: Whether some rows were set aside and sent again, and so came later.
        """
        return verdict_of(self.rows(key), counts, in_flight=in_flight, resent=resent)

    def rows(self, key: UUID) -> list[Row]:
        """Return a run's rows by writer and position."""
        query = """
            SELECT run_log.id, writer_id, seq, log FROM run_log JOIN run ON run.id = run_id
            WHERE run.key = %s ORDER BY writer_id, seq
        """
        with self._connection.cursor(row_factory=class_row(Row)) as cursor:
            return cursor.execute(query, [key]).fetchall()

    def writers(self, key: UUID) -> list[WriterRow]:
        """Return a run's writers, the oldest first."""
        query = """
            SELECT writer.id, parent_id, delivered, outcome, error
            FROM writer JOIN run ON run.id = run_id WHERE run.key = %s ORDER BY writer.id
        """
        with self._connection.cursor(row_factory=class_row(WriterRow)) as cursor:
            return cursor.execute(query, [key]).fetchall()

    def value(self, query: str, *parameters: Any) -> Any:
        """Return the only value that a query gives, None where it gives no row."""
        found = self._connection.execute(query.encode(), parameters).fetchone()
        return None if found is None else found[0]

    def metadata(self, key: UUID) -> Any:
        """Return a run's metadata."""
        return self.value("SELECT metadata FROM run WHERE key = %s", key)

    def blobs(self, key: UUID) -> list[bytes]:
        """Return a run's blobs by writer and position."""
        query = """
            SELECT blob FROM run_blob JOIN run ON run.id = run_id
            WHERE run.key = %s ORDER BY writer_id, seq
        """
        return [blob for (blob,) in self._connection.execute(query, [key])]


def verdict_of(
    rows: Sequence[Row], counts: Sequence[int], *, in_flight: int = 0, resent: bool = False
) -> Verdict:
    """Compare rows of a run's log, by writer and position, with those that its sources logged.

    Args:
        rows: The rows.
        counts: How many calls of each source returned.
        in_flight: How many more rows of each source may be there: calls that were under way.
        resent: Whether some rows were set aside and sent again, and so came later.
    """
    seen = Counter((r.log.get("source"), r.log.get("number")) for r in rows)
    wanted = {(source, n) for source, count in enumerate(counts) for n in range(count)}
    allowed = wanted | {
        (source, count + n) for source, count in enumerate(counts) for n in range(in_flight)
    }
    return Verdict(
        records=len(wanted),
        lost=len(wanted - seen.keys()),
        doubled=seen.total() - len(seen) + _repeated_positions(rows),
        out_of_order=_out_of_order(rows) + (0 if resent else _out_of_arrival(rows)),
        altered=sum(not _unaltered(r) for r in rows),
        invented=len(seen.keys() - allowed),
    )


def same(stored: Any, given: Any) -> bool:
    """Return whether Postgres gave back what it was given: numbers may be written another way."""
    if isinstance(given, bool) or isinstance(stored, bool) or given is None:
        return stored is given
    if isinstance(given, float):
        return isinstance(stored, (int, float)) and float(stored) == given
    if isinstance(given, dict):
        return (
            isinstance(stored, dict)
            and stored.keys() == given.keys()
            and all(same(stored[key], value) for key, value in given.items())
        )
    if isinstance(given, list):
        return (
            isinstance(stored, list)
            and len(stored) == len(given)
            and all(same(s, g) for s, g in zip(stored, given, strict=True))
        )
    return type(stored) is type(given) and bool(stored == given)


def _unaltered(found: Row) -> bool:
    source, number = found.log.get("source"), found.log.get("number")
    known = isinstance(source, int) and isinstance(number, int)
    return known and same(found.log, row(source, number))


def _repeated_positions(rows: Sequence[Row]) -> int:
    return len(rows) - len({(r.writer_id, r.seq) for r in rows})


def _out_of_order(rows: Sequence[Row]) -> int:
    """Count the rows that stand before an earlier one of their source in the same journal."""
    last: dict[tuple[int | None, int], int] = {}
    wrong = 0
    for found in rows:
        place, number = (found.writer_id, found.log.get("source")), found.log.get("number")
        if isinstance(number, int):  # one without a number counts as altered
            wrong += number < last.get(place, -1)
            last[place] = number
    return wrong


def _out_of_arrival(rows: Sequence[Row]) -> int:
    """Count the rows of a writer that came into the database before an earlier one."""
    return sum(a.writer_id == b.writer_id and a.id > b.id for a, b in pairwise(rows))

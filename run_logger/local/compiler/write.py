"""What a mutation runs where one statement is not enough: writes, then the reading of the rows.

The rows that a statement wrote travel to the next one as texts of the table's row type, so that
the next one reads what was written and not what the table has in the meantime become.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import bindparam, column, func
from sqlalchemy.types import NULLTYPE

from run_logger.local.catalog import PgType
from run_logger.local.compiler.plan import check_written
from run_logger.local.compiler.scope import TEXT, Source, cast_to, quoted
from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import AsyncConnection

    from run_logger.local.catalog import Name
    from run_logger.local.compiler.plan import Statement
    from run_logger.local.compiler.scope import Scope
    from run_logger.local.model import Relationship, TrackedTable

AFFECTED = "affected"
PARENT = "parent"
ROWS = "rows"

_TEXTS = PgType(sql="text[]", name="_text", element=TEXT)


def written_rows(scope: Scope, tracked: TrackedTable, parameter: str) -> Source:
    """Return the rows that an earlier statement wrote, as a source of this one.

    Args:
        scope: The statement's scope.
        tracked: The table that they were written to.
        parameter: The parameter that holds them.
    """
    texts = cast_to(bindparam(parameter), _TEXTS)
    columns = [column(quoted(item.name), NULLTYPE) for item in tracked.table.columns]
    rows = func.unnest(cast_to(texts, _row_array(tracked.table.name))).table_valued(*columns)
    return Source(tracked, rows.alias(scope.name("w")))


def _row_array(name: Name) -> PgType:
    schema, table = (part.replace('"', '""') for part in name)
    return PgType(sql=f'"{schema}"."{table}"[]', name=f"_{name.name}")


@dataclass(frozen=True, slots=True)
class Request:
    """What the statements of a field run with; see `Plan.run`."""

    connection: AsyncConnection[Any]
    values: Sequence[str | None]
    session: str


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did.

    Attributes:
        rows: The rows that its own statement wrote, as texts of the row type.
        affected: How many rows were written to all tables.
    """

    rows: list[str]
    affected: int


class Writer(Protocol):
    """What writes rows to a table."""

    @property
    def table(self) -> Name:
        """The table."""
        ...

    async def run(self, request: Request, parent: list[str] | None = None) -> Written:
        """Write them.

        Args:
            request: What it runs with.
            parent: The row that they hang on, as a text in a list.

        Returns:
            What it did.

        Raises:
            HasuraError: Postgres refused it, or a row that another needs was not written.
        """
        ...


@dataclass(frozen=True, slots=True)
class Before:
    """A write that another one needs.

    Attributes:
        relationship: The object relationship that it is given for.
        parameter: The parameter that takes its row.
        path: Where the relationship stands in the request.
    """

    relationship: Relationship
    parameter: str
    write: Writer
    path: str


@dataclass(frozen=True, slots=True)
class Write:
    """A statement that writes rows of one table, with the writes around it.

    Attributes:
        table: The table.
        statement: Gives one row: the number of rows written, the rows as texts, and where the
            role has a check whether they pass it.
        path: Where in the request an error of the database is said to be.
        takes: The values of the operation that the statement's values stand for, in their order;
            None where they are the operation's own.
        before: The writes that give it columns.
        after: The writes that take columns of its one row.
    """

    table: Name
    statement: Statement
    path: str
    takes: tuple[int, ...] | None = None
    before: tuple[Before, ...] = ()
    after: tuple[Writer, ...] = ()

    async def run(self, request: Request, parent: list[str] | None = None) -> Written:
        """Run it; see `Writer.run`."""
        given: dict[str, Any] = {PARENT: parent}
        affected = 0
        for before in self.before:
            related = await before.write.run(request)
            given[before.parameter] = _row(before, related)
            affected += related.affected
        own, rows = await self._execute(request, given)
        for after in self.after:
            affected += (await after.run(request, self._parent(rows))).affected
        return Written(rows, own + affected)

    async def _execute(self, request: Request, given: dict[str, Any]) -> tuple[int, list[str]]:
        values = request.values
        if self.takes is not None:
            values = [values[index] for index in self.takes]
        row = await self.statement.fetch(
            request.connection, values, request.session, self.path, given
        )
        count, rows, *verdict = row or (0, None)
        check_written(verdict, self.path)
        return count, rows or []

    def _parent(self, rows: list[str]) -> list[str]:
        if rows:
            return rows
        raise HasuraError(
            "cannot proceed to insert array relations since insert to table "
            f'"{self.table}" affects zero rows',
            "not-supported",
            self.path,
        )


def _row(before: Before, related: Written) -> list[str]:
    if related.rows:
        return related.rows
    raise HasuraError(
        f'cannot proceed to insert object relation "{before.relationship.name}"'
        f' since insert to table "{before.write.table}" affects zero rows',
        "not-supported",
        before.path,
    )


@dataclass(frozen=True, slots=True)
class WritePlan:
    """Writes, one after another, and the statement that reads their answer.

    Attributes:
        writes: The writes.
        answer: Takes the rows of all writes and the number of rows affected; its one value, of
            type text, is the JSON text.
        path: Where in the request an error of the answer is said to be.
    """

    writes: tuple[Writer, ...]
    answer: Statement
    path: str

    async def run(
        self,
        connection: AsyncConnection[Any],
        values: Sequence[str | None],
        session: str = "{}",
    ) -> str:
        """Run it; see `Plan.run`."""
        request = Request(connection, values, session)
        written = [await write.run(request) for write in self.writes]
        given = {
            ROWS: [row for item in written for row in item.rows],
            AFFECTED: sum(item.affected for item in written),
        }
        answer = await self.answer.fetch(connection, values, session, self.path, given)
        return "null" if answer is None or answer[0] is None else str(answer[0])

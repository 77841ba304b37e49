"""Root fields of the subscription root: one statement for all who subscribed to the same.

The subscribers' values are the rows of a table, and the field's own statement is joined to each of
them. So a hundred subscribers that differ in their values, or not at all, cost one query.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg, PGDialect_psycopg

from run_logger.local.compiler.errors import database_errors
from run_logger.local.compiler.plan import VALUE, compile_statement
from run_logger.local.compiler.scope import SESSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import AsyncConnection
    from sqlalchemy import Dialect, Select

    from run_logger.local.compiler.plan import Statement
    from run_logger.local.operation import Value

# The values of a subscriber that the statement takes, in the order of its parameters.
Row: TypeAlias = tuple[str | None, ...]

# Names that nothing else in a statement has.
_SUBSCRIBERS = "_subs"
_NUMBER = "_n"


class Result(NamedTuple):
    """What the statement gives for a row.

    Attributes:
        value: The JSON text of the field's value.
        cursor: Of a stream: the text of the cursor column in the last of the rows, None if there
            are no rows.
    """

    value: str
    cursor: str | None


@dataclass(frozen=True, slots=True)
class SubscriptionPlan:
    """A compiled root field; subscribers to equal ones can be served together.

    Attributes:
        sql: The statement in psycopg's format: for each row its number, the value, the cursor.
        inner: The field's own statement, for one of the rows.
        cursor: Of a stream: the parameter that the cursor column is compared with.
    """

    sql: str
    inner: Statement = field(hash=False)
    cursor: str | None = None

    def row(self, values: Sequence[str | None], session: str) -> Row:
        """Return what the statement takes of a subscriber's values.

        Args:
            values: The texts of the operation's values.
            session: The session variables as the text of a JSON object.

        Raises:
            HasuraError: A session variable is missing.
        """
        bound = self.inner.bind(values, session)
        return tuple(bound[name] for name in _columns(self.inner))

    def moved(self, row: Row, cursor: str) -> Row:
        """Return the row of a stream with another cursor."""
        names = _columns(self.inner)
        return tuple(
            cursor if name == self.cursor else text for name, text in zip(names, row, strict=True)
        )

    def parameters(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Return the parameters of the statement for the subscribers' values."""
        parameters = {**self.inner.constants, _NUMBER: list(range(len(rows)))}
        for place, name in enumerate(_columns(self.inner)):
            parameters[name] = [row[place] for row in rows]
        return parameters

    async def fetch(self, connection: AsyncConnection[Any], rows: Sequence[Row]) -> list[Result]:
        """Run it once.

        Args:
            connection: Where it runs.
            rows: The subscribers' values.

        Returns:
            A result for each of the rows, in their order.

        Raises:
            HasuraError: Postgres refused it, for one of the rows or for all.
        """
        with database_errors(self.sql, {}):
            cursor = await connection.execute(self.sql.encode(), self.parameters(rows))
            found = {number: Result(*result) for number, *result in await cursor.fetchall()}
        return [found[number] for number in range(len(rows))]


def compile_for_subscribers(
    statement: Select[Any], cursor: Value | None = None
) -> SubscriptionPlan:
    """Compile a statement so that it runs for many subscribers at once.

    Args:
        statement: Gives at most one row: the JSON text, and of a stream the new cursor's text.
        cursor: Of a stream: the value that the cursor column is compared with.

    Raises:
        HasuraError: The statement is nested too deeply.
    """
    inner = compile_statement(statement, _DIALECT)
    sql = _joined(inner, streams=cursor is not None)
    return SubscriptionPlan(sql, inner, None if cursor is None else f"v{cursor.index}")


def _joined(inner: Statement, *, streams: bool) -> str:
    columns = _columns(inner)
    arrays = "".join(f", %({name})s::text[]" for name in columns)
    names = ", ".join((_NUMBER, *columns))
    root, cursor = ("value, cursor", "_root.cursor") if streams else ("value", "NULL")
    return (
        f"SELECT {_SUBSCRIBERS}.{_NUMBER}, coalesce(_root.value, 'null'), {cursor}"  # noqa: S608
        f" FROM unnest(%({_NUMBER})s::integer[]{arrays}) AS {_SUBSCRIBERS}({names})"
        f" LEFT JOIN LATERAL ({inner.sql}) AS _root({root}) ON true"
    )


def _columns(statement: Statement) -> tuple[str, ...]:
    """Return the names of a row's values: the parameters that differ between requests."""
    columns = tuple(f"v{index}" for index in statement.indices)
    return (*columns, SESSION) if statement.session else columns


class _RowCompiler(PGCompiler_psycopg):
    """Takes from the subscriber's row what other statements take as parameters of a request."""

    def bindparam_string(self, name: str, *args: Any, **options: Any) -> str:
        if name == SESSION or VALUE.fullmatch(name):
            return f"{_SUBSCRIBERS}.{name}"
        return super().bindparam_string(name, *args, **options)


class _RowDialect(PGDialect_psycopg):
    statement_compiler = _RowCompiler
    supports_statement_cache = True


_DIALECT: Dialect = _RowDialect()  # type: ignore[no-untyped-call]

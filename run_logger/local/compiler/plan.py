"""What a root field compiles to: SQL text once, run with the values of each request."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from run_logger.local.compiler.errors import database_errors
from run_logger.local.compiler.prepared import fetch_row
from run_logger.local.compiler.scope import SESSION, VARIABLE
from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from psycopg import AsyncConnection
    from sqlalchemy import ClauseElement, Dialect

_DIALECT: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
VALUE = re.compile(r"v(\d+)")

# About 33 frames a level of relationships: some 150 levels. More could exhaust the thread's stack.
_MOST_FRAMES = 5_000


class Plan(Protocol):
    """A compiled root field."""

    async def run(
        self,
        connection: AsyncConnection[Any],
        values: Sequence[str | None],
        session: str = "{}",
    ) -> str:
        """Run it.

        Args:
            connection: Where it runs; the transaction is the caller's.
            values: The texts of the operation's values, by `Value.index`.
            session: The session variables as the text of a JSON object.

        Returns:
            The JSON text of the field's value.

        Raises:
            HasuraError: Postgres refused it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL in psycopg's format.

    Attributes:
        sql: The text, with the named placeholders `%(v3)s`.
        indices: Which of the operation's values it takes, by `Value.index`.
        session: Whether it takes the session variables.
        constants: The parameters that are the same for all requests, by name.
    """

    sql: str
    indices: tuple[int, ...]
    session: bool
    constants: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the session variables that a request must have."""
        names = (value for key, value in self.constants.items() if key.startswith(VARIABLE))
        return tuple(dict.fromkeys(names))

    def bind(self, values: Sequence[str | None], session: str = "{}") -> dict[str, Any]:
        """Return the parameters for the values of a request.

        Raises:
            HasuraError: A session variable is missing.
        """
        parameters = {f"v{index}": values[index] for index in self.indices}
        if not self.session:
            return parameters | dict(self.constants)
        _check_variables(self.variables, session)
        return parameters | dict(self.constants) | {SESSION: session}

    async def fetch(
        self,
        connection: AsyncConnection[Any],
        values: Sequence[str | None],
        session: str = "{}",
        path: str = "$",
        given: Mapping[str, Any] | None = None,
    ) -> tuple[Any, ...] | None:
        """Run it and return its first row, None if it gives none.

        Args:
            connection: Where it runs.
            values: The texts of the operation's values.
            session: The session variables as JSON text.
            path: Where in the request an error of the database is said to be.
            given: What earlier statements of the same field hand on, by parameter.

        Raises:
            HasuraError: Postgres refused it.
        """
        parameters = self.bind(values, session) | dict(given or {})
        with database_errors(self.sql, parameters, path):
            return await fetch_row(connection, self.sql, parameters)


def compile_statement(statement: ClauseElement, dialect: Dialect = _DIALECT) -> Statement:
    """Compile a SQLAlchemy statement to text, once.

    Args:
        statement: The statement.
        dialect: Says where values come from: by default each is a parameter of its own.

    Raises:
        HasuraError: The statement is nested too deeply.
    """
    with _deep_recursion():
        compiled = statement.compile(dialect=dialect)
    parameters: Mapping[str, Any] = compiled.params or {}
    names = set(parameters)
    return Statement(
        sql=str(compiled),
        # Other names are of what earlier statements of the field hand on.
        indices=tuple(sorted(int(match[1]) for match in map(VALUE.fullmatch, names) if match)),
        session=SESSION in names,
        constants={key: value for key, value in parameters.items() if value is not None},
    )


def _check_variables(names: Sequence[str], session: str) -> None:
    if not names:
        return
    given: dict[str, str] = orjson.loads(session)
    for name in names:
        if name not in given:
            raise HasuraError(f'missing session variable: "{name}"', "not-found")


@contextmanager
def _deep_recursion() -> Generator[None]:
    """Let SQLAlchemy, which walks statements recursively, compile what is nested deeply."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, _MOST_FRAMES))
    try:
        yield
    except RecursionError as error:
        raise HasuraError("the request is nested too deeply", "validation-failed") from error
    finally:
        sys.setrecursionlimit(usual)


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """One statement whose first value, of type text, is the JSON text.

    A second value tells whether the rows that it wrote are such as the role may write.

    Attributes:
        path: Where in the request an error of the database is said to be.
    """

    statement: Statement
    path: str = "$"

    async def run(
        self,
        connection: AsyncConnection[Any],
        values: Sequence[str | None],
        session: str = "{}",
    ) -> str:
        """Run it; see `Plan.run`. A statement without a row answers null."""
        row = await self.statement.fetch(connection, values, session, self.path)
        check_written(row[1:] if row else (), self.path)
        return "null" if row is None or row[0] is None else str(row[0])


def check_written(verdict: Sequence[Any], path: str) -> None:
    """Refuse what a role may not write.

    Args:
        verdict: Whether it may, if the statement tells.
        path: Where in the request the error is said to be.

    Raises:
        HasuraError: It may not.
    """
    if False in verdict:
        raise HasuraError(
            "check constraint of an insert/update permission has failed", "permission-error", path
        )

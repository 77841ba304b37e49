"""The library: a small project of every sort of table and function, with rows to read.

And sandboxes: databases of one test, to write to.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import orjson
import psycopg
import pytest
from hypothesis import settings

from run_logger.local.auth import Session
from run_logger.local.engine import Engine
from run_logger.local.errors import HasuraError
from run_logger.local.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from run_logger.local.postgres import Postgres
    from tests.conftest import MakeProject

_PROJECT = Path(__file__).parent / "library"

settings.register_profile("thousands", max_examples=20_000, deadline=None)


class AskBytes(Protocol):
    def __call__(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        session: Mapping[str, str] | None = None,
    ) -> bytes: ...


Ask: TypeAlias = "Callable[..., Any]"


@pytest.fixture(scope="session")
def ask_bytes(any_postgres: Postgres) -> Iterator[AskBytes]:
    """Ask the library and get the answer as it is sent; what is refused raises."""
    database = any_postgres.create_database()
    migrate(database, _PROJECT)
    with asyncio.Runner() as runner:
        engine = runner.run(Engine.open(database, _PROJECT))

        def answer(
            query: str,
            variables: Mapping[str, Any] | None = None,
            session: Mapping[str, str] | None = None,
        ) -> bytes:
            request = {"query": query, "variables": dict(variables or {})}
            who = Session(role="admin", variables=dict(session or {}))
            return runner.run(engine.execute(request, who))

        yield answer
        runner.run(engine.close())


@pytest.fixture(scope="session")
def ask(ask_bytes: AskBytes) -> Ask:
    """Ask the library and get the data."""
    return lambda *request: orjson.loads(ask_bytes(*request))["data"]


@pytest.fixture(scope="session")
def refused(ask_bytes: AskBytes) -> Ask:
    """Ask the library for what it refuses, and get the error as an answer holds it."""

    def error(*request: Any) -> Any:
        with pytest.raises(HasuraError) as raised:
            ask_bytes(*request)
        return raised.value.as_graphql()

    return error


@dataclass(frozen=True, slots=True)
class Sandbox:
    """An engine over a database of the test's own."""

    dsn: str
    engine: Engine
    runner: asyncio.Runner
    session: Session = Session(role="admin", variables={})  # noqa: RUF009  it is frozen

    def as_role(self, role: str, *, backend: bool = False, **variables: str) -> Sandbox:
        """Ask as a role, with session variables: `user_id="1"` is `x-hasura-user-id`."""
        given = {f"x-hasura-{name.replace('_', '-')}": text for name, text in variables.items()}
        session = Session(role, {"x-hasura-role": role, **given}, backend)
        return replace(self, session=session)

    def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        """Return the data of an answer."""
        request = {"query": query, "variables": dict(variables or {})}
        answer = self.engine.execute(request, self.session)
        return orjson.loads(self.runner.run(answer))["data"]

    def refused(
        self, query: str, variables: Mapping[str, Any] | None = None
    ) -> tuple[str, str, str]:
        """Return the code, path and message of what is refused."""
        with pytest.raises(HasuraError) as raised:
            self.ask(query, variables)
        return raised.value.code, raised.value.path, raised.value.message

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what the database itself answers."""
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(sql.encode()).fetchall()


@pytest.fixture(scope="session")
def migrated() -> dict[str, str]:
    """Databases to be copied, by the SQL that made them."""
    return {}


@pytest.fixture
def sandbox(
    postgres: Postgres, migrated: dict[str, str], make_project: MakeProject
) -> Iterator[Callable[..., Sandbox]]:
    """Make an engine over a new database; what it takes is what `make_project` takes."""
    with asyncio.Runner() as runner, ExitStack() as opened:

        def make(
            sql: str,
            tables: str,
            functions: str | Sequence[str] = (),
            inherited_roles: str = "[]",
            *,
            infers_functions: bool = True,
        ) -> Sandbox:
            project = make_project(sql, tables, functions)
            (project / "metadata/inherited_roles.yaml").write_text(inherited_roles)
            if sql not in migrated:
                migrated[sql] = f"template_{len(migrated)}_of_a_sandbox"
                migrate(postgres.create_database(migrated[sql]), project)
            dsn = postgres.create_database(template=migrated[sql])
            engine = runner.run(Engine.open(dsn, project, infers_functions=infers_functions))
            opened.callback(lambda: runner.run(engine.close()))
            return Sandbox(dsn, engine, runner)

        yield make

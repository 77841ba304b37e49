"""Answers GraphQL requests over one database: read, checked, compiled once, run."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Self, cast

import orjson
import psycopg

from run_logger.local.auth import ADMIN, Session
from run_logger.local.connection import Pool
from run_logger.local.errors import HasuraError
from run_logger.local.intervals import Intervals
from run_logger.local.metadata import empty_document, metadata_folder, parse_metadata
from run_logger.local.metadata_store import read_state
from run_logger.local.project import read_project
from run_logger.local.shown import Rules, read_shown
from run_logger.local.subscriptions import Subscriptions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from psycopg import AsyncConnection

    from run_logger.local.compiler.subscription import SubscriptionPlan
    from run_logger.local.model import Inconsistency
    from run_logger.local.shown import Shown
    from run_logger.local.subscriptions import Subscriber
    from run_logger.local.view import Prepared

# More connections than this only queue inside Postgres, on the machines that this is for.
_MOST_CONNECTIONS = 16


class Engine:
    """What answers requests; made by `open`.

    Attributes:
        shown: What is shown of the database; another may take its place at any time, and what is
            under way goes on with what it has begun with.
    """

    def __init__(
        self,
        dsn: str,
        pool: Pool,
        shown: Shown,
        intervals: Intervals,
    ) -> None:
        self.shown: Shown = shown
        self._dsn = dsn
        self._pool = pool
        self._changed = asyncio.Event()
        self._subscriptions = Subscriptions(self.connection, intervals)

    @classmethod
    async def open(
        cls,
        dsn: str,
        project: Path,
        intervals: Intervals | None = None,
        *,
        infers_functions: bool = True,
        stringifies_numbers: bool = False,
    ) -> Self:
        """Read what the database holds and what the project shows of it.

        Args:
            dsn: The database, as libpq reads it; the project's migrations are applied already.
            project: A Hasura CLI project; only its metadata are read.
            intervals: How often subscriptions look at the database; by default as Hasura does.
            infers_functions: Whether who sees a table may call the functions that return its rows.
            stringifies_numbers: Whether bigint, numeric and double precision come as strings.

        Returns:
            The engine, connected.

        Raises:
            ServeError: The metadata cannot be read.
            psycopg.OperationalError: The database cannot be reached.
        """
        document = read_project(project)
        rules = Rules(infers_functions, stringifies_numbers)
        async with await psycopg.AsyncConnection.connect(dsn) as connection:
            if document is None:
                _, document = await read_state(connection, "metadata")
            metadata = parse_metadata(document or empty_document(), str(metadata_folder(project)))
            shown = await read_shown(connection, metadata, rules)
        engine = cls(dsn, Pool(dsn, _MOST_CONNECTIONS), shown, intervals or Intervals())
        await engine.show(shown)
        async with engine.connection():
            return engine

    @property
    def inconsistencies(self) -> Sequence[Inconsistency]:
        """What of the metadata is not shown, with the reason."""
        return self.shown.inconsistencies

    async def close(self) -> None:
        """End the subscriptions and close the connections; what is running is waited for."""
        await self._subscriptions.close()
        await self._pool.close()

    async def execute(self, request: Mapping[str, Any], session: Session) -> bytes:
        """Answer a request that came over HTTP: `run` what `prepare` returns, no subscription.

        Raises:
            HasuraError: The request is refused, or fails.
        """
        prepared = await self.prepare(request, session)
        if prepared.subscription is not None:
            raise HasuraError(
                "subscriptions are not supported over HTTP, use websockets instead",
                "unexpected-payload",
            )
        return await self.run(prepared, session)

    async def prepare(self, request: Mapping[str, Any], session: Session) -> Prepared:
        """Check and compile a request.

        Args:
            request: `query`, and where given `variables` and `operationName`.
            session: Who asks.

        Raises:
            HasuraError: The request is refused.
        """
        view = await self.shown.view(session)
        prepared = view.prepare(request)
        if prepared.introspects and session.role in self.shown.metadata.unexplained:
            message = f'introspection is disabled for role: "{session.role}"'
            raise HasuraError(message, "not-supported")
        return prepared

    async def run(self, prepared: Prepared, session: Session) -> bytes:
        """Answer a query or mutation.

        Args:
            prepared: The query or mutation.
            session: Who asks.

        Returns:
            `{"data": …}` as JSON.

        Raises:
            HasuraError: It fails.
        """
        answers = dict(prepared.constants)
        if prepared.plans:
            mutates = prepared.operation.kind == "mutation"
            async with self.connection(in_transaction=mutates) as connection:
                answers |= await _run_plans(connection, prepared, _variables(session))
        if prepared.introspects:
            view = await self.shown.view(session)
            answers |= await view.introspect(prepared.document)
        return prepared.data(answers)

    def subscribe(self, prepared: Prepared, session: Session) -> AbstractContextManager[Subscriber]:
        """Follow a subscription for as long as the context lasts.

        Args:
            prepared: The subscription.
            session: Who asks.

        Returns:
            A context of what gives the results.
        """
        plan = cast("SubscriptionPlan", prepared.subscription)
        return self._subscriptions.subscribe(plan, plan.row(prepared.values, _variables(session)))

    async def show(self, shown: Shown) -> None:
        """Show something else from now on; requests that are under way are not disturbed.

        Args:
            shown: What comes of the metadata now.
        """
        await shown.view(Session(ADMIN, {}))
        self.shown = shown
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self) -> None:
        """Wait until something else is shown."""
        await self._changed.wait()

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[AsyncConnection[Any]]:
        """Open a connection for what may leave settings behind; in the end it is committed."""
        with _connection_errors():
            connection = await psycopg.AsyncConnection.connect(self._dsn)
        try:
            async with connection:
                yield connection
        finally:
            # A connection whose transaction cannot be committed does not close itself.
            await connection.close()

    @asynccontextmanager
    async def connection(
        self, *, in_transaction: bool = False
    ) -> AsyncGenerator[AsyncConnection[Any]]:
        """Lend a connection; in a transaction all is done together or not at all."""
        with _connection_errors():
            async with self._pool.lend() as connection:
                async with connection.transaction() if in_transaction else nullcontext():
                    yield connection


@contextmanager
def _connection_errors() -> Generator[None]:
    try:
        yield
    except psycopg.OperationalError as error:
        raise HasuraError(
            "connection error", "postgres-error", internal={"error": {"message": str(error)}}
        ) from error


async def _run_plans(
    connection: AsyncConnection[Any], prepared: Prepared, variables: str
) -> dict[str, bytes]:
    return {
        key: (await plan.run(connection, prepared.values, variables)).encode()
        for key, plan in prepared.plans.items()
    }


def _variables(session: Session) -> str:
    return orjson.dumps(session.variables).decode()

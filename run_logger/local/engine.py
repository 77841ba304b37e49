"""Answers GraphQL requests over one database: read, checked, compiled once, run."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Self, cast

import orjson
import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from run_logger.local.auth import ADMIN
from run_logger.local.errors import HasuraError
from run_logger.local.intervals import Intervals
from run_logger.local.metadata import read_metadata
from run_logger.local.model import EnumValue
from run_logger.local.reflection import read_enum_rows, reflect
from run_logger.local.subscriptions import Subscriptions
from run_logger.local.tracking import enum_columns, track
from run_logger.local.view import View

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from psycopg import AsyncConnection

    from run_logger.local.auth import Session
    from run_logger.local.compiler.subscription import SubscriptionPlan
    from run_logger.local.metadata import Metadata
    from run_logger.local.model import Model
    from run_logger.local.subscriptions import Subscriber
    from run_logger.local.view import Prepared

# More connections than this only queue inside Postgres, on the machines that this is for.
_MOST_CONNECTIONS = 16


class Engine:
    """What answers requests; made by `open`.

    Attributes:
        model: What is shown of the database, and what of the metadata could not be.
        metadata: The project's metadata as it was read.
    """

    def __init__(
        self,
        pool: AsyncConnectionPool[Any],
        model: Model,
        metadata: Metadata,
        intervals: Intervals,
    ) -> None:
        self.model = model
        self.metadata = metadata
        self._pool = pool
        self._views = {ADMIN: View(model)}
        self._subscriptions = Subscriptions(self._connection, intervals)

    @classmethod
    async def open(cls, dsn: str, project: Path, intervals: Intervals | None = None) -> Self:
        """Read what the database holds and what the project shows of it.

        Args:
            dsn: The database, as libpq reads it; the project's migrations are applied already.
            project: A Hasura CLI project; only its metadata are read.
            intervals: How often subscriptions look at the database; by default as Hasura does.

        Returns:
            The engine, connected.

        Raises:
            ServerError: The metadata cannot be read.
            psycopg.OperationalError: The database cannot be reached.
        """
        metadata = read_metadata(project)
        async with await psycopg.AsyncConnection.connect(dsn) as connection:
            model = await _read_model(connection, metadata)
        pool = AsyncConnectionPool[Any](
            dsn,
            min_size=1,
            max_size=_MOST_CONNECTIONS,
            kwargs={"autocommit": True},
            configure=_configure,
            open=False,
        )
        engine = cls(pool, model, metadata, intervals or Intervals())
        await pool.open()
        return engine

    @property
    def inconsistencies(self) -> Sequence[object]:
        """What of the metadata is not shown, with the reason."""
        return self.model.inconsistencies

    async def close(self) -> None:
        """End the subscriptions and close the connections; what is running is waited for."""
        await self._subscriptions.close()
        await self._pool.close()

    async def execute(self, request: Mapping[str, Any], session: Session) -> bytes:
        """Answer a request that came over HTTP: `run` what `prepare` returns, no subscription.

        Raises:
            HasuraError: The request is refused, or fails.
        """
        prepared = self.prepare(request, session)
        if prepared.subscription is not None:
            raise HasuraError(
                "subscriptions are not supported over HTTP, use websockets instead",
                "unexpected-payload",
            )
        return await self.run(prepared, session)

    def prepare(self, request: Mapping[str, Any], session: Session) -> Prepared:
        """Check and compile a request.

        Args:
            request: `query`, and where given `variables` and `operationName`.
            session: Who asks.

        Raises:
            HasuraError: The request is refused.
        """
        return self._views[session.role].prepare(request)

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
            async with self._connection(in_transaction=mutates) as connection:
                answers |= await _run_plans(connection, prepared, _variables(session))
        if prepared.introspects:
            answers |= await self._views[session.role].introspect(prepared.document)
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

    @asynccontextmanager
    async def _connection(
        self, *, in_transaction: bool = False
    ) -> AsyncGenerator[AsyncConnection[Any]]:
        """Lend a connection; in a transaction all is done together or not at all."""
        try:
            async with (
                self._pool.connection() as connection,
                connection.transaction() if in_transaction else nullcontext(),
            ):
                yield connection
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise HasuraError(
                "connection error", "postgres-error", internal={"error": {"message": str(error)}}
            ) from error


async def _configure(connection: AsyncConnection[Any]) -> None:
    # To compile a statement to machine code takes longer than to run what is sent here.
    await connection.execute("set jit = off")


async def _run_plans(
    connection: AsyncConnection[Any], prepared: Prepared, variables: str
) -> dict[str, bytes]:
    return {
        key: (await plan.run(connection, prepared.values, variables)).encode()
        for key, plan in prepared.plans.items()
    }


def _variables(session: Session) -> str:
    return orjson.dumps(session.variables).decode()


async def _read_model(connection: AsyncConnection[Any], metadata: Metadata) -> Model:
    catalog = await reflect(connection)
    enums = {
        name: tuple(
            EnumValue(value, comment or None)
            for value, comment in await read_enum_rows(connection, name, *columns)
        )
        for name, columns in enum_columns(catalog, metadata).items()
    }
    return track(catalog, metadata, enums)

"""`/v1/graphql/explain`: the SQL of a query, and how Postgres would run it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import orjson
from psycopg import AsyncClientCursor

from run_logger.local.auth import ADMIN, Session
from run_logger.local.compiler.errors import database_errors
from run_logger.local.errors import HasuraError
from run_logger.local.metadata import as_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import AsyncConnection

    from run_logger.local.compiler.plan import QueryPlan
    from run_logger.local.compiler.subscription import SubscriptionPlan
    from run_logger.local.engine import Engine
    from run_logger.local.view import Prepared

_ROLE = "x-hasura-role"


async def explain(engine: Engine, body: Any) -> Any:
    """Explain a query or a subscription.

    Args:
        engine: What would answer it.
        body: `{"query": <the request>, "user": <the session variables of who would ask>}`.

    Returns:
        Of a query, a list of `{"field", "sql", "plan"}`; of a subscription one `{"sql", "plan",
        "variables"}`. The values stand in the SQL; the plan is a list of lines.

    Raises:
        HasuraError: The request is refused, or it is a mutation.
    """
    command = as_mapping(body) or {}
    request = as_mapping(command.get("query"))
    if request is None:
        raise HasuraError('key "query" not found', "parse-failed", "$")
    session = _session(as_mapping(command.get("user")) or {})
    prepared = await engine.prepare(request, session)
    if prepared.operation.kind == "mutation":
        raise HasuraError("only queries can be explained", "invalid-params")
    async with engine.connect() as connection:
        if prepared.subscription is not None:
            return await _subscription(connection, prepared.subscription, prepared, session)
        return await _query(connection, prepared, session)


def _session(user: Mapping[str, Any]) -> Session:
    variables = {name.lower(): str(value) for name, value in user.items()}
    role = variables.setdefault(_ROLE, ADMIN)
    return Session(role, variables)


async def _query(
    connection: AsyncConnection[Any], prepared: Prepared, session: Session
) -> list[dict[str, Any]]:
    explained: list[dict[str, Any]] = []
    for field in prepared.operation.fields:
        item: dict[str, Any] = {"field": field.key, "sql": None, "plan": None}
        if field.key in prepared.plans:
            # Every root field of a query is one statement.
            statement = cast("QueryPlan", prepared.plans[field.key]).statement
            bound = statement.bind(prepared.values, _variables(session))
            item |= await _explained(connection, statement.sql, bound)
        explained.append(item)
    return explained


async def _subscription(
    connection: AsyncConnection[Any], plan: SubscriptionPlan, prepared: Prepared, session: Session
) -> dict[str, Any]:
    row = plan.row(prepared.values, _variables(session))
    return {
        **await _explained(connection, plan.sql, plan.parameters([row])),
        "variables": {
            "session": session.variables,
            "query": dict(prepared.document.variables or {}),
            "synthetic": list(prepared.values),
            "cursor": {},
        },
    }


async def _explained(
    connection: AsyncConnection[Any], sql: str, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    cursor = AsyncClientCursor(connection)
    text = cursor.mogrify(sql.encode(), parameters)
    with database_errors(sql, {}):
        await cursor.execute(f"EXPLAIN (FORMAT TEXT) {text}".encode())
        return {"sql": text, "plan": [line for (line,) in await cursor.fetchall()]}


def _variables(session: Session) -> str:
    return orjson.dumps(session.variables).decode()

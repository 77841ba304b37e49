"""GraphQL over websockets: queries, mutations and subscriptions, in both of Hasura v2's protocols.

`messages` reads what clients send, `protocols` writes what they are sent, and `connection` stands
between a client and the engine for as long as the client stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import orjson
from starlette.responses import Response
from starlette.routing import WebSocketRoute

from run_logger.local.endpoint import JSON
from run_logger.local.errors import HasuraError
from run_logger.local.websocket.connection import Connection
from run_logger.local.websocket.protocols import protocol_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import BaseRoute
    from starlette.websockets import WebSocket

    from run_logger.local.auth import Authenticator
    from run_logger.local.intervals import Intervals
    from run_logger.local.websocket.connection import Executor

__all__ = ["websocket_routes"]

_FOREIGN: Final = HasuraError(
    "received origin header does not match configured CORS domains", "access-denied"
)


def websocket_routes(
    engine: Executor, authenticator: Authenticator, intervals: Intervals, origins: str = ""
) -> Sequence[BaseRoute]:
    """Return the routes that take websockets.

    Args:
        engine: What answers requests.
        authenticator: What tells who asks.
        intervals: How often to send a sign of life, and how long to wait for the first message.
        origins: A pattern of the sites whose pages may connect; the empty one: all may.
    """

    async def graphql(websocket: WebSocket) -> None:
        origin = websocket.headers.get("origin")
        if origins and origin is not None and not re.fullmatch(origins, origin):
            body = orjson.dumps(_FOREIGN.as_metadata())
            await websocket.send_denial_response(Response(body, status_code=400, media_type=JSON))
            return
        protocol = protocol_of(websocket.headers.getlist("sec-websocket-protocol"))
        await websocket.accept(protocol.name)
        await Connection(websocket, protocol, engine, authenticator, intervals).serve()

    return [
        WebSocketRoute("/v1/graphql", graphql),
        WebSocketRoute("/v1alpha1/graphql", graphql),
        WebSocketRoute("/{path:path}", _refuse),
    ]


async def _refuse(websocket: WebSocket) -> None:
    await websocket.send_denial_response(Response(status_code=404))

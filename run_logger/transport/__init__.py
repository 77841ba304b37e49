"""The base clients under every generated one: GraphQL requests over HTTP, and subscriptions.

`call` is what is sent and what an answer means, without a network; `pool` holds the connections;
`sync` and `asynchronous` are the two clients.
"""

from __future__ import annotations

from run_logger.subscriptions.iterators import AsyncSubscription, Subscription
from run_logger.transport.asynchronous import AsyncTransport
from run_logger.transport.base import STREAMED, BaseTransport, Document, StreamedText
from run_logger.transport.call import DEFAULT_RETRIES
from run_logger.transport.pool import DEFAULT_TIMEOUT, AsyncConnectionPool, ConnectionPool
from run_logger.transport.sync import Transport

__all__ = [
    "DEFAULT_RETRIES",
    "DEFAULT_TIMEOUT",
    "STREAMED",
    "AsyncConnectionPool",
    "AsyncSubscription",
    "AsyncTransport",
    "BaseTransport",
    "ConnectionPool",
    "Document",
    "StreamedText",
    "Subscription",
    "Transport",
]

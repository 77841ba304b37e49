"""The clients of one endpoint, made when they are first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from run_logger_client import Client

    from run_logger.transport import ConnectionPool

__all__ = ["Connection"]

ClientT = TypeVar("ClientT")


class Connection(Generic[ClientT]):
    """The client to offer and the library's own, over one pool of connections.

    Args:
        endpoint: The URL of Hasura's GraphQL API.
        headers: Further headers of every request.
        timeout: Seconds to wait for each step of a request.
        client: The class of the client to offer; by default the library's own.

    Attributes:
        endpoint: The URL.
    """

    def __init__(
        self,
        endpoint: str,
        headers: Mapping[str, str] | None,
        timeout: float,
        client: Callable[..., ClientT] | None,
    ) -> None:
        self.endpoint = endpoint
        self._headers = headers
        self._timeout = timeout
        self._class = client

    @cached_property
    def own(self) -> Client:
        """The client that the library works with."""
        from run_logger_client import Client  # noqa: PLC0415

        # The delivery has a patience of its own, longer than a client's.
        return Client(self.endpoint, headers=self._headers, pool=self._pool, retries=0)

    @cached_property
    def offered(self) -> ClientT:
        """The client for the user."""
        from run_logger_client import Client  # noqa: PLC0415

        offered: Any = self._class or Client
        client: ClientT = offered(self.endpoint, headers=self._headers, pool=self._pool)
        return client

    @cached_property
    def _pool(self) -> ConnectionPool:
        from run_logger.transport import ConnectionPool  # noqa: PLC0415

        return ConnectionPool(self._timeout)

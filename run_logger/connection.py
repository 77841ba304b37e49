"""The clients of one endpoint, made when they are first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from run_logger_client import Client

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
        self._clients: tuple[ClientT, Client] | None = None

    @property
    def offered(self) -> ClientT:
        """The client for the user."""
        return self._made()[0]

    @property
    def own(self) -> Client:
        """The client that the library works with."""
        return self._made()[1]

    def _made(self) -> tuple[ClientT, Client]:
        if self._clients is None:
            self._clients = self._make()
        return self._clients

    def _make(self) -> tuple[Any, Client]:
        from run_logger_client import Client  # noqa: PLC0415

        from run_logger.transport import ConnectionPool  # noqa: PLC0415

        pool = ConnectionPool(self._timeout)
        own = Client(self.endpoint, headers=self._headers, pool=pool)
        if self._class is None:
            return own, own
        return self._class(self.endpoint, headers=self._headers, pool=pool), own

"""The logger that records nothing, so that no caller has to ask whether there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from run_logger.errors import ConfigError
from run_logger.hasura_logger import HasuraLogger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from run_logger_client import Client

    from run_logger.transport import Document

__all__ = ["DisabledLogger"]


class DisabledLogger(HasuraLogger):
    """A logger without an endpoint: every method works, records nothing, and checks nothing."""

    def __init__(self) -> None:
        super().__init__("")

    @property
    def client(self) -> Client:
        """There is none.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            "this logger has no endpoint, and so no client", remedy="Give a graphql_endpoint."
        )

    def execute(
        self, query: str | Document, variable_values: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return an empty answer."""
        del query, variable_values
        return {}

    def create_run(
        self,
        metadata: Any,
        charts: Sequence[Mapping[str, Any]] | None = None,
        sweep_id: int | None = None,
    ) -> None:
        """Create nothing; `run_id` stays None.

        Raises:
            ConfigError: A sweep is asked for, which only an endpoint has.
        """
        del metadata, charts
        if sweep_id is not None:
            raise ConfigError(
                f"sweep_id={sweep_id} needs an endpoint", remedy="Give a graphql_endpoint."
            )

    def log(self, /, **log: Any) -> None:
        """Do nothing."""

    def blob(self, blob: bytes | str, metadata: Any) -> None:
        """Do nothing."""

    def update_metadata(self, metadata: Any) -> None:
        """Do nothing."""

    def should_stop(self, step: float) -> bool:
        """Let the run go on."""
        del step
        return False

"""What every logger of runs can do, as version 0.1 named it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Logger"]


class Logger(ABC):
    """Records one run; `HasuraLogger` is one, and a test or another back-end may be another."""

    @property
    @abstractmethod
    def run_id(self) -> int | None:
        """The run's id; None while it has none."""

    @abstractmethod
    def create_run(
        self,
        metadata: Any,
        charts: Sequence[Mapping[str, Any]] | None = None,
        sweep_id: int | None = None,
    ) -> dict[str, Any] | None:
        """Create a run.

        Args:
            metadata: What is known of the run.
            charts: Vega or Vega-Lite specifications, stored in this order.
            sweep_id: The sweep that the run belongs to.

        Returns:
            The parameters that the sweep gives to the run; None without a sweep.
        """

    @abstractmethod
    def log(self, /, **log: Any) -> None:
        """Add a row to the run's log.

        Args:
            log: The row.
        """

    @abstractmethod
    def blob(self, blob: bytes | str, metadata: Any) -> None:
        """Store something large, such as an image.

        Args:
            blob: The thing itself.
            metadata: What is known of it.
        """

    @abstractmethod
    def update_metadata(self, metadata: Any) -> None:
        """Merge keys into the run's metadata.

        Args:
            metadata: A mapping.
        """

    def should_stop(self, step: float) -> bool:
        """Tell whether the run does so badly that it should end; by default it should not.

        Args:
            step: How far the run is, in a unit that the runs to compare it with share.
        """
        del step
        return False

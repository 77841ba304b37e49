"""Runs in notebooks: an expression that shows their charts below its cell.

`import run_logger` brings this along: what draws is imported when there is something to draw.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from run_logger_client import Client

__all__ = ["RunCharts", "ShownInNotebooks"]


class ShownInNotebooks(ABC):
    """Shows charts of runs where it is the last expression of a notebook's cell."""

    @abstractmethod
    def _shown_runs(self) -> tuple[Client, Sequence[int]] | None:
        """Return the runs, and the client that reads them; None if there are none to show."""

    def _ipython_display_(self) -> None:
        """Show each chart, and have it follow the runs until they have ended."""
        from run_logger.live_charts import LiveCharts, display_bundle  # noqa: PLC0415

        shown = self._shown_runs()
        if shown is None:
            display_bundle({"text/plain": repr(self)})
        else:
            LiveCharts(*shown).begin()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Return the charts as they are now, by media type: a single one, or a page of pictures."""
        from run_logger.live_charts import LiveCharts, page_of  # noqa: PLC0415

        del include, exclude
        shown = self._shown_runs()
        bundles = [] if shown is None else LiveCharts(*shown).bundles()
        if len(bundles) == 1:
            return bundles[0]
        return {"text/plain": repr(self), **page_of(bundles)}


class RunCharts(ShownInNotebooks):
    """The charts of runs, equal ones together: in a notebook, an expression that shows them.

    Args:
        client: The typed client.
        run_ids: The runs.
    """

    def __init__(self, client: Client, *run_ids: int) -> None:
        self._client = client
        self._run_ids = run_ids

    def __repr__(self) -> str:
        """Show the runs."""
        return f"{type(self).__name__}(runs={list(self._run_ids)})"

    def _shown_runs(self) -> tuple[Client, Sequence[int]]:
        return self._client, self._run_ids

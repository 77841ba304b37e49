"""Finding out several things, of which each may fail by itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["facts"]

_log = logging.getLogger("run_logger")

NameT = TypeVar("NameT", bound=str)
FactT = TypeVar("FactT")


def facts(sources: Mapping[NameT, Callable[[], FactT | None]]) -> dict[NameT, FactT]:
    """Return what can be found out; what cannot is left out, and the debug log says why.

    Args:
        sources: What to ask for each fact. None and an empty value count as nothing.
    """
    found = {name: _ask(name, source) for name, source in sources.items()}
    return {name: fact for name, fact in found.items() if fact not in (None, "", [], {})}


def _ask(name: str, source: Callable[[], FactT | None]) -> FactT | None:
    try:
        return source()
    except Exception as error:  # noqa: BLE001  (a run goes on, whatever its machine hides from us)
        _log.debug("%s is left out: %s: %s", name, type(error).__name__, error)
        return None

"""The trials of the editor install 264 packages of npm's: only `--trials full` asks for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Leave these trials out of a quick selection."""
    return None if config.getoption("--trials", default="quick") == "full" else True

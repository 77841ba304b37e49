"""The parts of the library that come with the extra `local`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from run_logger.errors import RunLoggerError

if TYPE_CHECKING:
    from types import ModuleType


def load(command: str, module: str) -> ModuleType:
    """Load a module that a command needs, and that may not be installed.

    Args:
        command: What the user called: `serve`.
        module: The module: `run_logger.local.server`.

    Raises:
        RunLoggerError: A package that it imports is missing.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise RunLoggerError(
            f"run-logger {command} needs the package {error.name}, which is not installed",
            remedy="Install what it needs: pip install 'run-logger[local]'.",
        ) from error

"""Record training runs in Postgres through Hasura's GraphQL API.

`initialize` starts a run and returns its parameters and the logger that records it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from run_logger import main
from run_logger.errors import RunLoggerError
from run_logger.hasura_logger import HasuraLogger, jsonify
from run_logger.logger import Logger
from run_logger.main import (
    NewParams,
    create_run,
    get_config_params,
    get_load_params,
    initialize,
    update_params,
)

if TYPE_CHECKING:
    from run_logger.hasura_logger import Client
    from run_logger.sweeps.creating import create_sweep

__all__ = [
    "Client",
    "HasuraLogger",
    "Logger",
    "NewParams",
    "RunLoggerError",
    "create_run",
    "create_sweep",
    "get_config_params",
    "get_load_params",
    "initialize",
    "jsonify",
    "main",
    "update_params",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import what takes its time when it is asked for, and not before."""
        if name == "Client":
            from run_logger.hasura_logger import Client  # noqa: PLC0415

            return Client
        if name == "create_sweep":
            from run_logger.sweeps.creating import create_sweep  # noqa: PLC0415

            return create_sweep
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

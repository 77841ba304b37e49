"""An agent of a sweep, as the command line runs it; a fork server makes many of them."""

from __future__ import annotations

import os
import sys

from run_logger_client.client import Client
from run_logger_client.create_run import CreateRun

from run_logger.cli import main, sweep
from run_logger.sweeps import agent, dealer

__all__ = ["work"]

PRELOADED = (Client, CreateRun, sweep, agent, dealer)
"""What an agent imports when it is first used: time in which a death would find nothing."""


def work(environment: dict[str, str], directory: str, sweep_id: int) -> None:
    """Run a command that does nothing at every point that is left."""
    os.environ.update(environment)
    os.chdir(directory)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.argv = ["run-logger", "sweep", "run", str(sweep_id), "--", "true"]
    main()

"""What every program of the trials begins with: a logger, and a tally that outlives it."""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path

from run_logger.errors import RunLoggerError
from run_logger.hasura_logger import HasuraLogger
from tests.trials.rows import Tally, row

__all__ = ["created", "log_rows", "say", "tally"]

_PATIENCE = 900

_HASTENED = {
    "TRIAL_DISK_PAUSE": ("run_logger.delivery.storage.factory", "DISK_PAUSE"),
    "TRIAL_HEARTBEAT_SECONDS": ("run_logger.delivery.sending.writer_row", "HEARTBEAT_SECONDS"),
}
"""What the environment may set, so that a trial need not wait so long, and where it stands."""


def created() -> HasuraLogger:
    """Return the logger of the run that the environment names; whoever starts one tries again."""
    hasten()
    end = time.monotonic() + _PATIENCE
    while True:
        logger = HasuraLogger(
            os.environ["TRIAL_ENDPOINT"],
            debounce_time=float(os.environ.get("TRIAL_DEBOUNCE", "0")),
            timeout=float(os.environ.get("TRIAL_TIMEOUT", "30")),
        )
        try:
            logger.create_run({"trial": True})
        except RunLoggerError:
            if time.monotonic() > end:
                raise
        else:
            return logger


def hasten() -> None:
    """Let what the library does every now and then come as often as the environment says."""
    for variable, (module, name) in _HASTENED.items():
        if variable in os.environ:
            place = importlib.import_module(module)
            assert hasattr(place, name), f"{module} has no {name} any more"
            setattr(place, name, float(os.environ[variable]))


def tally() -> Tally:
    """Return the tally that the environment names."""
    return Tally.of(Path(os.environ["TRIAL_TALLY"]))


def log_rows(logger: HasuraLogger, counts: Tally, source: int, numbers: range) -> None:
    """Log a source's rows, and note each one that was accepted."""
    for number in numbers:
        logger.log(**row(source, number))
        counts.set(source, number + 1)


def say(line: object) -> None:
    """Tell the trial something, at once."""
    print(line, flush=True)  # noqa: T201  (the trial reads it)

"""What every program of the trials begins with: a logger, and a tally that outlives it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from run_logger.errors import RunLoggerError
from run_logger.hasura_logger import HasuraLogger
from tests.trials.rows import Tally, row

__all__ = ["created", "log_rows", "say", "tally"]

_PATIENCE = 60


def created() -> HasuraLogger:
    """Return the logger of the run that the environment names; whoever starts one tries again."""
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

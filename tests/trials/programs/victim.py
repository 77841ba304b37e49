"""A process that logs until somebody kills it; a fork server makes thousands of them."""

from __future__ import annotations

import os

from run_logger_client.client import Client
from run_logger_client.deliver import Deliver

from tests.trials.programs.count import count
from tests.trials.programs.shared import created, tally

__all__ = ["log_until_killed"]

PRELOADED = (Client, Deliver)
"""What a logger imports when it is first used: time in which a death would find nothing."""

ENDLESS = 1 << 40


def log_until_killed(environment: dict[str, str], pause: float) -> None:
    """Log without end, with a pause in seconds after every few rows."""
    os.environ.update(environment)
    count(created(), tally(), range(ENDLESS), pause)

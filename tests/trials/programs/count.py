"""Log rows, and metadata among them.

python -m tests.trials.programs.count FIRST END [PAUSE]
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from tests.trials.programs.shared import created, log_rows, say, tally

if TYPE_CHECKING:
    from run_logger.hasura_logger import HasuraLogger
    from tests.trials.rows import Tally

STEPS = 7
"""Rows between two updates of the metadata."""


UPDATED_KEYS = 3
"""So many keys get a new value in turn, beside the one that gets one each time."""


def update(number: int) -> dict[str, int]:
    """Return what the nth update of the metadata sets, from 1 up."""
    return {"updates": number, f"update {number % UPDATED_KEYS}": number}


def updated(number: int) -> dict[str, int]:
    """Return what so many updates leave in the metadata."""
    left: dict[str, int] = {}
    for each in range(max(1, number - UPDATED_KEYS), number + 1):
        left |= update(each)
    return left if number else {}


def count(
    logger: HasuraLogger, counts: Tally, numbers: range, pause: float = 0, source: int = 0
) -> None:
    """Log rows, and update the metadata after every few of them.

    The tally's source after the rows' own counts the updates.
    """
    updates = counts.counts()[source + 1]
    for first in range(numbers.start, numbers.stop, STEPS):
        log_rows(logger, counts, source, range(first, min(first + STEPS, numbers.stop)))
        updates += 1
        logger.update_metadata(update(updates))
        counts.set(source + 1, updates)
        time.sleep(pause)


def main() -> None:
    """Log the rows that the arguments say."""
    first, end = map(int, sys.argv[1:3])
    pause = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
    with created() as logger:
        say("begins")
        count(logger, tally(), range(first, end), pause)


if __name__ == "__main__":
    main()

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


def count(
    logger: HasuraLogger, counts: Tally, numbers: range, pause: float = 0, source: int = 0
) -> None:
    """Log rows; the metadata say after every few of them how many there are.

    The tally's source after the rows' own is the metadata.
    """
    for first in range(numbers.start, numbers.stop, STEPS):
        log_rows(logger, counts, source, range(first, min(first + STEPS, numbers.stop)))
        logger.update_metadata({"logged": first, f"multiple of {first % 3}": first})
        counts.set(source + 1, first)
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

"""Log row by row from many loggers at once, each row flushed: a request for nearly each.

python -m tests.trials.programs.flushed LOGGERS STOP

Ends when the file STOP appears.
"""

from __future__ import annotations

import itertools
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.trials.programs.shared import created, log_rows, tally

FLUSH_SECONDS = 0.5


def log_and_flush(source: int, stop: Path) -> None:
    """Log as one source until the end is asked for."""
    counts = tally()
    with created() as logger:
        for number in itertools.count():
            if stop.exists():
                return
            log_rows(logger, counts, source, range(number, number + 1))
            logger.flush(FLUSH_SECONDS)


def main() -> None:
    """Log from as many loggers as the arguments say; they all join one run."""
    loggers, stop = int(sys.argv[1]), Path(sys.argv[2])
    with ThreadPoolExecutor(loggers) as pool:
        for done in [pool.submit(log_and_flush, source, stop) for source in range(loggers)]:
            done.result()


if __name__ == "__main__":
    main()

"""Log rows, and end in one of the ways in which programs end.

python -m tests.trials.programs.exits WAY
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from typing import TYPE_CHECKING

from tests.trials.programs.shared import created, log_rows, tally

if TYPE_CHECKING:
    from run_logger.hasura_logger import HasuraLogger
    from tests.trials.rows import Tally

ROWS = 50


class FatalValue:
    """A value that ends the process while it is made JSON of."""

    def tolist(self) -> list[int]:
        """Die in the place of an answer."""
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def main() -> None:
    """Log, and end."""
    way = sys.argv[1]
    counts = tally()
    if way == "log from atexit":
        atexit.register(lambda: log_rows(logger, counts, 0, range(ROWS, ROWS + 5)))
    logger = created()
    if way == "log from a later atexit":
        atexit.register(lambda: log_rows(logger, counts, 0, range(ROWS, ROWS + 5)))
    log_rows(logger, counts, 0, range(ROWS))
    end(way, logger, counts)


def end(way: str, logger: HasuraLogger, counts: Tally) -> None:
    """End in this way, or return for an ordinary end."""
    match way:
        case "os._exit":
            os._exit(7)
        case "sys.exit in the context":
            with logger:
                sys.exit(3)
        case "sys.exit without success in words":
            with logger:
                sys.exit("no data")
        case "an exception":
            raise ValueError("the loss is negative")
        case "an exception in the context":
            with logger:
                raise ValueError("the loss is negative")
        case "kill -9 before the append":
            logger.log(value=FatalValue())
        case "kill -9 after the append":
            log_rows(logger, counts, 0, range(ROWS, ROWS + 1))
            os.kill(os.getpid(), signal.SIGKILL)
        case "finish twice":
            logger.finish()
            logger.finish("failed")
        case _:
            pass


if __name__ == "__main__":
    main()

"""Log rows while the wall clock is set to another time, and back again.

python -m tests.trials.programs.clock SECONDS log
python -m tests.trials.programs.clock SECONDS fail
python -m tests.trials.programs.clock SECONDS sync [ARGUMENT…]

`fail` ends with an exception while the clock is wrong; `sync` is `run-logger sync` by such a clock.
"""

from __future__ import annotations

import sys
import time

from run_logger.cli import main as command_line
from tests.trials.programs.shared import created, log_rows, tally

ROWS = 50

_time, _time_ns = time.time, time.time_ns


def set_clock(seconds: float) -> None:
    """Set the clock to so much more than the time, for all that this process reads of it."""
    time.time = lambda: _time() + seconds
    time.time_ns = lambda: _time_ns() + int(seconds * 1e9)


def log(seconds: float, *, fails: bool) -> None:
    """Log before, while and after the clock is wrong."""
    with created() as logger:
        for part, wrong_by in enumerate((0, seconds, 0)):
            set_clock(wrong_by)
            log_rows(logger, tally(), 0, range(ROWS * part, ROWS * (part + 1)))
            if part and fails:
                raise ValueError("the clock is wrong")


def main() -> None:
    """Do what the arguments say."""
    seconds, deed = float(sys.argv[1]), sys.argv[2]
    if deed == "sync":
        set_clock(seconds)
        sys.argv[1:] = sys.argv[2:]
        command_line()
    else:
        log(seconds, fails=deed == "fail")


if __name__ == "__main__":
    main()

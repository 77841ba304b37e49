"""Log rows, keep the interpreter busy, and log rows again.

python -m tests.trials.programs.busy WAY STOP

Ends when the file STOP appears; WAY says in what way the interpreter is busy until then:

    bytecode    with statements, between which other threads get their turn
    calls       with calls into C that each take a while, and let nobody in until they return
    one call    with one such call of some seconds; then it waits for STOP
"""

from __future__ import annotations

import ctypes
import re
import sys
import time
from pathlib import Path

from tests.trials.programs.shared import created, log_rows, say, tally

ROWS = 50
HELD_SECONDS = 3


def hold_the_interpreter(seconds: float) -> None:
    """Sleep as a C extension does that does not give the GIL away meanwhile."""
    ctypes.PyDLL(None).usleep(int(seconds * 1e6))


def compute() -> None:
    """Call functions in C that hold the GIL for tenths of a second."""
    sum(range(5_000_000))
    re.match(r"(a+)+$", "a" * 20 + "b")


def main() -> None:
    """Be busy in the way that the arguments say."""
    way, stop = sys.argv[1], Path(sys.argv[2])
    with created() as logger:
        log_rows(logger, tally(), 0, range(ROWS))
        say("busy")
        if way == "one call":
            hold_the_interpreter(HELD_SECONDS)
        log_rows(logger, tally(), 0, range(ROWS, 2 * ROWS))
        while not stop.exists():
            match way:
                case "calls":
                    compute()
                case "bytecode":
                    _ = [number * number for number in range(10_000)]
                case _:
                    time.sleep(0.01)


if __name__ == "__main__":
    main()

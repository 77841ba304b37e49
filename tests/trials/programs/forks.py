"""Fork again and again while a sender sends; each child logs one row and ends.

python -m tests.trials.programs.forks CHILDREN
"""

from __future__ import annotations

import os
import sys

from tests.trials.programs.shared import created, log_rows, tally


def main() -> None:
    """Fork, and wait for each child; one that hangs on an inherited lock never ends."""
    children = int(sys.argv[1])
    with created() as logger:
        for number in range(children):
            log_rows(logger, tally(), 0, range(number, number + 1))
            child = os.fork()
            if not child:
                log_rows(logger, tally(), 1, range(number, number + 1))
                os._exit(0)
            _, status = os.waitpid(child, 0)
            if status:
                sys.exit(f"child {number} ended with {status}")


if __name__ == "__main__":
    main()

"""Log rows while the disk refuses some of the writes to journals.

python -m tests.trials.programs.refused ERROR FIRST REFUSALS ROWS

ERROR is the name of an errno. So many writes fail with it, the first one after FIRST that succeed.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from tests.trials.programs.shared import created, log_rows, tally

if TYPE_CHECKING:
    from typing_extensions import Buffer

_write = os.write


class FailingDisk:
    """Stands in the place of `os.write`, and fails where it is to.

    Args:
        error: The errno.
        refused: Which of the writes to journals fail.
    """

    def __init__(self, error: int, refused: range) -> None:
        self._error = error
        self._refused = refused
        self._writes = count()

    def write(self, descriptor: int, line: Buffer, /) -> int:
        """Write, or fail."""
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.suffix == ".jsonl" and next(self._writes) in self._refused:
            raise OSError(self._error, os.strerror(self._error), str(path))
        return _write(descriptor, line)


def main() -> None:
    """Log the rows."""
    first, refusals, rows = map(int, sys.argv[2:])
    os.write = FailingDisk(getattr(errno, sys.argv[1]), range(first, first + refusals)).write
    with created() as logger:
        for number in range(rows):
            log_rows(logger, tally(), 0, range(number, number + 1))
            time.sleep(0.001 * (number % 10 == 0))


if __name__ == "__main__":
    main()

"""Create runs of a sweep, and print the point that each of them gets.

python -m tests.trials.programs.sweep SWEEP RUNS
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any
from uuid import uuid4

from run_logger.errors import SweepError, UnreachableError
from run_logger.hasura_logger import HasuraLogger
from tests.trials.programs.shared import say

__all__ = ["next_point"]


def next_point(sweep_id: int) -> dict[str, Any]:
    """Create a run, however often that fails, and return its point."""
    key = uuid4()
    while True:
        try:
            with HasuraLogger(os.environ["TRIAL_ENDPOINT"], run_key=key) as logger:
                point = logger.create_run({}, sweep_id=sweep_id)
        except UnreachableError:
            time.sleep(0.05)
        else:
            if point is None:
                raise SweepError(f"a run of sweep {sweep_id} got no point")
            return point


def main() -> None:
    """Print a point for each run."""
    sweep_id, runs = map(int, sys.argv[1:])
    for _ in range(runs):
        say(sorted(next_point(sweep_id).items()))


if __name__ == "__main__":
    main()

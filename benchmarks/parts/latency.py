"""One call of `log()`, while the sender sends, beside the least that such a call could cost.

The floor is `orjson.dumps` and `os.write` of the same row, in the same process: blocks of the two
follow each other, so that what else happens to the machine happens to both.
"""

from __future__ import annotations

import gc
import os
import tempfile
import time
from typing import TYPE_CHECKING

import orjson

from benchmarks.figures import percentiles, publish, scaled
from benchmarks.serving import ROW, own_journals, serving
from run_logger.hasura_logger import HasuraLogger

if TYPE_CHECKING:
    from collections.abc import Callable

    Load = tuple[Callable[[], object], list[int]]

CALLS = 200_000
BLOCK = 200
PAUSE = 0.004
"""Seconds between blocks: ten seconds in all, in which the sender sends a hundred times."""


def timed(call: Callable[[], object], samples: list[int]) -> None:
    """Call something `BLOCK` times, and note how long each call took."""
    now = time.perf_counter_ns
    for _ in range(BLOCK):
        start = now()
        call()
        samples.append(now() - start)


def main() -> None:
    """Measure the floor alone, then both in turn."""
    alone: list[int] = []
    floor: list[int] = []
    log: list[int] = []
    with serving() as endpoint, own_journals(), tempfile.TemporaryFile() as file:
        descriptor = file.fileno()

        def write() -> None:
            os.write(descriptor, orjson.dumps(ROW))

        for _ in range(scaled(CALLS) // BLOCK):
            timed(write, alone)
        with HasuraLogger(endpoint) as logger:
            logger.create_run({})
            logger.log(**ROW)
            gc.collect()
            loads: list[Load] = [(lambda: logger.log(**ROW), log), (write, floor)]
            for _ in range(scaled(CALLS) // BLOCK):
                for call, samples in loads:
                    timed(call, samples)
                # Whoever comes first after the pause finds the processor's caches cold.
                loads.reverse()
                time.sleep(PAUSE)
            logger.flush(60)
            waiting = logger.stats().waiting
    publish(
        "latency",
        percentiles("log", log)
        | percentiles("floor", floor)
        | percentiles("floor before the sender", alone)
        | {"rows left": waiting},
    )


if __name__ == "__main__":
    main()

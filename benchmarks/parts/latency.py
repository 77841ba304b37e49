"""One call of `log()`, while the sender sends, beside the least that such a call could cost.

The floor is `orjson.dumps` and `os.write` of the same row, in the same process: blocks of the two
follow each other, so that what else happens to the machine happens to both.

`log()` is called by keywords, as a training loop calls it: `log(step=step, loss=loss, …)`. Of a
dict, `log(**row)`, Python takes every item out and puts it into another dict before the logger has
a say in it, which costs about half of the floor once more; that is measured beside it.
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
    """Measure the floor alone, then all in turn."""
    a, b, c, d, e, f, g, h, i, j, step = ROW.values()
    alone: list[int] = []
    floor: list[int] = []
    log: list[int] = []
    splat: list[int] = []
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

            def log_by_keywords() -> None:
                logger.log(
                    metric0=a,
                    metric1=b,
                    metric2=c,
                    metric3=d,
                    metric4=e,
                    metric5=f,
                    metric6=g,
                    metric7=h,
                    metric8=i,
                    metric9=j,
                    step=step,
                )

            def log_dict() -> None:
                logger.log(**ROW)

            loads: list[Load] = [(log_by_keywords, log), (write, floor), (log_dict, splat)]
            for _ in range(scaled(CALLS) // BLOCK):
                for call, samples in loads:
                    timed(call, samples)
                # Whoever comes first after the pause finds the processor's caches cold.
                loads.append(loads.pop(0))
                time.sleep(PAUSE)
            logger.flush(60)
            waiting = logger.stats().waiting
    publish(
        "latency",
        percentiles("log", log)
        | percentiles("log of a dict", splat)
        | percentiles("floor", floor)
        | percentiles("floor before the sender", alone)
        | {"rows left": waiting},
    )


if __name__ == "__main__":
    main()

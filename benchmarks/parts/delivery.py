"""From the first call to the last row in Postgres, through `run-logger serve`."""

from __future__ import annotations

import time

from benchmarks.figures import Figures, publish, scaled
from benchmarks.serving import ROW, count_rows, own_journals, sender_seconds, serving
from run_logger.hasura_logger import HasuraLogger

ROWS = 20_000
SUSTAINED_ROWS = 400_000
ATTEMPTS = 3
PACE = 1_000
"""Logs a second, for the sender's share of a core."""
PACED_SECONDS = 10


def delivered(endpoint: str, rows: int) -> tuple[float, float]:
    """Log rows and flush; return the wall's and the sender's seconds."""
    with HasuraLogger(endpoint) as logger:
        logger.create_run({})
        cpu, start = sender_seconds(), time.perf_counter()
        for _ in range(rows):
            logger.log(**ROW)
        arrived = logger.flush(300)
        wall, cpu = time.perf_counter() - start, sender_seconds() - cpu
        if not arrived or count_rows(logger) != rows:
            raise RuntimeError(f"of {rows} rows {count_rows(logger)} arrived: {logger.stats()}")
    return wall, cpu


def paced(endpoint: str) -> float:
    """Log at an even pace; return the sender's share of a core, in per cent."""
    rows = scaled(PACE * PACED_SECONDS)
    with HasuraLogger(endpoint) as logger:
        logger.create_run({})
        cpu, start = sender_seconds(), time.perf_counter()
        for number in range(rows):
            logger.log(**ROW)
            time.sleep(max(0.0, start + number / PACE - time.perf_counter()))
        share = (sender_seconds() - cpu) / (time.perf_counter() - start)
    return 100 * share


def measured(endpoint: str) -> Figures:
    """Return the figures; of several attempts at the short one, the median."""
    delivered(endpoint, scaled(ROWS))  # the server compiles what it will serve
    walls, cpus = zip(*(delivered(endpoint, scaled(ROWS)) for _ in range(ATTEMPTS)), strict=True)
    sustained, _ = delivered(endpoint, scaled(SUSTAINED_ROWS))
    return {
        "20,000 rows, wall s": sorted(walls)[ATTEMPTS // 2],
        "20,000 rows, sender CPU s": sorted(cpus)[ATTEMPTS // 2],
        "sustained rows/s": scaled(SUSTAINED_ROWS) / sustained,
        "sender at 1,000 logs/s, % of a core": paced(endpoint),
    }


def main() -> None:
    """Measure all of it against one server."""
    with serving() as endpoint, own_journals():
        publish("delivery", measured(endpoint))


if __name__ == "__main__":
    main()

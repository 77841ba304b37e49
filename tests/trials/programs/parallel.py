"""Log rows from many threads, tasks or processes of one run.

python -m tests.trials.programs.parallel WAY WORKERS ROWS

Each worker is a source of its own; the main program logs as the source after them.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.trials.programs.shared import created, log_rows, say, tally

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.synchronize import Barrier

    from run_logger.hasura_logger import HasuraLogger


def threads(logger: HasuraLogger, workers: int, rows: int) -> None:
    """Log from threads that begin together."""
    together = threading.Barrier(workers)

    def work(source: int) -> None:
        together.wait()
        log_rows(logger, tally(), source, range(rows))

    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work, source) for source in range(workers)]:
            done.result()


def forks(logger: HasuraLogger, workers: int, rows: int) -> None:
    """Log from forked processes while this one logs, and its sender sends, too."""
    children = [_fork(logger, source, rows) for source in range(workers)]
    log_rows(logger, tally(), workers, range(1, rows))
    for child in children:
        _, status = os.waitpid(child, 0)
        if status:
            raise RuntimeError(f"a forked process ended with {status}")


def _fork(logger: HasuraLogger, source: int, rows: int) -> int:
    child = os.fork()
    if not child:
        log_rows(logger, tally(), source, range(rows))
        logger.finish()
        os._exit(0)
    return child


def pool(logger: HasuraLogger, workers: int, rows: int) -> None:
    """Log from a pool of forked processes, which ends without their knowing."""
    global inherited  # noqa: PLW0603  (how a pool's workers get what cannot be sent to them)
    context = multiprocessing.get_context("fork")
    # Each worker takes one part: none can begin a second before all have begun their first.
    inherited = logger, context.Barrier(workers)
    with ProcessPoolExecutor(workers, context) as executor:
        wait_for_all(executor, log_inherited, workers, rows)


inherited: tuple[HasuraLogger, Barrier] | None = None


def log_inherited(source: int, rows: int) -> None:
    """Log through the logger of the process that this one was forked from."""
    if inherited is None:
        raise RuntimeError("this process was not forked")
    logger, all_begun = inherited
    all_begun.wait()
    log_rows(logger, tally(), source, range(rows))


def spawn(_: HasuraLogger, workers: int, rows: int) -> None:
    """Log from new processes that join the run by its key."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as executor:
        wait_for_all(executor, log_joined, workers, rows)


def log_joined(source: int, rows: int) -> None:
    """Log through a logger of this process's own, which joins the run."""
    with created() as logger:
        log_rows(logger, tally(), source, range(rows))


def wait_for_all(
    executor: ProcessPoolExecutor, work: Callable[[int, int], None], workers: int, rows: int
) -> None:
    """Let each worker do its part, and raise what one of them raised."""
    parts = [executor.submit(work, source, rows) for source in range(workers)]
    wait(parts)
    for part in parts:
        part.result()


def tasks(logger: HasuraLogger, workers: int, rows: int) -> None:
    """Log from tasks of one event loop, and say how long that has ever kept it from its work."""

    async def work(source: int) -> None:
        for number in range(rows):
            log_rows(logger, tallies, source, range(number, number + 1))
            await asyncio.sleep(0)

    async def work_together() -> int:
        watching = asyncio.create_task(longest_wait())
        await asyncio.gather(*(work(source) for source in range(workers)))
        watching.cancel()
        return await watching

    tallies = tally()
    say(f"longest_microseconds_of_a_turn: {asyncio.run(work_together())}")


async def longest_wait() -> int:
    """Return how long a task that was ready had to wait at most, in microseconds, once cancelled.

    What the other tasks do in their turn is what it waits for.
    """
    longest = 0
    with suppress(asyncio.CancelledError):
        while True:
            before = time.perf_counter_ns()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter_ns() - before)
    return longest // 1000


WAYS = {"threads": threads, "forks": forks, "pool": pool, "spawn": spawn, "tasks": tasks}


def main() -> None:
    """Log in the way that the arguments say."""
    way, workers, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with created() as logger:
        log_rows(logger, tally(), workers, range(1))
        WAYS[way](logger, workers, rows)


if __name__ == "__main__":
    main()

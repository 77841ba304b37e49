"""How many points of a sweep are given out a second, through `run-logger serve`.

    python -m benchmarks.sweeps [--seconds S] [--agents N]

Server, database and agents are on one machine. Each agent creates runs one after the other, each
of which gets its point by the one request that creates it; the database writes each to the disk
before it answers. The first figure counts these requests alone; the second is that of agents of
`run-logger sweep run`, which also store the point with the run, without the time of any command.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from benchmarks.serving import serving
from run_logger import create_sweep
from run_logger.delivery.journal.identity import WriterIdentity
from run_logger.delivery.sending.creation import NewRun, create_once
from run_logger.hasura_logger import Client
from run_logger.params import nth_point
from run_logger.sweeps.dealer import Dealer

if TYPE_CHECKING:
    from collections.abc import Callable

SPACE = {name: list(range(10)) for name in "abcdefghijkl"}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="for each of the figures")
    parser.add_argument("--agents", type=int, default=4, help="how many processes")
    arguments = parser.parse_args()
    with serving() as endpoint:
        for label, take in (("points given out", take_points), ("runs of agents", take_runs)):
            rate = measure(take, endpoint, arguments.agents, arguments.seconds)
            print(f"| {label}, {arguments.agents} agents | {rate:.0f}/s |")
    start = time.process_time()
    for _ in range(100):
        nth_point(SPACE, 123_456_789_012)
    print(f"| one point of 10^12 | {(time.process_time() - start) * 10:.2f} ms |")


def measure(
    take: Callable[[str, int, float], int], endpoint: str, agents: int, seconds: float
) -> float:
    """Return how many runs several processes create a second, in one sweep."""
    sweep_id = create_sweep(SPACE, endpoint)
    with multiprocessing.get_context("spawn").Pool(agents) as pool:
        pool.starmap(take, [(endpoint, sweep_id, 0.5)] * agents)  # connections, imports
        start = time.perf_counter()
        counts = pool.starmap(take, [(endpoint, sweep_id, seconds)] * agents, chunksize=1)
        return sum(counts) / (time.perf_counter() - start)


def take_points(endpoint: str, sweep_id: int, seconds: float) -> int:
    """Create runs of a sweep for so many seconds; return how many."""
    writer = WriterIdentity.of_this_process()
    count, end = 0, time.perf_counter() + seconds
    with Client(endpoint) as client:
        while time.perf_counter() < end:
            me = WriterIdentity(uuid4(), writer.host, writer.pid, None)
            create_once(client, NewRun(uuid4(), {}, [], sweep_id, me))
            count += 1
    return count


def take_runs(endpoint: str, sweep_id: int, seconds: float) -> int:
    """Take runs as an agent does for so many seconds; return how many."""
    count, end = 0, time.perf_counter() + seconds
    with Client(endpoint) as client:
        sweep = client.sweep_state(sweep_id)
        if sweep is None:
            raise LookupError(f"sweep {sweep_id} is gone")
        dealer = Dealer(client, sweep, ["true"], gives_points=True, max_retries=0)
        while time.perf_counter() < end:
            dealer.take(None)
            count += 1
    return count


if __name__ == "__main__":
    main()

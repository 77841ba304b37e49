"""Memory, `log()` and `finish` while the server is away, hangs, or answers a byte a second."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

from benchmarks.figures import Figures, percentiles, publish, scaled
from benchmarks.parts.latency import BLOCK, PAUSE, timed
from benchmarks.serving import ROW, own_journals, serving
from run_logger.hasura_logger import HasuraLogger
from tests.trials.fault_proxy import FaultProxy
from tests.trials.faults import Fault

ROWS = 1_000_000
WARM_ROWS = 10_000
CALLS = 50_000
FINISH_SECONDS = 30
"""How long `finish` may wait for the server, as the library's documentation says."""

TROUBLES = (Fault.REFUSE, Fault.STALL, Fault.SLOW_ANSWER)


def resident_megabytes(field: str) -> float:
    """Return what the kernel says of this process's memory: VmRSS now, VmHWM at the most."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (value,) = (line.split()[1] for line in lines if line.startswith(field))
    return int(value) / 1024


def grow(endpoint: str) -> None:
    """Log a million rows that nobody takes; print by how many megabytes the process grew."""
    logger = HasuraLogger(endpoint)
    logger.create_run({})
    print(flush=True)
    sys.stdin.readline()  # the server goes away
    for _ in range(WARM_ROWS):
        logger.log(**ROW)
    before = resident_megabytes("VmRSS")
    for _ in range(scaled(ROWS)):
        logger.log(**ROW)
    time.sleep(1)  # for the sender to try once more
    print(resident_megabytes("VmHWM") - before, flush=True)
    sys.stdin.readline()


def finish(endpoint: str) -> None:
    """Finish while the server is in trouble; print how many seconds that took."""
    logger = HasuraLogger(endpoint)
    logger.create_run({})
    print(flush=True)
    sys.stdin.readline()
    logger.log(**ROW)
    start = time.perf_counter()
    logger.finish()
    print(time.perf_counter() - start, flush=True)
    sys.stdin.readline()


def in_trouble(task: str, endpoint: str, trouble: Fault) -> float:
    """Run a task in a process whose server gets into trouble once its run is created."""
    command = [sys.executable, "-m", "benchmarks.parts.outage", task]
    pipe = subprocess.PIPE
    with (
        FaultProxy(endpoint) as proxy,
        subprocess.Popen([*command, proxy.url], stdin=pipe, stdout=pipe, text=True) as process,
    ):
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("no pipes")
        process.stdout.readline()
        proxy.follow(repeat(trouble))
        print("go", file=process.stdin, flush=True)
        answer = process.stdout.readline()
        process.kill()
    return float(answer)


def latencies(endpoint: str) -> Figures:
    """Return what `log()` costs with the server well, and then in each kind of trouble."""
    figures: Figures = {}
    with FaultProxy(endpoint) as proxy, HasuraLogger(proxy.url, timeout=2) as logger:
        logger.create_run({})
        for state in (Fault.PASS, *TROUBLES):
            proxy.follow(repeat(state))
            samples: list[int] = []
            for _ in range(max(scaled(CALLS) // BLOCK, 2)):
                timed(lambda: logger.log(**ROW), samples)
                time.sleep(PAUSE)
            figures |= percentiles(f"log, server {_NAMES[state]},", samples)
        proxy.follow(repeat(Fault.PASS))
        logger.flush(30)
    return figures


_NAMES = {
    Fault.PASS: "well",
    Fault.REFUSE: "away",
    Fault.STALL: "hung",
    Fault.SLOW_ANSWER: "at 1 byte/s",
}


def main() -> None:
    """Measure, or be one of the processes that are measured."""
    if len(sys.argv) > 1:
        task, endpoint = sys.argv[1:]
        {"grow": grow, "finish": finish}[task](endpoint)
        return
    with serving() as endpoint, own_journals():
        figures = {"growth over 1,000,000 logs MB": in_trouble("grow", endpoint, Fault.REFUSE)}
        figures |= latencies(endpoint)
        with ThreadPoolExecutor(len(TROUBLES)) as pool:
            seconds = pool.map(lambda t: in_trouble("finish", endpoint, t), TROUBLES)
        for trouble, taken in zip(TROUBLES, seconds, strict=True):
            figures[f"finish beyond its timeout, server {_NAMES[trouble]}, s"] = (
                taken - FINISH_SECONDS
            )
    publish("outage", figures)


if __name__ == "__main__":
    main()

"""Measure all, part by part, and draw the report.

    python -m benchmarks.bench                     the parts that have not been measured yet
    python -m benchmarks.bench --again             all parts anew
    python -m benchmarks.bench latency --again     one part anew
    python -m benchmarks.bench --small             a smoke run: all works, nothing is measured

A part that fails or takes too long is said, and the others go on.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys

from benchmarks.figures import load, results
from benchmarks.report import write_report

SECONDS = {"latency": 60, "delivery": 90, "start": 60, "outage": 120, "peers": 540}
"""The parts, and how long each may take."""


def measure(part: str) -> bool:
    """Measure a part in a process of its own; return whether that succeeded."""
    print(part, flush=True)
    command = [sys.executable, "-m", f"benchmarks.parts.{part}"]
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            return not process.wait(SECONDS[part])
        except subprocess.TimeoutExpired:
            print(f"{part} took longer than {SECONDS[part]} s", file=sys.stderr)
            return False
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # a server that it started, too


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(SECONDS))
    parser.add_argument("--again", action="store_true", help="measure what is measured already")
    parser.add_argument("--small", action="store_true", help="only show that all works")
    given = parser.parse_args()
    if given.small:
        os.environ["BENCH_SIZE"] = "small"
    parts = given.parts or list(SECONDS)
    if unknown := set(parts) - SECONDS.keys():
        parser.error(
            f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(SECONDS)}"
        )
    failed = [part for part in parts if (given.again or load(part) is None) and not measure(part)]
    write_report()
    print(f"the report is in {results()}")
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()

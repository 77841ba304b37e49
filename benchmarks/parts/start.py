"""How long a training script waits before its first step."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.figures import publish, scaled
from benchmarks.serving import own_journals, serving

ATTEMPTS = 20
HEAVY = ("numpy", "httpx", "pydantic", "run_logger_client", "platformdirs")
FIRST_LOG = """
import sys
import run_logger
params, logger = run_logger.initialize(sys.argv[1], lr=0.1)
logger.log(step=1)
print(flush=True)
logger.finish()
"""


def milliseconds(code: str, *arguments: str) -> float:
    """Return the median time from the start of a process to the first line that it prints."""
    return statistics.median(_once(code, *arguments) for _ in range(max(3, scaled(ATTEMPTS))))


def _once(code: str, *arguments: str) -> float:
    start = time.perf_counter()
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        if process.stdout is None or not process.stdout.readline():
            raise RuntimeError("a program ended before its first line")
        return 1000 * (time.perf_counter() - start)


def loaded_by_import() -> int:
    """Return how many of the heavy packages `import run_logger` loads."""
    code = f"import sys, run_logger; print(sum(name in sys.modules for name in {HEAVY}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return int(done.stdout)


def main() -> None:
    """Measure the import and the first log."""
    milliseconds("import run_logger; print()")  # from now on it is in the page cache
    bare = milliseconds("print()")
    imported = milliseconds("import run_logger; print()")
    with serving() as endpoint, own_journals():
        milliseconds(FIRST_LOG, endpoint)
        first_log = milliseconds(FIRST_LOG, endpoint)
    publish(
        "start",
        {
            "bare Python ms": bare,
            "import beyond it ms": imported - bare,
            "heavy packages loaded": loaded_by_import(),
            "process to first log ms": first_log,
        },
    )


if __name__ == "__main__":
    main()

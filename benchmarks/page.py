"""What the page costs the browser: many runs live at once, and a run of a million rows.

    python -m benchmarks.page [--minutes M] [--rows N] [--output FILE]

It serves a database of its own, and opens the page in Chromium without a window or a graphics card.
What is measured is the process of Chromium that has the page (its renderer): its CPU time, its
resident memory, and the heap of its JavaScript after a collection. Needs the development tools.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.serving import own_journals, serving
from run_logger import HasuraLogger

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUNS = 50
_METRICS = 10
_MEGABYTE = 1_000_000
# Between two looks at the memory.
_SECONDS = 15.0
_PATIENCE = 120_000
_ARGUMENTS = ["--no-sandbox", "--headless=new", "--disable-gpu", "--no-first-run"]

# Notes when the first chart is on the page, in milliseconds after it was opened.
_WATCH = """
new MutationObserver((_, observer) => {
    if (document.querySelector(".chart [aria-busy] canvas, .chart canvas, .chart svg.marks")) {
        globalThis.firstChart = performance.now();
        observer.disconnect();
    }
}).observe(document, {childList: true, subtree: true});
"""
_LONG_RUN = """
INSERT INTO run_log (run_id, log, writer_id, seq)
SELECT {run}, jsonb_build_object('step', step, {metrics}), writer.id, step
FROM generate_series(1, {rows}) AS step, writer WHERE writer.run_id = {run};
UPDATE writer SET delivered = {rows} WHERE run_id = {run};
"""


@dataclass(slots=True)
class Live:
    """What the live page has cost.

    Attributes:
        cores: CPU time of the renderer over the time that passed.
        seconds: How long that was.
        rows: How many rows were logged meanwhile.
        resident: The renderer's resident memory in megabytes, from time to time.
        heap: The heap of its JavaScript after a collection, in megabytes.
    """

    cores: float = 0.0
    seconds: float = 0.0
    rows: int = 0
    resident: list[float] = field(default_factory=list)
    heap: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Long:
    """How the page opens on a long run: seconds to the first chart, and megabytes after it."""

    first: float
    again: float
    resident: float
    heap: float


def main() -> None:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="how long the runs are live")
    parser.add_argument("--rows", type=int, default=1_000_000, help="the length of the long run")
    parser.add_argument("--output", type=Path, help="where the figures go, beside the screen")
    arguments = parser.parse_args()
    with sync_playwright() as playwright, own_journals(), serving() as endpoint:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=_ARGUMENTS
        )
        # The script of Vega is put together at its first use.
        httpx.get(_page_of(endpoint) + "vega.js", timeout=60).raise_for_status()
        long = _long(browser, endpoint, arguments.rows)
        live = _live(browser, endpoint, arguments.minutes * 60)
        report = _report(browser.version, arguments.rows, long, live)
        browser.close()
    print(report)
    if arguments.output:
        arguments.output.write_text(report, encoding="utf-8")


def _page_of(endpoint: str) -> str:
    return endpoint.removesuffix("v1/graphql")


def _long(browser: Browser, endpoint: str, rows: int) -> Long:
    run = _write_long_run(endpoint, rows)
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        context.add_init_script(_WATCH)
        page = context.new_page()
        page.goto(f"{_page_of(endpoint)}?runs={run}")
        first = _first_chart(page)
        page.reload()
        again = _first_chart(page)
        renderer, session = _renderer(), context.new_cdp_session(page)
        # By then all charts in sight are there.
        time.sleep(_SECONDS)
        resident = renderer.memory_info().rss / _MEGABYTE
        return Long(first, again, resident, _heap(session))


def _write_long_run(endpoint: str, rows: int) -> int | None:
    logger = HasuraLogger(endpoint, capture=False)
    logger.create_run({"name": "long"})
    logger.finish()
    metrics = ", ".join(f"'metric{n}', random() / (1 + step)" for n in range(_METRICS))
    sql = _LONG_RUN.format(run=logger.run_id, rows=rows, metrics=metrics)
    request = {"type": "run_sql", "args": {"source": "default", "sql": sql}}
    httpx.post(_page_of(endpoint) + "v2/query", json=request, timeout=600).raise_for_status()
    return logger.run_id


def _first_chart(page: Page) -> float:
    """Wait for the first chart; return after how many seconds it was there."""
    page.wait_for_function("() => globalThis.firstChart", timeout=_PATIENCE)
    milliseconds: float = page.evaluate("globalThis.firstChart")
    return milliseconds / 1000


def _live(browser: Browser, endpoint: str, seconds: float) -> Live:
    with _logging(endpoint) as runs, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{_page_of(endpoint)}?runs={','.join(str(run.run_id) for run in runs)}")
        page.locator(".chart canvas").first.wait_for(timeout=_PATIENCE)
        renderer, session = _renderer(), context.new_cdp_session(page)
        return _watched(renderer, session, runs, seconds)


def _watched(
    renderer: psutil.Process, session: CDPSession, runs: list[HasuraLogger], seconds: float
) -> Live:
    live = Live()
    began, cpu, accepted = time.monotonic(), _cpu(renderer), _accepted(runs)
    while live.seconds < seconds:
        time.sleep(min(_SECONDS, seconds))
        live.seconds = time.monotonic() - began
        live.cores = (_cpu(renderer) - cpu) / live.seconds
        live.resident.append(renderer.memory_info().rss / _MEGABYTE)
        live.heap.append(_heap(session))
    live.rows = _accepted(runs) - accepted
    return live


@contextmanager
def _logging(endpoint: str) -> Iterator[list[HasuraLogger]]:
    """Have runs log a row a second each."""
    runs = [HasuraLogger(endpoint, capture=False, adopt=False) for _ in range(_RUNS)]
    for number, run in enumerate(runs):
        run.create_run({"name": f"live {number}", "parameters": {"number": number}})
    over = threading.Event()
    thread = threading.Thread(target=_log, args=(runs, over))
    thread.start()
    try:
        yield runs
    finally:
        over.set()
        thread.join()
        for run in runs:
            run.finish()


def _log(runs: list[HasuraLogger], over: threading.Event) -> None:
    step = 0
    while not over.wait(1.0):
        for number, run in enumerate(runs):
            values = {f"metric{n}": (number + n) / (1 + step) for n in range(_METRICS)}
            run.log(step=step, **values)
        step += 1


def _accepted(runs: list[HasuraLogger]) -> int:
    return sum(run.stats().accepted for run in runs)


def _renderer() -> psutil.Process:
    """Return the process that has the page: Chromium keeps a small one in reserve beside it."""
    children = psutil.Process().children(recursive=True)
    return max(filter(_renders, children), key=lambda process: process.memory_info().rss)


def _renders(process: psutil.Process) -> bool:
    return "--type=renderer" in process.cmdline()


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _heap(session: CDPSession) -> float:
    session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    return used / _MEGABYTE


def _report(chromium: str, rows: int, long: Long, live: Live) -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    minutes = live.seconds / 60
    return "\n".join(
        [
            "# What the page costs the browser",
            "",
            f"Written by `python -m benchmarks.page`. Chromium {chromium} without a window or a",
            f"graphics card, 1280 by 800 pixels, on {os.cpu_count()} {platform.machine()} cores;",
            "browser, server, Postgres and the runs are all on this one machine, whose load was",
            f"{load} (the last 1, 5 and 15 minutes) at the end.",
            "",
            *_table(f"a run of {rows:,} rows of {_METRICS} metrics", _long_figures(long)),
            "",
            f"The other table: {_RUNS} runs of {_METRICS} metrics log a row a second each, in all",
            f"{live.rows:,} rows in {minutes:.1f} minutes. Memory is that at the beginning, in the",
            "middle and at the end.",
            "",
            *_table(f"{_RUNS} runs live in {_METRICS} charts", _live_figures(live)),
            "",
        ]
    )


def _table(head: str, figures: list[tuple[str, str, str]]) -> list[str]:
    rows = [(head, "", "goal"), ("---", "---", "---"), *figures]
    return [f"| {' | '.join(row)} |" for row in rows]


def _long_figures(long: Long) -> list[tuple[str, str, str]]:
    return [
        ("seconds to the first chart, page never opened before", f"{long.first:.2f}", "2"),
        ("the same, opened again", f"{long.again:.2f}", "2"),
        ("resident memory of the page's process, MB", f"{long.resident:.0f}", "500"),
        ("heap of its JavaScript, MB", f"{long.heap:.0f}", ""),
    ]


def _live_figures(live: Live) -> list[tuple[str, str, str]]:
    return [
        ("CPU of the page's process, cores", f"{live.cores:.2f}", "0.5"),
        ("its resident memory, MB", _course(live.resident), ""),
        ("heap of its JavaScript, MB", _course(live.heap), "does not grow"),
    ]


def _course(figures: list[float]) -> str:
    shown = figures[0], figures[len(figures) // 2], figures[-1]
    return ", ".join(f"{figure:.0f}" for figure in shown)


if __name__ == "__main__":
    main()

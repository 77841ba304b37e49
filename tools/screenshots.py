"""Draw every screen of the page, light and dark, from runs of real training.

    python tools/screenshots.py [--output DIRECTORY] [SCREEN...]

It serves a database of its own, trains as examples/demo.py does, and opens the page in Chromium.
Drawn as a whole, it also renews the two pictures in the README.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser, Page, sync_playwright

_ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(_ROOT / "examples"))

import demo
import digits

from run_logger import initialize
from run_logger.hasura_logger import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ARGUMENTS = ["--no-sandbox", "--headless=new", "--disable-gpu", "--no-first-run"]
_SIZES = {"wide": (1280, 800), "narrow": (390, 780)}
_SECONDS = 60
# The pictures in the README, by the names that they have here.
_README = {"charts-light": "page-light.png", "compare-dark": "page-dark.png"}


@dataclass(frozen=True, slots=True)
class Screen:
    """A state of the page.

    Args:
        name: What its pictures are called.
        address: Its address.
        settled: A selector of what is there when it is whole.
        act: What is done before the picture is taken.
        sizes: The sizes in which it is drawn.
    """

    name: str
    address: str
    settled: str
    act: Callable[[Page], Any] = lambda _: None
    sizes: tuple[str, ...] = ("wide",)
    schemes: tuple[str, ...] = field(default=("light", "dark"))


def _type_filter(page: Page) -> None:
    page.get_by_label("Filter of runs").press_sequentially("learning_rate ")
    page.get_by_label("Filter of runs").press("ArrowDown")


def _show_file(page: Page) -> None:
    page.get_by_role("button", name="Show").first.click()
    page.locator(".blob-content > *").first.wait_for()


EMPTY = Screen("empty", "", "#welcome:not([hidden])", sizes=("wide", "narrow"))
SCREENS = [
    Screen("list", "", ".option", sizes=("wide", "narrow")),
    Screen("charts", "?sweep=1&sort=-values.accuracy", "canvas, svg.marks"),
    Screen("chart", "?runs=4", "canvas, svg.marks", sizes=("wide", "narrow")),
    Screen("compare", "?sweep=1&tab=compare", ".comparison-charts svg.marks"),
    Screen("editor", "?runs=4&tab=editor", ".preview svg.marks"),
    Screen("files", "?runs=4&tab=blobs", ".blob-head", _show_file),
    Screen("sweeps", "?list=sweeps", ".option"),
    Screen("filter", "", ".option", _type_filter),
    Screen("filter-fault", "?filter=learning_rate%20%3C%20%29", "mark"),
]


def main() -> None:
    """Serve, train, draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("screens", nargs="*", metavar="SCREEN", help="which; by default all")
    parser.add_argument("--output", type=Path, default=_ROOT / "build/screenshots")
    arguments = parser.parse_args()
    output: Path = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory() as data,
        sync_playwright() as playwright,
        demo.served(Path(data) / "database") as endpoint,
    ):
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=_ARGUMENTS,
        )
        url = endpoint.removesuffix("v1/graphql")
        if not arguments.screens or EMPTY.name in arguments.screens:
            _draw(browser, url, EMPTY, output)
        _train(endpoint)
        _fail(endpoint)
        with _training(endpoint):
            for screen in SCREENS:
                if not arguments.screens or screen.name in arguments.screens:
                    _draw(browser, url, screen, output)
        browser.close()
    if not arguments.screens:
        for name, picture in _README.items():
            shutil.copy(output / f"{name}.png", _ROOT / "docs/images" / picture)


def _draw(browser: Browser, url: str, screen: Screen, output: Path) -> None:
    for size in screen.sizes:
        for scheme in screen.schemes:
            name = "-".join((screen.name, *([size] if size != "wide" else []), scheme))
            width, height = _SIZES[size]
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
                device_scale_factor=2,
            )
            page.goto(f"{url}{screen.address}")
            page.locator(screen.settled).first.wait_for(timeout=_SECONDS * 1000)
            screen.act(page)
            page.screenshot(path=output / f"{name}.png", animations="disabled")
            page.close()
            demo.console.print(str(output / f"{name}.png"), soft_wrap=True)


def _train(endpoint: str) -> None:
    """Record a sweep, and its best run once more on noisy pictures."""
    space = {"learning_rate": [0.03, 0.1, 0.3], "hidden": [16, 64]}
    sweep = Client(endpoint).create_sweep(
        space=space, grid_index=0, run_limit=6, metadata={"name": "digits"}, parameter_choices=[]
    )
    config = str(_ROOT / "examples/digits.yaml")
    for _ in range(6):
        digits.train(endpoint, config, sweep_id=sweep.id if sweep else None)
    digits.train(endpoint, load_id=4, name="digits-noisy", noise=0.2)


def _fail(endpoint: str) -> None:
    """Record a run that fails, as some do."""
    _, logger = initialize(endpoint, name="digits", learning_rate=30.0, hidden=64)
    with suppress(OverflowError), logger:
        for step in range(10):
            logger.log(step=step, loss=math.exp(100.0 * step))


@contextmanager
def _training(endpoint: str) -> Iterator[None]:
    """Have a run go on meanwhile."""
    over = threading.Event()
    _, logger = initialize(endpoint, name="digits-long", learning_rate=0.1, hidden=128)
    with logger:
        thread = threading.Thread(target=_log, args=(logger, over))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _log(logger: Any, over: threading.Event) -> None:
    step = 0
    while not over.wait(0.2):
        logger.log(step=step, loss=2.3 / (1 + step / 10), accuracy=1 - 0.9 / (1 + step / 10))
        step += 1


if __name__ == "__main__":
    main()

"""The page in Chromium, as people have it, from a local server over a real Postgres."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Chromium starts as root and without a graphics card, and asks its maker nothing.
_ARGUMENTS = [
    "--no-sandbox",
    "--headless=new",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]
# What the machine is busy with must not fail a test: whatever is awaited is awaited so long.
_PATIENCE = 60_000


class HasAddress(Protocol):
    @property
    def base_url(self) -> str: ...


class OpenPage(Protocol):
    def __call__(self, served: HasAddress, address: str = "", *, dark: bool = False) -> Page: ...


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        expect.set_options(timeout=_PATIENCE)
        yield running


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One browser for all tests; each page has a profile of its own."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "Chromium is not installed: run tools/system-packages, or set CHROMIUM"
    browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Open a page of a server: `open_page(served, "?runs=1")`.

    At the end no page may have asked another server for anything, nor met an error of its own.
    """
    with chromium.new_context(viewport={"width": 1280, "height": 800}) as context:
        context.set_default_timeout(_PATIENCE)
        requests: list[str] = []
        faults: list[str] = []
        context.on("request", lambda request: requests.append(request.url))
        context.on("weberror", lambda error: faults.append(str(error.error)))
        hosts: set[str] = set()

        def open_(served: HasAddress, address: str = "", *, dark: bool = False) -> Page:
            hosts.add(served.base_url)
            page = context.new_page()
            page.emulate_media(color_scheme="dark" if dark else "light")
            page.goto(f"{served.base_url}/{address}")
            return page

        yield open_
        assert faults == []
        assert [url for url in requests if not _is_own(url, hosts)] == []


class Server:
    """`run-logger serve` as a process, which can be stopped and started again."""

    def __init__(self, dsn: str, secret: str | None = None) -> None:
        self.dsn = dsn
        self._secret = secret
        self._process: subprocess.Popen[str] | None = None
        self.base_url = "http://127.0.0.1:0"
        self.start()

    def start(self) -> None:
        """Start it, at the port that it had before."""
        command = [sys.executable, "-m", "run_logger.cli", "serve", "--database-url", self.dsn]
        command += ["--port", str(urlsplit(self.base_url).port)]
        command += ["--admin-secret", self._secret] if self._secret else []
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout
        self.base_url = self._process.stdout.readline().removesuffix("/v1/graphql\n")

    def stop(self) -> None:
        """Stop it, and wait until it has stopped."""
        if self._process is not None:
            with self._process:
                self._process.terminate()
            self._process = None


@pytest.fixture
def start_server(project_database: str) -> Iterator[Callable[..., Server]]:
    """Start `run-logger serve` over our schema, until the test ends."""
    with ExitStack() as running:

        def start(secret: str | None = None) -> Server:
            server = Server(project_database, secret)
            running.callback(server.stop)
            return server

        yield start


def _is_own(url: str, hosts: set[str]) -> bool:
    return url.startswith(("data:", "blob:")) or any(url.startswith(f"{host}/") for host in hosts)

"""`run-logger web`: the same page for the runs of another server."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import expect

from run_logger import initialize
from run_logger.local.errors import ServeError
from run_logger.web.server import Settings
from run_logger.web.server import serve as serve_web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Serve
    from tests.web.conftest import OpenPage, Server


@dataclass(frozen=True, slots=True)
class Web:
    base_url: str


@contextmanager
def web(endpoint: str) -> Iterator[Web]:
    command = [sys.executable, "-m", "run_logger.cli", "web", "--endpoint", endpoint, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Web(process.stdout.readline().removesuffix("/\n"))
        finally:
            process.terminate()
    assert process.returncode == 0


def test_the_page_shows_the_runs_of_another_server_and_asks_for_its_secret(
    start_server: Callable[..., Server],
    open_page: OpenPage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = "s3cret"  # noqa: S105  of this test alone
    server = start_server(secret)
    monkeypatch.setenv("HASURA_GRAPHQL_ADMIN_SECRET", secret)
    endpoint = f"{server.base_url}/v1/graphql"
    _, logger = initialize(endpoint, name="far away")
    with web(endpoint) as served:
        page = open_page(served)
        page.get_by_label("Admin secret", exact=True).fill(secret)
        page.keyboard.press("Enter")
        run = page.get_by_role("listbox", name="Runs").get_by_role("option")
        expect(run).to_contain_text("running")
        logger.finish()
        expect(run).to_contain_text("finished")
        server.stop()
        expect(page.get_by_text("Connecting…")).to_be_visible()
        server.start()
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        expect(page.get_by_role("dialog")).to_be_hidden()


def test_pages_of_other_sites_cannot_use_it(serve: Serve) -> None:
    with web(serve().url) as served:
        url = f"{served.base_url}/v1/graphql"
        hello = {"query": "{ __typename }"}
        own = {"origin": served.base_url}
        assert httpx.post(url, json=hello, headers=own).json() == {
            "data": {"__typename": "query_root"}
        }
        for strange in ({"origin": "http://stranger.example"}, {"host": "stranger.example"}):
            assert httpx.post(url, json=hello, headers=strange).status_code == 403


def test_an_endpoint_that_is_away_is_told_as_such() -> None:
    with web("http://user:password@127.0.0.1:9/v1/graphql") as served:
        answer = httpx.post(f"{served.base_url}/v1/graphql", json={"query": "{ __typename }"})
    assert answer.status_code == 502
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "unreachable"
    assert error["message"].startswith("http://127.0.0.1:9/v1/graphql cannot be reached: ")


def test_it_is_not_open_to_other_machines_unless_the_endpoint_asks_for_a_secret(
    serve: Serve,
) -> None:
    with pytest.raises(ServeError, match="asks for no secret"):
        serve_web(Settings(serve().url, "0.0.0.0", 0), print)  # noqa: S104  that is the point
    with pytest.raises(ServeError, match="it is away"):
        serve_web(Settings("http://127.0.0.1:9/v1/graphql", "0.0.0.0", 0), print)  # noqa: S104
    with pytest.raises(ServeError, match="no URL of a GraphQL API"):
        serve_web(Settings("hasura.example.org", "127.0.0.1", 0), print)

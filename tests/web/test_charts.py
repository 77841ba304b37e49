"""Charts of runs: what is on the screen is what is in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from playwright.sync_api import Page, expect

from run_logger import initialize

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Serve, Served
    from tests.web.conftest import OpenPage, Server

SPEC = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "data": {"name": "data"},
    "mark": "point",
    "encoding": {
        "x": {"field": "step", "type": "quantitative"},
        "y": {"field": "loss", "type": "quantitative"},
        "color": {"field": "lr", "type": "nominal"},
    },
}
_DATA = """([chart, columns]) =>
    document.querySelectorAll(".chart")[chart]?.view?.data("data")
        .map((row) => columns.map((column) => row[column])) ?? []"""
_HAS = f"([chart, columns, count]) => ({_DATA})([chart, columns]).length >= count"


def shown(page: Page, columns: list[str], *, count: int, chart: int = 0) -> list[tuple[Any, ...]]:
    """Return the rows that a chart's view holds, sorted, once there are so many."""
    page.wait_for_function(_HAS, arg=[chart, columns, count])
    return sorted(tuple(row) for row in page.evaluate(_DATA, [chart, columns]))


def stored(served: Served | Server, runs: list[int]) -> list[tuple[Any, ...]]:
    """Return `run_id`, `step` and `loss` of the rows in the database, sorted."""
    with psycopg.connect(served.dsn) as connection:
        return sorted(
            (run, log["step"], log["loss"])
            for run, log in connection.execute(
                "SELECT run_id, log FROM run_log WHERE run_id = ANY (%s)", [runs]
            )
        )


def test_rows_come_as_they_are_logged_and_each_once_through_a_restart_of_the_server(
    start_server: Callable[..., Server], open_page: OpenPage
) -> None:
    server = start_server()
    url = f"{server.base_url}/v1/graphql"
    _, logger = initialize(url, name="live", charts=[SPEC], lr=0.25)
    assert logger.run_id is not None
    columns = ["run_id", "step", "loss"]
    with logger:
        logger.log(step=0, loss=1.0)
        page = open_page(server, f"?runs={logger.run_id}")
        shown(page, columns, count=1)
        for step in range(1, 50):
            logger.log(step=step, loss=1 / step)
        rows = shown(page, columns, count=50)
        assert rows == stored(server, [logger.run_id])

        server.stop()
        for step in range(50, 60):
            logger.log(step=step, loss=1 / step)
        expect(page.locator("#connection")).to_have_text("Connecting…")
        server.start()
        expect(page.locator("#connection")).to_have_text("Live")
        logger.flush()
        rows = shown(page, [*columns, "lr"], count=60)
        assert rows == [(*row, 0.25) for row in stored(server, [logger.run_id])]


def test_several_writers_and_an_old_client_share_a_chart_with_each_row_once(
    serve: Serve, open_page: OpenPage
) -> None:
    served = serve()
    _, first = initialize(served.url, charts=[SPEC], lr=1)
    assert first.run_id is not None
    with first:
        page = open_page(served, f"?runs={first.run_id}")
        for step in range(20):
            first.log(step=step, loss=0.5)
        first.flush()
        with psycopg.connect(served.dsn) as connection:
            connection.execute(
                "INSERT INTO run_log (run_id, log) SELECT %s, jsonb_build_object('step', step,"
                " 'loss', 1) FROM generate_series(100, 104) AS step",
                [first.run_id],
            )
        page.reload()
        shown(page, ["step"], count=25)
        with psycopg.connect(served.dsn) as connection:
            connection.execute(
                'INSERT INTO run_log (run_id, log) VALUES (%s, \'{"step": 105, "loss": 1}\')',
                [first.run_id],
            )
        for step in range(20, 30):
            first.log(step=step, loss=0.5)
        rows = shown(page, ["run_id", "step", "loss"], count=36)
        first.flush()
        assert rows == stored(served, [first.run_id])


def test_runs_share_a_chart_and_one_that_has_none_gets_one_for_each_number(
    serve: Serve, open_page: OpenPage
) -> None:
    served = serve()
    runs = []
    for number, charts in enumerate([[SPEC], [{**SPEC, "data": {"data": "data"}}], None]):
        _, logger = initialize(served.url, charts=charts, lr=number)
        with logger:
            logger.log(step=1, loss=0.5, **{"train.loss": 0.25})
        runs.append(logger.run_id)
    page = open_page(served, f"?runs={','.join(map(str, runs))}")
    expect(page.locator(".chart")).to_have_count(4)
    for chart, run in ((0, runs[0]), (1, runs[1]), (2, runs[2])):
        page.locator(".chart").nth(chart).scroll_into_view_if_needed()
        assert shown(page, ["run_id"], count=1, chart=chart) == [(run,)]
    expect(page.locator(".chart h2")).to_have_text(["loss", "train.loss"])


def test_a_chart_can_fetch_nothing_and_run_nothing(serve: Serve, open_page: OpenPage) -> None:
    served = serve()
    fetching = {**SPEC, "data": {"url": f"{served.url}?query=fetched"}}
    running = {
        **SPEC,
        "usermeta": {"embedOptions": {"ast": False, "actions": True}},
        "transform": [{"calculate": "this.constructor.constructor('window.ran = 1')()", "as": "a"}],
    }
    _, logger = initialize(served.url, charts=[fetching, running, SPEC])
    with logger:
        logger.log(step=1, loss=0.5)
    page = open_page(served, f"?runs={logger.run_id}")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    shown(page, ["step"], count=1, chart=2)
    assert page.evaluate("window.ran") is None
    assert [url for url in asked if "fetched" in url] == []


def test_a_long_run_is_sampled_and_more_is_read_of_a_part(
    serve: Serve, open_page: OpenPage
) -> None:
    served = serve()
    _, logger = initialize(served.url, name="long", charts=[SPEC])
    with psycopg.connect(served.dsn) as connection:
        connection.execute(
            "INSERT INTO run_log (run_id, log) SELECT %s, jsonb_build_object('step', step, 'loss',"
            " 1) FROM generate_series(1, 60000) AS step",
            [logger.run_id],
        )
    logger.finish()
    page = open_page(served, f"?runs={logger.run_id}")
    whole = shown(page, ["step"], count=20_000)
    assert (whole[0], whole[-1], len(whole)) == ((1,), (60_000,), 20_000)
    expect(page.get_by_text("these are an even sample")).to_be_visible()

    page.goto(f"{served.base_url}/?runs={logger.run_id}&zoom=step:1000~7000")
    part = shown(page, ["step"], count=23_000)
    assert {(step,) for step in range(1_003, 6_998)} <= set(part)
    expect(page.get_by_role("button", name="Show the whole range")).to_be_visible()

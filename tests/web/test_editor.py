"""Charts, edited in the page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from run_logger import initialize

if TYPE_CHECKING:
    from tests.conftest import Serve, Served
    from tests.web.conftest import OpenPage

LINE = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "data": {"name": "data"},
    "mark": "line",
    "encoding": {
        "x": {"field": "step", "type": "quantitative"},
        "y": {"field": "loss", "type": "quantitative"},
    },
}


def record(served: Served, *charts: dict[str, Any]) -> int:
    _, logger = initialize(served.url, charts=[*charts])
    with logger:
        for step in range(3):
            logger.log(step=step, loss=1 / (step + 1))
    assert logger.run_id is not None
    return logger.run_id


def charts(served: Served) -> list[dict[str, Any]]:
    document = "{ chart(order_by: [{order: asc}, {id: asc}]) { run_id name spec archived } }"
    return list(served.query(document)["data"]["chart"])


def test_a_chart_is_changed_in_all_runs_that_have_it(serve: Serve, open_page: OpenPage) -> None:
    served = serve()
    runs = [record(served, LINE), record(served, LINE)]
    page = open_page(served, f"?runs={runs[0]},{runs[1]}&tab=editor")
    text = page.get_by_label("Specification of the chart")
    problems = page.locator("#chart-problems")
    expect(text).to_have_value(json.dumps(charts(served)[0]["spec"], indent=2))
    expect(page.locator(".preview svg.marks")).to_be_visible()

    text.fill(json.dumps({**LINE, "mark": "lin"}))
    expect(problems).to_contain_text("mark: 'lin' is not allowed. Did you mean 'line'?")
    text.fill(json.dumps({**LINE, "mark": "area"}))
    expect(problems).to_be_empty()
    page.get_by_label("Name of the chart").fill("<i>loss</i>")
    page.get_by_role("button", name="Save to 2 runs").click()
    expect(page.get_by_role("button", name="<i>loss</i>", exact=True)).to_be_visible()
    assert [(chart["name"], chart["spec"]["mark"]) for chart in charts(served)] == [
        ("<i>loss</i>", "area"),
        ("<i>loss</i>", "area"),
    ]


def test_charts_are_added_moved_and_archived(serve: Serve, open_page: OpenPage) -> None:
    served = serve()
    run = record(served, {**LINE, "title": "one"}, {**LINE, "title": "two"})
    page = open_page(served, f"?runs={run}&tab=editor")
    titles = page.get_by_role("list", name="Charts").locator(".chart-title")
    expect(titles).to_have_text(["one", "two"])
    page.get_by_role("button", name="Move two up").click()
    expect(titles).to_have_text(["two", "one"])
    page.get_by_role("button", name="Archive one").click()
    expect(titles).to_have_text(["two"])

    page.get_by_role("button", name="New chart").click()
    page.get_by_label("Name of the chart").fill("three")
    page.get_by_role("button", name="Add to the chosen run").click()
    expect(titles).to_have_count(2)
    stored = [
        (chart["spec"].get("title"), chart["name"], chart["archived"]) for chart in charts(served)
    ]
    assert sorted(stored, key=str) == [
        ("one", None, True),
        ("two", None, False),
        (None, "three", False),
    ]


def test_a_chart_is_downloaded_as_a_picture(serve: Serve, open_page: OpenPage) -> None:
    served = serve()
    page = open_page(served, f"?runs={record(served, LINE)}&tab=editor")
    expect(page.locator(".preview svg.marks")).to_be_visible()
    with page.expect_download() as png:
        page.get_by_role("button", name="PNG").click()
    assert png.value.path().read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as svg:
        page.get_by_role("button", name="SVG").click()
    assert b"<svg" in svg.value.path().read_bytes()

"""Runs beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.sync_api import Page, expect

from run_logger import initialize

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Serve, Served
    from tests.web.conftest import OpenPage


def record(served: Served, accuracy: float, **arguments: Any) -> int:
    """Record a run whose last accuracy is this; returns its id."""
    _, logger = initialize(served.url, **arguments)
    with logger:
        logger.log(step=0, accuracy=0.1)
        logger.log(step=1, accuracy=accuracy)
    assert logger.run_id is not None
    return logger.run_id


def cells(page: Page, row: str) -> list[str]:
    """Return the texts of a row of the ranking."""
    found = page.locator(".ranking tbody tr").filter(has_text=row)
    return [*found.locator("td, th").all_inner_texts()]


def test_the_best_run_is_named_with_what_it_owes_that_to(serve: Serve, open_page: OpenPage) -> None:
    served = serve()
    ids = [
        record(served, 0.5, name="low", lr=0.001, seed=1),
        record(served, 0.875, name="high", lr=0.1, seed=1),
        record(served, 0.75, name="middle", lr=0.01, seed=1),
    ]
    page = open_page(served, f"?runs={','.join(map(str, ids))}&tab=compare")
    verdict = page.locator(".verdict")
    expect(verdict).to_contain_text(f"Best: high (#{ids[1]}), with accuracy 0.875.")
    expect(verdict).to_contain_text("lr = 0.1 instead of 0.01.")
    assert cells(page, "high")[2:] == ["finished", "0.875", "0.1"]
    assert [*page.locator(".ranking tbody th").all_inner_texts()] == [
        f"high (#{ids[1]})",
        f"middle (#{ids[2]})",
        f"low (#{ids[0]})",
    ]

    page.get_by_label("Best is the").select_option("lowest")
    expect(verdict).to_contain_text(f"Best: low (#{ids[0]}), with accuracy 0.5.")
    expect(page.locator(".comparison-charts svg.marks")).to_have_count(1)

    page.get_by_label("Best is the").select_option("highest")
    page.get_by_role("link", name="Show the curves of both").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 runs")
    assert page.url.endswith(f"?runs={ids[1]},{ids[2]}")


def test_parameters_are_side_by_side_with_their_sources_and_differences_marked(
    serve: Serve, open_page: OpenPage, tmp_path: Path
) -> None:
    served = serve()
    config = tmp_path / "config.yaml"
    config.write_text("lr: 1e-3\n")
    ids = [
        record(served, 0.5, name="one", lr=0.1, model={"depth": 3}),
        record(served, 0.6, name="two", config=config, lr=0.1, model={"depth": 3}),
    ]
    page = open_page(served, f"?runs={ids[0]},{ids[1]}&tab=compare")
    table = page.get_by_role("region", name="Parameters")
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("lr")
    assert [*rows.locator("td").all_inner_texts()] == ["0.1default", "0.001config"]
    expect(rows).to_have_class("differs")

    page.get_by_label("Also show what is the same in all of them").check()
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="model.depth")).not_to_have_class("differs")


def test_a_run_alone_shows_its_parameters_and_metadata(serve: Serve, open_page: OpenPage) -> None:
    served = serve()
    run = record(served, 0.5, name="<b>alone</b>", metadata={"note": "</script><b>x"}, lr=0.1)
    page = open_page(served, f"?runs={run}&tab=compare")
    expect(page.get_by_role("region", name="Parameters")).to_contain_text("0.1")
    metadata = page.get_by_role("region", name="Metadata")
    expect(metadata.locator("tr").filter(has_text="note")).to_contain_text("</script><b>x")
    expect(page.locator(".ranking")).to_have_count(0)

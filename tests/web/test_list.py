"""The list of runs and sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from run_logger import initialize
from run_logger.hasura_logger import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Serve, Served
    from tests.web.conftest import OpenPage, Server


def record(served: Served | Server, *, logs: int = 1, **params: Any) -> int:
    """Record a run that has finished; returns its id."""
    name = params.pop("name", "fit")
    _, logger = initialize(f"{served.base_url}/v1/graphql", name=name, **params)
    with logger:
        for step in range(logs):
            logger.log(step=step, loss=1 / (step + 1))
    assert logger.run_id is not None
    return logger.run_id


def options(page: Page) -> Any:
    return page.locator(".list-box").get_by_role("option")


def test_a_run_is_in_the_list_from_its_start_to_its_end(serve: Serve, open_page: OpenPage) -> None:
    served = serve()
    page = open_page(served)
    expect(page.get_by_text("There are no runs yet.")).to_be_visible()

    _, logger = initialize(served.url, name="live", lr=0.25, model={"depth": 3})
    with logger:
        run = options(page).filter(has_text="live")
        expect(run).to_contain_text("running")
        expect(run).to_contain_text("lr 0.25")
        expect(run).to_contain_text("model.depth 3")
        logger.log(step=7, loss=0.125)
        expect(run).to_contain_text("loss 0.125")
    expect(run).to_contain_text("finished")
    expect(page.get_by_role("heading", name="live")).to_be_visible()


def test_a_run_that_failed_says_why(serve: Serve, open_page: OpenPage) -> None:
    served = serve()
    _, logger = initialize(served.url, name="broken")
    with pytest.raises(ZeroDivisionError), logger:
        raise ZeroDivisionError("of a batch")
    page = open_page(served)
    run = options(page).filter(has_text="broken")
    expect(run).to_contain_text("failed")
    expect(run).to_contain_text("ZeroDivisionError: of a batch")


def test_runs_are_archived_and_brought_back(serve: Serve, open_page: OpenPage) -> None:
    served = serve()
    first, second, third = (record(served, name=name) for name in ("one", "two", "three"))
    page = open_page(served, f"?runs={first},{second}")
    expect(options(page)).to_have_count(3)

    page.get_by_role("button", name="Archive").click()
    expect(options(page)).to_have_count(1)
    expect(options(page)).to_contain_text("three")
    assert archived(served) == {first: True, second: True, third: False}

    page.get_by_label("Archived or not").select_option("archived")
    expect(options(page)).to_have_count(2)
    options(page).filter(has_text="two").click()
    page.get_by_role("button", name="Bring back").click()
    expect(options(page)).to_have_count(1)
    assert archived(served) == {first: True, second: False, third: False}


def archived(served: Served) -> dict[int, bool]:
    runs = served.query("{ run { id archived } }")["data"]["run"]
    return {run["id"]: run["archived"] for run in runs}


def test_a_sweep_shows_its_runs_in_the_order_of_a_value(serve: Serve, open_page: OpenPage) -> None:
    served = serve()
    sweep = Client(served.url).create_sweep(
        space={"lr": [0.1, 0.2]},
        grid_index=0,
        run_limit=2,
        metadata={"name": "rates"},
        parameter_choices=[],
    )
    assert sweep is not None
    record(served, name="alone")
    record(served, sweep_id=sweep.id, logs=1)
    record(served, sweep_id=sweep.id, logs=4)

    page = open_page(served, "?list=sweeps")
    expect(options(page)).to_contain_text("2 of 2 runs, grid search over lr")
    options(page).click()
    expect(options(page)).to_have_count(2)
    expect(page.get_by_role("heading", name="All 2 runs of the sweep")).to_be_visible()
    expect(options(page).first).to_contain_text("lr 0.2")
    page.get_by_label("Order").select_option("loss, highest first")
    expect(options(page).first).to_contain_text("lr 0.1")
    page.reload()
    expect(options(page).first).to_contain_text("lr 0.1")


def test_a_hundred_thousand_runs_are_paged_without_a_gap(serve: Serve, open_page: OpenPage) -> None:
    served = serve()
    with psycopg.connect(served.dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO run (metadata) SELECT jsonb_build_object('name', 'run ' || n,"
            " 'parameters', jsonb_build_object('lr', n)) FROM generate_series(1, 100000) AS n"
        )
    page = open_page(served, "?filter=lr%20%3C%3D%2099990%20and%20lr%20%3E%2099800")
    ids = "() => [...document.querySelectorAll('[data-id]')].map((row) => Number(row.dataset.id))"
    expect(options(page)).to_have_count(50)
    assert page.evaluate(ids) == list(range(99_990, 99_940, -1))

    page.get_by_label("Filter of runs").fill("")
    expect(options(page).first).to_contain_text("run 100000")
    for shown in (100, 150):
        page.get_by_role("listbox", name="Runs").evaluate("(box) => box.scrollTo(0, 1e6)")
        expect(options(page).nth(shown - 1)).to_be_attached()
    found = page.evaluate(ids)
    assert found == list(range(100_000, 100_000 - len(found), -1))

    with psycopg.connect(served.dsn, autocommit=True) as connection:
        connection.execute(
            'UPDATE run SET metadata = \'{"name": "new"}\' WHERE id = %s', [found[-1]]
        )
    last = page.locator(f"#option-{found[-1]}")
    last.scroll_into_view_if_needed()
    expect(last).to_contain_text("new")


def test_the_page_comes_back_by_itself_after_the_server_was_away(
    start_server: Callable[..., Server], open_page: OpenPage
) -> None:
    server = start_server()
    record(server, name="before")
    page = open_page(server)
    expect(options(page)).to_have_count(1)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    server.stop()
    expect(page.get_by_text("Connecting…")).to_be_visible()
    server.start()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    record(server, name="after")
    expect(options(page)).to_have_count(2)


def test_the_secret_is_asked_for_once_and_kept_for_the_tab(
    start_server: Callable[..., Server],
    open_page: OpenPage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = "s3cret"  # noqa: S105  of this test alone
    server = start_server(secret)
    monkeypatch.setenv("HASURA_GRAPHQL_ADMIN_SECRET", secret)
    record(server, name="guarded")
    page = open_page(server)
    field = page.get_by_label("Admin secret", exact=True)
    field.fill("wrong")
    field.press("Enter")
    expect(page.get_by_text("The server does not take this secret.")).to_be_visible()
    field.fill(secret)
    field.press("Enter")
    expect(options(page)).to_contain_text("guarded")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.reload()
    expect(options(page)).to_contain_text("guarded")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.evaluate("JSON.stringify(localStorage)") == "{}"
    assert secret not in page.url


def test_runs_are_chosen_by_keyboard_alone(serve: Serve, open_page: OpenPage) -> None:
    served = serve()
    for name in ("one", "two", "three"):
        record(served, name=name)
    page = open_page(served)
    expect(options(page)).to_have_count(3)
    page.get_by_label("Archived or not").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("listbox", name="Runs")).to_be_focused()

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{served.base_url}/?runs=3")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page).to_have_url(f"{served.base_url}/?runs=2,3")
    page.keyboard.press("Shift+ArrowDown")
    expect(page).to_have_url(f"{served.base_url}/?runs=1,2")
    page.keyboard.press("Control+a")
    expect(page).to_have_url(f"{served.base_url}/?runs=1-3")
    expect(options(page).and_(page.get_by_role("option", selected=True))).to_have_count(3)
    page.keyboard.press("Escape")
    expect(options(page).and_(page.get_by_role("option", selected=True))).to_have_count(0)
    page.go_back()
    expect(options(page).and_(page.get_by_role("option", selected=True))).to_have_count(3)

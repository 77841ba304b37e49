"""The language of filters, and the field in which they are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from playwright.sync_api import expect
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from tests.conftest import Serve
    from tests.web.conftest import OpenPage

RUNS: list[dict[str, Any]] = [
    {"name": "digits", "parameters": {"lr": 0.1, "optimizer": "adam"}, "tags": ["good", "old"]},
    {"name": "Digits 2", "parameters": {"lr": 0.01, "optimizer": "sgd"}, "accuracy": 0.9},
    {"name": "words", "parameters": {"lr": "auto", "model": {"layers": [64, 32]}}},
    {"name": "quoted", "parameters": {"learning rate": 3, 'a"b\\c': 1, "system/x": True}},
    {"note": "the 50% [best]", "parameters": {"lr": None, "path": "v1.2/x"}},
    {},
]

FILTERS = [
    ("", [1, 2, 3, 4, 5, 6]),
    ("parameters.lr < 0.1", [2]),
    ("lr <= 1e-1 and optimizer = adam", [1]),
    ("lr = 0.1 or lr = 0.01", [1, 2]),
    ("lr in (0.1, 0.01, auto)", [1, 2, 3]),
    ("lr != 0.1", [2, 3, 4, 5, 6]),
    ("has lr and not lr > 0", [3, 5]),
    ("lr = null", [5]),
    ("name ~ DIGITS", [1, 2]),
    ("name !~ digits", [3, 4, 5, 6]),
    ("digits", [1, 2]),
    ("digits adam", [1]),
    ("tags = good", [1]),
    ("tags != good and has tags", []),
    ("metadata.accuracy >= 0.9", [2]),
    ("accuracy >= 0.9", [2]),
    ("model.layers[1] = 32", [3]),
    ("model.layers = 64", [3]),
    ('parameters."learning rate" = 3', [4]),
    (r'parameters."a\"b\\c" = 1', [4]),
    ("system/x = true", [4]),
    ("path = v1.2/x", [5]),
    ('note ~ "50% [best]"', [5]),
    ("id > 4", [5, 6]),
    ("sweep = 1", []),
    ("status = finished", []),
    ("not status = finished", [1, 2, 3, 4, 5, 6]),
    ("age < 1h", [1, 2, 3, 4, 5, 6]),
    ("age > 1h", []),
    ("created > 2020-01-01 and created < 2020-01-02", []),
    ("(lr = 0.1 or optimizer = sgd) and not (name = digits)", [2]),
]

FAULTS = [
    ("lr <", "A value is missing at the end"),
    ("lr = 1 and", "A name is missing at the end"),
    ('name ~ "x', "The quotation mark is not closed"),
    ("lr = 1 )", "This does not fit here: )"),
    ("(lr = 1", "A ) is missing at the end"),
    ("lr = )", "A value is expected, not )"),
    ("= 1", "A name is expected, not ="),
    ("age < soon", "An age is written like 90min, 12h or 7d"),
]


@pytest.fixture
def database_of_runs(project_database: str) -> str:
    with psycopg.connect(project_database, autocommit=True) as connection:
        for metadata in RUNS:
            connection.execute("INSERT INTO run (metadata) VALUES (%s)", [Jsonb(metadata)])
    return project_database


def test_each_filter_finds_the_runs_that_it_means(
    serve: Serve, database_of_runs: str, open_page: OpenPage
) -> None:
    served = serve(database_url=database_of_runs)
    page = open_page(served)
    compiled = page.evaluate(
        "(texts) => import('/static/filter.js').then(({compile}) => texts.map((t) => compile(t)))",
        [text for text, _ in FILTERS],
    )
    for (text, ids), condition in zip(FILTERS, compiled, strict=True):
        document = "query ($c: String!) { search_runs(args: {condition: $c}) { id } }"
        answer = served.query(document, {"c": condition or "true"})
        assert "data" in answer, (text, condition, answer)
        found = sorted(run["id"] for run in answer["data"]["search_runs"])
        assert found == ids, (text, condition)


def test_what_is_wrong_is_named_at_its_place(
    serve: Serve, database_of_runs: str, open_page: OpenPage
) -> None:
    page = open_page(serve(database_url=database_of_runs))
    field = page.get_by_label("Filter of runs")
    for text, problem in FAULTS:
        field.fill(text)
        field.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text(problem)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.locator("mark")).to_have_count(1)


def test_a_filter_is_completed_as_one_types_and_shared_by_the_address(
    serve: Serve, database_of_runs: str, open_page: OpenPage
) -> None:
    page = open_page(serve(database_url=database_of_runs))
    runs = page.get_by_role("listbox", name="Runs").get_by_role("option")
    expect(runs).to_have_count(6)
    field = page.get_by_label("Filter of runs")
    field.press_sequentially("opt")
    suggestions = page.get_by_role("listbox", name="What may be typed next").get_by_role("option")
    expect(suggestions).to_have_text(["parameters.optimizer"])
    for key in ("ArrowDown", "Enter", "ArrowDown", "Enter"):
        field.press(key)
    expect(field).to_have_value("parameters.optimizer = ")
    expect(suggestions).to_have_text(["adam", "sgd"])
    suggestions.filter(has_text="sgd").click()
    expect(runs).to_have_count(1)
    expect(runs).to_contain_text("Digits 2")
    page.reload()
    expect(field).to_have_value("parameters.optimizer = sgd")
    expect(runs).to_have_count(1)
    expect(runs).to_contain_text("Digits 2")

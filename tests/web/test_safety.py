"""What strangers wrote stays text, and the page asks nobody but its server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
from playwright.sync_api import Page, expect
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Serve
    from tests.web.conftest import OpenPage

# Each would set a global `attacked`, or ask another server, if it became markup or script.
ATTACKS = [
    "<script>globalThis.attacked = 1</script>",
    "<img src=x onerror='attacked = 1'>",
    "<svg/onload=attacked=1>",
    '"><img src=x onerror=attacked=1>',
    "'><svg onload=attacked=1>",
    "<iframe srcdoc='<script>parent.attacked=1</script>'></iframe>",
    "<a href='javascript:attacked=1'>x</a>",
    "javascript:attacked=1",
    "</title><script>attacked=1</script>",
    "</textarea><script>attacked=1</script>",
    "<style>@import 'http://stranger.example/x.css'</style>",
    "<link rel=stylesheet href=http://stranger.example/x.css>",
    "<img src=http://stranger.example/x.png>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=attacked=1>",
    "<template><script>attacked=1</script></template>",
    "&lt;script&gt;attacked=1&lt;/script&gt;",
    "${attacked=1}",
    "{{constructor.constructor('attacked=1')()}}",
    "__proto__",
    "constructor",
    "toString",
    "\u202eterces",
]

_NOTHING = (
    "() => [globalThis.attacked, document.querySelectorAll('img, iframe, svg, script').length]"
)


def test_attacks_in_names_keys_values_and_files_stay_text(
    serve: Serve, project_database: str, open_page: OpenPage
) -> None:
    with psycopg.connect(project_database, autocommit=True) as connection:
        for attack in ATTACKS:
            insert_attack(connection, attack)
    page = open_page(serve(database_url=project_database))
    options = page.get_by_role("listbox", name="Runs").get_by_role("option")
    expect(options).to_have_count(len(ATTACKS))
    for attack in ATTACKS:
        expect(options.locator(".name").get_by_text(attack, exact=True)).to_have_count(1)
    page.get_by_label("Filter of runs").press_sequentially("par")
    page.get_by_label("Filter of runs").fill("")
    page.keyboard.press("Escape")
    for tab in ("Compare", "Edit charts", "Charts", "Files"):
        options.first.click()
        page.keyboard.press("Control+a")
        page.get_by_role("link", name=tab, exact=True).click()
    files = page.get_by_role("listitem")
    expect(files).to_have_count(len(ATTACKS))
    for shown in range(len(ATTACKS)):
        page.get_by_role("button", name="Show").first.click()
        expect(files.locator("pre")).to_have_count(shown + 1)
    assert page.evaluate(_NOTHING) == [None, 2]  # the page's own two scripts


def insert_attack(
    connection: psycopg.Connection[Any], attack: str, chart: dict[str, Any] | None = None
) -> None:
    metadata = {
        "name": attack,
        "note": attack,
        "tags": [attack],
        attack: attack,
        "parameters": {attack: attack, "nested": {attack: [attack]}},
        "parameter_sources": {attack: attack},
    }
    spec = chart or {
        "title": attack,
        "description": attack,
        "usermeta": {"embedOptions": {"loader": {"baseURL": "http://stranger.example"}}},
        "data": {"name": "data"},
        "mark": {"type": "point", "tooltip": True, "href": "javascript:attacked=1"},
        "encoding": {"x": {"field": "step", "title": attack}},
    }
    connection.execute(
        "WITH made AS (INSERT INTO run (metadata) VALUES (%s) RETURNING id),"
        " charted AS (INSERT INTO chart (run_id, spec, name) SELECT id, %s, %s FROM made),"
        " logged AS (INSERT INTO run_log (run_id, log) SELECT id, %s FROM made)"
        " INSERT INTO run_blob (run_id, blob, metadata) SELECT id, %s, %s FROM made",
        [
            Jsonb(metadata),
            Jsonb(spec),
            attack,
            Jsonb({attack: 1, "step": 1, "text": attack}),
            attack.encode(),
            Jsonb({"name": attack, "type": "text/html"}),
        ],
    )


def test_attacks_in_charts_and_what_they_show_stay_text(
    serve: Serve, project_database: str, open_page: OpenPage
) -> None:
    served = serve(database_url=project_database)
    attacks = ATTACKS[::3]
    with psycopg.connect(project_database, autocommit=True) as connection:
        for attack in attacks:
            insert_attack(connection, attack, _hostile_chart(attack))
        connection.execute("UPDATE run SET metadata = metadata - 'parameters'")
    page = open_page(served, f"?runs=1-{len(attacks)}")
    cards = page.locator(".chart")
    expect(cards).to_have_count(len(attacks))
    for number, attack in enumerate(attacks):
        card = cards.nth(number)
        card.scroll_into_view_if_needed()
        # Some names that every object of JavaScript has are more than Vega can draw.
        expect(card.locator("canvas, .problem:not(:empty)")).to_have_count(1)
        expect(card.get_by_role("heading")).to_have_text(attack)
        if card.locator("canvas").count():
            card.locator("canvas").hover()
            expect(page.locator(".chart-tooltip")).to_contain_text(attack)
    assert page.evaluate(_NOTHING) == [None, 2]


def _hostile_chart(attack: str) -> dict[str, Any]:
    """Return a chart that fills its place with one mark, which has all that a mark can have."""
    return {
        "title": {"text": attack, "subtitle": [attack]},
        "description": attack,
        "usermeta": {"embedOptions": {"ast": False, "actions": True, "sourceHeader": attack}},
        "data": {"name": "data"},
        "transform": [{"calculate": json.dumps(attack), "as": "told"}],
        "layer": [
            {"mark": {"type": "image", "url": "http://stranger.example/x.png"}},
            {"mark": {"type": "text", "text": attack, "href": "javascript:attacked=1"}},
            {
                "mark": {
                    "type": "rect",
                    "width": 400,
                    "height": 400,
                    "href": "javascript:attacked=1",
                    "tooltip": {"content": "data"},
                }
            },
        ],
    }


def test_a_script_that_gets_into_the_page_does_not_run(serve: Serve, open_page: OpenPage) -> None:
    page = open_page(serve())
    refused = page.evaluate(
        """() => {
            const attempts = [
                () => { document.body.innerHTML = "<b>x</b>"; },
                () => { document.createElement("script").text = "attacked = 1"; },
                () => { document.createElement("iframe").srcdoc = "x"; },
                () => { new Function("attacked = 1")(); },
                () => { setTimeout("attacked = 1"); },
            ];
            const tried = () => attempts.map((attempt) => {
                try { attempt(); return "did"; } catch (error) { return error.name; }
            });
            // What a debugger evaluates may compile text; what it leaves behind may not.
            return new Promise((resolve) => setTimeout(() => resolve(tried())));
        }"""
    )
    assert refused == ["TypeError", "TypeError", "TypeError", "EvalError", "TypeError"]
    assert page.evaluate("globalThis.attacked") is None


def test_every_answer_of_the_page_has_its_policy(serve: Serve) -> None:
    base_url = serve().base_url
    for path in ("/", "/static/main.js", "/static/page.css", "/vega.js"):
        headers = httpx.get(f"{base_url}{path}").headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path


def test_a_browser_keeps_what_has_not_changed(serve: Serve) -> None:
    url = f"{serve().base_url}/vega.js"
    first = httpx.get(url)
    again = httpx.get(url, headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert "vegaEmbed" in first.text


def test_no_file_outside_the_page_is_served(serve: Serve) -> None:
    base_url = serve().base_url
    for path in ("/static/../page.py", "/static/%2e%2e/page.py", "/static//etc/passwd"):
        assert httpx.get(f"{base_url}{path}").status_code == 404, path
    assert not Path("/static").exists()


def violations(page: Page, axe: str) -> list[str]:
    """Return what axe finds wrong with the page: the rule, and the places."""
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("() => globalThis.axe.run()")
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def test_axe_finds_nothing_that_shuts_anybody_out(
    serve: Serve,
    project_database: str,
    open_page: OpenPage,
    npm_install: Callable[[Path], Path],
) -> None:
    axe = (npm_install(Path(__file__).parent / "npm") / "axe-core/axe.min.js").read_text()
    served = serve(database_url=project_database)
    page = open_page(served)
    expect(page.get_by_text("There are no runs yet.")).to_be_visible()
    assert violations(page, axe) == []
    with psycopg.connect(project_database, autocommit=True) as connection:
        for attack in ATTACKS[:3]:
            insert_attack(connection, attack)
    expect(page.get_by_role("listbox", name="Runs").get_by_role("option")).to_have_count(3)
    page.goto(f"{served.base_url}/?runs=1-2&tab=blobs")
    page.get_by_role("button", name="Show").first.click()
    expect(page.locator(".blob-content pre")).to_have_count(1)
    page.get_by_label("Filter of runs").fill("name = ")
    assert violations(page, axe) == []
    page.get_by_label("Filter of runs").press("Enter")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert violations(page, axe) == []

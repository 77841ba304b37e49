"""Runs that show themselves in a notebook, in a real kernel of Jupyter."""

from __future__ import annotations

import base64
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.manager import start_new_kernel

from run_logger import HasuraLogger, initialize
from run_logger.hasura_logger import Client
from run_logger.notebook import RunCharts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jupyter_client.blocking.client import BlockingKernelClient

    from tests.conftest import Serve, Served

VEGA_LITE = "application/vnd.vegalite.v6+json"
SPEC: dict[str, Any] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "data": {"name": "data"},
    "mark": "line",
    "encoding": {"x": {"field": "step"}, "y": {"field": "loss"}, "color": {"field": "lr"}},
}
_PATIENCE = 60


@contextmanager
def kernel() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel(
        startup_timeout=_PATIENCE, extra_arguments=["--HistoryManager.enabled=False"]
    )
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.context.term()


def output(
    client: BlockingKernelClient, kind: str, is_it: Callable[[Any], bool] = lambda _: True
) -> Any:
    """Return the content of the first message of a kind that fits, as a notebook gets it."""
    while True:
        message = client.get_iopub_msg(timeout=_PATIENCE)
        assert message["msg_type"] != "error", message["content"]
        if message["msg_type"] == kind and is_it(message["content"]):
            return message["content"]


def steps(content: Any) -> list[int]:
    return [row["step"] for row in content["data"][VEGA_LITE]["data"]["values"]]


def recorded(served: Served, charts: list[dict[str, Any]] | None, **log: Any) -> HasuraLogger:
    _, logger = initialize(served.url, charts=charts, lr=0.5)
    logger.log(**log)
    logger.finish()
    return logger


def test_a_logger_shows_its_charts_live_while_a_cell_runs(serve: Serve) -> None:
    with kernel() as client:
        client.execute(
            f"import json; from run_logger import initialize\n"
            f"spec = json.loads({json.dumps(json.dumps(SPEC))})\n"
            f"_, logger = initialize({serve().url!r}, charts=[spec], lr=0.5)\n"
            "logger"
        )
        shown = output(client, "display_data")
        assert steps(shown) == []
        client.execute("for step in range(3): logger.log(step=step, loss=1.0)\ninput()")
        live = output(client, "update_display_data", lambda content: len(steps(content)) == 3)
        assert live["data"][VEGA_LITE]["data"]["values"][0]["lr"] == 0.5
        assert "image/png" not in live["data"]
        assert live["transient"] == shown["transient"]
        client.input("")
        client.execute("logger.log(step=3, loss=0.5); logger.finish()")
        last = output(client, "update_display_data", lambda content: "image/png" in content["data"])
        assert steps(last) == [0, 1, 2, 3]
        assert base64.b64decode(last["data"]["image/png"]).startswith(b"\x89PNG")


def test_one_chart_is_shown_by_media_type_for_front_ends_of_today(serve: Serve) -> None:
    logger = recorded(serve(), [{**SPEC, "usermeta": {"embedOptions": {}}}], step=1, loss=0.25)
    bundle = logger._repr_mimebundle_()
    assert bundle.keys() == {
        "text/plain",
        "image/png",
        VEGA_LITE,
        "application/vnd.vegalite.v5+json",
    }
    values = [{"lr": 0.5, "run_id": logger.run_id, "step": 1, "loss": 0.25}]
    assert bundle[VEGA_LITE] == {**SPEC, "data": {"name": "data", "values": values}}


def test_runs_of_the_client_without_charts_show_a_line_of_each_number(serve: Serve) -> None:
    served = serve()
    first = recorded(served, None, step=1, loss=0.25, note="x", **{"a.b['c']": 2, "system/cpu": 1})
    second = recorded(served, None, step=1, loss=0.5)
    assert first.run_id
    assert second.run_id
    bundle = RunCharts(Client(served.url), first.run_id, second.run_id)._repr_mimebundle_()
    assert [line["encoding"]["y"]["title"] for line in bundle[VEGA_LITE]["vconcat"]] == [
        "loss",
        "a.b['c']",
        "system/cpu",
    ]
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")


def test_several_charts_are_a_page_of_pictures_and_text_in_it_stays_text(serve: Serve) -> None:
    broken = {"mark": {"<script>alert(1)</script>": 1}, "encoding": "<script>alert(1)</script>"}
    logger = recorded(serve(), [SPEC, broken], step=1, loss=0.25)
    page = logger._repr_mimebundle_()["text/html"]
    assert page.count("<img ") == 1
    assert "<script" not in page


@pytest.mark.parametrize(
    "place", [{"data": {"url": "http://stranger.example/x.csv"}}, {"mark": {"url": "x"}}]
)
def test_a_chart_that_asks_for_an_address_is_not_given_to_the_front_end(
    serve: Serve, place: dict[str, Any]
) -> None:
    logger = recorded(serve(), [{**SPEC, **place}], step=1, loss=0.25)
    assert logger._repr_mimebundle_().keys() <= {"text/plain", "image/png"}


def test_a_logger_without_a_run_in_the_database_shows_its_name() -> None:
    _, disabled = initialize(None)
    offline = HasuraLogger("http://127.0.0.1:1/v1/graphql", offline=True)
    assert disabled._repr_mimebundle_() == {"text/plain": repr(disabled)}
    assert offline._repr_mimebundle_() == {"text/plain": repr(offline)}

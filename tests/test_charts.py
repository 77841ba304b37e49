"""A specification takes the logs where its author meant them to go."""

from __future__ import annotations

from typing import Any

import pytest

from run_logger.charts import draw_chart, with_rows
from run_logger.errors import ConfigError

_ROWS = [{"step": 0}, {"step": 1}]


@pytest.mark.parametrize("place", [{"name": "data"}, {"data": "data"}])
def test_both_forms_of_the_place_take_the_rows(place: dict[str, str]) -> None:
    spec = {"data": place, "mark": "line"}
    assert with_rows(spec, _ROWS) == {
        "data": {"name": "data", "values": _ROWS},
        "mark": "line",
    }
    assert spec == {"data": place, "mark": "line"}


def test_places_inside_layers_and_lists_of_sources_take_the_rows() -> None:
    spec = {
        "data": [{"name": "data"}, {"name": "sums", "source": "data"}],
        "layer": [{"data": {"name": "data", "format": {"type": "json"}}}, {"mark": "rule"}],
    }
    filled = with_rows(spec, _ROWS)
    assert filled["data"] == [
        {"name": "data", "values": _ROWS},
        {"name": "sums", "source": "data"},
    ]
    assert filled["layer"][0]["data"] == {
        "name": "data",
        "format": {"type": "json"},
        "values": _ROWS,
    }


@pytest.mark.parametrize(
    "source", [{"values": [1]}, {"url": "cars.json"}, {"name": "data", "values": [1]}]
)
def test_data_that_a_specification_has_itself_stay(source: dict[str, Any]) -> None:
    assert with_rows({"data": source}, _ROWS) == {"data": source}


def test_a_vega_specification_is_drawn_as_one() -> None:
    spec = {
        "$schema": "https://vega.github.io/schema/vega/v6.json",
        "width": 20,
        "height": 20,
        "marks": [{"type": "rect", "encode": {"enter": {"fill": {"value": "#abcdef"}}}}],
    }
    assert b"#abcdef" in draw_chart(spec, "svg")


def test_a_specification_that_cannot_be_drawn_is_an_error_of_ours() -> None:
    with pytest.raises(ConfigError, match="the chart cannot be drawn"):
        draw_chart({"mark": {"type": "nonsense"}, "data": {"values": []}}, "png")


def test_a_specification_fetches_nothing() -> None:
    spec = {
        "data": {"url": "http://127.0.0.1:9/cars.json"},
        "mark": "point",
        "encoding": {"x": {"field": "a", "type": "quantitative"}},
    }
    with pytest.raises(ConfigError, match=r"127\.0\.0\.1"):
        draw_chart(spec, "svg")

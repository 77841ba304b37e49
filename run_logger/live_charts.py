"""Charts of runs in a notebook, live while the runs go on.

Jupyter, JupyterLab and VS Code draw Vega and Vega-Lite themselves, with what they bring along:
a chart goes to them as a specification with its rows, and nothing is fetched from a network.
"""

from __future__ import annotations

import base64
import html
import threading
import time
from contextvars import copy_context
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from run_logger.errors import ConfigError, RunLoggerError
from run_logger.json_objects import as_object, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from run_logger_client import Client

__all__ = ["LiveCharts", "display_bundle", "page_of"]

# What a chart of the size of a cell can show; reading and sending it takes some ten milliseconds.
_MOST_ROWS = 2_000
_FEWEST_OF_A_RUN = 100
_LEAST_PAUSE = 1.0
# An update leaves nineteen twentieths of the time to whoever trains in the same process.
_PAUSE_FOR_AN_UPDATE = 19
# What says where in a run a row belongs, the most usual first.
_PLACES = ("step", "global_step", "iteration", "epoch")
_MOST_LINES = 20

_Bundle = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Chart:
    """A specification, None for a line of each number that is logged, and the runs in it."""

    spec: dict[str, Any] | None
    run_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class _State:
    """How runs stand.

    Attributes:
        is_live: Whether one of them goes on.
        rows: Rows as charts take them.
        numbers: The keys under which numbers are logged, those of the machine last.
    """

    is_live: bool
    rows: list[dict[str, Any]]
    numbers: list[str]

    @classmethod
    def read(cls, client: Client, run_ids: Sequence[int]) -> _State:
        """Read it."""
        from run_logger.reading import (  # noqa: PLC0415  only whoever looks needs it
            joined_rows,
            read_runs,
            sampled_logs,
        )

        # The runs first: what was logged before one ended is among the rows.
        runs = read_runs(client, run_ids)
        most = max(_FEWEST_OF_A_RUN, _MOST_ROWS // max(1, len(run_ids)))
        logs = sampled_logs(client, run_ids, most)
        is_live = any(run.status == "running" for run in runs)
        return cls(is_live, joined_rows(runs, logs), _numbers(row.log for row in logs))


class LiveCharts:
    """Charts on the screen.

    Args:
        client: The typed client.
        run_ids: The runs.

    Raises:
        RunLoggerError: The endpoint does not let us read the charts.
    """

    def __init__(self, client: Client, run_ids: Sequence[int]) -> None:
        from run_logger.reading import chart_groups  # noqa: PLC0415  only whoever looks needs it

        self._client = client
        self._run_ids = sorted(set(run_ids))
        # Whatever shows the same runs has the same name, and one thread updates all of it.
        self._name = "run-logger-charts-" + "-".join(map(str, self._run_ids))
        groups = chart_groups(client, self._run_ids)
        bare = set(self._run_ids).difference(*(group.run_ids for group in groups))
        self._charts = [_Chart(group.spec, frozenset(group.run_ids)) for group in groups]
        self._charts += [_Chart(None, frozenset(bare))] if bare else []

    def begin(self) -> None:
        """Show the charts, and follow the runs while one goes on."""
        state = _State.read(self._client, self._run_ids)
        self._publish(self._drawn(state, with_pictures=not state.is_live), is_update=False)
        if state.is_live and all(thread.name != self._name for thread in threading.enumerate()):
            # The context says to which cell the output belongs.
            context = copy_context()
            threading.Thread(
                target=context.run, args=(self._follow,), name=self._name, daemon=True
            ).start()

    def bundles(self) -> list[_Bundle]:
        """Return each chart, as it is now, by media type."""
        return self._drawn(_State.read(self._client, self._run_ids), with_pictures=True)

    def _follow(self) -> None:
        is_live, pause = True, _LEAST_PAUSE
        while is_live:
            time.sleep(pause)
            began = time.monotonic()
            try:
                state = _State.read(self._client, self._run_ids)
            except RunLoggerError as error:
                is_live = error.retryable
                if not is_live:
                    text = {"text/plain": f"The charts cannot be read any more: {error}"}
                    self._publish([text] * len(self._charts), is_update=True)
            else:
                is_live = state.is_live
                self._publish(self._drawn(state, with_pictures=not is_live), is_update=True)
            pause = max(_LEAST_PAUSE, _PAUSE_FOR_AN_UPDATE * (time.monotonic() - began))

    def _drawn(self, state: _State, *, with_pictures: bool) -> list[_Bundle]:
        # While a picture is drawn no other thread runs: there is none while runs go on.
        return [_bundle(chart, state, with_picture=with_pictures) for chart in self._charts]

    def _publish(self, bundles: Iterable[_Bundle], *, is_update: bool) -> None:
        for place, bundle in enumerate(bundles):
            display_bundle(bundle, display_id=f"{self._name}-{place}", update=is_update)


def display_bundle(bundle: _Bundle, **options: Any) -> None:
    """Have IPython show a value that is given by media type."""
    display: Any = import_module("IPython.display").display
    display(bundle, raw=True, **options)


def page_of(bundles: Sequence[_Bundle]) -> _Bundle:
    """Return several charts as one page of pictures; nothing for none."""
    if not bundles:
        return {}
    return {"text/html": "".join(_figure(bundle) for bundle in bundles)}


def _figure(bundle: _Bundle) -> str:
    words = html.escape(bundle["text/plain"])
    if "image/png" not in bundle:
        return f"<pre>{words}</pre>"
    return f'<img alt="{words}" src="data:image/png;base64,{bundle["image/png"]}">'


def _bundle(chart: _Chart, state: _State, *, with_picture: bool) -> _Bundle:
    from run_logger.charts import with_rows  # noqa: PLC0415

    own = [row for row in state.rows if row["run_id"] in chart.run_ids]
    spec = _lines(state.numbers) if chart.spec is None else chart.spec
    words = f"chart of runs {sorted(chart.run_ids)}, {len(own)} rows"
    if spec is None:
        return {"text/plain": f"{words}: nothing is logged yet"}
    # A front end takes its options from there; they are not a stranger's to choose.
    filled = {key: value for key, value in with_rows(spec, own).items() if key != "usermeta"}
    picture = _picture(filled) if with_picture else {}
    # The picture is drawn without a network; whether a front end fetches is not ours to say.
    drawn = {} if _asks_for_url(spec) else dict.fromkeys(_media_types(filled), filled)
    return {"text/plain": words, **drawn, **picture}


def _media_types(spec: dict[str, Any]) -> list[str]:
    """Return what front ends of today know such a specification by: each knows one of them."""
    language = "vega" if "/vega/" in str(spec.get("$schema", "")) else "vegalite"
    return [f"application/vnd.{language}.v{version}+json" for version in (5, 6)]


def _picture(spec: dict[str, Any]) -> _Bundle:
    from run_logger.charts import draw_chart  # noqa: PLC0415

    try:
        return {"image/png": base64.b64encode(draw_chart(spec, "png")).decode()}
    except ConfigError as error:
        return {"text/plain": str(error)}


def _asks_for_url(value: Any) -> bool:
    if is_object(value):
        return "url" in value or any(map(_asks_for_url, value.values()))
    return is_list(value) and any(map(_asks_for_url, value))


def _numbers(logs: Iterable[Any]) -> list[str]:
    keys = {key: None for log in logs for key, value in as_object(log).items() if _is_number(value)}
    return sorted(keys, key=lambda key: key.startswith("system/"))


def _lines(numbers: Sequence[str]) -> dict[str, Any] | None:
    """Return a chart of each number that is logged, below each other; None if there is none."""
    place = next((name for name in _PLACES if name in numbers), "row")
    shown = [key for key in numbers if key not in _PLACES][:_MOST_LINES]
    if not shown:
        return None
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"name": "data"},
        "transform": [{"window": [{"op": "row_number", "as": "row"}], "groupby": ["run_id"]}],
        "vconcat": [_line(place, key) for key in shown],
    }


def _line(place: str, key: str) -> dict[str, Any]:
    # In quotes, a field is not read as a path where there are dots and brackets in its name.
    quoted = key.replace("\\", "\\\\").replace("'", "\\'")
    return {
        "width": 480,
        "height": 160,
        "mark": {"type": "line", "clip": True},
        "encoding": {
            "x": {"field": place, "type": "quantitative", "scale": {"zero": False, "nice": False}},
            "y": {
                "field": f"['{quoted}']",
                "type": "quantitative",
                "title": key,
                "scale": {"zero": False},
            },
            "color": {"field": "run_id", "type": "nominal", "title": "run"},
        },
    }


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

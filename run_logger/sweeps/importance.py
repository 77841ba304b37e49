"""How much each parameter of a sweep matters to its metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from run_logger.sweeps.metric import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from run_logger.sweeps.results import Result

__all__ = ["flat", "importance_chart", "importances"]

GROUPS = 4
"""Into how many groups of equal size the runs go by a parameter that takes many numbers."""


def importances(results: Sequence[Result]) -> dict[str, float]:
    """Return which share of the metric's variance each parameter explains on its own.

    Runs are grouped by the parameter's value, those of many different numbers into quarters. The
    share is that of the variance between the groups, less what chance alone would give
    (epsilon squared); what parameters do only together is in none.

    Args:
        results: The runs; those without a value are left out.

    Returns:
        Shares from 0 to 1, the greatest first; empty with fewer than three runs.
    """
    runs = [(flat(result.parameters), result.value) for result in results]
    valued = [(parameters, value) for parameters, value in runs if value is not None]
    names = dict.fromkeys(name for parameters, _ in valued for name in parameters)
    values = [value for _, value in valued]
    shares = {
        name: _share(_groups([parameters.get(name) for parameters, _ in valued]), values)
        for name in names
    }
    known = [(name, share) for name, share in shares.items() if share is not None]
    return dict(sorted(known, key=lambda item: -item[1]))


def flat(parameters: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested parameters side by side: `{"net": {"depth": 2}}` as `{"net.depth": 2}`."""
    found: dict[str, Any] = {}
    for key, value in parameters.items():
        if isinstance(value, dict) and value:
            found |= flat(value, f"{prefix}{key}.")  # pyright: ignore[reportUnknownArgumentType]
        else:
            found[f"{prefix}{key}"] = value
    return found


def importance_chart(shares: Mapping[str, float], metric: str) -> dict[str, Any]:
    """Return a Vega-Lite chart of importances, with the data in it.

    Args:
        shares: What `importances` returns.
        metric: The name of the metric.
    """
    rows = [{"parameter": name, "share": share} for name, share in shares.items()]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": f"importance for {metric}",
        "width": 400,
        "data": {"values": rows},
        "mark": "bar",
        "encoding": {
            "y": {"field": "parameter", "type": "nominal", "sort": None, "title": None},
            "x": {
                "field": "share",
                "type": "quantitative",
                "title": "share of the variance that it explains alone",
                "scale": {"domain": [0, 1]},
                "axis": {"format": "%"},
            },
        },
    }


def _groups(values: Sequence[Any]) -> list[int]:
    """Return the group of each run by its value of one parameter; those without one are a group."""
    given = [value for value in values if value is not None]
    numbers = [found for found in map(number, given) if found is not None]
    if len(numbers) == len(given) and len(set(numbers)) > GROUPS:
        order = sorted(set(numbers))
        # By rank among the different values, so that equal ones stay together.
        ranks = {value: index * GROUPS // len(order) for index, value in enumerate(order)}
        return [GROUPS if value is None else ranks[value] for value in values]
    texts = [orjson.dumps(value) for value in values]
    kinds = {text: index for index, text in enumerate(dict.fromkeys(texts))}
    return [kinds[text] for text in texts]


def _share(groups: Sequence[int], values: Sequence[float]) -> float | None:
    """Return epsilon squared; None where there are too few runs, or but one group."""
    count, kinds = len(values), len(set(groups))
    if kinds < 2 or count <= kinds:  # noqa: PLR2004
        return None
    total = _spread(values)
    within = sum(
        _spread([v for v, g in zip(values, groups, strict=True) if g == kind])
        for kind in set(groups)
    )
    by_chance = (kinds - 1) * within / (count - kinds)
    return max(0.0, (total - within - by_chance) / total) if total else 0.0


def _spread(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values)

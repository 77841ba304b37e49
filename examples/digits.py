"""Train a classifier on handwritten digits, and record the run.

    python examples/digits.py http://localhost:8080/v1/graphql --config examples/digits.yaml
    python examples/digits.py http://localhost:8080/v1/graphql --sweep-id 3
    python examples/digits.py http://localhost:8080/v1/graphql --load-id 12
    run-logger sweep run 3 -- python examples/digits.py http://localhost:8080/v1/graphql

Without an endpoint it trains all the same, and records nothing.
"""

from __future__ import annotations

import argparse
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from run_logger import HasuraLogger, initialize
from run_logger.charts import draw_chart

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULTS: dict[str, Any] = {
    "learning_rate": 0.01,
    "hidden": 32,
    "momentum": 0.5,
    "batch_size": 64,
    "epochs": 3,
    "seed": 0,
}


def line_chart(field: str, title: str) -> dict[str, Any]:
    """Return a Vega-Lite chart of one logged field over the steps, a line a run."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": title,
        "width": 480,
        "height": 240,
        "data": {"name": "data"},
        "mark": {"type": "line", "point": False},
        "encoding": {
            "x": {"field": "step", "type": "quantitative"},
            "y": {"field": field, "type": "quantitative", "title": title},
            "color": {"field": "run_id", "type": "nominal", "title": "run"},
        },
    }


CHARTS = [line_chart("loss", "training loss"), line_chart("accuracy", "test accuracy")]


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train on handwritten digits; record the run.")
    parser.add_argument("endpoint", nargs="?", help="Hasura's GraphQL endpoint")
    parser.add_argument("--config", help="a YAML file of parameters")
    parser.add_argument("--sweep-id", type=int, help="take parameters from this sweep")
    parser.add_argument("--load-id", type=int, help="take the parameters of this earlier run")
    arguments = parser.parse_args()
    train(arguments.endpoint, arguments.config, arguments.sweep_id, arguments.load_id)


def train(
    endpoint: str | None,
    config: str | None = None,
    sweep_id: int | None = None,
    load_id: int | None = None,
    name: str = "digits",
    **more: Any,
) -> int | None:
    """Train once.

    Args:
        endpoint: Where the run is recorded; None records nothing.
        config: A YAML file of parameters.
        sweep_id: The sweep that gives parameters.
        load_id: An earlier run that gives parameters.
        name: The name of the run.
        more: Further parameters; those of a config, sweep or earlier run overwrite them.

    Returns:
        The id of the run.
    """
    params, logger = initialize(
        endpoint,
        config=config,
        charts=CHARTS,
        name=name,
        sweep_id=sweep_id,
        load_id=load_id,
        **(DEFAULTS | more),
    )
    with logger:
        fit(params, logger)
    return logger.run_id


def fit(params: dict[str, Any], logger: HasuraLogger) -> None:
    """Fit a network in small steps; log each, and keep the confusion matrix of the last."""
    inputs, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng(params["seed"])
    noisy = inputs / 16.0 + rng.normal(scale=params.get("noise", 0.0), size=inputs.shape)
    train_x, test_x, train_y, test_y = train_test_split(
        noisy, labels, test_size=0.25, random_state=0, stratify=labels
    )
    model = MLPClassifier(
        hidden_layer_sizes=(params["hidden"],),
        solver="sgd",
        learning_rate_init=params["learning_rate"],
        momentum=params["momentum"],
        batch_size=params["batch_size"],
        random_state=params["seed"],
    )
    for step, (epoch, batch) in enumerate(batches(len(train_x), params, rng)):
        model.partial_fit(train_x[batch], train_y[batch], classes=np.arange(10))
        logger.log(
            step=step,
            epoch=epoch,
            loss=log_loss(train_y[batch], model.predict_proba(train_x[batch]), labels=range(10)),
            accuracy=model.score(test_x, test_y),
        )
    logger.update_metadata({"accuracy": model.score(test_x, test_y)})
    matrix = confusion_matrix(test_y, model.predict(test_x))
    logger.blob(as_csv(matrix), {"name": "confusion_matrix.csv", "type": "text/csv"})
    logger.blob(as_picture(matrix), {"name": "confusion_matrix.png", "type": "image/png"})


def batches(
    rows: int, params: dict[str, Any], rng: np.random.Generator
) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
    """Yield each epoch's number with the rows of each of its batches, shuffled."""
    for epoch in range(params["epochs"]):
        order = rng.permutation(rows)
        for start in range(0, rows - params["batch_size"] + 1, params["batch_size"]):
            yield epoch, order[start : start + params["batch_size"]]


def as_csv(matrix: np.ndarray[Any, Any]) -> bytes:
    """Return a matrix as comma-separated text: a row for each true digit, a column a guess."""
    text = io.StringIO()
    np.savetxt(text, matrix, fmt="%d", delimiter=",")
    return text.getvalue().encode()


def as_picture(matrix: np.ndarray[Any, Any]) -> bytes:
    """Return a matrix as a PNG: a row for each true digit, a column a guess, darker for more."""
    cells = [
        {"true": true, "guess": guess, "pictures": int(count)}
        for (true, guess), count in np.ndenumerate(matrix)
    ]
    across = {"field": "guess", "type": "ordinal", "axis": {"labelAngle": 0}}
    down = {"field": "true", "type": "ordinal"}
    count = {"field": "pictures", "type": "quantitative"}
    is_dark = f"datum.pictures > {int(matrix.max()) / 2}"
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": cells},
        "title": "Which digits were taken for which",
        "width": {"step": 28},
        "height": {"step": 28},
        "encoding": {"x": across, "y": down},
        "layer": [
            {"mark": "rect", "encoding": {"color": {**count, "scale": {"scheme": "blues"}}}},
            {
                "transform": [{"filter": "datum.pictures > 0"}],
                "mark": "text",
                "encoding": {
                    "text": count,
                    "color": {"condition": {"test": is_dark, "value": "white"}, "value": "#333"},
                },
            },
        ],
    }
    return draw_chart(spec, "png")


if __name__ == "__main__":
    main()

"""Train one classifier on handwritten digits: what an agent of a sweep starts for each run.

    run-logger sweep create -c examples/sweep/space.yml --method tpe --runs 40 --metric accuracy
    run-logger sweep run 1 --jobs 4 -- python examples/sweep/train.py

By itself, without a server, it trains with the defaults:

    python examples/sweep/train.py
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from run_logger import HasuraLogger, initialize

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULTS: dict[str, Any] = {
    "model": {"kind": "logistic", "penalty": 1e-3},
    "learning_rate": 0.01,
    "batch_size": 64,
    "scale": "standard",
    "epochs": 3,
}


def main() -> None:
    """Train with the parameters of the run that the agent has made, if there is an agent."""
    # The agent says where the run is; its key and its parameters come by themselves.
    params, logger = initialize(os.environ.get("RUN_LOGGER_ENDPOINT"), **DEFAULTS)
    with logger:
        train(params, logger)


def train(params: dict[str, Any], logger: HasuraLogger) -> None:
    """Train, log the accuracy of each epoch, and end early if others do so much better."""
    train_x, test_x, train_y, test_y = data(params["scale"])
    model = classifier(params)
    rng = np.random.default_rng(0)
    for epoch in range(params["epochs"]):
        order = rng.permutation(len(train_x))
        for batch in np.array_split(order, len(order) // params["batch_size"]):
            model.partial_fit(train_x[batch], train_y[batch], classes=np.arange(10))
        accuracy = float(model.score(test_x, test_y))
        logger.log(step=epoch, accuracy=accuracy)
        print(f"epoch {epoch}: accuracy {accuracy:.3f}")
        if logger.should_stop(epoch):
            print("others do better: stopped")
            return


def data(scale: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return training inputs, test inputs, training labels and test labels."""
    inputs, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        inputs, labels, test_size=0.25, random_state=0, stratify=labels
    )
    if scale == "standard":
        scaler = StandardScaler().fit(train_x)
        train_x, test_x = scaler.transform(train_x), scaler.transform(test_x)
    return train_x, test_x, train_y, test_y


def classifier(params: dict[str, Any]) -> Any:
    """Return the model that the parameters describe, untrained."""
    model, rate = params["model"], params["learning_rate"]
    if model["kind"] == "network":
        return MLPClassifier(
            hidden_layer_sizes=(model["hidden"],),
            activation=model["activation"],
            solver="sgd",
            learning_rate_init=rate,
            random_state=0,
        )
    return SGDClassifier(
        loss="log_loss",
        alpha=model["penalty"],
        learning_rate="constant",
        eta0=rate,
        random_state=0,
    )


if __name__ == "__main__":
    main()

"""How sweeps are used, for type checkers to read; nobody runs it."""

from __future__ import annotations

from typing import Any, assert_type

from run_logger import HasuraLogger, create_sweep, initialize
from run_logger.distributions import Choice, LogUniform


def create(url: str) -> None:
    """A space is a mapping or a list; the id comes back."""
    sweep_id = create_sweep({"lr": [0.1, 0.2], "net": {"depth": (1, 2)}}, url)
    assert_type(sweep_id, int)
    space = {"lr": LogUniform(1e-5, 1e-1), "opt": Choice(["adam", "sgd"], [3, 1])}
    create_sweep(space, url, method="tpe", metric="loss", direction="minimize", runs=50)
    create_sweep([{"a": 1}, {"b": 2}], url, endless=True)
    create_sweep({}, url, method="bayes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def train(url: str, sweep_id: int) -> None:
    """A training loop asks whether it should go on."""
    params, logger = initialize(url, sweep_id=sweep_id)
    assert_type(params, dict[str, Any])
    assert_type(logger.should_stop(3), bool)
    assert_type(HasuraLogger(url).should_stop(0.5), bool)

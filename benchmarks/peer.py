"""Log with one logger as fast as it goes; runs in that logger's own environment.

python benchmarks/peer.py LOGGER CALLS SECONDS ENDPOINT

Prints its figures as one line of JSON. It imports nothing of this project.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Log = Callable[[int], object]
    Close = Callable[[], object]

METRICS = {f"metric{number}": 1 / (3 + number) for number in range(10)}


def with_wandb(_: str) -> tuple[Log, Close]:
    """Weights & Biases, offline."""
    wandb = import_module("wandb")

    run = wandb.init(mode="offline", project="bench", settings=wandb.Settings(console="off"))
    return lambda step: run.log({**METRICS, "step": step}, step=step), run.finish


def with_trackio(_: str) -> tuple[Log, Close]:
    """Trackio, without its page."""
    trackio = import_module("trackio")

    trackio.init(project="bench", embed=False)
    return lambda step: trackio.log({**METRICS, "step": step}), trackio.finish


def with_tensorboardx(_: str) -> tuple[Log, Close]:
    """TensorboardX, a call for each metric."""
    writer = import_module("tensorboardX").SummaryWriter("events")

    def log(step: int) -> None:
        for name, value in METRICS.items():
            writer.add_scalar(name, value, step)

    return log, writer.close


def with_mlflow(_: str) -> tuple[Log, Close]:
    """MLflow, in SQLite."""
    mlflow = import_module("mlflow")

    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    mlflow.start_run()
    return lambda step: mlflow.log_metrics(METRICS, step=step), mlflow.end_run


def with_aim(_: str) -> tuple[Log, Close]:
    """Aim, a call for each metric."""
    run = import_module("aim").Run(
        repo=".", system_tracking_interval=None, capture_terminal_logs=False
    )

    def log(step: int) -> None:
        for name, value in METRICS.items():
            run.track(value, name=name, step=step)

    return log, run.close


def with_run_logger_0(endpoint: str) -> tuple[Log, Close]:
    """Run-logger 0.1.8: a request a call, which is what its defaults do."""
    logger = _run_logger(endpoint)
    return lambda step: logger.log(**METRICS, step=step), lambda: None


def with_run_logger(endpoint: str) -> tuple[Log, Close]:
    """The library of this project."""
    logger = _run_logger(endpoint)
    return lambda step: logger.log(**METRICS, step=step), logger.finish


def _run_logger(endpoint: str) -> Any:
    logger = import_module("run_logger.hasura_logger").HasuraLogger(endpoint)
    logger.create_run({})
    return logger


LOGGERS = {
    "run-logger": with_run_logger,
    "run-logger-0.1.8": with_run_logger_0,
    "wandb": with_wandb,
    "trackio": with_trackio,
    "tensorboardX": with_tensorboardx,
    "mlflow": with_mlflow,
    "aim": with_aim,
}


def sampled(log: Log, calls: int, seconds: float) -> list[int]:
    """Log until the calls are done or the time is over; return the nanoseconds of each call."""
    now = time.perf_counter_ns
    end = now() + int(1e9 * seconds)
    samples: list[int] = []
    for step in range(calls):
        start = now()
        if start > end:
            break
        log(step)
        samples.append(now() - start)
    return samples


def main() -> None:
    """Measure the logger that the arguments name."""
    name, calls, seconds, endpoint = sys.argv[1:]
    log, close = LOGGERS[name](endpoint)
    wall, cpu = time.perf_counter(), time.process_time()
    samples = sampled(log, int(calls), float(seconds))
    close()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    cuts = statistics.quantiles(samples, n=1000, method="inclusive")
    figures = {
        "calls": len(samples),
        "p50 µs": cuts[499] / 1000,
        "p99 µs": cuts[989] / 1000,
        "p99.9 µs": cuts[998] / 1000,
        "seconds to close, of 20,000 calls": wall * 20_000 / len(samples),
        "CPU seconds, of 20,000 calls": cpu * 20_000 / len(samples),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()

"""How busy the machine is, as rows of the run's log, at intervals.

Needs psutil, and nvidia-ml-py for the GPUs: the extra `run-logger[system]`.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from contextlib import closing
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from run_logger.errors import ConfigError
from run_logger.gpus import Gpus
from run_logger.provenance.facts import facts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

__all__ = ["DEFAULT_SECONDS", "SystemMetrics", "SystemSampler", "seconds_between_samples"]

DEFAULT_SECONDS = 15.0
"""Seconds between two samples."""

PREFIX = "system/"
"""What every key begins with, so that none is a key of the run's own."""

STOP_SECONDS = 1.0
"""The longest wait for a sample that is being taken: a driver may hang."""

_MIB = 2**20

_log = logging.getLogger("run_logger")


def seconds_between_samples(system_metrics: bool | float) -> float | None:
    """Return what the argument `system_metrics` asks for; None for no samples.

    Args:
        system_metrics: Whether to sample, or the seconds between two samples.

    Raises:
        ConfigError: It is no time.
    """
    if isinstance(system_metrics, bool):
        return DEFAULT_SECONDS if system_metrics else None
    if not 0 < system_metrics < math.inf:
        raise ConfigError(
            f"system_metrics={system_metrics} is no number of seconds",
            remedy="Give True, or the seconds between two samples.",
        )
    return float(system_metrics)


class SystemMetrics:
    """Takes samples, in the thread that made it.

    A rate is the mean since the sample before, or since this was made.

    Raises:
        ConfigError: psutil is not installed.
    """

    def __init__(self) -> None:
        self._psutil = _psutil()
        self._process = self._psutil.Process()
        self._gpus = _gpus()
        self._began = self._time = time.monotonic()
        self._totals = self._counted()
        # The first answers are about nothing, the machine's in every thread that asks.
        self._psutil.cpu_percent()
        self._process.cpu_percent()

    def sample(self) -> dict[str, float]:
        """Return the state of the machine and of this process, each key with its unit.

        `system/seconds` counts from when this was made. CPU is in percent: the machine's of all its
        CPUs together, the process's of one CPU, so that it may be above 100. What cannot be read
        here is left out.
        """
        memory = self._psutil.virtual_memory
        sources: dict[str, Callable[[], float]] = {
            "seconds": lambda: time.monotonic() - self._began,
            "cpu_percent": self._psutil.cpu_percent,
            "memory_percent": lambda: memory().percent,
            "process_cpu_percent": self._process.cpu_percent,
            "process_memory_mib": lambda: self._process.memory_info().rss / _MIB,
            **self._gpu_sources(),
        }
        sample = facts(sources) | self._rates()
        return {PREFIX + name: round(value, 3) for name, value in sample.items()}

    def close(self) -> None:
        """Release the GPUs; there are no samples after it."""
        if self._gpus is not None:
            self._gpus.close()

    def _gpu_sources(self) -> dict[str, Callable[[], float]]:
        if self._gpus is None:
            return {}
        readings: dict[str, Callable[[int], float]] = {
            "percent": self._gpus.use_percent,
            "memory_percent": self._gpus.memory_percent,
            "memory_mib": self._gpus.memory_mib,
            "temperature_celsius": self._gpus.temperature_celsius,
            "power_watts": self._gpus.power_watts,
        }
        return {
            f"gpu{index}_{name}": partial(read, index)
            for index in range(len(self._gpus))
            for name, read in readings.items()
        }

    def _rates(self) -> dict[str, float]:
        """Return how much went to and from disks and network, in MiB a second."""
        before, self._totals = self._totals, self._counted()
        then, self._time = self._time, time.monotonic()
        elapsed = max(self._time - then, 1e-3)
        both = before.keys() & self._totals.keys()
        return {
            f"{name}_mib_per_s": (self._totals[name] - before[name]) / _MIB / elapsed
            for name in sorted(both)
        }

    def _counted(self) -> dict[str, int]:
        """Return the bytes so far; a container may have no disk of its own to count."""
        disk, net = self._psutil.disk_io_counters, self._psutil.net_io_counters
        counters: Mapping[str, Callable[[], tuple[int, int] | None]] = {
            "disk": lambda: (c.read_bytes, c.write_bytes) if (c := disk()) else None,
            "net": lambda: (c.bytes_recv, c.bytes_sent) if (c := net()) else None,
        }
        names = {"disk": ("disk_read", "disk_write"), "net": ("net_received", "net_sent")}
        counted = facts(counters)
        return {
            name: count
            for kind, counts in counted.items()
            for name, count in zip(names[kind], counts, strict=True)
        }


def _psutil() -> ModuleType:
    try:
        return import_module("psutil")
    except ImportError as error:
        raise ConfigError(
            "system_metrics needs psutil, which is not installed",
            remedy="Install the extra: pip install 'run-logger[system]'.",
        ) from error


def _gpus() -> Gpus | None:
    return facts({"system metrics of GPUs": Gpus}).get("system metrics of GPUs")


class SystemSampler:
    """Takes samples in a daemon thread, and hands each over, until it is stopped.

    Args:
        log: Takes a sample, in that thread.
        seconds: The time between two samples; the first is taken after it.

    Raises:
        ConfigError: psutil is not installed.
    """

    def __init__(self, log: Callable[[dict[str, float]], object], seconds: float) -> None:
        self._log = log
        self._seconds = seconds
        _psutil()  # the caller hears of it, not the thread
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="run-logger-system", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more samples; one that is being taken is waited for, for a second at most."""
        self._stopped.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        try:
            # Made here: a driver may take its time to show the GPUs.
            with closing(SystemMetrics()) as metrics:
                self._sample(metrics)
        except Exception:  # noqa: BLE001  (whatever the caller's function raises)
            _log.warning("there are no more system metrics", exc_info=True)

    def _sample(self, metrics: SystemMetrics) -> None:
        while not self._stopped.wait(self._seconds):
            sample = metrics.sample()
            if not self._stopped.is_set():
                self._log(sample)

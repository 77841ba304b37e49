"""System metrics: what a sample holds, and the thread that takes them."""

from __future__ import annotations

import math
import os
import queue
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from run_logger.errors import ConfigError
from run_logger.system_metrics import SystemMetrics, SystemSampler, seconds_between_samples

_HERE = {
    "system/seconds",
    "system/cpu_percent",
    "system/memory_percent",
    "system/process_cpu_percent",
    "system/process_memory_mib",
    "system/disk_read_mib_per_s",
    "system/disk_write_mib_per_s",
    "system/net_received_mib_per_s",
    "system/net_sent_mib_per_s",
}


@pytest.fixture
def fake_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two GPUs, by a stand-in for nvidia-ml-py; what is imported now comes back after the test."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    del sys.modules["pynvml"]
    monkeypatch.syspath_prepend(Path(__file__).parents[0] / "fakes")


def test_a_sample_holds_numbers_under_a_prefix_of_its_own() -> None:
    sample = SystemMetrics().sample()
    assert set(sample) == _HERE
    assert all(isinstance(value, float) and math.isfinite(value) for value in sample.values())


def test_the_memory_is_that_of_this_process() -> None:
    metrics = SystemMetrics()
    before = metrics.sample()["system/process_memory_mib"]
    held = b"x" * (64 << 20)
    assert metrics.sample()["system/process_memory_mib"] > before + 0.9 * len(held) / 2**20


def test_the_cpu_is_that_since_the_last_sample() -> None:
    metrics = SystemMetrics()
    start = os.times().user
    while os.times().user - start < 0.2:
        math.factorial(1000)
    assert metrics.sample()["system/process_cpu_percent"] > 20


def test_what_is_sent_is_counted_as_a_rate() -> None:
    start = time.monotonic()
    metrics = SystemMetrics()
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as sender,
        listener.accept()[0] as receiver,
    ):
        for _ in range(8 * 64):
            sender.sendall(bytes(1 << 14))
            receiver.recv(1 << 14, socket.MSG_WAITALL)
    sample = metrics.sample()
    elapsed = time.monotonic() - start
    assert sample["system/net_sent_mib_per_s"] * elapsed > 7.5
    assert sample["system/net_received_mib_per_s"] * elapsed > 7.5


@pytest.mark.usefixtures("fake_gpus")
def test_gpus_have_keys_of_their_own() -> None:
    sample = SystemMetrics().sample()
    assert {key: value for key, value in sample.items() if "/gpu" in key} == {
        "system/gpu0_percent": 50.0,
        "system/gpu0_memory_percent": 25.0,
        "system/gpu0_memory_mib": 1024.0,
        "system/gpu0_temperature_celsius": 40.0,
        "system/gpu0_power_watts": 70.5,
        "system/gpu1_percent": 51.0,
        "system/gpu1_memory_percent": 25.0,
        "system/gpu1_memory_mib": 1024.0,
        "system/gpu1_temperature_celsius": 41.0,
    }  # the second has no meter of its power


def test_samples_come_until_they_are_stopped() -> None:
    samples: queue.Queue[dict[str, float]] = queue.Queue()
    sampler = SystemSampler(samples.put, 0.02)
    first, second = samples.get(timeout=20), samples.get(timeout=20)
    sampler.stop()
    assert set(first) == set(second) == _HERE
    assert second["system/seconds"] - first["system/seconds"] >= 0.02
    assert "run-logger-system" not in {thread.name for thread in threading.enumerate()}


def test_stopping_does_not_wait_for_the_next_sample() -> None:
    samples: queue.Queue[dict[str, float]] = queue.Queue()
    sampler = SystemSampler(samples.put, 3600)
    sampler.stop()
    assert "run-logger-system" not in {thread.name for thread in threading.enumerate()}
    assert samples.empty()


def test_a_sample_that_cannot_be_recorded_ends_them_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failed = threading.Event()

    def fail(sample: dict[str, float]) -> None:
        failed.set()
        raise OSError(f"no space for {len(sample)} numbers")

    sampler = SystemSampler(fail, 0.01)
    assert failed.wait(20)
    sampler.stop()
    assert "there are no more system metrics" in caplog.text
    assert "no space for" in caplog.text


def test_without_psutil_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(ConfigError, match=r"needs psutil.*pip install 'run-logger\[system\]'"):
        SystemSampler(print, 1)


@pytest.mark.parametrize(
    ("given", "seconds"), [(True, 15.0), (False, None), (2, 2.0), (0.5, 0.5), (1, 1.0)]
)
def test_the_argument_is_a_switch_or_the_seconds(
    given: bool | float, seconds: float | None
) -> None:
    assert seconds_between_samples(given) == seconds


@pytest.mark.parametrize("given", [0, -1, math.nan, math.inf])
def test_what_is_no_time_is_an_error(given: float) -> None:
    with pytest.raises(ConfigError, match=f"system_metrics={given} is no number of seconds"):
        seconds_between_samples(given)

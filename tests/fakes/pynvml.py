"""Stands in for nvidia-ml-py where there is no GPU: two, the second without a power meter."""

from __future__ import annotations

from types import SimpleNamespace

NVML_TEMPERATURE_GPU = 0

_open = 0


class NVMLError(Exception):
    """What the driver answers."""


def nvmlInit() -> None:  # noqa: N802
    global _open  # noqa: PLW0603  (the driver counts, too)
    _open += 1


def nvmlShutdown() -> None:  # noqa: N802
    global _open  # noqa: PLW0603
    _open -= 1


def nvmlDeviceGetCount() -> int:  # noqa: N802
    return 2


def nvmlDeviceGetHandleByIndex(index: int) -> int:  # noqa: N802
    if _open <= 0:
        raise NVMLError("Uninitialized")
    return index


def nvmlDeviceGetUtilizationRates(handle: int) -> SimpleNamespace:  # noqa: N802
    return SimpleNamespace(gpu=50 + handle, memory=0)


def nvmlDeviceGetMemoryInfo(handle: int) -> SimpleNamespace:  # noqa: N802
    del handle
    return SimpleNamespace(used=1 << 30, total=4 << 30)


def nvmlDeviceGetTemperature(handle: int, sensor: int) -> int:  # noqa: N802
    return 40 + handle + sensor


def nvmlDeviceGetPowerUsage(handle: int) -> int:  # noqa: N802
    if handle:
        raise NVMLError("Not Supported")
    return 70_500

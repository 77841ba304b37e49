"""NVIDIA's GPUs, through nvidia-ml-py where it is installed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ["Gpus"]

_MIB = 2**20


class Gpus:
    """The GPUs that NVIDIA's driver shows to this process, as a context manager.

    Raises:
        ImportError: nvidia-ml-py is not installed.
        Exception: The driver is missing or does not answer: `pynvml.NVMLError`.
    """

    def __init__(self) -> None:
        # It ships no types.
        self._nvml: Any = import_module("pynvml")
        self._nvml.nvmlInit()
        count = self._nvml.nvmlDeviceGetCount()
        self._handles = [self._nvml.nvmlDeviceGetHandleByIndex(i) for i in range(count)]

    def __enter__(self) -> Self:
        """Return the GPUs."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close them."""
        self.close()

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._handles)

    def close(self) -> None:
        """Let the driver forget us."""
        self._nvml.nvmlShutdown()

    def use_percent(self, index: int) -> float:
        """Return in how much of the last moments it computed."""
        return float(self._nvml.nvmlDeviceGetUtilizationRates(self._handles[index]).gpu)

    def memory_mib(self, index: int) -> float:
        """Return how much of its memory is in use, by whomever."""
        return float(self._nvml.nvmlDeviceGetMemoryInfo(self._handles[index]).used / _MIB)

    def memory_percent(self, index: int) -> float:
        """Return the same in percent of its memory."""
        memory = self._nvml.nvmlDeviceGetMemoryInfo(self._handles[index])
        return float(100 * memory.used / memory.total)

    def temperature_celsius(self, index: int) -> float:
        """Return its temperature."""
        sensor = self._nvml.NVML_TEMPERATURE_GPU
        return float(self._nvml.nvmlDeviceGetTemperature(self._handles[index], sensor))

    def power_watts(self, index: int) -> float:
        """Return how much power it draws."""
        return float(self._nvml.nvmlDeviceGetPowerUsage(self._handles[index]) / 1000)

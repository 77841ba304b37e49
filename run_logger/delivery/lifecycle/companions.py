"""What is recorded beside a run: where it comes from, and how busy the machine is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from run_logger.delivery.storage.closed import JournalClosedError
from run_logger.errors import ConfigError
from run_logger.provenance import KEY, Gathering, captured_parts
from run_logger.switches import is_off
from run_logger.system_metrics import SystemSampler, seconds_between_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from run_logger.delivery.lifecycle.writer import Writer
    from run_logger.provenance import Capture, Part

__all__ = ["Beside"]

_VARIABLE = "RUN_LOGGER_SYSTEM_METRICS"


@dataclass(frozen=True, slots=True)
class Beside:
    """What is to be recorded beside a run.

    Attributes:
        parts: The parts of its provenance.
        seconds: The time between two samples of the machine's state; None for no samples.
    """

    parts: frozenset[Part]
    seconds: float | None

    @classmethod
    def chosen(
        cls,
        capture: Capture | bool | None,
        system_metrics: bool | float | None,
        environment: Mapping[str, str],
    ) -> Beside:
        """Return what the caller's arguments say, or where they say nothing the environment.

        Raises:
            ConfigError: There is no such part, or it is no number of seconds.
        """
        if system_metrics is None:
            system_metrics = _switch_or_seconds(environment.get(_VARIABLE, ""))
        return cls(captured_parts(capture, environment), seconds_between_samples(system_metrics))

    def begin(self, writer: Writer, metadata: Any) -> None:
        """Begin to record, until the writer ends.

        Args:
            writer: Takes the records.
            metadata: What the user has stored: a key of theirs is left alone.

        Raises:
            ConfigError: A package is missing that takes samples.
        """
        if self.seconds is not None:
            record = _until_closed(writer.journal.log)
            writer.companions.append(_Sampling(SystemSampler(record, self.seconds)))
        # The processes of one job come from the same place: the first says it.
        is_first = not writer.identity.rank
        if self.parts and is_first and not (isinstance(metadata, dict) and KEY in metadata):
            writer.companions.append(Gathering(self.parts, _until_closed(writer.journal.defaults)))


class _Sampling:
    def __init__(self, sampler: SystemSampler) -> None:
        self._sampler = sampler

    def end(self, seconds: float) -> None:
        del seconds  # it waits for a second at most
        self._sampler.stop()


def _until_closed(record: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    def record_until_closed(entry: dict[str, Any]) -> None:
        with suppress(JournalClosedError):  # the process is being killed
            record(entry)

    return record_until_closed


def _switch_or_seconds(text: str) -> bool | float:
    if is_off(text) or text.lower() in ("1", "yes", "true", "on"):
        return not is_off(text)
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(
            f"{_VARIABLE} is {text!r}", remedy="Give 1, 0, or the seconds between two samples."
        ) from error

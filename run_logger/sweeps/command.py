"""The command that an agent runs: found before a point is taken, filled in for each run."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from run_logger.errors import ConfigError
from run_logger.jsonify import encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from run_logger.sweeps.assignment import Point

__all__ = ["Assigned", "environment_of", "filled", "find_command"]


@dataclass(frozen=True, slots=True)
class Assigned:
    """A run with its point, for which a command is to be started.

    Attributes:
        run_id: The run.
        key: Its key.
        sweep_id: Its sweep.
        sweep_index: Its place in the sweep.
        point: Its point.
        attempt: Which try at its point it is, from 1.
        writer_key: The agent's writer of the run.
        command: What to start, with placeholders.
        device: The device that it is to use, None for any.
    """

    run_id: int
    key: UUID
    sweep_id: int
    sweep_index: int
    point: Point
    attempt: int
    writer_key: UUID
    command: Sequence[str]
    device: str | None


def find_command(command: Sequence[str]) -> None:
    """Make sure that a command can be started.

    Raises:
        ConfigError: There is none, or no such program.
    """
    if not command:
        raise ConfigError(
            "there is no command to run", remedy="Give it after --: … -- python train.py"
        )
    if shutil.which(command[0]) is None:
        raise ConfigError(
            f"the command {command[0]!r} is not found, or cannot be executed",
            remedy=f"No point was used up. It was looked for from {Path.cwd()}, and on the PATH.",
        )


def filled(run: Assigned) -> list[str]:
    """Return the words of a run's command with {run_key}, {sweep_id} and {parameters} filled in."""
    values = {
        "{run_key}": str(run.key),
        "{sweep_id}": str(run.sweep_id),
        "{parameters}": encode(run.point.parameters).decode(),
    }
    return [_with_values(word, values) for word in run.command]


def environment_of(run: Assigned, endpoint: str) -> dict[str, str]:
    """Return the environment of a run's command.

    Args:
        run: The run.
        endpoint: The endpoint of the sweep.
    """
    devices = {} if run.device is None else {"CUDA_VISIBLE_DEVICES": run.device}
    return {
        **os.environ,
        **devices,
        "RUN_LOGGER_RUN_KEY": str(run.key),
        "RUN_LOGGER_ENDPOINT": endpoint,
        # Only the server knows the point: whoever records offline would train with another.
        "RUN_LOGGER_OFFLINE": "0",
        # What a program prints should be in its file when somebody looks, or when it is killed.
        "PYTHONUNBUFFERED": "1",
    }


def _with_values(word: str, values: Mapping[str, str]) -> str:
    before, brace, rest = word.partition("{")
    if not brace:
        return before
    for name, value in values.items():
        if rest.startswith(name[1:]):
            return before + value + _with_values(rest[len(name) - 1 :], values)
    return before + brace + _with_values(rest, values)

"""Gathering a run's provenance, beside the run."""

from __future__ import annotations

import logging
import re
import threading
from typing import TYPE_CHECKING, Any

from run_logger.late_imports import importing
from run_logger.provenance.facts import facts
from run_logger.provenance.parts import PARTS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from run_logger.provenance.parts import Part

__all__ = ["KEY", "Gathering", "gather"]

KEY = "provenance"
"""The key in a run's metadata under which its provenance stands."""

SMI_SECONDS = 5.0
"""The time for nvidia-smi, which takes a second for each GPU that sleeps."""

_log = logging.getLogger("run_logger")

_SMI_LINE = re.compile(r"^GPU \d+: (.+?)(?: \(UUID: [^)]*\))?$", re.MULTILINE)


def gather(parts: Collection[Part] = PARTS) -> dict[str, Any]:
    """Return what can be found out of where the run comes from.

    It takes some tenths of a second, and no more than 20 s where a disk or a driver is slow. It
    raises nothing: what cannot be found out is left out, and the debug log says why.

    Args:
        parts: Which parts are wanted.
    """
    with importing():
        sources = _sources()
    return facts({part: sources[part] for part in PARTS if part in parts})


def _gpus() -> list[str]:
    from run_logger.provenance.programs import run  # noqa: PLC0415

    # Not by nvidia-ml-py: to import it can keep the run's threads waiting for 60 ms, and a driver
    # that hangs would hold our thread and not a program that can be killed.
    return _SMI_LINE.findall(run(["nvidia-smi", "-L"], SMI_SECONDS).text)


def _sources() -> Mapping[Part, Callable[[], Any]]:
    """Return what finds out each part; what that needs is imported in our thread, not the run's."""
    from run_logger.provenance.git import git_diff, git_state  # noqa: PLC0415
    from run_logger.provenance.machine import host  # noqa: PLC0415
    from run_logger.provenance.process import command, packages, python, slurm  # noqa: PLC0415

    return {
        "git": git_state,
        "gpus": _gpus,
        "host": host,
        "slurm": slurm,
        "python": python,
        "command": command,
        "git_diff": git_diff,
        "packages": packages,
    }


class Gathering:
    """Gathers in a thread of its own, and hands over the result.

    The thread is not the sender's: a driver or a disk that hangs stops no delivery. It keeps no
    process from ending.

    Args:
        parts: Which parts are wanted.
        record: Takes `{"provenance": …}` in that thread, once; it is not called with nothing.
    """

    def __init__(self, parts: Collection[Part], record: Callable[[dict[str, Any]], object]) -> None:
        self._parts = parts
        self._record = record
        self._lock = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(
            target=self._gather, name="run-logger-provenance", daemon=True
        )
        self._thread.start()

    def end(self, seconds: float) -> None:
        """Wait for the result; what is not there by then is not recorded any more.

        Args:
            seconds: The longest wait.
        """
        self._thread.join(seconds)
        with self._lock:
            self._ended = True

    def _gather(self) -> None:
        gathered = gather(self._parts)
        with self._lock:
            if gathered and not self._ended:
                self._hand_over({KEY: gathered})

    def _hand_over(self, metadata: dict[str, Any]) -> None:
        try:
            self._record(metadata)
        except Exception:  # noqa: BLE001  (whatever the caller's function raises)
            _log.warning("the provenance could not be recorded", exc_info=True)

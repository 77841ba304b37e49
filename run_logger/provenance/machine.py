"""The machine that a run has to itself, or shares."""

from __future__ import annotations

import getpass
import os
import platform
import socket
from typing import Any

from run_logger.provenance.facts import facts

__all__ = ["host"]


def host() -> dict[str, Any]:
    """Return name, user, operating system, number of CPUs, and memory in GiB."""
    return facts(
        {
            "name": socket.gethostname,
            "user": getpass.getuser,
            "os": platform.platform,
            "cpus": os.cpu_count,
            "usable_cpus": _usable_cpus,
            "memory_gib": _memory_gib,
        }
    )


def _usable_cpus() -> int:
    """Return how many CPUs the process may use: those that a scheduler has given to it."""
    return len(os.sched_getaffinity(0))


def _memory_gib() -> float:
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)

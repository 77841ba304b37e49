"""The process: its command, its interpreter and what is installed there, its Slurm job."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from run_logger.provenance.facts import facts
from run_logger.provenance.masking import mask_arguments, mask_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["command", "packages", "python", "script", "slurm"]

MAX_COMMAND_CHARACTERS = 8192
"""How much of the command line is kept: `python -c` may hold a whole program."""

_SLURM = (
    *("JOB_ID", "JOB_NAME", "ARRAY_JOB_ID", "ARRAY_TASK_ID", "STEP_ID", "RESTART_COUNT"),
    *("CLUSTER_NAME", "JOB_PARTITION", "JOB_NODELIST", "NODELIST", "NNODES", "NTASKS"),
    *("NODEID", "PROCID", "LOCALID", "CPUS_PER_TASK"),
)

_NAME = re.compile(r"^Name:[ \t]*(\S+)", re.MULTILINE | re.IGNORECASE)
_VERSION = re.compile(r"^Version:[ \t]*(\S+)", re.MULTILINE | re.IGNORECASE)


def command() -> dict[str, str]:
    """Return the command line with secrets masked, the working directory and the script."""
    return facts({"line": _line, "directory": os.getcwd, "script": script})


def _line() -> str:
    # The interpreter's own arguments belong to it (`-m package.train`); sys.argv lacks them.
    line = shlex.join(mask_arguments(sys.orig_argv))
    if len(line) <= MAX_COMMAND_CHARACTERS:
        return line
    return f"{line[:MAX_COMMAND_CHARACTERS]}… ({len(line)} characters)"


def script() -> str | None:
    """Return the path of the file that was started; None in a notebook or an interpreter."""
    path: str | None = getattr(sys.modules["__main__"], "__file__", None)
    # A program that comes through a pipe calls itself "<stdin>".
    return str(Path(path).resolve()) if path is not None and Path(path).is_file() else None


def python() -> dict[str, str]:
    """Return the version and the path of the interpreter."""
    return {"version": platform.python_version(), "executable": sys.executable}


def packages() -> dict[str, str]:
    """Return the version of every installed package, by name and sorted by it.

    Of two with the same name it is the one that is imported: the first on the path.
    """
    versions: dict[str, str] = {}
    for name, version in _installed():
        versions.setdefault(name, version)
    return dict(sorted(versions.items(), key=lambda package: package[0].lower()))


def _installed() -> Iterator[tuple[str, str]]:
    for distribution in importlib.metadata.distributions():
        # The two lines alone: to parse all of each would keep the run's threads waiting for 0.1 s.
        text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
        name, version = _NAME.search(text), _VERSION.search(text)
        if name and version:
            yield name[1], version[1]


def slurm() -> dict[str, str]:
    """Return what Slurm says of the job, as it says it: `job_id` for `SLURM_JOB_ID`."""
    given = {name.lower(): os.environ.get(f"SLURM_{name}", "") for name in _SLURM}
    return {name: mask_text(value) for name, value in given.items() if value}

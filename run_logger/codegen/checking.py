"""The tries that a generated package stands before it is put in place."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import platformdirs

from run_logger.errors import GenerationError

if TYPE_CHECKING:
    from pathlib import Path

_IMPORT = """\
import importlib, sys
from pydantic import BaseModel
package = importlib.import_module(sys.argv[1])
for name in package.__all__:
    value = getattr(package, name)
    if isinstance(value, type) and issubclass(value, BaseModel):
        value.model_rebuild()
"""
_LINES = 10


def check_import(package: Path) -> None:
    """Import all of a package in a process of its own, and build its models.

    Raises:
        GenerationError: It cannot be.
    """
    run = _run(package, "-c", _IMPORT, package.name)
    if run.returncode:
        raise _fault("cannot be imported", run.stderr, "")


def check_types(package: Path) -> str | None:
    """Type-check a package, strictly: with mypy if it is installed, else with pyright.

    Returns:
        The checker that was used; None where none is installed.

    Raises:
        GenerationError: It finds an error.
    """
    checkers = {"mypy": _mypy(package), "pyright": [str(package)]}
    for checker, arguments in checkers.items():
        if importlib.util.find_spec(checker):
            run = _run(package, "-m", checker, *arguments)
            if run.returncode:
                way_out = " Give --no-type-check to have it all the same."
                raise _fault(f"does not pass {checker}", run.stdout or run.stderr, way_out)
            return checker
    return None


def _mypy(package: Path) -> list[str]:
    cache = platformdirs.user_cache_path("run-logger") / "mypy"
    strictly = ["--strict", "--follow-imports=silent", "--config-file=", "--no-error-summary"]
    return [*strictly, f"--cache-dir={cache}", str(package)]


def _run(package: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = [str(package.parent), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=package.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
    )


def _fault(what: str, output: str, way_out: str) -> GenerationError:
    lines = "\n".join(output.strip().splitlines()[-_LINES:])
    return GenerationError(
        f"what was generated {what}, and was not put in place:\n{lines}",
        remedy=f"This is a fault of run-logger's: please report it.{way_out}",
    )

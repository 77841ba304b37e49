"""Checks of this machine: variables, the directory of journals, optional packages."""

from __future__ import annotations

import difflib
import re
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from rich.filesize import decimal

from run_logger.cli.checks.finding import Finding, Level, Section
from run_logger.delivery.storage.lock import OwnerLock
from run_logger.errors import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["check_directory", "check_extras", "check_variables"]

# What each does; None where the value may hold a secret and is not shown.
_SHOWN = {
    "RUN_LOGGER_DIR": "journals lie there",
    "RUN_LOGGER_ENDPOINT": "the command line talks to it",
    "RUN_LOGGER_OFFLINE": "runs record on disk alone until run-logger sync",
    "RUN_LOGGER_RUN_KEY": "runs that start here join that one",
    "RUN_LOGGER_CAPTURE": "runs keep that of their surroundings",
    "RUN_LOGGER_SYSTEM_METRICS": "runs log the use of CPU, memory and GPUs so often",
    "HASURA_GRAPHQL_ROLE": "requests come in this role",
}
_SECRET = ("RUN_LOGGER_HEADERS", "HASURA_GRAPHQL_ADMIN_SECRET", "HASURA_GRAPHQL_TOKEN")

LITTLE_SPACE = 1 << 30
"""Bytes: a gigabyte is some million rows of log."""

_REQUIREMENT = re.compile(r"""^([A-Za-z0-9._-]+).*;\s*extra == ['"]([A-Za-z0-9._-]+)['"]""")


def check_variables(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Say which of our variables are set, and which look misspelt; secrets are not shown.

    Args:
        environment: The variables of the environment.
    """
    known = [*_SHOWN, *_SECRET]
    for name in known:
        if environment.get(name):
            text = f"{name} is set{_meaning(name, environment[name])}"
            yield Finding(Section.environment, Level.note, text, facts={"variable": name})
    for name in sorted(environment):
        if name.startswith("RUN_LOGGER_") and name not in known:
            yield _unknown(name, known)


def _meaning(name: str, value: str) -> str:
    if name not in _SHOWN:
        return ""
    # An endpoint may have a password in it.
    shown = without_secrets(value) if name == "RUN_LOGGER_ENDPOINT" else value
    return f" to {shown}: {_SHOWN[name]}"


def _unknown(name: str, known: list[str]) -> Finding:
    (*similar,) = difflib.get_close_matches(name, known, n=1)
    return Finding(
        Section.environment,
        Level.problem if similar else Level.note,
        f"{name} is set, and nothing reads it",
        f"Is it {similar[0]} that you mean?" if similar else "",
        {"variable": name},
    )


def check_directory(directory: Path) -> Iterator[Finding]:
    """Try whether journals can be kept in a directory, without leaving anything there.

    Args:
        directory: The directory of journals; it need not exist yet.
    """
    wanted = directory.absolute()
    existing = next(path for path in (wanted, *wanted.parents) if path.exists())
    try:
        with tempfile.TemporaryDirectory(dir=existing) as scratch:
            yield _space(directory, existing)
            yield _locks(directory, Path(scratch, "lock"))
    except OSError as error:
        yield Finding(
            Section.environment,
            Level.problem,
            f"journals cannot be written in {directory}: {error.strerror}",
            "Set RUN_LOGGER_DIR to a directory on a disk with room, where you may write.",
            {"directory": str(directory)},
        )


def _space(directory: Path, existing: Path) -> Finding:
    free = shutil.disk_usage(existing).free
    scarce = free < LITTLE_SPACE
    return Finding(
        Section.environment,
        Level.problem if scarce else Level.fine,
        f"journals are written in {directory}, where {decimal(free)} are free",
        "Make room, or set RUN_LOGGER_DIR to a directory on another disk." if scarce else "",
        {"directory": str(directory), "free_bytes": free},
    )


def _locks(directory: Path, path: Path) -> Finding:
    facts = {"directory": str(directory)}
    lock = OwnerLock.create(path)
    works = lock.works
    lock.remove()
    if works:
        return Finding(Section.environment, Level.fine, "its file system has locks", facts=facts)
    return Finding(
        Section.environment,
        Level.problem,
        f"the file system of {directory} has no locks",
        "Nothing is lost, and delivered journals stay for a day. Set RUN_LOGGER_DIR to a directory"
        " whose file system has locks.",
        facts,
    )


def check_extras() -> Iterator[Finding]:
    """Say for each optional extra whether its packages are installed."""
    extras: dict[str, list[str]] = {}
    for requirement in requires("run-logger") or []:
        if found := _REQUIREMENT.match(requirement):
            extras.setdefault(found[2], []).append(found[1])
    for extra, packages in sorted(extras.items()):
        missing = [package for package in packages if not _is_installed(package)]
        yield Finding(
            Section.extras,
            Level.note if missing else Level.fine,
            f"[{extra}] lacks {', '.join(missing)}" if missing else f"[{extra}] is installed",
            f"If you want it: pip install 'run-logger[{extra}]'." if missing else "",
            {"extra": extra, "missing": missing},
        )


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True

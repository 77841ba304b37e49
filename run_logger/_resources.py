"""The data that travel with the library: `schema/` and `queries/`."""

from __future__ import annotations

from pathlib import Path


def resource(name: str) -> Path:
    """Return the directory `schema` or `queries`.

    A wheel carries them inside the package; in a source tree they stand beside it.

    Raises:
        FileNotFoundError: The installation is not whole.
    """
    package = Path(__file__).parent
    for directory in (package / name, package.parent / name):
        if directory.is_dir():
            return directory
    raise FileNotFoundError(f"{name}/ is not in this installation: install run-logger again")

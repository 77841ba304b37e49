"""Vega, Vega-Lite and vega-embed as one script, out of the package vl-convert."""

from __future__ import annotations

import os
import tempfile
from importlib.metadata import version
from pathlib import Path

import platformdirs


def vega_script() -> Path:
    """Return the file of the script, which is made at its first use: that takes seconds.

    The script defines `vegaEmbed`, whose option `ast` makes it interpret the expressions of a
    chart instead of compiling them to code.
    """
    import vl_convert  # noqa: PLC0415  it is large, and a server may do without charts

    name = f"vega-{version('vl-convert-python')}.js"
    path = platformdirs.user_cache_path("run-logger") / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    return path


def _write(path: Path, text: str) -> None:
    """Write a file that is whole as soon as it is there: others may look for it meanwhile."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)

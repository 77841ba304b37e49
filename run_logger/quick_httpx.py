"""httpx without the command line that it brings along.

`import httpx` loads click, rich and pygments wherever they are installed, as they are here, for a
command that no program calls: half of the time that the import takes. Without them it goes on as
it does where they are not installed. Other modules take httpx from here.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["httpx"]


@contextmanager
def _not_installed(module: str) -> Generator[None]:
    """Let an import of the module fail meanwhile, as Python does for what stands as None here."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]


with _not_installed("httpx._main"):
    import httpx

"""Imports beside the main thread, which has no time to wait for them.

A child that is forked in the midst of an import finds the lock of the module taken, by a thread
that it does not have, and waits for ever if it wants the module too. So a fork waits until the
import is done.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["importing"]

_under_way = threading.Lock()


@contextmanager
def importing() -> Generator[None]:
    """Let no process fork meanwhile."""
    with _under_way:
        yield


os.register_at_fork(
    before=_under_way.acquire,
    after_in_parent=_under_way.release,
    after_in_child=_under_way.release,
)

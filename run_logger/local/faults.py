"""Faults of our own: what a client is told of them, and what we log."""

from __future__ import annotations

import logging
from traceback import TracebackException
from typing import TYPE_CHECKING, Final

from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)

INTERNAL_ERROR: Final = HasuraError("internal error", "unexpected")


def log_fault(error: BaseException) -> None:
    """Log where an exception that nobody expected comes from.

    Its message stays out of the log: it may repeat what the client sent, or a secret.
    """
    trace = "".join(_lines(TracebackException.from_exception(error)))
    _log.error("a fault of the server's own, please report it:\n%s", trace)


def _lines(error: TracebackException) -> Iterator[str]:
    """Give the calls that led to an exception, with those of its causes before them."""
    for part in error.exceptions or ():
        yield from _lines(part)
    if (cause := error.__cause__ or error.__context__) is not None:
        yield from _lines(cause)
        yield "which led to\n"
    yield from error.stack.format()
    name, _, _ = next(error.format_exception_only()).partition(":")
    yield f"{name.strip()}\n"

"""Log rows until a signal comes, with a handler of one's own or without.

python -m tests.trials.programs.signalled SIGNAL HANDLER LOGGED

HANDLER is none, ignored, returns (the program then ends by itself) or exits (with status 5).
LOGGED is yes, or no for the same program without a logger.
"""

from __future__ import annotations

import itertools
import signal
import sys
import time
from typing import TYPE_CHECKING

from tests.trials.programs.shared import created, log_rows, say, tally

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

IGNORED_SECONDS = 0.5
"""How long a program that ignores its signal lives on."""


class Handlers:
    """The handlers that a user may have set."""

    def __init__(self) -> None:
        self.called = False

    def returns(self, _number: int, _frame: FrameType | None) -> None:
        """Ask the loop to end."""
        self.called = True

    def exits(self, _number: int, _frame: FrameType | None) -> None:
        """End the program."""
        say("handler called")
        sys.exit(5)


def main() -> None:
    """Log until the signal ends it."""
    name, handler, logged = sys.argv[1:]
    handlers = Handlers()
    actions: dict[str, Callable[[int, FrameType | None], None] | signal.Handlers] = {
        "ignored": signal.SIG_IGN,
        "returns": handlers.returns,
        "exits": handlers.exits,
    }
    # A shell's background and nohup have their programs ignore these.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if handler in actions:
        signal.signal(signal.Signals[name], actions[handler])
    work(handlers, logged=logged == "yes", seconds=IGNORED_SECONDS if handler == "ignored" else 60)
    if handlers.called:
        say("handler called")


def work(handlers: Handlers, *, logged: bool, seconds: float) -> None:
    """Log, or only wait, until the handler was called or the time is over."""
    logger, counts = (created(), tally()) if logged else (None, None)
    end = time.monotonic() + seconds
    for number in itertools.count():
        if logger is not None and counts is not None:
            log_rows(logger, counts, 0, range(number, number + 1))
        if number == 0:
            say("begins")
        if handlers.called or time.monotonic() > end:
            return
        time.sleep(0.001 if number % 10 == 0 else 0)


if __name__ == "__main__":
    main()

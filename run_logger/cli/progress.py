"""Progress bars on standard error, for what takes longer than a second."""

from __future__ import annotations

import time
from collections.abc import Sized
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

_Item = TypeVar("_Item")
_SECONDS_BEFORE_IT_SHOWS = 1.0


def progress(items: Iterable[_Item], label: str, total: int | None = None) -> Iterator[_Item]:
    """Yield the items; once that takes longer than a second, show how far it is.

    Args:
        items: What is worked on.
        label: What is done with them: "drawing".
        total: How many there are, where `items` does not say.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with advancing(label, total) as advance:
        for item in items:
            yield item
            advance(1)


@contextmanager
def advancing(label: str, total: int | None) -> Generator[Callable[[int], None]]:
    """Give a function to call with how much has been done since the last call.

    Args:
        label: What is done: "delivering".
        total: How much there is to do, None if nobody knows.
    """
    with _bar() as bar:
        task = bar.add_task(label, total=total, visible=False)
        start = time.monotonic()

        def advance(done: int) -> None:
            late = time.monotonic() - start > _SECONDS_BEFORE_IT_SHOWS
            bar.update(task, advance=done, visible=late)

        yield advance


@contextmanager
def _bar() -> Generator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    # In a file of messages a bar would leave empty lines.
    with Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        yield bar

"""The rows of a run's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from run_logger_client import Client
    from run_logger_client.logs_page import LogsPageRunLog

# A page of so many rows is some hundred kilobytes, and takes some ten milliseconds.
_PAGE = 5_000


def log_rows(client: Client, run_id: int) -> Iterator[LogsPageRunLog]:
    """Read every row of a run's log, in the order in which they arrived, page by page.

    Args:
        client: The typed client.
        run_id: The run.

    Yields:
        The rows: `id`, `log`, `logged_at`, `writer_id`, `seq`.

    Raises:
        RunLoggerError: The endpoint does not answer as it should.
    """
    for page in log_pages(client, run_id):
        yield from page


def log_pages(client: Client, run_id: int) -> Iterator[list[LogsPageRunLog]]:
    """Read a run's log as `log_rows` does, and yield each page of it whole."""
    last = 0
    while page := client.logs_page(run_id=run_id, after_id=last, limit=_PAGE):
        yield page
        last = page[-1].id

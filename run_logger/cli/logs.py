"""`run-logger logs`: print the log of a run, or export it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from run_logger.cli.endpoint import DEFAULT_ENDPOINT, Endpoint, connect
from run_logger.cli.log_formats import LogFormat, write_rows
from run_logger.cli.progress import progress
from run_logger.errors import ConfigError, RunNotFoundError
from run_logger.json_objects import as_object
from run_logger.reading import log_rows

if TYPE_CHECKING:
    from collections.abc import Generator

    from run_logger.hasura_logger import Client

_INTERRUPTED = 130
"""The exit code of a process that Ctrl-C ends."""

app: typer.Typer = typer.Typer(add_completion=False)


@app.command()
def logs(
    run: Annotated[int, typer.Argument(metavar="RUN", help="The id of a run.")],
    format_: Annotated[
        LogFormat | None,
        typer.Option("--format", help="By default what --output ends with, else jsonl."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file.")
    ] = None,
    keys: Annotated[
        str | None, typer.Option(metavar="KEY,KEY…", help="Only these keys of each row.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format jsonl.")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until the run has ended.")
    ] = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
) -> None:
    """Print the log of a run, or export it as JSON Lines, CSV or Parquet.

    --follow goes on with each row as it comes, from all processes that write the run, and ends
    when the run has: its last message, on standard error, says how.

    Examples:
        run-logger logs 12
        run-logger logs 12 --keys step,loss --format csv
        run-logger logs 12 --follow
        run-logger logs 12 --output run-12.parquet
    """
    chosen = LogFormat.jsonl if as_json else format_ or _format_of(output)
    client = connect(endpoint)
    found = client.show_run(run)
    if found is None:
        raise RunNotFoundError(f"there is no run {run}", endpoint=endpoint)
    if follow:
        _follow(client, run, keys, output, chosen)
        return
    counted = found.run_logs_aggregate.aggregate
    rows = progress(log_rows(client, run), f"run {run}", counted.count if counted else None)
    with _opened(output, chosen) as file:
        write_rows(chosen, (_chosen(row.log, keys) for row in rows), file)


def _follow(
    client: Client, run: int, keys: str | None, output: Path | None, chosen: LogFormat
) -> None:
    """Write each row as it comes; Ctrl-C is the usual way out, and no failure to speak of."""
    from run_logger.following import Follower  # noqa: PLC0415  for this option alone

    if chosen is not LogFormat.jsonl:
        raise ConfigError(
            f"{chosen} cannot be written row by row", remedy="Follow a run with --format jsonl."
        )
    follower = Follower(client, run, lambda text: typer.echo(text, err=True))
    try:
        with client, _opened(output, chosen) as file:
            for rows in follower.rows():
                write_rows(chosen, (_chosen(row, keys) for row in rows), file)
                file.flush()
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None
    typer.echo(f"run {run} {follower.status}", err=True)


def _chosen(log: object, keys: str | None) -> dict[str, object]:
    row = as_object(log)
    if keys is None:
        return row
    return {key: row[key] for key in keys.split(",") if key in row}


def _format_of(output: Path | None) -> LogFormat:
    if output is None:
        return LogFormat.jsonl
    ending = output.suffix.removeprefix(".")
    if ending in list(LogFormat):
        return LogFormat(ending)
    raise ConfigError(
        f"{output} does not say what to write",
        remedy="Let it end with .jsonl, .csv or .parquet, or give --format.",
    )


@contextmanager
def _opened(output: Path | None, chosen: LogFormat) -> Generator[BinaryIO]:
    if output is None:
        if chosen is LogFormat.parquet and sys.stdout.isatty():
            raise ConfigError("Parquet is not for a terminal", remedy="Give --output FILE.")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with output.open("wb") as file:
        yield file

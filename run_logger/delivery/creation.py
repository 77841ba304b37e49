"""Asking the server for a run: the one thing that a logger waits for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from run_logger.delivery.sender import back_off
from run_logger.errors import (
    ContentError,
    QueryError,
    RunLoggerError,
    SchemaError,
    ServerError,
    SweepError,
)
from run_logger.sweep import check_sweep

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from run_logger_client import Client, RunIdentity, chart_insert_input

    from run_logger.delivery.identity import WriterIdentity

__all__ = ["NewRun", "create_once", "create_or_join", "explained"]

PATIENCE = 10.0
"""Seconds to try again for: a server that restarts is back by then."""

FIRST_PAUSE = 0.2
"""Seconds before the first retry."""


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be created, with its first writer.

    Attributes:
        key: The run's key; a run that has it already is joined instead.
        metadata: Its metadata, as JSON types.
        charts: Its charts, in order.
        sweep_id: The sweep that it belongs to.
        writer: Its first writer.
    """

    key: UUID
    metadata: Any
    charts: Sequence[chart_insert_input]
    sweep_id: int | None
    writer: WriterIdentity


def create_or_join(client: Client, run: NewRun) -> RunIdentity:
    """Create a run, exactly once however often the server's answer is lost.

    Args:
        client: Talks to the endpoint.
        run: The run.

    Returns:
        The run as the database has it: the new one, or the one that had the key already.

    Raises:
        SweepError: The sweep does not exist, has nothing to choose from, or has no runs left.
        SchemaError: The endpoint has no tables of ours, or old ones.
        RunLoggerError: The server cannot be reached, or refuses the run.
    """
    end = time.monotonic() + PATIENCE
    attempt = 0
    while True:
        attempt += 1
        try:
            return create_once(client, run)
        except QueryError as error:
            raise explained(client, error) from error
        except RunLoggerError as error:
            pause = _pause(error, attempt)
            if not error.retryable or time.monotonic() + pause > end:
                raise
            time.sleep(pause)


def _pause(error: RunLoggerError, attempt: int) -> float:
    asked = error.retry_after if isinstance(error, ServerError) else None
    return max(asked or 0.0, back_off(attempt, FIRST_PAUSE))


def create_once(client: Client, run: NewRun) -> RunIdentity:
    """Create a run, or join the one that has its key already, in one attempt.

    Args:
        client: Talks to the endpoint.
        run: The run.

    Raises:
        SweepError: As from `create_or_join`.
        RunLoggerError: As from `create_or_join`; the attempt may be repeated.
    """
    if run.sweep_id is not None:
        _check(client, run.sweep_id)
    try:
        created = client.create_run(
            key=run.key,
            metadata=run.metadata,
            charts=[*run.charts],
            sweep_id=run.sweep_id,
            writer_key=run.writer.key,
            host=run.writer.host,
            pid=run.writer.pid,
            rank=run.writer.rank,
        )
    except ContentError as error:
        return _existing(client, run, error)
    if created is None:
        raise RunLoggerError("the server created no run", endpoint=client.endpoint)
    return created


def _check(client: Client, sweep_id: int) -> None:
    sweep = client.sweep_by_id(sweep_id)
    if sweep is None:
        raise SweepError(
            f"sweep {sweep_id} does not exist",
            endpoint=client.endpoint,
            attempt="create_run",
            remedy="Check its id, and that the endpoint is the one it was created at.",
        )
    check_sweep(sweep)


def _existing(client: Client, run: NewRun, error: ContentError) -> RunIdentity:
    """Return the run that has the key already, in case that was the reason for the refusal."""
    runs = client.run_by_key(run.key)
    if runs:
        return runs[0]
    if "no runs left" in error.problem:
        raise SweepError(
            f"sweep {run.sweep_id} has no runs left",
            endpoint=client.endpoint,
            attempt="create_run",
            remedy="Raise its run_limit, or begin another sweep.",
        ) from error
    raise error


def explained(client: Client, error: QueryError) -> RunLoggerError:
    """Return what an operation that does not fit the schema is a sign of.

    Args:
        client: Talks to the endpoint.
        error: How it refused the operation.

    Returns:
        A SchemaError that names the migration to apply, if one is missing; else the error.
    """
    tables = client.endpoint_tables()
    missing = "baseline" if tables.run is None else "writers" if tables.writer is None else None
    if missing is None:
        return error
    what = "none of our tables" if tables.run is None else "the tables of version 0.1 alone"
    return SchemaError(
        f"the endpoint has {what}: the migration {missing!r} is not applied, or not tracked",
        endpoint=client.endpoint,
        attempt=error.attempt,
    )

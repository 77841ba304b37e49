"""Asking the server for a run: the one thing that a logger waits for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from run_logger.delivery.sending.sender import back_off
from run_logger.errors import (
    ContentError,
    QueryError,
    RunLoggerError,
    SchemaError,
    ServerError,
    SweepError,
    SweepExhaustedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from run_logger_client import Client, RunIdentity, chart_insert_input
    from run_logger_client.create_run import CreateRunInsertRunOne

    from run_logger.delivery.journal.identity import WriterIdentity

__all__ = ["LoneRun", "NewRun", "create_once", "create_or_join", "explained", "patiently"]

AnswerT = TypeVar("AnswerT")

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
        sweep_index: Its point; None: the next one that the sweep gives out.
        retry_of: The run of which it is another try.
        is_announced: Whether somebody has probably created it already: it is looked for first.
    """

    key: UUID
    metadata: Any
    charts: Sequence[chart_insert_input]
    sweep_id: int | None
    writer: WriterIdentity
    sweep_index: int | None = None
    retry_of: int | None = None
    is_announced: bool = False


@dataclass(frozen=True, slots=True)
class LoneRun:
    """A new run that belongs to no sweep.

    Attributes:
        id: The run in the database.
        writer_id: Its first writer.
    """

    id: int
    writer_id: int


def create_or_join(client: Client, run: NewRun) -> RunIdentity | LoneRun:
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
    try:
        if run.sweep_id is None and not run.is_announced:
            return patiently(lambda: _create_alone(client, run))
        return patiently(lambda: create_once(client, run))
    except QueryError as error:
        raise explained(client, error) from error


def patiently(request: Callable[[], AnswerT]) -> AnswerT:
    """Make a request again, for a bounded time, as long as that may help.

    Args:
        request: May be repeated: an answer may have been lost.

    Raises:
        RunLoggerError: The last of its errors.
    """
    end = time.monotonic() + PATIENCE
    attempt = 0
    while True:
        attempt += 1
        try:
            return request()
        except RunLoggerError as error:
            pause = _pause(error, attempt)
            if not error.retryable or time.monotonic() + pause > end:
                raise
            time.sleep(pause)


def _pause(error: RunLoggerError, attempt: int) -> float:
    asked = error.retry_after if isinstance(error, ServerError) else None
    return max(asked or 0.0, back_off(attempt, FIRST_PAUSE))


def _create_alone(client: Client, run: NewRun) -> RunIdentity | LoneRun:
    """Create a run without a sweep, or join it, in one attempt.

    Whoever trains waits for this: of the answer only two ids are read, since the generated models
    take longer to import than the server takes to answer.
    """
    from run_logger_client.operations import CREATE_RUN_GQL  # noqa: PLC0415

    try:
        data = client.send(CREATE_RUN_GQL, "create_run", _variables(run))
    except ContentError as error:
        return _existing(client, run, error)
    created = data.get("insert_run_one")
    if created is None:
        raise RunLoggerError("the server created no run", endpoint=client.endpoint)
    return LoneRun(created["id"], created["writers"][0]["id"])


def _variables(run: NewRun) -> dict[str, Any]:
    """Return the variables of the operation that creates a run."""
    return {
        "key": run.key,
        "metadata": run.metadata,
        "charts": [*run.charts],
        "sweep_id": run.sweep_id,
        "sweep_index": run.sweep_index,
        "retry_of": run.retry_of,
        "writer_key": run.writer.key,
        "host": run.writer.host,
        "pid": run.writer.pid,
        "rank": run.writer.rank,
    }


def create_once(client: Client, run: NewRun) -> RunIdentity:
    """Create a run, or join the one that has its key already, in one attempt.

    Args:
        client: Talks to the endpoint.
        run: The run.

    Raises:
        SweepError: As from `create_or_join`.
        RunLoggerError: As from `create_or_join`; the attempt may be repeated.
    """
    if run.is_announced and (runs := client.run_by_key(run.key)):
        return runs[0]
    try:
        created = client.create_run(**_variables(run))
    except ContentError as error:
        return _existing(client, run, error)
    if created is None:
        raise RunLoggerError("the server created no run", endpoint=client.endpoint)
    if created.sweep is not None:
        _check(client, created)
    return created


def _check(client: Client, run: CreateRunInsertRunOne) -> None:
    """Take a new run back, as far as that goes, if its sweep has nothing to give to it.

    Asking the sweep beforehand would cost every run a round trip, for what hardly ever happens.
    """
    from run_logger.sweeps.search import check_sweep  # noqa: PLC0415  (only sweeps need it)

    assert run.sweep is not None  # noqa: S101  (the caller has seen it)
    try:
        check_sweep(run.sweep)
    except SweepError as error:
        error.endpoint = client.endpoint
        for writer in run.writers:
            client.finish_writer(writer.id, "failed", str(error))
        client.archive_runs([run.id], archived=True)
        raise


def _existing(client: Client, run: NewRun, error: ContentError) -> RunIdentity:
    """Return the run that has the key already, in case that was the reason for the refusal."""
    runs = client.run_by_key(run.key)
    if runs:
        return runs[0]
    if "no runs left" in error.problem:
        raise SweepExhaustedError(
            f"sweep {run.sweep_id} has no runs left",
            endpoint=client.endpoint,
            attempt="create_run",
            remedy="Raise its run_limit, or begin another sweep.",
        ) from error
    if run.sweep_id is not None and client.sweep_by_id(run.sweep_id) is None:
        raise SweepError(
            f"sweep {run.sweep_id} does not exist",
            endpoint=client.endpoint,
            attempt="create_run",
            remedy="Check its id, and that the endpoint is the one it was created at.",
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

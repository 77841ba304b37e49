"""Making a writer known to the database, and before that, if need be, its run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from run_logger.delivery.creation import NewRun, create_once
from run_logger.delivery.reader import RUN
from run_logger.errors import ContentError, RunLoggerError, RunNotFoundError
from run_logger.jsonify import decode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from run_logger_client import Client, WriterMark

    from run_logger.delivery.journal import Header
    from run_logger.delivery.reader import Reader

__all__ = ["join", "read_mark"]


def join(client: Client, reader: Reader, header: Header, *, alive: bool) -> WriterMark:
    """Return how far a journal is in the database, which from now on knows its writer.

    Args:
        client: Talks to the endpoint.
        reader: The journal.
        header: What it says of itself.
        alive: Whether the writer lives; the last sign of a dead one stays as old as it is.

    Raises:
        RunNotFoundError: The run does not exist.
        RunLoggerError: The server cannot be reached, or refuses the run.
    """
    if header.run_id is None or not alive:
        known = read_mark(client, header.writer.key)
        if known is not None:
            return known
    run_id = header.run_id
    if run_id is None:
        run_id = _create_run(client, reader, header)
    return _join(client, header, run_id)


def read_mark(client: Client, key: UUID) -> WriterMark | None:
    """Return how far the journal of a writer is in the database; None if that does not know it."""
    writers = client.writer_by_key(key)
    return writers[0] if writers else None


def _create_run(client: Client, reader: Reader, header: Header) -> int:
    """Create the run that begins a journal, or find the one that has its key."""
    if header.run_key is None:
        raise RunNotFoundError(f"{reader.path} says neither id nor key of its run")
    first = reader.read(0, max_rows=1, max_bytes=1 << 16).lines
    if first and first[0].startswith(RUN):
        return create_once(client, _new_run(header, header.run_key, first[0])).id
    runs = client.run_by_key(header.run_key)
    if not runs:
        raise RunLoggerError(
            f"the run {header.run_key} is not there yet",
            endpoint=header.endpoint,
            attempt=f"the delivery of {reader.path}",
            remedy="Deliver the journal of the process that created it first: run-logger sync.",
        )
    return runs[0].id


def _new_run(header: Header, key: UUID, line: bytes) -> NewRun:
    from run_logger_client import chart_insert_input  # noqa: PLC0415  (pydantic takes its time)

    run = decode(line)["run"]
    specs: Sequence[object] = run["charts"]
    charts = [chart_insert_input(spec=spec, order=index) for index, spec in enumerate(specs)]
    return NewRun(key, run["metadata"], charts, None, header.writer)


def _join(client: Client, header: Header, run_id: int) -> WriterMark:
    writer = header.writer
    parent = None if writer.parent is None else read_mark(client, writer.parent)
    try:
        mark = client.join_run(
            run_id,
            writer.key,
            host=writer.host,
            pid=writer.pid,
            rank=writer.rank,
            parent_id=None if parent is None else parent.id,
        )
    except ContentError as error:
        raise RunNotFoundError(
            f"run {run_id} cannot be joined: {error.problem}", endpoint=header.endpoint
        ) from error
    if mark is None:
        raise RunLoggerError(f"run {run_id} cannot be joined", endpoint=header.endpoint)
    return mark

"""Making a writer known to the database, and before that, if need be, its run."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from run_logger_client.operations import LIST_RUNS_GQL

from run_logger.delivery.journal.reader import RUN
from run_logger.delivery.sending.batch import readable_part
from run_logger.delivery.sending.creation import NewRun, create_once
from run_logger.errors import ContentError, RunLoggerError, RunNotFoundError
from run_logger.jsonify import decode
from run_logger.late_imports import importing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from run_logger_client import Client, WriterMark

    from run_logger.delivery.journal.header import Header
    from run_logger.delivery.journal.reader import Reader

__all__ = ["gone", "join", "load_answers", "read_mark", "without_keys_of_run"]

_OPERATIONS = (
    "create_run",
    "heartbeat",
    "join_run",
    "reopen_writer",
    "run_by_id",
    "run_by_key",
    "writer_by_key",
)
"""What a writer may ask the database for, besides the deliveries."""


def load_answers() -> None:
    """Import the models of the answers, which else are imported when one comes."""
    with importing():
        for operation in _OPERATIONS:
            import_module(f"run_logger_client.{operation}")


def join(client: Client, reader: Reader, header: Header, *, alive: bool) -> WriterMark:
    """Return how far a journal is in the database, which from now on knows its writer.

    Args:
        client: Talks to the endpoint.
        reader: The journal.
        header: What it says of itself.
        alive: Whether the writer lives; the last sign of a dead one stays as old as it is.

    Raises:
        RunNotFoundError: The run has been deleted, or is not at this endpoint.
        RunLoggerError: The server cannot be reached, or refuses the run.
    """
    load_answers()
    if header.run_id is None or not alive:
        known = read_mark(client, header.writer.key)
        if known is not None:
            return known
    if header.run_id is None:
        return _join(client, reader, header, _create_run(client, reader, header))
    return _join(client, reader, header, _id_there(client, header, header.run_id))


def read_mark(client: Client, key: UUID) -> WriterMark | None:
    """Return how far the journal of a writer is in the database; None if that does not know it."""
    load_answers()
    writers = client.writer_by_key(key)
    return writers[0] if writers else None


def without_keys_of_run(client: Client, run_id: int, metadata: dict[str, Any]) -> dict[str, Any]:
    """Return metadata without the keys that a run has already.

    Args:
        client: Talks to the endpoint.
        run_id: The run.
        metadata: The metadata by key.
    """
    return {key: value for key, value in metadata.items() if not _has_key(client, run_id, key)}


def _has_key(client: Client, run_id: int, key: str) -> bool:
    where = {"id": {"_eq": run_id}, "metadata": {"_has_key": key}}
    return bool(client.send(LIST_RUNS_GQL, "list_runs", {"where": where})["run"])


def gone(client: Client, reader: Reader, header: Header, run_id: int | None) -> RunNotFoundError:
    """Return the error for a run, or if that is there for a writer, that the database had once."""
    load_answers()
    is_there = run_id is not None and client.run_by_id(run_id) is not None
    what = f"writer {header.writer.key} of run {run_id}" if is_there else f"run {run_id}"
    return _missing(client, reader, f"{what} has been deleted")


def _missing(client: Client, reader: Reader, problem: str) -> RunNotFoundError:
    remedy = f"What was not delivered is kept in {reader.path}."
    return RunNotFoundError(problem, endpoint=client.endpoint, remedy=remedy)


def _id_there(client: Client, header: Header, run_id: int) -> int:
    """Return the id that a run has at the client's endpoint: elsewhere its id may be another's."""
    if header.run_key is None or client.endpoint == header.endpoint:
        return run_id
    runs = client.run_by_key(header.run_key)
    if not runs:
        raise RunNotFoundError(
            f"run {run_id}, recorded at {header.endpoint}, is not there",
            endpoint=client.endpoint,
            remedy="Deliver it to the server that it was recorded at, or to a copy of that.",
        )
    return runs[0].id


def _create_run(client: Client, reader: Reader, header: Header) -> int:
    """Create the run that begins a journal, or find the one that has its key."""
    if header.run_key is None:
        raise RunNotFoundError(f"{reader.path} says neither id nor key of its run")
    first = reader.read(0, max_rows=1, max_bytes=1 << 16).lines
    is_whole = bool(first) and readable_part(first[0]) == first[0]
    if is_whole and first[0].startswith(RUN):
        return create_once(client, _new_run(header, header.run_key, first[0])).id
    runs = client.run_by_key(header.run_key)
    if runs:
        return runs[0].id
    if first and not is_whole and header.writer.parent is None:
        # What the run was to be created with is lost: no reason to lose its records too.
        return create_once(client, NewRun(header.run_key, {}, [], None, header.writer)).id
    raise RunLoggerError(
        f"the run {header.run_key} is not there yet",
        endpoint=header.endpoint,
        attempt=f"the delivery of {reader.path}",
        remedy="Deliver the journal of the process that created it first: run-logger sync.",
    )


def _new_run(header: Header, key: UUID, line: bytes) -> NewRun:
    from run_logger_client import chart_insert_input  # noqa: PLC0415  (pydantic takes its time)

    run = decode(line)["run"]
    specs: Sequence[object] = run["charts"]
    charts = [chart_insert_input(spec=spec, order=index) for index, spec in enumerate(specs)]
    return NewRun(key, run["metadata"], charts, None, header.writer)


def _join(client: Client, reader: Reader, header: Header, run_id: int) -> WriterMark:
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
        # Whatever else has refused it, the next attempt may succeed.
        if client.run_by_id(run_id) is not None:
            raise
        fate = "does not exist" if header.run_key is None else "has been deleted"
        raise _missing(client, reader, f"run {run_id} {fate}") from error
    if mark is None:
        raise RunLoggerError(f"run {run_id} cannot be joined", endpoint=header.endpoint)
    return mark

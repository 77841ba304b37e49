"""Deliver journals from outside of the processes that wrote them, and say what became of each."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from run_logger.cli.endpoint import connect
from run_logger.delivery.recovery.sync import deliver, deliver_rejected, find_journals, survey
from run_logger.delivery.sending.creation import explained
from run_logger.delivery.sending.sender import LONGEST_RETRY_AFTER, back_off
from run_logger.delivery.storage.files import JournalFiles, journal_directory
from run_logger.errors import (
    AuthenticationError,
    ConfigError,
    EndpointError,
    QueryError,
    RunLoggerError,
    SchemaError,
    ServerError,
    without_secrets,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from run_logger_client import Client

    from run_logger.delivery.recovery.sync import Delivery, Survey

__all__ = ["Deliverer", "Outcome", "journals_in", "look"]

ATTEMPTS = 4
"""Failures in a row, with nothing delivered between them, until a journal has to wait."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one journal.

    Attributes:
        journal: Its path.
        endpoint: Where it was delivered, or is to be.
        run_id: The run in the database; None where that is not known yet.
        run_key: The run's key; None where only the id is known.
        live: Whether its writer still runs; None where the file system cannot tell.
        delivered: The number of records that went into the database this time.
        left: The number of records still on disk alone; after a failure an upper bound, since only
            the server knows how far the journal is there.
        rejected: The number of records set aside this time, by the code of the server's error.
        set_aside: The number of records that were set aside before.
        problem: Why something could not be delivered; "" if nothing failed.
        remedy: What to do about it.
    """

    journal: Path
    endpoint: str = ""
    run_id: int | None = None
    run_key: str | None = None
    live: bool | None = None
    delivered: int = 0
    left: int = 0
    rejected: dict[str, int] = field(default_factory=dict[str, int])
    set_aside: int = 0
    problem: str = ""
    remedy: str = ""

    @property
    def is_good(self) -> bool:
        """Whether everything went that should have gone."""
        return not self.problem and not self.rejected

    @property
    def run(self) -> str:
        """The run in words."""
        known = self.run_id if self.run_id is not None else self.run_key
        return "an unknown run" if known is None else f"run {known}"


def journals_in(places: Sequence[Path]) -> list[Path]:
    """Return the journals at these places, by default in the directory of journals.

    Raises:
        ConfigError: There is nothing at one of the places.
    """
    directory = journal_directory()
    if not places and not directory.exists():
        return []  # nothing has been recorded on this machine yet
    try:
        return find_journals(places or [directory])
    except FileNotFoundError as error:
        raise ConfigError(
            f"there is nothing at {error.filename}",
            remedy="Give journals, or directories of journals.",
        ) from error


def look(path: Path) -> Outcome | None:
    """Return a journal as it lies there, with all of it left; None if it is gone by now."""
    files = JournalFiles.of(path)
    if files is not None and not files.present():
        return None
    try:
        return _as_it_lies(survey(path))
    except FileNotFoundError:
        return None
    except (OSError, RunLoggerError) as error:
        return _failed(Outcome(path), error)


def _as_it_lies(found: Survey) -> Outcome:
    counts = Outcome(found.path, live=found.live, left=found.records, set_aside=found.rejected)
    header = found.header
    if header is None:
        return counts  # its process died before it wrote a line
    key = None if header.run_key is None else str(header.run_key)
    return replace(counts, endpoint=header.endpoint, run_id=header.run_id, run_key=key)


class Deliverer:
    """Delivers journals, each to the endpoint that it names.

    Args:
        endpoint: Where all of them go instead; None for the one in each header.
        resend: Whether to send what was set aside again.
    """

    def __init__(self, endpoint: str | None, *, resend: bool) -> None:
        self._endpoint = endpoint
        self._resend = resend
        self._clients: dict[str, Client] = {}
        self._broken: dict[str, RunLoggerError] = {}

    def begin_pass(self) -> None:
        """Give each endpoint that failed as a whole another chance."""
        self._broken.clear()

    def deliver(self, found: Outcome, advance: Callable[[int], None]) -> Outcome | None:
        """Deliver one journal as far as it is now.

        Args:
            found: The journal, as `look` returns it.
            advance: Called with the number of records of each batch that is through.

        Returns:
            What became of it; None if another process has delivered and removed it meanwhile.
        """
        if found.problem:
            return found
        sent = 0

        def count(records: int) -> None:
            nonlocal sent
            sent += records
            advance(records)

        endpoint = self._endpoint or found.endpoint
        outcome = replace(found, endpoint=without_secrets(endpoint))
        try:
            deliveries = self._deliver_to(endpoint, found, count)
        except FileNotFoundError as error:
            return None if look(found.journal) is None else _failed(outcome, error)
        except (OSError, RunLoggerError) as error:
            left = max(found.left - sent, 0)
            return _failed(replace(outcome, delivered=sent, left=left), error)
        return _completed(outcome, deliveries, sent)

    def _deliver_to(
        self, endpoint: str, found: Outcome, count: Callable[[int], None]
    ) -> list[Delivery]:
        if error := self._broken.get(endpoint):
            raise error
        client = self._clients.get(endpoint)
        if client is None:
            client = self._clients[endpoint] = connect(endpoint)
        try:
            return _send(client, found, count, resend=self._resend)
        except (EndpointError, AuthenticationError, SchemaError) as error:
            self._broken[endpoint] = error
            raise


def _send(
    client: Client, found: Outcome, count: Callable[[int], None], *, resend: bool
) -> list[Delivery]:
    # What was refused comes first: with it a journal may be done, and its files go.
    steps = [deliver_rejected] if resend and found.set_aside else []
    try:
        return [_persist(step, found.journal, client, count) for step in (*steps, deliver)]
    except QueryError as error:
        raise explained(client, error) from error


def _persist(
    step: Callable[..., Delivery], path: Path, client: Client, count: Callable[[int], None]
) -> Delivery:
    """Try again where that can help, until nothing moves any more."""
    failures = 0

    def moved(records: int) -> None:
        nonlocal failures
        failures = 0
        count(records)

    while True:
        try:
            return step(path, client, on_progress=moved)
        except RunLoggerError as error:
            failures += 1
            if not error.retryable or failures >= ATTEMPTS:
                raise
            asked = error.retry_after if isinstance(error, ServerError) else None
            time.sleep(max(back_off(failures), min(asked or 0.0, LONGEST_RETRY_AFTER)))


def _completed(outcome: Outcome, deliveries: Sequence[Delivery], sent: int) -> Outcome:
    last = deliveries[-1]
    rejected: Counter[str] = Counter()
    for delivery in deliveries:
        rejected.update(delivery.rejected)
    return replace(
        outcome,
        run_id=last.run_id,
        delivered=max(sent - rejected.total(), 0),
        left=last.waiting,
        rejected=dict(rejected),
        set_aside=0 if len(deliveries) > 1 else outcome.set_aside,
    )


def _failed(outcome: Outcome, error: OSError | RunLoggerError) -> Outcome:
    if isinstance(error, RunLoggerError):
        where = f" at {error.endpoint}" if error.endpoint else ""
        problem = error.problem.rstrip(".") + where
        return replace(outcome, problem=problem, remedy=error.remedy)
    place = f"{error.filename}: " if error.filename else ""
    return replace(outcome, problem=f"{place}{error.strerror or error}")

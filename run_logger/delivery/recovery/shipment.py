"""The delivery of one journal on disk, up to its end, and what is left to do after that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from run_logger.delivery.journal.reader import Reader
from run_logger.delivery.sending.courier import Courier

if TYPE_CHECKING:
    from run_logger_client import Client

    from run_logger.delivery.recovery.stored import StoredJournal

__all__ = ["Delivery", "Shipment"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a delivery did.

    Attributes:
        run_id: The run in the database; None if the journal holds nothing.
        delivered: The number of records that went into the database.
        rejected: Those that the server refused or nobody can read, by the code of the error.
        waiting: Those that are still to be delivered: the writer lives and writes on.
        removed: Whether the files are gone, since all of them is in the database.
    """

    run_id: int | None
    delivered: int
    rejected: dict[str, int]
    waiting: int
    removed: bool


class Shipment:
    """Delivers a journal step by step.

    Args:
        journal: The journal.
        client: Talks to the endpoint.
    """

    def __init__(self, journal: StoredJournal, client: Client) -> None:
        self._journal = journal
        self._client = client
        self._courier: Courier | None = None
        if journal.header is not None:
            self._courier = Courier(client, Reader(journal), journal.header, alive=False)

    @property
    def settled(self) -> int:
        """The number of records that were delivered or set aside so far."""
        courier = self._courier
        return courier.delivered + sum(courier.rejected.counts.values()) if courier else 0

    def step(self) -> int:
        """Deliver a batch; return the number of its lines, 0 if nothing is left.

        Raises:
            RunLoggerError: As from the courier.
            OSError: As from the courier.
        """
        return 0 if self._courier is None else self._courier.step()

    def conclude(self) -> Delivery:
        """Record the end of a writer that is dead, and remove the journal if that is ours to do.

        Raises:
            RunLoggerError: The server cannot be reached.
            OSError: A file cannot be removed.
        """
        courier, journal = self._courier, self._journal
        if courier is None:
            return Delivery(None, 0, {}, 0, journal.remove())
        if journal.is_final():
            courier.rejected.write_held()
            self._client.bury_writer(courier.row.id(), journal.ended_at())
        waiting = courier.waiting()
        removed = not waiting and journal.remove()
        counts = dict(courier.rejected.counts)
        return Delivery(courier.row.run_id, courier.delivered, counts, waiting, removed)

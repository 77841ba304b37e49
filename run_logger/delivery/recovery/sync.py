"""Delivering journals from outside of the process that wrote them.

Safe while the writer lives, twice at once, and from a copy: the database knows how far it has come.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

from run_logger.delivery.journal.reader import Reader
from run_logger.delivery.recovery.resending import Resending
from run_logger.delivery.recovery.shipment import Delivery, Shipment
from run_logger.delivery.recovery.stored import StoredJournal
from run_logger.delivery.storage.files import JournalFiles
from run_logger.delivery.storage.lock import is_owned
from run_logger.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from run_logger_client import Client

    from run_logger.delivery.journal.header import Header

__all__ = ["Delivery", "Survey", "deliver", "deliver_rejected", "find_journals", "survey"]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a journal holds, as far as its files alone tell.

    Attributes:
        path: The journal: `<directory>/<writer key>.jsonl`.
        header: What it says of itself; None if nothing whole is in it.
        records: The number of whole records in its files; delivered ones may be among them.
        size: The bytes of its files, blobs that lie beside the journal included.
        rejected: The number of records that the server refused.
        live: Whether its writer still runs; None where the file system cannot tell.
    """

    path: Path
    header: Header | None
    records: int
    size: int
    rejected: int
    live: bool | None


def find_journals(places: Iterable[Path]) -> list[Path]:
    """Return the journals at these places, oldest first.

    Args:
        places: Directories, and files of journals (any segment, or the rejected file).

    Returns:
        The path of each journal, `<directory>/<writer key>.jsonl`; the file itself may be gone
        where later segments of it are left, or its rejected records alone.

    Raises:
        FileNotFoundError: There is nothing at one of the places.
    """
    found: dict[Path, float] = {}
    for place in places:
        for path in _files_at(place):
            files = JournalFiles.of(path)
            if files is not None:
                age = path.stat().st_mtime
                found[files.journal] = min(age, found.get(files.journal, age))
    return sorted(found, key=lambda path: (found[path], path))


def survey(path: Path) -> Survey:
    """Say what a journal holds, without a server, and without a part in its delivery.

    Args:
        path: The journal, as `find_journals` returns it.

    Raises:
        JournalError: It is no journal, or of a newer format.
        OSError: It cannot be read.
    """
    files = _files_of(path)
    journal = StoredJournal(files, claim=False)
    records, _ = Reader(journal).count(0)
    paths = [*files.segments().values(), *files.blobs()]
    return Survey(
        files.journal,
        journal.header,
        records,
        sum(each.stat().st_size for each in paths),
        _count_rejected(files.rejected),
        is_owned(files.lock),
    )


def deliver(
    path: Path, client: Client, *, on_progress: Callable[[int], None] | None = None
) -> Delivery:
    """Deliver what a journal holds and the database does not, up to its end as it is now.

    Nothing is tried again here: on an error what is delivered is delivered, and the next call goes
    on from there. The files are removed once all of them is in the database, if nobody else has the
    journal. A writer that died without an outcome gets the outcome "killed".

    Args:
        path: The journal, as `find_journals` returns it.
        client: Talks to the endpoint.
        on_progress: Called after each batch with how many more records are delivered or set aside.

    Raises:
        JournalError: It is no journal, or of a newer format; it is untouched.
        RunLoggerError: The server cannot be reached, or the set-up is refused; all is kept.
        OSError: A file cannot be read or written.
    """
    journal = StoredJournal(_files_of(path))
    try:
        shipment = Shipment(journal, client)
        done = 0
        while shipment.step():
            if on_progress is not None:
                on_progress(shipment.settled - done)
            done = shipment.settled
        return shipment.conclude()
    finally:
        journal.release()


def deliver_rejected(
    path: Path, client: Client, *, on_progress: Callable[[int], None] | None = None
) -> Delivery:
    """Send the rejected records of a journal again, each under its own seq.

    Those that are accepted now leave the rejected file, if the journal's writer is dead.

    Args:
        path: The journal, as `find_journals` returns it.
        client: Talks to the endpoint.
        on_progress: Called after each record with 1.

    Raises:
        JournalError: It is no journal, or of a newer format; it is untouched.
        RunLoggerError: The server cannot be reached; all is kept.
        OSError: A file cannot be read or written.
    """
    journal = StoredJournal(_files_of(path))
    try:
        resending = Resending(journal, client)
        while resending.step():
            if on_progress is not None:
                on_progress(1)
        return resending.conclude()
    finally:
        journal.release()


def _files_at(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield from place.glob("*.jsonl")
        return
    files = JournalFiles.of(place)
    if files is None or not files.present():
        raise FileNotFoundError(errno.ENOENT, "there is no journal", str(place))
    yield from files.present()


def _files_of(path: Path) -> JournalFiles:
    files = JournalFiles.of(path)
    if files is None:
        raise JournalError(
            f"{path} is no journal by its name", remedy="A journal is <writer key>.jsonl."
        )
    return files


def _count_rejected(path: Path) -> int:
    try:
        return max(0, path.read_bytes().count(b"\n") - 1)
    except FileNotFoundError:
        return 0

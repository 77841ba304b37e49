"""The first line of a journal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from uuid import UUID

    from run_logger.delivery.journal.identity import WriterIdentity

__all__ = ["FORMAT", "Header"]

FORMAT = 1
"""The version of the format; a reader refuses one that it does not know."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a journal says of itself; no secret is in it.

    Attributes:
        endpoint: The URL of the GraphQL API, without its secrets.
        run_key: The key of the run; None where only its id is known.
        run_id: The id of the run in the database; None where the delivery is to create it.
        writer: Who writes; its key names the file too.
        version: The library's version.
    """

    endpoint: str
    run_key: UUID | None
    run_id: int | None
    writer: WriterIdentity
    version: str

    def line(self) -> bytes:
        """Return the header as the first line of a journal."""
        return orjson.dumps({"journal": FORMAT, **asdict(self)}) + b"\n"

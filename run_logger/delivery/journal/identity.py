"""Who writes: a writer's key, and the process that it is."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from typing import Self
    from uuid import UUID

__all__ = ["WriterIdentity"]

_RANKS = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")


@dataclass(frozen=True, slots=True)
class WriterIdentity:
    """One process that writes one run.

    Attributes:
        key: Its key; the database knows it under this, and the journal is named by it.
        host: The name of the machine.
        pid: The process.
        rank: The process's number within its job, None outside of one.
        parent: The key of the writer that this one was forked from, None for most.
    """

    key: UUID
    host: str
    pid: int
    rank: int | None
    parent: UUID | None = None

    @classmethod
    def of_this_process(cls, parent: UUID | None = None) -> Self:
        """Return a new identity; the rank is what torchrun, Slurm or MPI set.

        Args:
            parent: The key of the writer that this one was forked from.
        """
        return cls(uuid4(), socket.gethostname(), os.getpid(), _rank_in_job(), parent)


def _rank_in_job() -> int | None:
    given = (os.environ.get(name, "") for name in _RANKS)
    return next((int(rank) for rank in given if rank.isdecimal()), None)

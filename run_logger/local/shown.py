"""What is shown of a database at one time, to each role."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from run_logger.local.auth import ADMIN
from run_logger.local.model import EnumValue
from run_logger.local.permissions import Permissions
from run_logger.local.reflection import read_enum_rows, reflect
from run_logger.local.tracking import enum_columns, track
from run_logger.local.view import View

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from run_logger.local.auth import Session
    from run_logger.local.catalog import Catalog
    from run_logger.local.metadata import Metadata
    from run_logger.local.model import Inconsistency, Model

_ADMIN = (ADMIN, False)
# No role has an empty name.
_UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all that is shown.

    Attributes:
        infers_functions: Whether who sees a table may call the functions that return its rows.
        stringifies_numbers: Whether values of bigint, numeric and double precision are answered as
            strings.
    """

    infers_functions: bool = True
    stringifies_numbers: bool = False


class Shown:
    """What the metadata show of the database; it never changes, another takes its place.

    Args:
        catalog: What exists.
        metadata: What is tracked, and for whom.
        model: What comes of the two for an administrator.
        rules: What holds for all of it.

    Attributes:
        catalog: What exists.
        metadata: What is tracked, and for whom.
        model: What comes of the two for an administrator.
        rules: What holds for all of it.
        inconsistencies: What of the metadata is not shown, with the reason.
    """

    def __init__(self, catalog: Catalog, metadata: Metadata, model: Model, rules: Rules) -> None:
        self.catalog = catalog
        self.metadata = metadata
        self.rules = rules
        self.model: Model = replace(model, stringifies_numbers=rules.stringifies_numbers)
        self._permissions = Permissions(
            self.model, metadata, infers_functions=rules.infers_functions
        )
        self._views: dict[tuple[str, bool], View] = {}
        self._making = asyncio.Lock()
        self.inconsistencies: tuple[Inconsistency, ...] = (
            *model.inconsistencies,
            *self._permissions.inconsistencies,
        )

    async def view(self, session: Session) -> View:
        """Return what the role sees, made for its first request."""
        role, backend = session.role, session.backend
        if role != ADMIN and not self._permissions.knows(role):
            # All that are not known see the same; clients may make up any number of them.
            role, backend = _UNKNOWN, False
        key = _ADMIN if role == ADMIN else (role, backend)
        if key not in self._views:
            await self._make(key)
        return self._views[key]

    async def _make(self, key: tuple[str, bool]) -> None:
        async with self._making:
            if key not in self._views:
                # A schema of hundreds of tables takes long enough to hold up everybody else.
                self._views[key] = await asyncio.to_thread(lambda: View(self._model_of(*key)))

    def _model_of(self, role: str, backend: bool) -> Model:
        if role == ADMIN:
            return self.model
        return self._permissions.model(role, backend=backend)


async def read_shown(
    connection: AsyncConnection[Any],
    metadata: Metadata,
    rules: Rules,
    catalog: Catalog | None = None,
) -> Shown:
    """Find out what metadata show of a database.

    Args:
        connection: An open connection; nothing is changed.
        metadata: What is tracked, and for whom.
        rules: What holds for all of it.
        catalog: What exists, where that is known already.
    """
    catalog = catalog or await reflect(connection)
    enums = {
        name: tuple(
            EnumValue(value, comment or None)
            for value, comment in await read_enum_rows(connection, name, *columns)
        )
        for name, columns in enum_columns(catalog, metadata).items()
    }
    model = track(catalog, metadata, enums)
    return Shown(catalog, metadata, model, rules)

"""The metadata while a request changes them: in the end all of it is kept, or nothing."""

from __future__ import annotations

import copy
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from run_logger.local.api import inconsistencies
from run_logger.local.api.edits import Subject, source_of
from run_logger.local.api.renames import NamesByOid, rename
from run_logger.local.errors import HasuraError
from run_logger.local.metadata import parse_metadata
from run_logger.local.shown import read_shown

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Container, Mapping, Sequence

    from psycopg import AsyncConnection

    from run_logger.local.auth import Session
    from run_logger.local.catalog import Catalog, Name
    from run_logger.local.model import Inconsistency
    from run_logger.local.shown import Shown

_PLACE = "the request"


class Change:
    """What is shown, as a request changes it.

    Args:
        connection: A connection in a transaction, which the caller ends.
        shown: What is shown to others meanwhile.
        version: The version of the metadata.
        session: Who asks.

    Attributes:
        connection: The same connection.
        session: Who asks.
        shown: What is to be shown.
        edited: Whether the metadata differ from before.
    """

    def __init__(
        self, connection: AsyncConnection[Any], shown: Shown, version: int, session: Session
    ) -> None:
        self.connection = connection
        self.session = session
        self.shown: Shown = shown
        self.edited: bool = False
        self._version = version
        self._catalog: Catalog | None = None

    @property
    def version(self) -> int:
        """The version of the metadata as they are now."""
        return self._version + self.edited

    @property
    def document(self) -> dict[str, Any]:
        """A copy of the metadata as they are now."""
        return copy.deepcopy(dict(self.shown.metadata.document))

    @property
    def source(self) -> str:
        """The name of the source that is served."""
        return self.shown.metadata.source

    def check_source(self, args: Mapping[str, Any]) -> None:
        """Refuse a command for another source than the one that is served.

        Raises:
            HasuraError: Its `source`, by default `default`, is another one.
        """
        if source_of(self.shown.metadata.document, args).get("name") != self.source:
            message = f"this server serves the source {self.source!r} alone"
            raise HasuraError(message, "not-supported", "$.args.source")

    @asynccontextmanager
    async def attempt(self) -> AsyncGenerator[None]:
        """Undo what is done in the context, if that fails."""
        kept = self.shown, self.edited, self._catalog
        try:
            async with self.connection.transaction():
                yield
        except BaseException:
            self.shown, self.edited, self._catalog = kept
            raise

    async def reload(self) -> None:
        """Look at the database again."""
        self._catalog = None
        await self._show(self.document)

    async def edit(
        self, document: dict[str, Any], subject: Subject | None = None, *, cascade: bool = False
    ) -> None:
        """Put other metadata in place, unless more of them than before does not fit.

        Args:
            document: The metadata.
            subject: What was changed in them.
            cascade: Whether what does not fit any more is dropped.

        Raises:
            HasuraError: They do not fit the database.
            ServeError: They are not what metadata should be.
        """
        before = self.shown
        await self._show(document)
        fresh = self._fresh(before)
        if fresh and cascade:
            await self._drop(fresh)
        elif fresh:
            raise self._misfit(fresh, subject or Subject())

    async def replace(self, document: dict[str, Any], *, allow_inconsistent: bool) -> None:
        """Put other metadata in place.

        Args:
            document: The metadata, of version 2 or 3.
            allow_inconsistent: Whether what does not fit the database is left out of what is shown.

        Raises:
            HasuraError: They do not fit.
            ServeError: They are not what metadata should be.
        """
        await self._show(_of_version_3(document))
        if self.shown.inconsistencies and not allow_inconsistent:
            message = "cannot continue due to inconsistent metadata"
            raise HasuraError(message, "unexpected", "$.args", self.inconsistent_objects())

    async def drop_inconsistent(self) -> None:
        """Take out of the metadata what does not fit the database."""
        await self._drop(self.shown.inconsistencies)

    async def follow_database(self, names: NamesByOid, *, cascade: bool, checks: bool) -> None:
        """Look at the database again after SQL has changed it.

        What has another name there has it in the metadata too, and what is gone there is gone, as
        with Hasura v2; what only depends on it is an error, or is dropped with it.

        Args:
            names: What the tables and columns were called before.
            cascade: Whether what depends on it is dropped.
            checks: Whether that is looked at; otherwise it becomes inconsistent.

        Raises:
            HasuraError: Something depends on what is gone.
        """
        before = self.shown
        if not checks:
            await self.reload()
            return
        document = self.document
        now = await NamesByOid.read(self.connection)
        renamed = rename(document, now, names, before.model.tables)
        known = {_identity(item, renamed) for item in before.inconsistencies}
        self._catalog = None
        await self._show(document)
        gone = [item for item in self._broken(known) if self._is_gone(item, before.catalog)]
        await self._drop(gone)
        dependent = self._broken(known)
        if dependent and not cascade:
            listed = ", ".join(
                f'{inconsistencies.describe(item)} in source "{self.source}"' for item in dependent
            )
            raise HasuraError(
                f"cannot drop due to the following dependent objects : {listed}",
                "dependency-error",
                internal=inconsistencies.as_json(dependent, self.source),
            )
        await self._drop(dependent)

    def inconsistent_objects(self) -> list[dict[str, Any]]:
        """Return what of the metadata does not fit the database, as the API lists it."""
        return inconsistencies.as_json(self.shown.inconsistencies, self.source)

    async def _show(self, document: dict[str, Any]) -> None:
        edited = document != self.shown.metadata.document
        metadata = parse_metadata(document, _PLACE)
        self.shown = await read_shown(
            self.connection,
            metadata,
            self.shown.rules,
            self._catalog,
        )
        self._catalog = self.shown.catalog
        self.edited = self.edited or edited

    async def _drop(self, items: Sequence[Inconsistency]) -> None:
        """Drop what does not fit, and what does not fit any more without it."""
        while items:
            before, document = self.shown, self.document
            if not inconsistencies.remove(document, items):
                return
            await self._show(document)
            items = self._fresh(before)

    def _fresh(self, before: Shown) -> list[Inconsistency]:
        return [item for item in self.shown.inconsistencies if item not in before.inconsistencies]

    def _broken(self, known: Container[tuple[str | Name | None, ...]]) -> list[Inconsistency]:
        """Return what does not fit and is not known for that, under whatever name."""
        return [item for item in self.shown.inconsistencies if _identity(item, {}) not in known]

    def _is_gone(self, item: Inconsistency, catalog: Catalog) -> bool:
        """Tell whether it is about a table or function that was there and is no more."""
        if item.entry is None or item.body is not None:
            return False
        there, here = (catalog, self.shown.catalog)
        if item.kind == "table":
            return item.entry in there.tables and item.entry not in here.tables
        return item.entry in there.functions and item.entry not in here.functions

    def _misfit(self, fresh: Sequence[Inconsistency], subject: Subject) -> HasuraError:
        internal = inconsistencies.as_json(fresh, self.source)
        own = [item for item in fresh if (item.entry, item.body) == (subject.entry, subject.body)]
        if own:
            reasons = ", ".join(inconsistencies.reason(item) for item in own)
            return HasuraError(reasons, "invalid-configuration", "$.args", internal)
        message = "cannot continue due to new inconsistent metadata"
        return HasuraError(message, "unexpected", "$.args", internal)


def _identity(item: Inconsistency, renamed: Mapping[Name, Name]) -> tuple[str | Name | None, ...]:
    """Return what tells an inconsistency from others, whatever columns it names."""
    entry = None if item.entry is None else renamed.get(item.entry, item.entry)
    if item.body is None:
        return item.kind, entry or item.name
    return item.kind, entry, str(item.body.get("name") or item.body.get("role"))


def _of_version_3(document: Mapping[str, Any]) -> dict[str, Any]:
    if "sources" in document:
        return dict(document)
    entries: dict[str, Any] = {key: document.get(key) or [] for key in ("tables", "functions")}
    rest = {key: value for key, value in document.items() if key not in entries}
    return {**rest, "version": 3, "sources": [{"name": "default", "kind": "postgres", **entries}]}

"""What the makers of the model share: the names that are tracked, and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from run_logger.local.model import Inconsistency
from run_logger.local.scalars import is_graphql_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from run_logger.local.catalog import Catalog, Function, Name, Table
    from run_logger.local.metadata import Entry, Metadata
    from run_logger.local.model import EnumValue


class Inconsistent(Exception):  # noqa: N818 - it tells a state, and never leaves the tracking
    """A part of the metadata that the database does not bear out; the text is the reason."""


class Context:
    """What is tracked of a catalog.

    Attributes:
        catalog: What exists.
        metadata: What the project says.
        enums: The values of the enum tables.
        entries: The metadata's entries of the tables that exist and can be named.
        names: The base of the GraphQL names of each of these tables.
        inconsistencies: What was left out so far.
    """

    def __init__(
        self,
        catalog: Catalog,
        metadata: Metadata,
        enums: Mapping[Name, tuple[EnumValue, ...]],
    ) -> None:
        self.catalog = catalog
        self.metadata = metadata
        self.enums = enums
        self.inconsistencies: list[Inconsistency] = []
        self.entries: dict[Name, Entry] = {}
        self.names: dict[Name, str] = {}
        for entry in metadata.tables:
            self._admit(entry)

    def _admit(self, entry: Entry) -> None:
        try:
            name = self._checked_name(entry)
        except Inconsistent as reason:
            self.leave_out(Inconsistency("table", str(entry.name), str(reason), entry.name))
        else:
            self.entries[entry.name] = entry
            self.names[entry.name] = name

    def _checked_name(self, entry: Entry) -> str:
        if entry.name not in self.catalog.tables:
            raise Inconsistent(f'no such table/view exists in source: "{entry.name}"')
        if entry.name in self.entries:
            raise Inconsistent("it is tracked twice")
        if entry.body.get("is_enum") and not self.enums.get(entry.name):
            raise Inconsistent("an enum table needs a text primary key and at least one value")
        name = base_name(entry.name, configuration(entry))
        if not is_graphql_name(name):
            raise Inconsistent(f"{name!r} is no GraphQL name; give it a custom_name")
        if name in self.names.values():
            raise Inconsistent(f"another table has the GraphQL name {name!r}")
        return name

    def leave_out(self, inconsistency: Inconsistency) -> None:
        """Note a part of the metadata that is not served."""
        self.inconsistencies.append(inconsistency)

    def table(self, name: Name) -> Table:
        """Return a table that is tracked.

        Raises:
            Inconsistent: It is not.
        """
        if name not in self.entries:
            raise Inconsistent(f'table "{name}" is not tracked')
        return self.catalog.tables[name]


def the_function(catalog: Catalog, name: Name) -> Function:
    """Return the one function of that name.

    Raises:
        Inconsistent: There is none, or there are several.
    """
    found = catalog.functions.get(name, ())
    if len(found) != 1:
        known = "is overloaded, which is not supported" if found else "does not exist"
        raise Inconsistent(f'function "{name}" {known}')
    return found[0]


def configuration(entry: Entry) -> dict[str, Any]:
    """Return the entry's `configuration`, empty where there is none."""
    return entry.body.get("configuration") or {}


def base_name(name: Name, settings: Mapping[str, Any]) -> str:
    """Return the name that GraphQL names start from: custom, or by schema and name."""
    custom = settings.get("custom_name")
    return str(custom) if custom else str(name).replace(".", "_", 1)

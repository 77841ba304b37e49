"""Makes the model of what is shown from what exists (catalog) and what is tracked (metadata).

What the database cannot bear out (a tracked table that is missing, a relationship without its
foreign key) is left out with its reason; the rest is served, as with Hasura.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from run_logger.local.model import Inconsistency, Model
from run_logger.local.tracking.context import Context, Inconsistent
from run_logger.local.tracking.functions import track_function
from run_logger.local.tracking.root_fields import root_fields
from run_logger.local.tracking.tables import enum_columns, track_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from run_logger.local.catalog import Catalog, Name
    from run_logger.local.metadata import Metadata
    from run_logger.local.model import EnumValue, TrackedFunction, TrackedTable

__all__ = ["enum_columns", "track"]


def track(
    catalog: Catalog, metadata: Metadata, enums: Mapping[Name, tuple[EnumValue, ...]]
) -> Model:
    """Make the model.

    Args:
        catalog: What exists.
        metadata: What is tracked.
        enums: The rows of the enum tables (`enum_columns` says which they are).

    Returns:
        The tables and functions under their GraphQL names, and what had to be left out.
    """
    context = Context(catalog, metadata, enums)
    tables = _tables(context)
    functions = _functions(context, tables)
    roots = root_fields(context, tables, functions)
    return Model(
        tables=tables,
        queries=roots.queries,
        mutations=roots.mutations,
        subscriptions=roots.subscriptions,
        inconsistencies=tuple(context.inconsistencies),
    )


def _tables(context: Context) -> dict[Name, TrackedTable]:
    return {name: track_table(context, name) for name in context.entries}


def _functions(
    context: Context, tables: Mapping[Name, TrackedTable]
) -> tuple[TrackedFunction, ...]:
    tracked: list[TrackedFunction] = []
    for entry in context.metadata.functions:
        try:
            tracked.append(track_function(context.catalog, entry, tables))
        except Inconsistent as reason:
            context.leave_out(Inconsistency("function", str(entry.name), str(reason), entry.name))
    return tuple(tracked)

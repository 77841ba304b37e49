"""Descriptions: comments of the metadata or of Postgres, else Hasura's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from run_logger.local.model import ColumnField, TrackedTable


def described(*comments: str | None) -> str | None:
    """Return the first comment that is given; the empty one takes the description away."""
    return next((comment for comment in comments if comment is not None), None) or None


def of_column(field: ColumnField) -> str | None:
    """Return the description that a column has wherever it stands."""
    return described(field.comment, field.column.comment)


def quoted(table: TrackedTable) -> str:
    """Return the table's name in Postgres as descriptions give it: in double quotes."""
    return f'"{table.table.name}"'

"""Rows for a view that do not all give the same columns.

What a view's column becomes when it is left out is known to Postgres alone (it is the default of
the table below), and an INSERT leaves a column out of all its rows or of none. So the rows go in
groups that give the same columns, a group in one statement; a row that gives none goes alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import orjson

from run_logger.local.compiler.plan import Statement
from run_logger.local.compiler.write import ROWS, Request, Writer, Written
from run_logger.local.operation import Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from run_logger.local.catalog import Name
    from run_logger.local.model import TrackedTable

_GROUPS = Statement(
    f"""
    SELECT json_agg(columns)::text, array_agg(rows)
    FROM (
        SELECT columns, jsonb_agg(item ORDER BY place)::text AS rows
        FROM jsonb_array_elements(CAST(%({ROWS})s AS jsonb)) WITH ORDINALITY AS e(item, place),
            LATERAL (SELECT ARRAY(SELECT jsonb_object_keys(item) ORDER BY 1) AS columns) AS keys
        GROUP BY columns, CASE WHEN columns = '{{}}' THEN place END
        ORDER BY min(place)
    ) AS groups
    """,  # noqa: S608, the name of a parameter
    indices=(),
    session=False,
)


def needs_shapes(tracked: TrackedTable, rows: Rows) -> bool:
    """Tell whether rows for a table have to be grouped by what they leave out."""
    return tracked.table.kind == "view" and not (rows.complete and rows.columns)


@dataclass(frozen=True, slots=True)
class ShapedWrite:
    """The insert of rows into a view, those that give the same columns together.

    Attributes:
        table: The view.
        index: The place of the rows among the operation's values.
        compiled: Compiles the insert of rows that all give the same columns.
        path: Where in the request an error of the database is said to be.
    """

    table: Name
    index: int
    compiled: Callable[[Rows], Writer]
    path: str
    _writes: dict[tuple[str, ...], Writer] = field(default_factory=dict[tuple[str, ...], Writer])

    async def run(self, request: Request, parent: list[str] | None = None) -> Written:
        """Run it; see `Writer.run`."""
        written = Written([], 0)
        for columns, rows in await self._groups(request):
            values = list(request.values)
            values[self.index] = rows
            write = self._write(columns)
            group = await write.run(replace(request, values=values), parent)
            written = Written(written.rows + group.rows, written.affected + group.affected)
        return written

    async def _groups(self, request: Request) -> list[tuple[tuple[str, ...], str]]:
        given = {ROWS: request.values[self.index]}
        row = await _GROUPS.fetch(request.connection, (), path=self.path, given=given)
        columns, rows = row or (None, None)
        lists: list[list[str]] = orjson.loads(columns or "[]")
        texts: list[str] = rows or []
        return list(zip(map(tuple, lists), texts, strict=True))

    def _write(self, columns: tuple[str, ...]) -> Writer:
        if columns not in self._writes:
            self._writes[columns] = self.compiled(Rows(self.index, columns, complete=True))
        return self._writes[columns]

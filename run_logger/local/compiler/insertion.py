"""One INSERT among others: what the request gives it, and what other rows of the request do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from run_logger.local.compiler.conflict import updates_rows, with_conflict
from run_logger.local.compiler.insert import insert_object, insert_rows
from run_logger.local.compiler.plan import compile_statement
from run_logger.local.compiler.returning import Change
from run_logger.local.compiler.scope import Scope, Source, table_clause
from run_logger.local.compiler.write import Write, written_rows
from run_logger.local.operation import Rows, Value

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.dialects.postgresql import Insert

    from run_logger.local.catalog import Name
    from run_logger.local.compiler.plan import Statement
    from run_logger.local.model import Model
    from run_logger.local.operation import Argument


@dataclass(frozen=True, slots=True)
class Link:
    """A row, written before, that gives columns.

    Attributes:
        parameter: The parameter that holds the row.
        table: The table that it was written to.
        columns: Pairs (column here, column there), by their names in Postgres.
    """

    parameter: str
    table: Name
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Insertion:
    """What makes an INSERT.

    Attributes:
        table: The table that it inserts into.
        given: Rows, or the cells of one row by GraphQL name.
        on_conflict: The `on_conflict` beside it.
        links: The rows that give further columns.
    """

    table: Name
    given: Rows | Mapping[str, Argument]
    on_conflict: Argument
    links: tuple[Link, ...] = ()

    def change(self, model: Model) -> Change:
        """Return the INSERT."""
        scope = Scope(model)
        tracked = model.tables[self.table]
        target = Source(tracked, table_clause(tracked.table))
        statement = with_conflict(scope, target, self._insert(scope, target), self.on_conflict)
        check = update_check = tracked.inserts.check
        if tracked.access is not None and updates_rows(self.on_conflict):
            update_check = tracked.access.upsert_check
        return Change(scope, target, statement, check, update_check)

    def _insert(self, scope: Scope, target: Source) -> Insert:
        linked: dict[str, ColumnElement[Any]] = {}
        for link in self.links:
            row = written_rows(scope, scope.model.tables[link.table], link.parameter)
            linked |= {here: row.column(there) for here, there in link.columns}
        linked |= {name: preset() for name, preset in target.tracked.inserts.presets.items()}
        if isinstance(self.given, Rows):
            return insert_rows(scope, target.tracked, self.given, linked)
        cells = cast("Mapping[str, Value | None]", self.given)
        return insert_object(target.tracked, cells, linked)


class Insertions:
    """Compiles the INSERTs of one root field, those that differ only in their values once.

    Args:
        model: What is shown of the database.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._statements: dict[str, Statement] = {}

    def write(self, insertion: Insertion, path: str, *, keeps_rows: bool) -> Write:
        """Return the write that makes an INSERT.

        Args:
            insertion: The INSERT.
            path: Where in the request an error of the database is said to be.
            keeps_rows: Whether the rows are handed on, and not their number alone.
        """
        takes: list[int] = []
        alike = replace(
            insertion,
            given=_renumbered(insertion.given, takes),
            on_conflict=_renumbered(insertion.on_conflict, takes),
        )
        key = repr((alike, keeps_rows))
        if key not in self._statements:
            change = alike.change(self.model)
            self._statements[key] = compile_statement(
                change.texts() if keeps_rows else change.count()
            )
        return Write(insertion.table, self._statements[key], path, tuple(takes))


def _renumbered(argument: Argument, takes: list[int]) -> Any:
    """Return a copy whose values are numbered in order; `takes` gathers the numbers they had."""
    match argument:
        case Value() | Rows():
            takes.append(argument.index)
            return replace(argument, index=len(takes) - 1)
        case tuple():
            return tuple([_renumbered(item, takes) for item in argument])
        case Mapping():
            return {name: _renumbered(item, takes) for name, item in argument.items()}
        case _:
            return argument

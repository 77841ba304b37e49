"""Reads the rows of an insert: one parameter for all of them, wherever that can be.

Rows are most of what a logger sends, so rows of plain JSON are not walked value by value: one
comprehension checks and converts them, and only where it stops are they read again with care.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from run_logger.local.operation import Rows
from run_logger.local.request.columns import BadValueError, json_text
from run_logger.local.request.paths import check_object, invalid, unknown_key
from run_logger.local.request.readers import ColumnReader, bad_value
from run_logger.local.request.syntax import TypeRef, Variable, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from run_logger.local.operation import Argument
    from run_logger.local.request.columns import Cell
    from run_logger.local.request.inputs import Item
    from run_logger.local.request.paths import Path
    from run_logger.local.request.variables import Scope


@dataclass(frozen=True, slots=True)
class _Row:
    """A row whose variables are filled in.

    Attributes:
        path: Where it stands.
        columns: JSON values by the GraphQL names of the columns.
        nested: What stands at its relationships, and whether that is a literal.
    """

    path: Path
    columns: Mapping[str, Any]
    nested: Mapping[str, tuple[Any, bool]]


class RowReader:
    """Reads rows of one input type.

    Args:
        name: The name of the type.
        items: Its fields, columns and relationships.
    """

    def __init__(self, name: str, items: Mapping[str, Item]) -> None:
        self._place = TypeRef(name, None, nullable=False)
        self._items = items
        self._columns = {
            column: item.read
            for column, item in items.items()
            if isinstance(item.read, ColumnReader)
        }
        self._cells: dict[str, Cell] = {column: read.cell for column, read in self._columns.items()}
        self._nulls = {column: None for column, read in self._columns.items() if read.takes_null}

    def read_all(self, scope: Scope, value: Any, literal: bool, path: Path) -> Argument:
        """Return a list of rows: one parameter, or a tuple of mappings if any is nested."""
        if value is None:
            raise invalid("expected a list, but found null", path)
        given = value if is_list(value) else [value]
        cells = None if literal else self._plain_cells(given)
        if cells is not None:
            return self._parameter(scope, cells, path)
        rows = [self._row(scope, row, literal, (path, index)) for index, row in enumerate(given)]
        if any(row.nested for row in rows):
            return tuple([self._mapping(scope, row) for row in rows])
        return self._parameter(scope, [self._cells_of(row) for row in rows], path)

    def read_one(self, scope: Scope, value: Any, literal: bool, path: Path) -> Argument:
        """Return a single row: one parameter, or a mapping if it is nested."""
        row = self._row(scope, value, literal, path)
        if row.nested:
            return self._mapping(scope, row)
        return self._parameter(scope, [self._cells_of(row)], path)

    def _plain_cells(self, rows: list[Any]) -> list[dict[str, Any]] | None:
        """Return the cells of rows of JSON; None if there is more to them, or a fault."""
        cells, nulls = self._cells, self._nulls
        try:
            return [
                {
                    name: nulls[name] if value is None else cells[name](value)
                    for name, value in row.items()
                }
                for row in rows
            ]
        except (AttributeError, KeyError, BadValueError):
            return None

    def _row(self, scope: Scope, given: Any, literal: bool, path: Path) -> _Row:
        if isinstance(given, Variable):
            given, literal = scope.resolve(given, self._place, path)
        check_object(self._place.name, given, literal, path)
        columns: dict[str, Any] = {}
        nested: dict[str, tuple[Any, bool]] = {}
        for name, value in given.items():
            item = self._items.get(name)
            if item is None:
                raise unknown_key(self._place.name, name, literal, path)
            here = (path, name)
            resolved = (
                scope.resolve(value, item.place, here)
                if isinstance(value, Variable)
                else (value, literal)
            )
            if name in self._columns:
                columns[name] = self._columns[name].plain(scope, *resolved, here)
            elif not _is_empty(resolved[0], scope):
                nested[name] = resolved
        return _Row(path, columns, nested)

    def _cells_of(self, row: _Row) -> dict[str, Any]:
        return {
            name: None if value is None else self._cell(name, value, row.path)
            for name, value in row.columns.items()
        }

    def _cell(self, name: str, value: Any, path: Path) -> Any:
        try:
            return self._cells[name](value)
        except BadValueError as error:
            raise bad_value(error, (path, name)) from None

    def _mapping(self, scope: Scope, row: _Row) -> dict[str, Argument]:
        columns: dict[str, Argument] = {
            name: self._columns[name](scope, value, False, (row.path, name))
            for name, value in row.columns.items()
        }
        for name, (value, literal) in row.nested.items():
            columns[name] = self._items[name].read(scope, value, literal, (row.path, name))
        return columns

    def _parameter(self, scope: Scope, rows: list[dict[str, Any]], path: Path) -> Rows:
        try:
            text = json_text(rows)
        except BadValueError as error:
            raise bad_value(error, path) from None
        first = rows[0].keys() if rows else frozenset[str]()
        complete = all(row.keys() == first for row in rows)
        names = first if complete else frozenset[str]().union(*rows)
        scope.texts.append(text)
        return Rows(
            index=len(scope.texts) - 1,
            columns=tuple([name for name in self._columns if name in names]),
            complete=complete,
        )


def _is_empty(value: Any, scope: Scope) -> bool:
    """Tell whether what stands at a relationship inserts nothing."""
    if not is_object(value):
        return value is None
    data = value.get("data")
    if isinstance(data, Variable):
        data = scope.bound(data).value
    return is_list(data) and not data

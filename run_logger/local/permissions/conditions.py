"""Boolean expressions of permissions: read once, turned into SQL wherever they apply.

They are written in the names of Postgres and read all rows of other tables, whatever the role sees
of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import and_, false, literal_column, not_, or_, true

from run_logger.local.catalog import PgType
from run_logger.local.compiler.aggregate import aggregate_function
from run_logger.local.compiler.computed import computed_value
from run_logger.local.compiler.function import function_rows
from run_logger.local.metadata import as_mapping, table_name
from run_logger.local.model import ComputedField, Relationship, RelationshipAggregate
from run_logger.local.permissions.comparisons import Comparison, Comparisons, Place, all_of
from run_logger.local.permissions.comparisons import plain_name as plain
from run_logger.local.request.syntax import is_list
from run_logger.local.scalars import INTEGER
from run_logger.local.tracking.context import Inconsistent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import ColumnElement

    from run_logger.local.catalog import Name
    from run_logger.local.compiler.scope import Scope, Source
    from run_logger.local.model import TrackedTable


_AGGREGATES: Final = {
    "count": INTEGER,
    "bool_and": PgType(sql="boolean", name="bool"),
    "bool_or": PgType(sql="boolean", name="bool"),
}


class Condition(Protocol):
    """A part of a boolean expression."""

    def sql(self, place: Place) -> ColumnElement[bool]:
        """Return the condition on the row of the place."""
        ...


@dataclass(frozen=True, slots=True)
class OnRows:
    """A boolean expression as a `RowCondition`."""

    condition: Condition

    def __call__(self, scope: Scope, rows: Source, /) -> ColumnElement[bool]:
        """Return the condition on the source's row."""
        return self.condition.sql(Place(scope, rows, rows))


@dataclass(frozen=True, slots=True)
class AllOf:
    """That all hold."""

    items: tuple[Condition, ...]

    def sql(self, place: Place) -> ColumnElement[bool]:
        """Return the condition on the row of the place."""
        return and_(true(), *(item.sql(place) for item in self.items))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """That one holds."""

    items: tuple[Condition, ...]

    def sql(self, place: Place) -> ColumnElement[bool]:
        """Return the condition on the row of the place."""
        return or_(false(), *(item.sql(place) for item in self.items))


@dataclass(frozen=True, slots=True)
class Not:
    """That it does not hold."""

    item: Condition

    def sql(self, place: Place) -> ColumnElement[bool]:
        """Return the condition on the row of the place."""
        return not_(self.item.sql(place))


@dataclass(frozen=True, slots=True)
class OnColumn:
    """Comparisons of a column."""

    column: str
    comparisons: tuple[Comparison, ...]

    def sql(self, place: Place) -> ColumnElement[bool]:
        """Return the condition on the row of the place."""
        return all_of(self.comparisons, place.rows.column(self.column), place)


@dataclass(frozen=True, slots=True)
class OnComputed:
    """Comparisons of a computed field."""

    field: ComputedField
    comparisons: tuple[Comparison, ...]

    def sql(self, place: Place) -> ColumnElement[bool]:
        """Return the condition on the row of the place."""
        return all_of(self.comparisons, computed_value(place.rows, self.field, {}, ""), place)


@dataclass(frozen=True, slots=True)
class OnComputedRows:
    """That there is such a row among those that a computed field returns."""

    field: ComputedField
    table: TrackedTable
    condition: Condition

    def sql(self, place: Place) -> ColumnElement[bool]:
        """Return the condition on the row of the place."""
        call = computed_value(place.rows, self.field, {}, "")
        return _exists(place, function_rows(place.scope, self.table, call), self.condition)


@dataclass(frozen=True, slots=True)
class OnRelated:
    """That there is such a related row."""

    relationship: Relationship
    table: TrackedTable
    condition: Condition

    def sql(self, place: Place) -> ColumnElement[bool]:
        """Return the condition on the row of the place."""
        rows = place.scope.whole(self.table)
        return _exists(place, rows, self.condition, rows.join(self.relationship, place.rows))


@dataclass(frozen=True, slots=True)
class OnAggregated:
    """Comparisons of an aggregate of the related rows.

    Attributes:
        operator: The aggregate: `count`, `bool_and` or `bool_or`.
        columns: The GraphQL names of its columns.
        unique: Whether equal values count once.
        condition: Which of the related rows count.
    """

    relationship: Relationship
    table: TrackedTable
    operator: str
    columns: tuple[str, ...]
    unique: bool
    condition: Condition
    comparisons: tuple[Comparison, ...]

    def sql(self, place: Place) -> ColumnElement[bool]:
        """Return the condition on the row of the place."""
        rows = place.scope.whole(self.table)
        aggregate = aggregate_function(
            place.scope, rows, self.operator, self.columns, unique=self.unique
        )
        related = rows.select(literal_column("1")).where(
            rows.join(self.relationship, place.rows),
            self.condition.sql(Place(place.scope, rows, place.root)),
        )
        return related.having(all_of(self.comparisons, aggregate, place)).exists()


@dataclass(frozen=True, slots=True)
class Exists:
    """That there is such a row in a table, related or not."""

    table: TrackedTable
    condition: Condition

    def sql(self, place: Place) -> ColumnElement[bool]:
        """Return the condition."""
        return _exists(place, place.scope.whole(self.table), self.condition)


def _exists(
    place: Place, rows: Source, condition: Condition, *conditions: ColumnElement[bool]
) -> ColumnElement[bool]:
    inner = condition.sql(Place(place.scope, rows, place.root))
    return rows.select(literal_column("1")).where(*conditions, inner).exists()


class Conditions:
    """Reads the boolean expressions of the permissions on one table.

    Args:
        tables: The tracked tables, as an administrator sees them.
        root: The table that the permissions are on.
    """

    def __init__(self, tables: Mapping[Name, TrackedTable], root: TrackedTable) -> None:
        self._tables = tables
        self._root = root

    def read(self, given: Any) -> OnRows | None:
        """Read a boolean expression; None stands for one that always holds.

        Raises:
            Inconsistent: It names what does not exist, or is no boolean expression.
        """
        return OnRows(self._expression(self._root, given)) if given else None

    def _expression(self, table: TrackedTable, given: Any) -> Condition:
        expression = as_mapping(given)
        if expression is None:
            raise Inconsistent(f"{given!r} is no boolean expression")
        parts = tuple(self._part(table, name, value) for name, value in expression.items())
        return parts[0] if len(parts) == 1 else AllOf(parts)

    def _part(self, table: TrackedTable, name: str, value: Any) -> Condition:
        match plain(name):
            case "_and":
                return AllOf(tuple(self._list(table, value)))
            case "_or":
                return AnyOf(tuple(self._list(table, value)))
            case "_not":
                return Not(self._expression(table, value))
            case "_exists":
                return self._exists(value)
            case _:
                return self._field(table, name, value)

    def _list(self, table: TrackedTable, value: Any) -> Iterator[Condition]:
        if not is_list(value):
            raise Inconsistent(f"a list of boolean expressions is expected, and not {value!r}")
        return (self._expression(table, item) for item in value)

    def _exists(self, value: Any) -> Condition:
        given = {plain(name): item for name, item in (as_mapping(value) or {}).items()}
        if "_table" not in given:
            raise Inconsistent("_exists needs a _table and a _where")
        target = self._table(table_name(given["_table"]))
        return Exists(target, self._expression(target, given.get("_where") or {}))

    def _table(self, name: Name) -> TrackedTable:
        if name not in self._tables:
            raise Inconsistent(f'table "{name}" is not tracked')
        return self._tables[name]

    def _field(self, table: TrackedTable, name: str, value: Any) -> Condition:
        column = table.table.column(name)
        if column is not None:
            compare = Comparisons(column.type, column.nullable, table.table, self._root.table)
            return OnColumn(name, compare.read(value))
        match table.fields.get(name):
            case Relationship() as item:
                target = self._table(item.target)
                return OnRelated(item, target, self._expression(target, value))
            case RelationshipAggregate() as item:
                return self._aggregated(item.relationship, value)
            case ComputedField(arguments=()) as item:
                return self._computed(table, item, value)
            case _:
                raise Inconsistent(f'"{name}" does not exist in table "{table.table.name}"')

    def _aggregated(self, relationship: Relationship, value: Any) -> Condition:
        given = as_mapping(value) or {}
        operator, body = next(iter(given.items()), ("", None))
        predicate = as_mapping(body) or {}
        if len(given) != 1 or operator not in _AGGREGATES or "predicate" not in predicate:
            raise Inconsistent(f"one of {', '.join(_AGGREGATES)} is expected, with a `predicate`")
        target = self._table(relationship.target)
        compare = Comparisons(_AGGREGATES[operator], True, target.table, self._root.table)
        return OnAggregated(
            relationship,
            target,
            operator,
            tuple(self._aggregated_columns(target, predicate.get("arguments"))),
            bool(predicate.get("distinct")),
            self._expression(target, predicate.get("filter") or {}),
            compare.read(predicate["predicate"]),
        )

    def _aggregated_columns(self, table: TrackedTable, given: Any) -> Iterator[str]:
        names = {item.column.name: item.name for item in table.columns}
        for name in given if is_list(given) else [given] if given else []:
            if name not in names:
                raise Inconsistent(f'"{name}" does not exist in table "{table.table.name}"')
            yield names[name]

    def _computed(self, table: TrackedTable, item: ComputedField, value: Any) -> Condition:
        if item.target is None:
            compare = Comparisons(item.returns, True, table.table, self._root.table)
            return OnComputed(item, compare.read(value))
        target = self._table(item.target)
        return OnComputedRows(item, target, self._expression(target, value))

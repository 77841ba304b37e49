"""Comparisons in permissions: of a column with a value, with another column, with null."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import and_, or_, true

from run_logger.local.catalog import PgType
from run_logger.local.compiler.scope import cast_to
from run_logger.local.compiler.where import OPERATORS, compared
from run_logger.local.metadata import as_mapping
from run_logger.local.permissions.values import read_value, read_values
from run_logger.local.request.syntax import is_list
from run_logger.local.scalars import TEXT
from run_logger.local.tracking.context import Inconsistent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import ColumnElement

    from run_logger.local.catalog import Table
    from run_logger.local.compiler.scope import Scope, Source
    from run_logger.local.model import Preset

_COLUMN_OPERATORS: Final = {
    "_ceq": "_eq",
    "_cne": "_neq",
    "_cneq": "_neq",
    "_cgt": "_gt",
    "_clt": "_lt",
    "_cgte": "_gte",
    "_clte": "_lte",
}
# What the operators take that do not take a value of the column's type.
_JSONPATH: Final = PgType(sql="jsonpath", name="jsonpath")
_VALUE_TYPES: Final = {
    "_has_key": TEXT,
    "_jsonb_path_exists": _JSONPATH,
    "_jsonb_path_match": _JSONPATH,
    "_matches": PgType(sql="lquery", name="lquery"),
    "_matches_fulltext": PgType(sql="ltxtquery", name="ltxtquery"),
}
_LIST_TYPES: Final[Mapping[str, PgType | None]] = {
    "_in": None,
    "_nin": None,
    "_has_keys_any": TEXT,
    "_has_keys_all": TEXT,
    "_ancestor_any": None,
    "_descendant_any": None,
    "_matches_any": PgType(sql="lquery", name="lquery"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a condition stands.

    Attributes:
        scope: The statement's scope.
        rows: The rows that it is on.
        root: The rows that the permission is on.
    """

    scope: Scope
    rows: Source
    root: Source


class Comparison(Protocol):
    """A comparison of some value."""

    def sql(self, operand: ColumnElement[Any], place: Place) -> ColumnElement[bool]:
        """Return the comparison of the operand."""
        ...


@dataclass(frozen=True, slots=True)
class ToValue:
    """A comparison with a value; a null-safe one takes two nulls as equal."""

    operator: str
    value: Preset
    null_safe: bool

    def sql(self, operand: ColumnElement[Any], place: Place) -> ColumnElement[bool]:
        """Return the comparison of the operand."""
        del place
        value = self.value()
        if self.null_safe and self.operator == "_eq":
            return or_(operand == value, and_(operand.is_(None), value.is_(None)))
        if self.null_safe and self.operator == "_neq":
            return operand.is_distinct_from(value)
        return compared(operand, self.operator, value)


@dataclass(frozen=True, slots=True)
class ToColumn:
    """A comparison with a column of the same row, or of the row that the permission is on."""

    operator: str
    column: str
    of_root: bool

    def sql(self, operand: ColumnElement[Any], place: Place) -> ColumnElement[bool]:
        """Return the comparison of the operand."""
        rows = place.root if self.of_root else place.rows
        return compared(operand, self.operator, rows.column(self.column))


@dataclass(frozen=True, slots=True)
class IsNull:
    """The test whether a value is null, or is not."""

    expected: bool

    def sql(self, operand: ColumnElement[Any], place: Place) -> ColumnElement[bool]:
        """Return the test of the operand."""
        del place
        return operand.is_(None) if self.expected else operand.is_not(None)


@dataclass(frozen=True, slots=True)
class AsText:
    """Comparisons of a JSON value's text."""

    comparisons: tuple[Comparison, ...]

    def sql(self, operand: ColumnElement[Any], place: Place) -> ColumnElement[bool]:
        """Return the comparisons of the operand's text."""
        return all_of(self.comparisons, cast_to(operand, TEXT), place)


def all_of(
    comparisons: tuple[Comparison, ...], operand: ColumnElement[Any], place: Place
) -> ColumnElement[bool]:
    """Return the condition that all comparisons of the operand hold."""
    return and_(true(), *(item.sql(operand, place) for item in comparisons))


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Reads the comparisons of a value of some type.

    Attributes:
        type: The type.
        nullable: Whether the value may be null.
        table: The table whose columns it can be compared with.
        root: The table that the permission is on.
    """

    type: PgType
    nullable: bool
    table: Table
    root: Table

    def read(self, given: Any) -> tuple[Comparison, ...]:
        """Read what stands at a column: operators with values, or a value that it equals.

        Raises:
            Inconsistent: An operator is unknown, or its value is not what it takes.
        """
        operators = as_mapping(given)
        if operators is None:
            return (ToValue("_eq", read_value(given, self.type), null_safe=True),)
        return tuple(self._read(operators))

    def _read(self, operators: Mapping[str, Any]) -> Iterator[Comparison]:
        for name, value in operators.items():
            yield self._one(plain_name(name), value)

    def _one(self, name: str, value: Any) -> Comparison:
        name = "_neq" if name == "_ne" else name
        if name == "_is_null":
            return IsNull(bool(value))
        if name == "_cast":
            return self._cast(value)
        if name in _COLUMN_OPERATORS:
            return self._column(_COLUMN_OPERATORS[name], value)
        if name in _LIST_TYPES:
            element = _LIST_TYPES[name] or self.type
            return ToValue(name, read_values(value, element), null_safe=False)
        if name not in OPERATORS:
            raise Inconsistent(f"unknown operator: {name}")
        type_ = _VALUE_TYPES.get(name, self.type)
        return ToValue(name, read_value(value, type_), null_safe=self.nullable)

    def _cast(self, value: Any) -> Comparison:
        as_text = Comparisons(TEXT, self.nullable, self.table, self.root)
        casts: Mapping[str, Any] = as_mapping(value) or {}
        return AsText(tuple(item for given in casts.values() for item in as_text.read(given)))

    def _column(self, operator: str, value: Any) -> Comparison:
        """Read a column: its name, `[name]`, or `["$", name]` for one of the root."""
        *root, name = value if is_list(value) else [value]
        table = self.root if root == ["$"] else self.table
        if root not in ([], ["$"]) or not isinstance(name, str) or table.column(name) is None:
            raise Inconsistent(f"{value!r} is no column that can be compared with")
        return ToColumn(operator, name, of_root=bool(root))


def plain_name(name: str) -> str:
    """Return an operator's name with the underscore in place of the older dollar sign."""
    return f"_{name[1:]}" if name.startswith("$") else name

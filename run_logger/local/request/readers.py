"""Readers of single values and lists of them: what a place takes, and the argument it becomes.

A reader is called with the scope, the value (no variable), whether the value is a literal of the
query, and its path.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from graphql import GraphQLEnumType

from run_logger.local.annotations import PLACEHOLDER
from run_logger.local.catalog import PgType
from run_logger.local.request.columns import (
    BadValueError,
    array_text,
    cell_of,
    text_of,
    whole_number,
)
from run_logger.local.request.json_paths import parse_json_path
from run_logger.local.request.paths import invalid, mismatch
from run_logger.local.request.syntax import EnumName, Variable, is_list
from run_logger.local.scalars import TEXT, array_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphql import GraphQLNamedType

    from run_logger.local.errors import HasuraError
    from run_logger.local.operation import Argument, Value
    from run_logger.local.request.columns import Cell
    from run_logger.local.request.paths import Path
    from run_logger.local.request.syntax import TypeRef
    from run_logger.local.request.variables import Scope

Read: TypeAlias = "Callable[[Scope, Any, bool, Path], Argument]"

_BIGINT: Final = PgType(sql="bigint", name="int8")
_TEXTS: Final = array_of(TEXT)
_INT_BOUNDS: Final = (-(2**31), 2**31 - 1)
_BIGINT_BOUNDS: Final = (-(2**63), 2**63 - 1)


def bad_value(error: BadValueError, path: Path) -> HasuraError:
    """Return the error of a value that its Postgres type does not take."""
    return invalid(str(error), path, "parse-failed")


@dataclass(frozen=True, slots=True)
class ColumnReader:
    """Reads a value of a Postgres type; it becomes a parameter.

    Attributes:
        type: The Postgres type.
        named: The GraphQL type: its name stands in messages, and an enum holds the values.
        takes_null: Whether null is NULL, and no error.
    """

    type: PgType
    named: GraphQLNamedType
    takes_null: bool

    def __call__(self, scope: Scope, value: Any, literal: bool, path: Path) -> Value:
        """Return the parameter."""
        plain = self.plain(scope, value, literal, path)
        try:
            return scope.parameter(text_of(self.type, plain), self.type)
        except BadValueError as error:
            raise bad_value(error, path) from None

    def plain(self, scope: Scope, value: Any, literal: bool, path: Path) -> Any:
        """Return the value as JSON, checked but for what the Postgres type takes."""
        if value is None and not self.takes_null:
            raise invalid(f"unexpected null value for type '{self.named.name}'", path)
        if isinstance(self.named, GraphQLEnumType) and value is not None:
            return enum_name(self.named, value, literal, path)
        return scope.as_json(value) if literal else value

    @property
    def cell(self) -> Cell:
        """What makes a JSON value that is not null a cell of the JSON of rows."""
        if isinstance(self.named, GraphQLEnumType):
            return _enum_cell(self.named)
        return cell_of(self.type)


def _enum_cell(type_: GraphQLEnumType) -> Cell:
    def cell(value: Any) -> str:
        if isinstance(value, str) and value in type_.values:
            return value
        raise BadValueError(f"no value of {type_.name}")

    return cell


@dataclass(frozen=True, slots=True)
class ValueListReader:
    """Reads a list of values of a Postgres type, as `_in` takes; it becomes one parameter.

    Attributes:
        type: The array type.
        item: Reads a value of the list.
        item_place: The GraphQL type of the list's items.
        takes_null: Whether null is NULL, and no error.
    """

    type: PgType
    item: ColumnReader
    item_place: TypeRef
    takes_null: bool

    def __call__(self, scope: Scope, value: Any, literal: bool, path: Path) -> Value:
        """Return the parameter."""
        if value is None and self.takes_null:
            return scope.parameter(None, self.type)
        items = [
            self.item.plain(scope, *given) for given in items_of(scope, self, value, literal, path)
        ]
        try:
            return scope.parameter(array_text(self.item.type, items), self.type)
        except BadValueError as error:
            raise bad_value(error, path) from None


@dataclass(frozen=True, slots=True)
class ListReader:
    """Reads a list; it becomes a tuple."""

    item: Read
    item_place: TypeRef

    def __call__(self, scope: Scope, value: Any, literal: bool, path: Path) -> Argument:
        """Return the tuple."""
        given = items_of(scope, self, value, literal, path)
        return tuple([self.item(scope, *item) for item in given])


def items_of(
    scope: Scope, reader: ListReader | ValueListReader, value: Any, literal: bool, path: Path
) -> list[tuple[Any, bool, Path]]:
    """Return the items of a list with their paths; a single value stands for a list of one.

    Raises:
        HasuraError: If the value is null, or a variable does not fit among the items.
    """
    if value is None:
        raise invalid("expected a list, but found null", path)
    items = value if is_list(value) else [value]
    found: list[tuple[Any, bool, Path]] = []
    for index, item in enumerate(items):
        here = (path, index)
        if isinstance(item, Variable):
            found.append((*scope.resolve(item, reader.item_place, here), here))
        else:
            found.append((item, literal, here))
    return found


@dataclass(frozen=True, slots=True)
class EnumReader:
    """Reads a value of an enum that is part of the operation's structure."""

    type: GraphQLEnumType

    def __call__(self, _scope: Scope, value: Any, literal: bool, path: Path) -> str:
        """Return the name of the value."""
        name = enum_name(self.type, value, literal, path)
        if name == PLACEHOLDER:
            raise invalid("erroneous column name", _above(_above(path)))
        return name


def enum_name(type_: GraphQLEnumType, value: Any, literal: bool, path: Path) -> str:
    """Return the name of an enum's value: a bare name in the query, a string in variables.

    Raises:
        HasuraError: If it is neither, or not among the enum's values.
    """
    if literal and isinstance(value, EnumName):
        name = value.name
    elif isinstance(value, str) and not literal:
        name = value
    else:
        raise mismatch(type_.name, "an enum value", value, literal, path)
    if name in type_.values:
        return name
    known = ", ".join(f"'{known}'" for known in type_.values)
    raise invalid(
        f"expected one of the values [{known}] for type '{type_.name}', but found '{name}'", path
    )


def read_boolean(_scope: Scope, value: Any, literal: bool, path: Path) -> bool:
    """Return a Boolean, which is part of the operation's structure."""
    if isinstance(value, bool):
        return value
    raise mismatch("Boolean", "a boolean", value, literal, path)


def read_int(_scope: Scope, value: Any, literal: bool, path: Path) -> int:
    """Return an Int of 32 bits, which is part of the operation's structure."""
    if not _is_integer_like(value, literal):
        raise mismatch("Int", "a 32-bit integer", value, literal, path)
    return _whole(value, _INT_BOUNDS, path)


def read_string(_scope: Scope, value: Any, literal: bool, path: Path) -> str:
    """Return a String, which is part of the operation's structure."""
    if isinstance(value, str):
        return value
    raise mismatch("String", "a string", value, literal, path)


# The scalars that an item without a Postgres type can have.
BUILT_IN: Final[Mapping[str, Read]] = {
    "Boolean": read_boolean,
    "Int": read_int,
    "String": read_string,
}


def read_limit(scope: Scope, value: Any, literal: bool, path: Path) -> Value:
    """Return a number of rows as a parameter: an Int that is not negative."""
    if not _is_integer_like(value, literal) or value < 0:
        raise mismatch("Int", "a non-negative 32-bit integer", value, literal, path)
    return scope.parameter(str(_whole(value, _INT_BOUNDS, path)), _BIGINT)


def read_offset(scope: Scope, value: Any, literal: bool, path: Path) -> Value:
    """Return an offset as a parameter: an integer of 64 bits, or its digits as a string."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return scope.parameter(str(_whole(Decimal(value), _BIGINT_BOUNDS, path)), _BIGINT)
    if not _is_integer_like(value, literal):
        expected = "a 32-bit integer, or a 64-bit integer represented as a string"
        raise mismatch("Int", expected, value, literal, path)
    return scope.parameter(str(_whole(value, _BIGINT_BOUNDS, path)), _BIGINT)


def read_json_path(scope: Scope, value: Any, literal: bool, path: Path) -> Argument:
    """Return a JSON path as a parameter of type text[], None for the whole document."""
    text = read_string(scope, value, literal, path)
    try:
        steps = parse_json_path(text)
    except ValueError as error:
        raise invalid(f"parse json path error: {error}", _above(path)) from None
    return scope.parameter(array_text(TEXT, steps), _TEXTS) if steps else None


def _above(path: Path) -> Path:
    return path[0] if isinstance(path, tuple) else path


def _is_integer_like(value: Any, literal: bool) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool)
    # In a query 1.0 is a Float; in JSON it is as good a 1 as any.
    return not literal and isinstance(value, (float, Decimal))


def _whole(value: Any, bounds: tuple[int, int], path: Path) -> int:
    try:
        return whole_number(value, *bounds)
    except BadValueError as error:
        raise bad_value(error, path) from None

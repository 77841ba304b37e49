"""Values in permissions: of the metadata itself, or session variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import array

from run_logger.local.compiler.scope import cast_to, constant, session_variable
from run_logger.local.request.columns import BadValueError, array_text, text_of
from run_logger.local.request.syntax import is_list
from run_logger.local.scalars import array_of
from run_logger.local.tracking.context import Inconsistent

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from run_logger.local.catalog import PgType
    from run_logger.local.model import Preset

_VARIABLE = "x-hasura-"


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands in the metadata, as the text that Postgres casts to the type."""

    text: str | None
    type: PgType

    def __call__(self) -> ColumnElement[Any]:
        """Return the value as SQL."""
        return constant(self.text, self.type)


@dataclass(frozen=True, slots=True)
class Variable:
    """The session variable of that name, in lower case."""

    name: str
    type: PgType

    def __call__(self) -> ColumnElement[Any]:
        """Return the value as SQL."""
        return session_variable(self.name, self.type)


@dataclass(frozen=True, slots=True)
class Listed:
    """An array of values, some of which are session variables."""

    items: tuple[Preset, ...]
    type: PgType

    def __call__(self) -> ColumnElement[Any]:
        """Return the array as SQL."""
        return cast_to(array([item() for item in self.items]), self.type)


def read_value(value: Any, type_: PgType) -> Preset:
    """Read a value of a Postgres type.

    Args:
        value: JSON; a string like `X-Hasura-User-Id` is a session variable.
        type_: The type.

    Raises:
        Inconsistent: The type does not take the value.
    """
    if is_variable(value):
        return Variable(value.lower(), type_)
    try:
        return Constant(text_of(type_, value), type_)
    except BadValueError as error:
        raise Inconsistent(str(error)) from error


def read_values(value: Any, element: PgType) -> Preset:
    """Read a list of values of a Postgres type; a session variable may stand for all of it.

    Raises:
        Inconsistent: It is no list, or the type does not take a value of it.
    """
    type_ = array_of(element)
    if is_variable(value):
        return Variable(value.lower(), type_)
    if not is_list(value):
        raise Inconsistent(f"a list is expected, and not {value!r}")
    if any(is_variable(item) for item in value):
        return Listed(tuple(read_value(item, element) for item in value), type_)
    try:
        return Constant(array_text(element, value), type_)
    except BadValueError as error:
        raise Inconsistent(str(error)) from error


def is_variable(value: Any) -> bool:
    """Tell whether a value names a session variable."""
    return isinstance(value, str) and value.lower().startswith(_VARIABLE)

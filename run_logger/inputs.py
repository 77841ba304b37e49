"""The base of the generated input types: what goes into a mutation, a filter, an order.

An input holds the fields that were given and no others: what is left out is not sent, and an
explicit None is sent as null. It is no pydantic model: building one of a few hundred filters that
refer to each other would build them all, and what is sent is checked by the server anyway.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["DEFAULT", "UNSET", "Input", "UnsetType", "Wire", "field_names"]

DEFAULT: Any = None
"""Stands where the schema gives a field a default: what is left out takes it, at the server."""


class UnsetType:
    """The type of the value that stands for "not given" among a method's arguments."""

    def __repr__(self) -> str:
        """Show it as it is written."""
        return "UNSET"

    def __bool__(self) -> bool:
        """Return False."""
        return False


UNSET = UnsetType()
"""Stands for "not given": the variable is not sent, whereas None is sent as null."""


class Wire(NamedTuple):
    """How a field is sent where its value does not go as it is under its Python name.

    Attributes:
        name: The field's name in the schema.
        convert: Makes a value that JSON can take of one that it cannot, None for "as it is".
    """

    name: str
    convert: Callable[[Any], Any] | None = None


class _Fields(NamedTuple):
    """The Python names of an input's fields, and those of them that differ by the schema's."""

    names: frozenset[str]
    python_names: dict[str, str]


@dataclass_transform(kw_only_default=True)
class Input:  # noqa: PLW1641  (it can change, so it has no hash)
    """An input object of the schema.

    Args:
        fields: Values by name; a name that the type does not have is an error, since a filter
            without its condition would match every row.

    Raises:
        ValueError: A field is unknown, or a required one is missing.
    """

    __wire__: ClassVar[Mapping[str, Wire]] = {}
    __required__: ClassVar[frozenset[str]] = frozenset()
    __known__: ClassVar[_Fields | None] = None

    def __init__(self, /, **fields: Any) -> None:
        known = type(self).__dict__.get("__known__") or _learn(type(self))
        if not fields.keys() <= known.names:
            fields = {_python_name(type(self), name): value for name, value in fields.items()}
        if not self.__required__ <= fields.keys():
            missing = sorted(self.__required__ - fields.keys())
            raise ValueError(f"{type(self).__name__} needs {', '.join(missing)}")
        self.__dict__.update(fields)

    if not TYPE_CHECKING:  # a type checker that saw it would let every name be set

        def __setattr__(self, name: str, value: Any) -> None:
            self.__dict__[_python_name(type(self), name)] = value

    def __repr__(self) -> str:
        """Show the type and the fields that were given."""
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({fields})"

    def __eq__(self, other: object) -> bool:
        """Return whether the other is of the same type, with the same fields given."""
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __json__(self) -> dict[str, Any]:
        """Return the fields that were given as they are sent: by the schema's names.

        Raises:
            ValueError: A value does not fit its scalar, such as a time without its zone.
        """
        fields, wire = self.__dict__, self.__wire__
        if wire.keys().isdisjoint(fields):
            return fields
        sent: dict[str, Any] = {}
        for name, value in fields.items():
            way = wire.get(name)
            if way is None:
                sent[name] = value
            else:
                sent[way.name] = value if way.convert is None else way.convert(value)
        return sent


def field_names(input_type: type[Input]) -> set[str]:
    """Return the names of an input's fields, as the schema has them."""
    wire = input_type.__wire__
    return {wire[name].name if name in wire else name for name in _learn(input_type).names}


def _learn(input_type: type[Input]) -> _Fields:
    """Return the names of a type's fields, and keep them with the type."""
    own = input_type.__dict__.get("__annotations__", {})
    names = frozenset(name for name in own if not name.startswith("__"))
    python_names = {wire.name: name for name, wire in input_type.__wire__.items()}
    input_type.__known__ = _Fields(names, python_names)
    return input_type.__known__


def _python_name(input_type: type[Input], name: str) -> str:
    """Return the Python name of a field that is given by that name or by the schema's."""
    known = _learn(input_type)
    if name in known.names:
        return name
    if name in known.python_names:
        return known.python_names[name]
    near = get_close_matches(name, known.names, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"{input_type.__name__} has no field {name}{hint}")

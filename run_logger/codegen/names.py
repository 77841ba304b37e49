"""Python names for GraphQL names that Python, pydantic or the generated code need."""

from __future__ import annotations

import builtins
import re
from enum import Enum
from keyword import iskeyword
from typing import TYPE_CHECKING

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

GENERATED_MODULES = frozenset(
    {"base_client", "base_model", "client", "enums", "fragments", "input_types", "operations"}
)
"""Modules of a generated package that no operation's module may replace."""

_BUILTINS = frozenset(dir(builtins))
_BUILTIN_TYPES = frozenset(name for name in _BUILTINS if isinstance(getattr(builtins, name), type))
_READ_IN_MODELS = frozenset({"bool", "bytes", "dict", "float", "int", "list", "str"})
_MODEL_ATTRIBUTES = frozenset(name for name in dir(BaseModel) if not name.startswith("_"))
_ENUM_ATTRIBUTES = frozenset(dir(str)) | frozenset(dir(Enum)) | {"name", "value", "mro"}

IMPORTED = frozenset(
    {"Annotated", "Any", "AwareDatetime", "BaseClient", "BaseModel", "BeforeValidator", "Bytea"}
    | {"Client", "ClassVar", "Decimal", "Enum", "Field", "Interval", "Literal", "NaiveDatetime"}
    | {"Numeric", "Optional", "TYPE_CHECKING", "Timetz", "UNSET", "UUID", "Union", "UnsetType"}
    | {"date", "datetime", "time", "timedelta", "importlib"}
)
"""Names that the generated modules import or define beside what the schema names."""

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|[0-9]+")


def snake_case(name: str) -> str:
    """Return the name of the method for an operation: in lower case, words joined by `_`."""
    if name == name.lower():
        return name.strip("_") or "underscore"
    return "_".join(word.lower() for word in _WORD.findall(name)) or "underscore"


def pascal_case(name: str) -> str:
    """Return a name as a class has it: words begin with a capital, and no underscores."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_")) or "Underscore"


def unique_names(
    names: Iterable[str], python_name: Callable[[str], str], taken: Container[str] = frozenset()
) -> dict[str, str]:
    """Return a Python name for each name; those that can stay as they are do so.

    Args:
        names: Different GraphQL names.
        python_name: Makes a Python name of one, which may be another's.
        taken: Names that none may get.
    """
    names = list(names)
    result = {name: name for name in names if python_name(name) == name and name not in taken}
    given = set(result)
    for name in names:
        if name not in result:
            candidate = python_name(name)
            while candidate in given or candidate in taken:
                candidate += "_"
            given.add(candidate)
            result[name] = candidate
    return {name: result[name] for name in names}


def type_name(name: str) -> str:
    """Return the name of the class for an input or an enum of the schema.

    A leading underscore would make it private, to strict type checkers too.
    """
    bare = _public(name)
    return bare + "_" if bare in IMPORTED or bare in _BUILTINS or iskeyword(bare) else bare


def field_name(name: str) -> str:
    """Return the name of a model's field: no leading underscore, and nothing that pydantic has."""
    bare = _public(name)
    in_use = bare in _MODEL_ATTRIBUTES or bare in _READ_IN_MODELS or iskeyword(bare)
    return bare + "_" if in_use else bare


def input_name(name: str) -> str:
    """Return the name of an input's field: the schema's own wherever Python can have it."""
    bare = _public(name) if name.startswith("__") else name
    return bare + "_" if iskeyword(bare) else bare


def argument_name(name: str) -> str:
    """Return the name of a method's argument for the variable `name` of its operation."""
    bare = _public(name) if name.startswith("__") else name
    return bare + "_" if iskeyword(bare) or bare in _BUILTIN_TYPES else bare


def method_name(name: str) -> str:
    """Return the name of the method for an operation."""
    bare = snake_case(name)
    return bare + "_" if iskeyword(bare) or bare in _BUILTIN_TYPES else bare


def member_name(name: str) -> str:
    """Return the name of an enum's member; what `str` or `Enum` define keeps its meaning."""
    bare = _public(name)
    return bare + "_" if bare in _ENUM_ATTRIBUTES or iskeyword(bare) else bare


def _public(name: str) -> str:
    """Return a name without the underscores at its front, which would make it private."""
    bare = name.lstrip("_") or "underscore"
    return bare if bare.isidentifier() else f"field_{bare}"

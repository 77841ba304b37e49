"""Python names for GraphQL names that Python, pydantic or the generated code need."""

from __future__ import annotations

import builtins
from enum import Enum
from keyword import iskeyword

from pydantic import BaseModel

GENERATED_MODULES = frozenset(
    {"base_client", "base_model", "client", "enums", "fragments", "input_types", "operations"}
)
"""Modules of a generated package that no operation's module may replace."""

_ARGUMENTS_IN_USE = frozenset({"self", "variables", "data"})
_MODEL_ATTRIBUTES = frozenset(name for name in dir(BaseModel) if not name.startswith("_"))


_ENUM_ATTRIBUTES = frozenset(dir(str)) | frozenset(dir(Enum)) | {"name", "value", "mro"}


def safe_name(name: str) -> str:
    """Return `name`, with a trailing underscore where it is a keyword or a built-in type."""
    if iskeyword(name) or isinstance(getattr(builtins, name, None), type):
        return name + "_"
    return name


def field_name(name: str) -> str:
    """Return the name of a model's field: no leading underscore, and nothing that pydantic has.

    Args:
        name: The GraphQL name, or what a generator made of it.
    """
    bare = name.lstrip("_") or "underscore"
    if not bare.isidentifier() and not iskeyword(bare):
        bare = f"field_{bare}"
    return bare + "_" if bare in _MODEL_ATTRIBUTES else safe_name(bare)


def argument_name(name: str) -> str:
    """Return the name of a method's argument for the variable `name` of its operation."""
    return name + "_" if name in _ARGUMENTS_IN_USE else safe_name(name)


def member_name(name: str) -> str:
    """Return the name of an enum's member; what `str` or `Enum` define keeps its meaning."""
    bare = name.strip("_") if name.startswith("_") and name.endswith("_") else name
    return bare + "_" if bare != name or bare in _ENUM_ATTRIBUTES else safe_name(bare)

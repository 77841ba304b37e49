"""Spaces as they are written and stored, and spaces as they are searched.

What is written is JSON: a distribution is a mapping of keys that begin with `$`. What is searched
has the classes of `run_logger.distributions` in their place.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeGuard

from run_logger.distributions import (
    Choice,
    IntUniform,
    LogIntUniform,
    LogUniform,
    Uniform,
)
from run_logger.errors import ConfigError
from run_logger.json_objects import is_list, is_object
from run_logger.json_path import json_path
from run_logger.jsonify import jsonify

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from run_logger.distributions import Distribution

__all__ = ["read_space", "write_space"]

_NUMBERS: dict[str, type[Distribution]] = {
    "$uniform": Uniform,
    "$log_uniform": LogUniform,
    "$int_uniform": IntUniform,
    "$log_int_uniform": LogIntUniform,
}
_NAMES = {made_by: name for name, made_by in _NUMBERS.items()}
_ENDS = 2


def write_space(space: Any) -> Any:
    """Return a space as JSON, each distribution as the mapping that stands for it.

    Args:
        space: A nested space of any values that `jsonify` takes, with distributions among them.

    Raises:
        TypeError: A value has no JSON form; the message names its path.
    """
    return jsonify(_written(space))


def read_space(written: Any) -> Any:
    """Return a space with the distributions in it that it was written with.

    Args:
        written: The space as JSON.

    Raises:
        ConfigError: A distribution is unknown, or cannot be drawn from; the message names its path.
    """
    return _read(written, ())


def _written(space: Any) -> Any:
    if isinstance(space, Choice):
        return {"$choice": [_written(item) for item in space.items], "$weights": space.weights}
    if type(space) in _NAMES:
        return {_NAMES[type(space)]: [*asdict(space).values()]}
    if is_object(space):
        return {key: _written(value) for key, value in space.items()}
    if _is_sequence(space):
        return [_written(item) for item in space]
    return space


def _is_sequence(space: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(space, (list, tuple))


def _read(written: Any, steps: tuple[Any, ...]) -> Any:
    if is_list(written):
        return [_read(item, (*steps, index)) for index, item in enumerate(written)]
    if not is_object(written):
        return written
    if any(_is_reserved(key) for key in written):
        return _distribution(written, steps)
    return {
        key.removeprefix("$") if key.startswith("$$") else key: _read(value, (*steps, key))
        for key, value in written.items()
    }


def _is_reserved(key: str) -> bool:
    return key.startswith("$") and not key.startswith("$$")


def _distribution(written: Mapping[str, Any], steps: tuple[Any, ...]) -> Distribution | Choice:
    try:
        return _made(written, steps)
    except ConfigError as error:
        place = json_path(steps) or "the space"
        raise ConfigError(f"{place}: {error.problem}", remedy=error.remedy) from error


def _made(written: Mapping[str, Any], steps: tuple[Any, ...]) -> Distribution | Choice:
    if set(written) == {"$choice", "$weights"}:
        items = written["$choice"]
        read = _read(items, (*steps, "$choice")) if is_list(items) else items
        return Choice(read, written["$weights"])
    (name, ends), *others = written.items()
    if name not in _NUMBERS or others:
        raise ConfigError(
            f"{' '.join(written)} is no distribution",
            remedy=f"Those are {', '.join(_NUMBERS)}, and $choice with $weights. A parameter"
            f" with such a name is written with another $: {'$' + name}.",
        )
    if not is_list(ends) or len(ends) != _ENDS:
        raise ConfigError(
            f"{name} takes two numbers, and not {ends!r}", remedy=f"Write {{{name}: [low, high]}}."
        )
    return _NUMBERS[name](*ends)

"""Parameter spaces: every point in order, a random point, how many there are, and the k-th.

A space is nested. A mapping is the product of its values, a list or tuple is a choice among its
items, and anything else is itself. `{"": space}` stands for `space`, which lets a choice stand
at the root; beside other keys, `""` is a key as any other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from run_logger.errors import ConfigError
from run_logger.json_path import json_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

__all__ = ["empty_choice", "nth_point", "param_generator", "param_sampler", "space_size"]


def param_generator(space: Any) -> Iterator[Any]:
    """Yield every point of a space, the last key of a mapping moving fastest.

    Args:
        space: A nested space, as the module describes it.

    Yields:
        A dict for a mapping, else one of the choices. An empty list has no points.
    """
    if _is_product(space):
        yield from param_generator(space[""]) if _is_wrapper(space) else _product([*space.items()])
    elif _is_choice(space):
        for item in space:
            yield from param_generator(item)
    else:
        yield space


def param_sampler(space: Any, rng: np.random.Generator) -> Any:
    """Draw one point of a space: `rng.choice` once for each list on the way, keys in order.

    Args:
        space: A nested space, as the module describes it.
        rng: The generator to draw from; the same seed draws the same point.

    Returns:
        A dict for a mapping, else one of the choices.

    Raises:
        ConfigError: The draw comes to an empty list.
    """
    return _draw(space, rng, ())


def space_size(space: Any) -> int:
    """Return the number of points of a space; each counts as often as the space spells it.

    Args:
        space: A nested space, as the module describes it.
    """
    if _is_product(space):
        return math.prod(space_size(value) for value in space.values())
    if _is_choice(space):
        return sum(space_size(item) for item in space)
    return 1


def nth_point(space: Any, k: int) -> Any:
    """Return point `k` of `param_generator(space)` without walking the points before it.

    Args:
        space: A nested space, as the module describes it.
        k: From 0 up to `space_size(space)`, that excluded.

    Raises:
        IndexError: The space has no point `k`.
    """
    size = space_size(space)
    if not 0 <= k < size:
        raise IndexError(f"there is no point {k} in a parameter space of {size} points")
    return _point(space, k)


def empty_choice(space: Any) -> str | None:
    """Return the path of the first empty list in a space, None where there is none.

    Args:
        space: A nested space, as the module describes it.
    """
    return next((json_path(steps) for steps in _empty_choices(space, ())), None)


def _is_product(space: Any) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(space, Mapping)


def _is_wrapper(space: Mapping[Any, Any]) -> bool:
    return tuple(space) == ("",)


def _is_choice(space: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(space, (list, tuple))


def _product(items: Sequence[tuple[Any, Any]]) -> Iterator[dict[Any, Any]]:
    if not items:
        yield {}
        return
    (key, values), *others = items
    for value in param_generator(values):
        for rest in _product(others):
            yield {key: value, **rest}


def _draw(space: Any, rng: np.random.Generator, steps: tuple[Any, ...]) -> Any:
    if _is_product(space):
        if _is_wrapper(space):
            return _draw(space[""], rng, steps)
        return {key: _draw(value, rng, (*steps, key)) for key, value in space.items()}
    if not _is_choice(space):
        return space
    if not space:
        raise ConfigError(
            f"there is nothing to choose from: {json_path(steps) or 'the space'} is an empty list",
            remedy="Give it at least one value.",
        )
    index = int(rng.choice(len(space)))
    return _draw(space[index], rng, (*steps, index))


def _point(space: Any, k: int) -> Any:
    if _is_product(space):
        return _point(space[""], k) if _is_wrapper(space) else _point_of_product(space, k)
    if not _is_choice(space):
        return space
    for item in space:
        size = space_size(item)
        if k < size:
            return _point(item, k)
        k -= size
    raise AssertionError("the caller keeps k below the size")


def _point_of_product(space: Mapping[Any, Any], k: int) -> dict[Any, Any]:
    """Read `k` as a number whose digits are the keys, the last key the lowest digit."""
    digits: dict[Any, int] = {}
    for key in reversed([*space]):
        k, digits[key] = divmod(k, space_size(space[key]))
    return {key: _point(value, digits[key]) for key, value in space.items()}


def _empty_choices(space: Any, steps: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if _is_product(space):
        for key, value in space.items():
            yield from _empty_choices(value, steps if _is_wrapper(space) else (*steps, key))
    elif _is_choice(space):
        if not space:
            yield steps
        for index, item in enumerate(space):
            yield from _empty_choices(item, (*steps, index))

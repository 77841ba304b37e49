"""Parameter spaces: every point in order, a random point, how many there are, and the k-th.

A space is nested. A mapping is the product of its values, a list or tuple is a choice among its
items, and anything else is itself. `{"": space}` stands for `space`, which lets a choice stand
at the root; beside other keys, `""` is a key as any other.

Where a point is drawn, a space may hold distributions too (`run_logger.distributions`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from run_logger.distributions import Choice, Distribution
from run_logger.errors import ConfigError
from run_logger.json_path import json_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    import numpy as np

    Part: TypeAlias = Distribution | Choice | Sequence[Any]

__all__ = [
    "Chooser",
    "chosen_point",
    "distributions_of",
    "empty_choice",
    "nth_point",
    "param_generator",
    "param_sampler",
    "space_size",
]


_SIMPLE = frozenset({bool, int, float, str, type(None)})
"""What most items of a choice are: told apart from a space at once, a long list costs little."""


class Chooser(Protocol):
    """Decides at each place of a space; a place is named as in `net.layers[1]`."""

    def choose(self, place: str, count: int, probabilities: Sequence[float] | None) -> int:
        """Return which of so many items to take, from 0; without probabilities all are alike."""
        ...

    def draw(self, place: str, distribution: Distribution) -> float:
        """Return a value of a distribution."""
        ...


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
    return chosen_point(space, _RandomChooser(rng))


def chosen_point(space: Any, chooser: Chooser) -> Any:
    """Return the point of a space that somebody chooses, place by place, keys in order.

    Args:
        space: A nested space, as the module describes it.
        chooser: Is asked at each list and distribution on the way.

    Raises:
        ConfigError: The way comes to an empty list.
    """
    return _chosen(space, chooser, ())


def space_size(space: Any) -> int:
    """Return the number of points of a space; each counts as often as the space spells it.

    Args:
        space: A nested space, as the module describes it.
    """
    if type(space) in _SIMPLE:
        return 1
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


def distributions_of(space: Any) -> dict[str, Part]:
    """Return everything in a space that is chosen or drawn from, by its place.

    Args:
        space: A nested space, as the module describes it.
    """
    return {
        json_path(steps): part
        for steps, part in _parts(space, ())
        if isinstance(part, Distribution) or _items(part) is not None
    }


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


class _RandomChooser:
    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def choose(self, place: str, count: int, probabilities: Sequence[float] | None) -> int:
        del place
        return int(self._rng.choice(count, p=probabilities))

    def draw(self, place: str, distribution: Distribution) -> float:
        del place
        return distribution.draw(self._rng)


def _chosen(space: Any, chooser: Chooser, steps: tuple[Any, ...]) -> Any:
    if _is_product(space):
        if _is_wrapper(space):
            return _chosen(space[""], chooser, steps)
        return {key: _chosen(value, chooser, (*steps, key)) for key, value in space.items()}
    if isinstance(space, Distribution):
        return chooser.draw(json_path(steps), space)
    items = _items(space)
    if items is None:
        return space
    if not items:
        raise ConfigError(
            f"there is nothing to choose from: {json_path(steps) or 'the space'} is an empty list",
            remedy="Give it at least one value.",
        )
    probabilities = space.probabilities if isinstance(space, Choice) else None
    index = chooser.choose(json_path(steps), len(items), probabilities)
    return _chosen(items[index], chooser, (*steps, index))


def _items(space: Any) -> Sequence[Any] | None:
    """Return what a list or a weighted choice has to choose from, None for anything else."""
    if isinstance(space, Choice):
        return space.items
    return space if _is_choice(space) else None


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
    for place, part in _parts(space, steps):
        items = _items(part)
        if items is not None and not items:
            yield place


def _parts(space: Any, steps: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield a space and what is in it, but for simple values, each with the way to it."""
    if _is_product(space) and _is_wrapper(space):
        yield from _parts(space[""], steps)
        return
    yield steps, space
    inner = space.items() if _is_product(space) else enumerate(_items(space) or ())
    for step, part in inner:
        if type(part) not in _SIMPLE:
            yield from _parts(part, (*steps, step))

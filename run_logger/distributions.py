"""Distributions in a parameter space, for searches that draw: random and tpe.

In YAML and JSON a distribution is a mapping whose keys begin with `$`, which is why it cannot be
confused with parameters; a parameter whose own name begins with `$` is written with another one:

    lr:        {$log_uniform: [1e-5, 1e-1]}
    dropout:   {$uniform: [0.0, 0.5]}
    layers:    {$int_uniform: [1, 8]}          # both ends included
    width:     {$log_int_uniform: [16, 1024]}
    optimizer: {$choice: [adam, sgd], $weights: [3, 1]}
    $$price:   [1, 2]                          # the parameter `$price`

In Python they are the classes of this module, or the same mappings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from run_logger.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

__all__ = ["Choice", "Distribution", "IntUniform", "LogIntUniform", "LogUniform", "Uniform"]


@dataclass(frozen=True, slots=True)
class Uniform:
    """A float between two others, each part of the interval as likely as the next.

    Attributes:
        low: The lower end.
        high: The upper end, above the lower.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_ends(self)

    def draw(self, rng: np.random.Generator) -> float:
        """Return a value."""
        return float(rng.uniform(self.low, self.high))


@dataclass(frozen=True, slots=True)
class LogUniform:
    """A float between two others, each order of magnitude as likely as the next.

    Attributes:
        low: The lower end, above 0.
        high: The upper end, above the lower.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_ends(self, above=0)

    def draw(self, rng: np.random.Generator) -> float:
        """Return a value."""
        drawn = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
        return min(max(drawn, self.low), self.high)


@dataclass(frozen=True, slots=True)
class IntUniform:
    """An integer between two others, these included, each as likely as the next.

    Attributes:
        low: The lower end.
        high: The upper end, above the lower.
    """

    low: int
    high: int

    def __post_init__(self) -> None:
        _check_ends(self, whole=True)

    def draw(self, rng: np.random.Generator) -> int:
        """Return a value."""
        return int(rng.integers(self.low, self.high, endpoint=True))


@dataclass(frozen=True, slots=True)
class LogIntUniform:
    """An integer between two others, these included, each order of magnitude as likely as the next.

    Attributes:
        low: The lower end, at least 1.
        high: The upper end, above the lower.
    """

    low: int
    high: int

    def __post_init__(self) -> None:
        _check_ends(self, above=0, whole=True)

    def draw(self, rng: np.random.Generator) -> int:
        """Return a value."""
        drawn = math.exp(rng.uniform(math.log(self.low), math.log(self.high + 1)))
        return min(max(int(drawn), self.low), self.high)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several items, some more often than others.

    Attributes:
        items: What to choose from; each may be a space itself.
        weights: How often each is chosen, in proportion; none is negative, and not all are 0.
    """

    items: Sequence[Any]
    weights: Sequence[float]

    def __post_init__(self) -> None:
        if not _is_sequence(self.items) or not _is_sequence(self.weights):
            raise ConfigError("a choice takes a list of items, and a list of weights")
        if len(self.items) != len(self.weights):
            raise ConfigError(
                f"{len(self.items)} items and {len(self.weights)} weights do not go together",
                remedy="Give each item one weight.",
            )
        if not all(_is_number(weight) and weight >= 0 for weight in self.weights) or (
            self.items and not any(self.weights)
        ):
            raise ConfigError(
                f"the weights {list(self.weights)!r} cannot be used",
                remedy="Weights are numbers from 0 up, and not all of them 0.",
            )

    @property
    def probabilities(self) -> list[float]:
        """The weights, divided by their sum."""
        total = math.fsum(self.weights)
        return [weight / total for weight in self.weights]


Distribution: TypeAlias = Uniform | LogUniform | IntUniform | LogIntUniform
"""What a number is drawn from. A `Choice` is a part of a space, as a list is."""


def _check_ends(ends: Distribution, *, above: float = -math.inf, whole: bool = False) -> None:
    kind = "integers" if whole else "numbers"
    given = [ends.low, ends.high]
    fits = all(isinstance(end, int) if whole else True for end in given)
    if not fits or not all(map(_is_number, given)) or not above < ends.low < ends.high:
        bound = "" if above == -math.inf else f" above {above}"
        raise ConfigError(
            f"{given!r} are no ends to draw between",
            remedy=f"Give two {kind}{bound}, the lower one first.",
        )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_sequence(value: object) -> bool:
    return isinstance(value, (list, tuple))

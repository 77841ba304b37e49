"""The imports of a generated module: each name once, under another one where it is taken."""

from __future__ import annotations

import builtins
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


class Imports:
    """Gives out the local names of what a module imports.

    Args:
        taken: The names that mean something else in the module, or in a class's body in it.
    """

    def __init__(self, taken: Collection[str]) -> None:
        self._taken = set(taken)
        self._local: dict[str, str] = {}

    def name(self, dotted: str) -> str:
        """Return the local name of a dotted one: "uuid.UUID", ".enums.order_by", or "int"."""
        if dotted not in self._local:
            self._local[dotted] = self._free(dotted)
        return self._local[dotted]

    def names(self, *dotted: str) -> list[str]:
        """Return the local names of some dotted ones."""
        return [self.name(each) for each in dotted]

    def lines(self, indent: str = "") -> list[str]:
        """Return the import statements, a line for each module."""
        modules: dict[str, list[str]] = defaultdict(list)
        for dotted, local in self._local.items():
            module, _, name = dotted.rpartition(".")
            if module or local != name:
                modules[module or "builtins"].append(
                    name if local == name else f"{name} as {local}"
                )
        return [
            f"{indent}from {module or '.'} import {', '.join(sorted(names))}"
            for module, names in sorted(modules.items())
        ]

    def _free(self, dotted: str) -> str:
        module, _, name = dotted.rpartition(".")
        builtin = hasattr(builtins, name) and module in {"", "builtins"}
        local = name
        if local in self._taken or (hasattr(builtins, local) and not builtin):
            local = f"{name}_type"
        while local in self._taken:
            local += "_"
        self._taken.add(local)
        return local

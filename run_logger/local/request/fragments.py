"""What an operation reaches through its fragments: that they exist, end, and which variables."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from run_logger.local.request import syntax
from run_logger.local.request.paths import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from run_logger.local.request.paths import Path


@lru_cache(maxsize=512)
def used_variables(operation: syntax.OperationDefinition) -> frozenset[str]:
    """Return the names of the variables that stand anywhere in an operation.

    Raises:
        HasuraError: For a fragment that is not defined or contains itself.
    """
    search = _Search(operation.fragments)
    search.directives(operation.directives)
    search.selections(operation.selection, "$")
    return frozenset(search.found)


@dataclass(slots=True)
class _Search:
    fragments: Mapping[str, syntax.Fragment]
    found: set[str] = field(default_factory=set[str])
    done: set[str] = field(default_factory=set[str])
    open: list[str] = field(default_factory=list[str])

    def selections(self, selections: Iterable[syntax.Selection], path: Path) -> None:
        for selection in selections:
            self.directives(selection.directives)
            if isinstance(selection, syntax.FragmentSpread):
                self.spread(selection.name, (path, "selectionSet"))
            elif isinstance(selection, syntax.FieldSelection):
                self.values(selection.arguments.values())
                inner = ((path, "selectionSet"), selection.name)
                self.selections(selection.selection, inner)
            else:
                self.selections(selection.selection, path)

    def spread(self, name: str, path: Path) -> None:
        if name in self.done:
            return
        if name in self.open:
            cycle = self.open[self.open.index(name) :]
            names = _english(cycle)
            raise invalid(f"the fragment definition(s) {names} form a cycle", path)
        if name not in self.fragments:
            raise invalid(f'reference to undefined fragment "{name}"', path)
        self.open.append(name)
        self.selections(self.fragments[name].selection, (path, name))
        self.open.pop()
        self.done.add(name)

    def directives(self, directives: Iterable[syntax.Directive]) -> None:
        for directive in directives:
            self.values(directive.arguments.values())

    def values(self, values: Iterable[Any]) -> None:
        for value in values:
            if isinstance(value, syntax.Variable):
                self.found.add(value.name)
            elif syntax.is_list(value):
                self.values(value)
            elif syntax.is_object(value):
                self.values(value.values())


def _english(names: list[str]) -> str:
    if len(names) <= 2:  # noqa: PLR2004 - "a and b" has no comma
        return " and ".join(names)
    return ", ".join(names[:-1]) + f", and {names[-1]}"

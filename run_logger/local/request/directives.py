"""The directives that Hasura v2 knows: which there are, where they may stand, what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from graphql import DirectiveLocation

from run_logger.local.request.paths import invalid
from run_logger.local.request.syntax import FieldSelection, FragmentSpread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from graphql import GraphQLDirective

    from run_logger.local.operation import Argument
    from run_logger.local.request.inputs import Inputs, Items
    from run_logger.local.request.syntax import Directive, OperationDefinition, Selection
    from run_logger.local.request.variables import Scope

MULTIPLE_FIELDS: Final = "_multiple_top_level_fields"
_PLACES: Final = {
    DirectiveLocation.QUERY: "a query",
    DirectiveLocation.MUTATION: "a mutation",
    DirectiveLocation.SUBSCRIPTION: "a subscription",
    DirectiveLocation.FIELD: "a field",
    DirectiveLocation.FRAGMENT_SPREAD: "a fragment spread",
    DirectiveLocation.INLINE_FRAGMENT: "an inline fragment",
}


@dataclass(frozen=True, slots=True)
class _Known:
    places: frozenset[str]
    arguments: Items


class Directives:
    """Reads directives.

    Args:
        announced: The directives of the schema.
        inputs: Reads their arguments.
    """

    def __init__(self, announced: Iterable[GraphQLDirective], inputs: Inputs) -> None:
        self._known = {
            directive.name: _Known(
                frozenset(_PLACES[at] for at in directive.locations if at in _PLACES),
                inputs.arguments(directive.args),
            )
            for directive in announced
        }
        # Hasura v2 takes it without announcing it.
        self._known[MULTIPLE_FIELDS] = _Known(
            frozenset({_PLACES[DirectiveLocation.SUBSCRIPTION]}), inputs.arguments({})
        )

    def included(self, scope: Scope, part: Selection, path: str) -> bool:
        """Tell whether `@skip` and `@include` let a selection stand.

        Raises:
            HasuraError: If a directive is unknown, in the wrong place, or given twice.
        """
        at = DirectiveLocation.INLINE_FRAGMENT
        if isinstance(part, FieldSelection):
            at = DirectiveLocation.FIELD
        elif isinstance(part, FragmentSpread):
            at = DirectiveLocation.FRAGMENT_SPREAD
        given = self._read(scope, part.directives, _PLACES[at], path)
        skipped = given.get("skip", {}).get("if", False)
        return bool(given.get("include", {}).get("if", True)) and not skipped

    def of_operation(self, scope: Scope, operation: OperationDefinition) -> frozenset[str]:
        """Return the names of the operation's own directives.

        Raises:
            HasuraError: As above.
        """
        place = f"a {operation.kind}"
        return frozenset(self._read(scope, operation.directives, place, "$"))

    def _read(
        self, scope: Scope, directives: Iterable[Directive], place: str, path: str
    ) -> dict[str, Mapping[str, Argument]]:
        read: dict[str, Mapping[str, Argument]] = {}
        for directive in directives:
            if directive.name in read:
                raise invalid(
                    f"the following directives are used more than once: ['{directive.name}']",
                    path,
                )
            read[directive.name] = self._arguments(scope, directive, place, path)
        return read

    def _arguments(
        self, scope: Scope, directive: Directive, place: str, path: str
    ) -> Mapping[str, Argument]:
        name = directive.name
        known = self._known.get(name)
        if known is None:
            raise invalid(f"directive '{name}' is not defined in the schema", path)
        if place not in known.places:
            raise invalid(f"directive '{name}' is not allowed on {place}", path)
        here = f"{path}.{name}"
        if (unknown := known.arguments.unknown(directive.arguments)) is not None:
            raise invalid(f"'{name}' has no argument named '{unknown}'", here)
        return known.arguments.read(scope, directive.arguments, literal=True, path=f"{here}.args")

"""The fields that an answer has, as GraphQL merges them from selections and fragments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLObjectType,
    InlineFragmentNode,
    NameNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from run_logger.codegen.lookup import fields_of, type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from graphql import (
        DirectiveNode,
        FragmentDefinitionNode,
        GraphQLNamedType,
        GraphQLSchema,
        SelectionSetNode,
    )

TYPENAME = "__typename"


class Selected(NamedTuple):
    """A selection set, and whether it applies under a condition alone (@include, @skip)."""

    node: SelectionSetNode
    conditional: bool = False


@dataclass
class Merged:
    """What one response key comes from.

    Attributes:
        nodes: The fields that select it, each with whether a condition stands over it.
    """

    nodes: list[tuple[FieldNode, bool]] = field(default_factory=list[tuple[FieldNode, bool]])

    @property
    def name(self) -> str:
        """The field's name in the schema."""
        return self.nodes[0][0].name.value

    @property
    def conditional(self) -> bool:
        """Whether the key may be missing in the answer."""
        return all(conditional for _, conditional in self.nodes)

    def selections(self) -> list[Selected]:
        """Return what is selected below it."""
        several = len(self.nodes) > 1
        return [
            Selected(node.selection_set, several and conditional)
            for node, conditional in self.nodes
            if node.selection_set
        ]


class Selection(NamedTuple):
    """What is selected from one type.

    Attributes:
        fields: By response key, in the order of the answer.
        bases: Fragments on the same type whose fields are the answer's beside those of `fields`.
    """

    fields: dict[str, Merged]
    bases: list[str]


class Collector:
    """Merges selection sets.

    Args:
        schema: The schema that the documents were validated against.
        fragments: All fragments, by name.
    """

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self.schema = schema
        self._fragments = fragments

    def select(self, parent: GraphQLNamedType, sets: Iterable[Selected]) -> Selection:
        """Return what is selected from `parent`, with fragments as bases where they can be.

        A fragment can be one if none of its fields is merged with a selection beside it.
        """
        sets = list(sets)
        apart = self._walk(parent, sets, keep_spreads=True)
        bases = list(dict.fromkeys(name for name in apart if isinstance(name, str)))
        own = _merge(item for item in apart if not isinstance(item, str))
        inherited: dict[str, Merged] = {}
        for base in bases:
            fields = self.flat(base)
            if not self._compatible(parent, fields, inherited, both=True):
                break
            if not self._compatible(parent, fields, own, both=False):
                break
            inherited.update(fields)
        else:
            return Selection(
                {key: merged for key, merged in own.items() if key not in inherited}, bases
            )
        return Selection(self.merge(parent, sets), [])

    def merge(self, parent: GraphQLNamedType, sets: Iterable[Selected]) -> dict[str, Merged]:
        """Return what is selected from `parent`, all fragments taken apart."""
        found = self._walk(parent, sets, keep_spreads=False)
        return _merge(item for item in found if not isinstance(item, str))

    def flat(self, fragment: str) -> dict[str, Merged]:
        """Return all fields that a fragment selects from its type."""
        node = self._fragments[fragment]
        return self.merge(self.type_of(fragment), [Selected(node.selection_set)])

    def type_of(self, fragment: str) -> GraphQLNamedType:
        """Return the type that a fragment is on."""
        return self.schema.type_map[self._fragments[fragment].type_condition.name.value]

    def narrows(self, parent: GraphQLNamedType, sets: Iterable[Selected]) -> bool:
        """Return whether a selection from an abstract type tells its types apart."""
        return any(
            condition != parent.name
            for selected in sets
            for condition in self._conditions(selected.node)
        )

    def _conditions(self, node: SelectionSetNode) -> Iterator[str]:
        for item in node.selections:
            if isinstance(item, InlineFragmentNode):
                if item.type_condition:
                    yield item.type_condition.name.value
                yield from self._conditions(item.selection_set)
            elif isinstance(item, FragmentSpreadNode):
                fragment = self._fragments[item.name.value]
                yield fragment.type_condition.name.value
                yield from self._conditions(fragment.selection_set)

    def _walk(
        self, parent: GraphQLNamedType, sets: Iterable[Selected], *, keep_spreads: bool
    ) -> list[tuple[FieldNode, bool] | str]:
        found: list[tuple[FieldNode, bool] | str] = []
        for node, over in sets:
            for item in node.selections:
                conditional = over or _is_conditional(item.directives)
                if isinstance(item, FieldNode):
                    found.append((item, conditional))
                    continue
                condition, inner, name = self._inner(item, parent)
                if not self._applies(condition, parent):
                    continue
                if keep_spreads and name and not conditional and _has_class(condition, parent):
                    found.append(name)
                else:
                    inside = [Selected(inner, conditional)]
                    found += self._walk(parent, inside, keep_spreads=keep_spreads)
        return found

    def _inner(
        self, item: object, parent: GraphQLNamedType
    ) -> tuple[str, SelectionSetNode, str | None]:
        """Return the type condition, selections and name of a fragment."""
        if isinstance(item, FragmentSpreadNode):
            fragment = self._fragments[item.name.value]
            return fragment.type_condition.name.value, fragment.selection_set, item.name.value
        inline = cast("InlineFragmentNode", item)
        condition = inline.type_condition
        return condition.name.value if condition else parent.name, inline.selection_set, None

    def _applies(self, condition: str, parent: GraphQLNamedType) -> bool:
        if condition == parent.name:
            return True
        wanted = self.schema.type_map[condition]
        return is_abstract_type(wanted) and self.schema.is_sub_type(
            cast("GraphQLAbstractType", wanted), cast("GraphQLObjectType", parent)
        )

    def _compatible(
        self,
        parent: GraphQLNamedType,
        base: Mapping[str, Merged],
        others: Mapping[str, Merged],
        *,
        both: bool,
    ) -> bool:
        """Return whether the fields that a base shares with others are the same without merging."""
        return all(
            key != TYPENAME
            and self._is_leaf(parent, base[key].name)
            and not base[key].conditional
            and not (both and others[key].conditional)
            for key in base.keys() & others.keys()
        )

    def _is_leaf(self, parent: GraphQLNamedType, name: str) -> bool:
        return is_leaf_type(get_named_type(type_of(fields_of(parent)[name])))


def _has_class(condition: str, parent: GraphQLNamedType) -> bool:
    """Return whether a fragment has a class that one of `parent` can be derived from."""
    return condition == parent.name and isinstance(parent, GraphQLObjectType)


def typename_node() -> FieldNode:
    """Return a selection of `__typename`."""
    return FieldNode(name=NameNode(value=TYPENAME), arguments=(), directives=())


def _merge(fields: Iterable[tuple[FieldNode, bool]]) -> dict[str, Merged]:
    merged: dict[str, Merged] = {}
    for node, conditional in fields:
        key = (node.alias or node.name).value
        merged.setdefault(key, Merged()).nodes.append((node, conditional))
    return merged


def _is_conditional(directives: Iterable[DirectiveNode]) -> bool:
    return any(directive.name.value in {"include", "skip"} for directive in directives)

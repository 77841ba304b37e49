"""The parts of a query as a small tree: operations, fragments, selections and literal values.

Values are plain Python where graphql-core has nodes, so that a request that was seen before is read
without touching a node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable where a value may stand."""

    name: str


@dataclass(frozen=True, slots=True)
class EnumName:
    """A bare name where a value may stand."""

    name: str


# None, bool, int, Decimal, str, Variable, EnumName, and lists and dicts of these.
LiteralValue: TypeAlias = Any


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Tell whether a value, literal or JSON, is a list."""
    return isinstance(value, list)


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Tell whether a value, literal or JSON, is an object."""
    return isinstance(value, dict)


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A GraphQL type as a place or a variable declares it.

    Attributes:
        name: The type's name, empty for a list.
        item: The type of a list's items, None for a named type.
        nullable: Whether null is allowed.
    """

    name: str
    item: TypeRef | None
    nullable: bool

    def __str__(self) -> str:
        """Spell it as GraphQL does: `[Int!]!`."""
        inner = self.name if self.item is None else f"[{self.item}]"
        return inner if self.nullable else f"{inner}!"


@dataclass(frozen=True, slots=True)
class VariableDefinition:
    """A variable as the operation declares it; a default may be null, `has_default` tells."""

    name: str
    type: TypeRef
    default: LiteralValue
    has_default: bool


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive as it is used."""

    name: str
    arguments: Mapping[str, LiteralValue]


@dataclass(frozen=True, slots=True, eq=False)
class FieldSelection:
    """A selected field."""

    key: str
    name: str
    arguments: Mapping[str, LiteralValue]
    directives: tuple[Directive, ...]
    selection: tuple[Selection, ...]


@dataclass(frozen=True, slots=True, eq=False)
class InlineFragment:
    """`... on Type { … }`; `condition` is None where no type is named."""

    condition: str | None
    directives: tuple[Directive, ...]
    selection: tuple[Selection, ...]


@dataclass(frozen=True, slots=True)
class FragmentSpread:
    """`...Name`."""

    name: str
    directives: tuple[Directive, ...]


Selection: TypeAlias = FieldSelection | InlineFragment | FragmentSpread


@dataclass(frozen=True, slots=True, eq=False)
class Fragment:
    """A fragment definition."""

    condition: str
    selection: tuple[Selection, ...]


@dataclass(frozen=True, eq=False)
class OperationDefinition:
    """An operation of the document, with all fragments of the document beside it."""

    kind: Literal["query", "mutation", "subscription"]
    name: str | None
    variables: tuple[VariableDefinition, ...]
    directives: tuple[Directive, ...]
    selection: tuple[Selection, ...]
    fragments: Mapping[str, Fragment]

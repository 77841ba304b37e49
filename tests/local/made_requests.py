"""Requests made at random from a schema: such as it takes, and such as it must refuse."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from graphql import GraphQLField
    from hypothesis.strategies import DrawFn, SearchStrategy

_T = TypeVar("_T")

_DEPTH = 4
_TEXTS = (
    *("", "a", "1", "true", "2020-01-01", "12:30", "{}", "{1,2}", "[1,5)", "(1,2)", "10.0.0.1"),
    *("6f1a0d64-0000-4000-8000-00000000000a", "'; DROP TABLE author; --", "' OR '1' = '1"),
    *("$1", "%s", "%(v0)s", "\\", '"', "\\x00", "\u00e9\U0001f600", "X-Hasura-User-Id", "$.a[0]"),
    *("a.b", "a\nb", "x" * 300),
)
_NUMBERS = (0, 1, -1, 3, 2**31 - 1, 2**31, -(2**63), 2**64, 0.5, -1e300, 1.0)
_DOCUMENTS: tuple[Any, ...] = ({}, [], {"a": [1, {"b": None}]}, "text", 1, True, None)
_WRONG = ("nothing", "__proto__", "author) { id } #", "select")


@dataclass(frozen=True)
class Leaf:
    """A place for a value: which one stands there is chosen last."""

    index: int


@dataclass(frozen=True)
class Name:
    """An enum's value, or a variable."""

    text: str


@dataclass(frozen=True)
class Shape:
    """A request but for its values.

    Attributes:
        parts: Its text, in pieces.
        variables: The variables' values by their names.
        leaves: What may stand at each place.
    """

    parts: tuple[Any, ...]
    variables: dict[str, Any]
    leaves: tuple[SearchStrategy[Any], ...]


@st.composite
def filled(draw: DrawFn, shape: Shape) -> dict[str, Any]:
    """Fill the places of a request with values."""
    values = [draw(leaf) for leaf in shape.leaves]
    text = "".join(
        part if isinstance(part, str) else _literal(part, values) for part in shape.parts
    )
    return {"query": text, "variables": _plain(shape.variables, values)}


def _literal(value: Any, values: Sequence[Any]) -> str:
    """Spell a value as GraphQL does."""
    if isinstance(value, Leaf):
        return _literal(values[value.index], values)
    if isinstance(value, Name):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_literal(v, values)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_literal(item, values) for item in value) + "]"
    return json.dumps(value)


def _plain(value: Any, values: Sequence[Any]) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Leaf):
        return values[value.index]
    if isinstance(value, Name):
        return value.text
    if isinstance(value, dict):
        return {key: _plain(item, values) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, values) for item in value]
    return value


@st.composite
def made_requests(draw: DrawFn, schema: GraphQLSchema) -> dict[str, Any]:
    """Make a request; one of three has a fault in it."""
    faults = draw(st.integers(0, 2)) == 0
    return draw(filled(draw(made_shapes(schema, faults=faults))))


@st.composite
def made_shapes(draw: DrawFn, schema: GraphQLSchema, *, faults: bool) -> Shape:
    """Make a request whose values are still open."""
    return _Maker(draw, schema, faults=faults).shape()


@dataclass
class _Maker:
    draw: DrawFn
    schema: GraphQLSchema
    faults: bool
    variables: dict[str, tuple[str, Any]] = field(default_factory=dict[str, tuple[str, Any]])
    leaves: list[SearchStrategy[Any]] = field(default_factory=list["SearchStrategy[Any]"])
    fragments: list[Any] = field(default_factory=list[Any])

    def shape(self) -> Shape:
        kind = self.one_of(("query", "query", "mutation"))
        root = self.schema.query_type if kind == "query" else self.schema.mutation_type
        assert root is not None
        selection = list(self.selection(root, _DEPTH))
        declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in self.variables.items())
        head = f"{kind} Made({declared}) " if declared else f"{kind} "
        parts = (head, *selection, *self.fragments, *self.fault(("}", " { id }", " fragment")))
        variables = {name: value for name, (_, value) in self.variables.items()}
        return Shape(parts, variables, tuple(self.leaves))

    def one_of(self, items: Iterable[_T]) -> _T:
        return self.draw(st.sampled_from(tuple(items)))

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(1, 100)) <= percent

    def fault(self, items: Iterable[_T], percent: int = 4) -> list[_T]:
        return [self.one_of(items)] if self.faults and self.chance(percent) else []

    def some(self, items: Iterable[_T], most: int) -> list[_T]:
        known = tuple(items)
        if not known:
            return []
        places = st.lists(st.sampled_from(range(len(known))), max_size=most, unique=True)
        return [known[place] for place in self.draw(places)]

    def selection(self, type_: GraphQLObjectType, depth: int) -> Iterable[Any]:
        """Yield a selection set in pieces: fields, some of them in fragments."""
        yield " { "
        fields = [item for item in type_.fields.items() if depth > 1 or _is_leaf(item[1])]
        chosen = self.some(fields, most=3) or [("__typename", None)]
        for name, item in chosen:
            yield from self.in_fragment(type_, list(self.selected(name, item, depth)))
        yield from (f"{name} " for name in self.fault(_WRONG))
        yield "} "

    def in_fragment(self, type_: GraphQLObjectType, parts: list[Any]) -> Iterable[Any]:
        if self.chance(85):
            yield from parts
        elif self.chance(50):
            yield from (f"... on {type_.name}", *self.directives(), " { ", *parts, "} ")
        else:
            name = f"F{len(self.fragments)}"
            self.fragments += [f" fragment {name} on {type_.name} {{ ", *parts, "} "]
            yield from (f"...{name}", *self.directives())

    def selected(self, name: str, item: GraphQLField | None, depth: int) -> Iterable[Any]:
        # A field may be there twice, with other arguments, under other names alone.
        yield f"a{self.draw(st.integers(0, 999))}: {name}"
        yield from self.arguments(item)
        yield from self.directives()
        named = None if item is None else get_named_type(item.type)
        if isinstance(named, GraphQLObjectType):
            yield from self.selection(named, depth - 1)
        yield " "

    def directives(self) -> Iterable[Any]:
        if self.chance(8):
            yield from (f" @{self.one_of(('skip', 'include'))}(if: ", self.one_of((True, False)))
            yield ") "
        yield from self.fault((" @nothing ", " @skip ", " @include(if: 1) "))

    def arguments(self, item: GraphQLField | None) -> Iterable[Any]:
        given = [] if item is None else list(item.args.items())
        names = {
            name: argument.type
            for name, argument in given
            if (is_required_argument(argument) and not self.fault([1])) or self.chance(35)
        }
        wrong = self.fault(_WRONG)
        if names or wrong:
            yield "("
            for name, type_ in names.items():
                yield from (f"{name}: ", self.argument(name, type_), " ")
            yield from (f"{name}: 1 " for name in wrong)
            yield ")"

    def argument(self, name: str, type_: Any) -> Any:
        """Make the value of an argument, which may be a variable."""
        if name == "path":
            # The path to the whole document is no path: it is no value like any other.
            return self.one_of(("$", "$.a[0]", "a.b"))
        if self.chance(30):
            variable = f"v{len(self.variables)}"
            declared = self.one_of(("Int", "String!", "[jsonb!]")) if self.fault([1]) else type_
            self.variables[variable] = (str(declared), self.value(type_, _DEPTH))
            return Name(f"${variable}")
        return self.value(type_, _DEPTH)

    def value(self, type_: Any, depth: int) -> Any:
        """Make a value of an input type."""
        if self.fault([1]):
            return self.leaf(st.sampled_from((*_DOCUMENTS, *_TEXTS, *_NUMBERS)))
        return self.fitting(type_, depth)

    def fitting(self, type_: Any, depth: int) -> Any:
        if isinstance(type_, GraphQLNonNull):
            return self.value(type_.of_type, depth)
        if self.chance(3):
            return None
        if isinstance(type_, GraphQLList):
            return [self.value(type_.of_type, depth) for _ in range(self.draw(st.integers(0, 2)))]
        if isinstance(type_, GraphQLEnumType):
            return Name(self.one_of(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            return self.object(type_, depth)
        return self.scalar(type_.name)

    def scalar(self, name: str) -> Any:
        if name == "Boolean":
            # What `_is_null: false` and `distinct: true` are is part of the statement.
            return self.draw(st.booleans())
        return self.leaf(_values_of(name))

    def object(self, type_: GraphQLInputObjectType, depth: int) -> Any:
        required = {key for key, item in type_.fields.items() if is_required_input_field(item)}
        chosen = self.some(type_.fields, most=2 if depth > 0 else 0)
        keys = sorted(required | set(chosen))
        made = {key: self.value(type_.fields[key].type, depth - 1) for key in keys}
        return made | dict.fromkeys(self.fault(_WRONG[:2]), 1)

    def leaf(self, values: SearchStrategy[Any]) -> Leaf:
        self.leaves.append(values)
        return Leaf(len(self.leaves) - 1)


def _is_leaf(item: GraphQLField) -> bool:
    return not isinstance(get_named_type(item.type), GraphQLObjectType)


def _values_of(scalar: str) -> SearchStrategy[Any]:
    """Return values that a scalar takes, some of them as text, or that at least look like it."""
    known: dict[str, Callable[[], SearchStrategy[Any]]] = {
        "Int": lambda: st.sampled_from(_NUMBERS[:6]),
        "json": lambda: st.sampled_from(_DOCUMENTS[:5]),
        "jsonb": lambda: st.sampled_from(_DOCUMENTS[:5]),
    }
    for name in ("bigint", "smallint", "Float", "float8", "numeric", "money"):
        known[name] = lambda: st.sampled_from((*_NUMBERS, "1", "x"))
    return known.get(scalar, lambda: st.sampled_from(_TEXTS))()

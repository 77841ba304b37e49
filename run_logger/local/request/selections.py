"""Reads selections against the schema: fields, fragments, directives, and what merges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from graphql import GraphQLObjectType

from run_logger.local.operation import Field
from run_logger.local.request.directives import Directives
from run_logger.local.request.inputs import Inputs, named_type
from run_logger.local.request.paths import invalid
from run_logger.local.request.syntax import FieldSelection, FragmentSpread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from graphql import GraphQLField, GraphQLSchema

    from run_logger.local.request.inputs import Items
    from run_logger.local.request.syntax import Fragment, InlineFragment, Selection
    from run_logger.local.request.variables import Scope

_INTROSPECTION: Final = {"__schema": "__Schema", "__type": "__Type"}
# Fragments that contain fragments many times over make a short query select any number of fields.
_MAX_FIELDS: Final = 20_000


@dataclass(frozen=True, slots=True)
class _FieldType:
    """A field of the schema, ready for reading.

    Attributes:
        type: The name of the type of its value.
        object: That type, None where it is a scalar.
        arguments: The arguments that it takes.
    """

    type: str
    object: GraphQLObjectType | None
    arguments: Items


class SchemaReader:
    """A schema, ready for reading; each part is made when a request first uses it."""

    def __init__(self, schema: GraphQLSchema) -> None:
        inputs = Inputs()
        self.directives: Directives = Directives(schema.directives, inputs)
        self._inputs = inputs
        self._fields: dict[tuple[str, str], _FieldType] = {}
        self._query = schema.query_type.name if schema.query_type else None

    def field(self, parent: GraphQLObjectType, name: str) -> _FieldType | None:
        """Return the field of an object type, None if there is none of that name."""
        key = (parent.name, name)
        if key not in self._fields:
            if name not in parent.fields:
                return None
            self._fields[key] = self._make(parent.fields[name])
        return self._fields[key]

    def introspects(self, parent: GraphQLObjectType, name: str) -> bool:
        """Tell whether the field shows the schema, which only the query root's fields do."""
        return name in _INTROSPECTION and parent.name == self._query

    def _make(self, field: GraphQLField) -> _FieldType:
        named = named_type(field)
        object_ = named if isinstance(named, GraphQLObjectType) else None
        return _FieldType(named.name, object_, self._inputs.arguments(field.args))


_READERS: WeakKeyDictionary[GraphQLSchema, SchemaReader] = WeakKeyDictionary()


def reader_of(schema: GraphQLSchema) -> SchemaReader:
    """Return the reader of a schema."""
    reader = _READERS.get(schema)
    if reader is None:
        reader = _READERS[schema] = SchemaReader(schema)
    return reader


class SelectionReader:
    """Reads the selections of one request.

    Args:
        reader: The schema.
        scope: The request's variables and parameters.
        fragments: The fragments of the document, none of which contains itself.
    """

    def __init__(
        self, reader: SchemaReader, scope: Scope, fragments: Mapping[str, Fragment]
    ) -> None:
        self._reader = reader
        self._scope = scope
        self._fragments = fragments
        self._fields_left = _MAX_FIELDS

    def read(
        self, type_: GraphQLObjectType, selection: Iterable[Selection], path: str
    ) -> tuple[Field, ...]:
        """Return the fields that are selected on a value of an object type.

        Args:
            type_: The type.
            selection: What is selected on it.
            path: Where the value stands.

        Raises:
            HasuraError: If it cannot be selected.
        """
        path = f"{path}.selectionSet"
        collected: dict[str, list[FieldSelection]] = {}
        self._collect(collected, set(), type_.name, selection, path)
        return tuple([self._field(type_, key, parts, path) for key, parts in collected.items()])

    def _collect(
        self,
        collected: dict[str, list[FieldSelection]],
        seen: set[str],
        type_name: str,
        selection: Iterable[Selection],
        path: str,
    ) -> None:
        """Flatten the fragments that apply to the type, and put what merges together."""
        for part in selection:
            if part.directives and not self._reader.directives.included(self._scope, part, path):
                continue
            if isinstance(part, FieldSelection):
                collected.setdefault(part.key, []).append(part)
            elif isinstance(part, FragmentSpread):
                if part.name not in seen:
                    seen.add(part.name)
                    fragment = self._fragments[part.name]
                    self._unfold(collected, seen, type_name, fragment, path)
            else:
                self._unfold(collected, seen, type_name, part, path)

    def _unfold(
        self,
        collected: dict[str, list[FieldSelection]],
        seen: set[str],
        type_name: str,
        fragment: Fragment | InlineFragment,
        path: str,
    ) -> None:
        if fragment.condition is None or fragment.condition == type_name:
            self._collect(collected, seen, type_name, fragment.selection, path)

    def _field(
        self, parent: GraphQLObjectType, key: str, parts: list[FieldSelection], path: str
    ) -> Field:
        self._count(path)
        part = parts[0]
        if len(parts) > 1:
            _check_merge(key, parts, path)
        if part.name == "__typename":
            return Field(key, part.name, "String", path, {}, ())
        here = f"{path}.{part.name}"
        if self._reader.introspects(parent, part.name):
            return Field(key, part.name, _INTROSPECTION[part.name], here, {}, ())
        field = self._reader.field(parent, part.name)
        if field is None:
            raise invalid(f"field '{part.name}' not found in type: '{parent.name}'", here)
        return self._known_field(field, key, parts, here)

    def _known_field(
        self, field: _FieldType, key: str, parts: list[FieldSelection], path: str
    ) -> Field:
        part = parts[0]
        inner = part.selection if len(parts) == 1 else [s for p in parts for s in p.selection]
        if field.object is None and inner:
            raise invalid("unexpected subselection set for non-object field", path)
        if (name := field.arguments.unknown(part.arguments)) is not None:
            raise invalid(f"'{part.name}' has no argument named '{name}'", path)
        arguments = field.arguments.read(
            self._scope, part.arguments, literal=True, path=f"{path}.args"
        )
        if field.object is None:
            return Field(key, part.name, field.type, path, arguments, ())
        if not inner:
            raise invalid(f"missing selection set for '{field.type}'", f"{path}.selectionSet")
        selection = self.read(field.object, inner, path)
        return Field(key, part.name, field.type, path, arguments, selection)

    def _count(self, path: str) -> None:
        self._fields_left -= 1
        if self._fields_left < 0:
            raise invalid(f"the operation selects more than {_MAX_FIELDS} fields", path)


def _check_merge(key: str, parts: list[FieldSelection], path: str) -> None:
    first = parts[0]
    for part in parts[1:]:
        if part.name != first.name:
            raise invalid(
                f"selection of both '{first.name}' and '{part.name}' specify the same response"
                f" name, '{key}'",
                path,
            )
        if part.arguments != first.arguments:
            raise invalid(
                f"inconsistent arguments between multiple selections of field '{first.name}'",
                path,
            )

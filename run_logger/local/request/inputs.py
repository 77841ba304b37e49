"""Reads arguments and input objects against the schema.

For every place that takes a value an `Item` is made once a schema, with the reader of what stands
there. What a place takes is written on the schema by `annotations`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    Undefined,
    get_named_type,
)

from run_logger.local.annotations import (
    column_type_of,
    is_json_path,
    is_one_predicate,
    is_row,
    takes_null,
)
from run_logger.local.request.document import parse_type_ref
from run_logger.local.request.paths import check_object, invalid, unknown_key
from run_logger.local.request.readers import (
    BUILT_IN,
    ColumnReader,
    EnumReader,
    ListReader,
    ValueListReader,
    read_json_path,
    read_limit,
    read_offset,
)
from run_logger.local.request.rows import RowReader
from run_logger.local.request.syntax import Variable
from run_logger.local.request.variables import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLArgument, GraphQLField, GraphQLInputField, GraphQLNamedType

    from run_logger.local.catalog import PgType
    from run_logger.local.operation import Argument
    from run_logger.local.request.paths import Path
    from run_logger.local.request.readers import Read
    from run_logger.local.request.syntax import TypeRef
    from run_logger.local.request.variables import Scope

_COUNTS: Final = {"limit": read_limit, "batch_size": read_limit, "offset": read_offset}
_CONDITIONS: Final = ("_bool_exp", "_comparison_exp", "_cast_exp")


@dataclass(frozen=True, slots=True)
class Item:
    """A place that takes a value: an argument or a field of an input object.

    Attributes:
        place: Its type.
        has_default: Whether it has a default.
        drops_null: Whether a null means the same as nothing.
        read: Reads the value; None stands for nothing.
    """

    place: TypeRef
    has_default: bool
    drops_null: bool
    read: Read

    def read_given(self, scope: Scope, value: Any, literal: bool, path: Path) -> Argument:
        """Return the argument that was given here, as a value or a variable; None for nothing.

        Raises:
            HasuraError: If it is not what the place takes.
        """
        texts, places, depth = len(scope.texts), len(scope.places), scope.depth
        looked, scope.looked = scope.looked, False
        argument = self._argument(scope, value, literal, path)
        if scope.looked:
            place = Place(self, value, path, depth, texts, len(scope.texts), argument)
            scope.places[places:] = [place]
        scope.looked = looked
        return argument

    def _argument(self, scope: Scope, value: Any, literal: bool, path: Path) -> Argument:
        if isinstance(value, Variable):
            value, literal = scope.resolve(value, self.place, path, has_default=self.has_default)
        if value is None and self.drops_null:
            return None
        return self.read(scope, value, literal, path)


class Items:
    """Places by their names: the arguments of a field, or the fields of an input object."""

    def __init__(self, items: Mapping[str, Item]) -> None:
        self._items = items
        self._required = tuple(
            name for name, item in items.items() if not item.place.nullable and not item.has_default
        )

    def unknown(self, names: Mapping[str, Any]) -> str | None:
        """Return the first of the names that is none of these, None if all are."""
        return next((name for name in names if name not in self._items), None)

    def read(
        self, scope: Scope, given: Mapping[str, Any], literal: bool, path: Path
    ) -> dict[str, Argument]:
        """Return the arguments that were given, all of them known.

        Raises:
            HasuraError: If one is not what its place takes, or a required one is missing.
        """
        for name in self._required:
            if name not in given:
                raise invalid(f"missing required field '{name}'", (path, name))
        arguments: dict[str, Argument] = {}
        for name, value in given.items():
            argument = self._items[name].read_given(scope, value, literal, (path, name))
            if argument is not None:
                arguments[name] = argument
        return arguments


class Inputs:
    """The input types of a schema, each made ready when a request first uses it."""

    def __init__(self) -> None:
        self._fields: dict[str, Items] = {}
        self._rows: dict[str, RowReader] = {}

    def arguments(self, arguments: Mapping[str, GraphQLArgument]) -> Items:
        """Return the places of a field's or a directive's arguments."""
        return Items({name: self._argument(name, given) for name, given in arguments.items()})

    def _argument(self, name: str, argument: GraphQLArgument) -> Item:
        if is_json_path(argument):
            return _item(argument, read_json_path)
        if type_ := column_type_of(argument):
            return _column(argument, type_)
        if name in _COUNTS and named_type(argument).name == "Int":
            return _item(argument, _COUNTS[name], drops_null=True)
        return _item(argument, self._reader(argument), drops_null=True)

    def _field(self, parent: GraphQLInputObjectType, name: str) -> Item:
        field = parent.fields[name]
        # In a condition null is an error: as "anything" it would widen what is deleted.
        condition = parent.name.endswith(_CONDITIONS)
        type_ = column_type_of(field)
        if type_ is None:
            return _item(field, self._reader(field), drops_null=not condition)
        nullable = not condition and takes_null(field)
        if type_.element is not None and _lists_values(parent.name, name):
            return _value_list(field, type_, type_.element, takes_null=nullable)
        return _column(field, type_, takes_null=nullable)

    def _reader(self, given: GraphQLArgument | GraphQLInputField) -> Read:
        named = named_type(given)
        place = _place(given)
        if isinstance(named, GraphQLInputObjectType) and is_row(named):
            rows = self._row_reader(named)
            return rows.read_all if place.item else rows.read_one
        return _in_lists(self._single(named), place)

    def _single(self, named: GraphQLNamedType) -> Read:
        if isinstance(named, GraphQLEnumType):
            return EnumReader(named)
        if isinstance(named, GraphQLInputObjectType):
            return self._object(named)
        return BUILT_IN[named.name]

    def _object(self, type_: GraphQLInputObjectType) -> Read:
        def read(scope: Scope, value: Any, literal: bool, path: Path) -> Argument:
            check_object(type_.name, value, literal, path)
            scope.enter(path)
            items = self._fields.get(type_.name)
            if items is None:
                items = Items({name: self._field(type_, name) for name in type_.fields})
                self._fields[type_.name] = items
            if (name := items.unknown(value)) is not None:
                raise unknown_key(type_.name, name, literal, path)
            arguments = items.read(scope, value, literal, path)
            if len(arguments) != 1 and is_one_predicate(type_):
                raise invalid("exactly one predicate should be specified", path)
            scope.depth -= 1
            return arguments

        return read

    def _row_reader(self, type_: GraphQLInputObjectType) -> RowReader:
        reader = self._rows.get(type_.name)
        if reader is None:
            items = {name: self._field(type_, name) for name in type_.fields}
            reader = self._rows[type_.name] = RowReader(type_.name, items)
        return reader


def named_type(given: GraphQLArgument | GraphQLInputField | GraphQLField) -> GraphQLNamedType:
    """Return the type of an argument or field without lists and non-nulls."""
    return cast("GraphQLNamedType", get_named_type(_type(given)))


def _place(given: GraphQLArgument | GraphQLInputField) -> TypeRef:
    return parse_type_ref(str(_type(given)))


def _type(given: GraphQLArgument | GraphQLInputField | GraphQLField) -> Any:
    # graphql-core's hints do not say what its lists and non-nulls are of.
    return cast("Any", given.type)  # pyright: ignore[reportUnknownMemberType]


def _in_lists(read: Read, place: TypeRef) -> Read:
    """Return the reader of a type, given that of what its lists hold in the end."""
    return read if place.item is None else ListReader(_in_lists(read, place.item), place.item)


def _item(
    given: GraphQLArgument | GraphQLInputField, read: Read, *, drops_null: bool = False
) -> Item:
    place = _place(given)
    has_default = given.default_value is not Undefined and given.default_value is not None
    return Item(place, has_default, drops_null and place.nullable, read)


def _column(
    given: GraphQLArgument | GraphQLInputField, type_: PgType, *, takes_null: bool = True
) -> Item:
    takes_null = takes_null and _place(given).nullable
    return _item(given, ColumnReader(type_, named_type(given), takes_null))


def _value_list(
    field: GraphQLInputField, type_: PgType, element: PgType, *, takes_null: bool
) -> Item:
    place = _place(field)
    item = ColumnReader(element, named_type(field), takes_null=False)
    return _item(field, ValueListReader(type_, item, place.item or place, takes_null))


def _lists_values(parent: str, name: str) -> bool:
    """Tell a list of values (`_in`) from the value of an array column, which is a list too."""
    if name in {"_in", "_nin"} or parent.endswith("_delete_at_path_input"):
        return True
    return parent.endswith("_comparison_exp") and not parent.endswith("_array_comparison_exp")

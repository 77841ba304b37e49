"""The inputs and enums of a schema as Python code."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    Undefined,
    get_named_type,
)

from run_logger.codegen import names
from run_logger.codegen.imports import Imports
from run_logger.codegen.lookup import is_list, is_not_null, type_of, unwrapped
from run_logger.codegen.text import docstring, string

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from graphql import GraphQLInputField, GraphQLNamedType, GraphQLSchema, GraphQLType

    from run_logger.codegen.scalars import Scalars


class Used(NamedTuple):
    """The types of a schema that a package needs, sorted by name."""

    inputs: list[GraphQLInputObjectType]
    enums: list[GraphQLEnumType]


def used_types(
    schema: GraphQLSchema, variables: Iterable[GraphQLType], enums: Iterable[str]
) -> Used:
    """Return what variables of these types reach, and the enums of the answers.

    Args:
        schema: The schema.
        variables: The types of all variables.
        enums: The names of the enums that answers have.
    """
    found: dict[str, GraphQLNamedType] = {name: schema.type_map[name] for name in enums}
    waiting = [get_named_type(type_) for type_ in variables]
    while waiting:
        type_ = waiting.pop()
        if type_.name not in found:
            found[type_.name] = type_
            if isinstance(type_, GraphQLInputObjectType):
                waiting += [get_named_type(type_of(field)) for field in type_.fields.values()]
    every = [found[name] for name in sorted(found)]
    return Used(
        [type_ for type_ in every if isinstance(type_, GraphQLInputObjectType)],
        [type_ for type_ in every if isinstance(type_, GraphQLEnumType)],
    )


def annotation(type_: GraphQLType, imports: Imports, named: Callable[[str], str]) -> str:
    """Return the annotation of a value that is sent.

    Args:
        type_: Its type in the schema.
        imports: Those of the module.
        named: Gives the annotation of a type by its name.
    """
    if is_not_null(type_):
        return _not_null(unwrapped(type_), imports, named)
    some = _not_null(type_, imports, named)
    if some == imports.name("typing.Any"):
        return some
    return f"{imports.name('typing.Optional')}[{some}]"


def _not_null(type_: GraphQLType, imports: Imports, named: Callable[[str], str]) -> str:
    if is_list(type_):
        items = annotation(unwrapped(type_), imports, named)
        return f"{imports.name('list')}[{items}]"
    return named(get_named_type(type_).name)


def enums_module(enums: Iterable[GraphQLEnumType], type_names: Mapping[str, str]) -> str:
    """Return the code of the module of the enums."""
    classes = [_enum_class(type_, type_names[type_.name]) for type_ in enums]
    return "\n".join(["from enum import Enum", *classes]) if classes else ""


def _enum_class(type_: GraphQLEnumType, name: str) -> str:
    members = names.unique_names(type_.values, names.member_name)
    text = type_.description or f'The enum "{type_.name}".'
    lines = [f"class {name}(str, Enum):", *docstring(text, 1)]
    for value, definition in type_.values.items():
        lines.append(f"    {members[value]} = {string(value)}")
        lines += docstring(definition.description, 1)
    return "\n".join(lines)


class InputsModule:
    """The code of the module of the inputs.

    Args:
        inputs: Those that the package needs.
        scalars: The types of the scalars.
        type_names: The Python names of inputs and enums.
    """

    def __init__(
        self,
        inputs: list[GraphQLInputObjectType],
        scalars: Scalars,
        type_names: Mapping[str, str],
    ) -> None:
        self._inputs = inputs
        self._scalars = scalars
        self._type_names = type_names
        self._attributes = {
            type_.name: names.unique_names(type_.fields, names.input_name) for type_ in inputs
        }
        fields = {name for each in self._attributes.values() for name in each.values()}
        classes = {type_names[type_.name] for type_ in inputs}
        taken = fields | classes | {"annotations", "TYPE_CHECKING"}
        # In the body of a class a field hides a class of its name: what follows names that one.
        self._aliases = {name: _free(f"{name}_type", taken) for name in sorted(classes & fields)}
        taken |= set(self._aliases.values())
        self._typing, self._running = Imports(taken), Imports(taken)

    def code(self) -> str:
        """Return the code."""
        classes = [line for type_ in self._inputs for line in self._class(type_)]
        aliases = [f"    {alias} = {name}" for name, alias in self._aliases.items()]
        typing = [*self._typing.lines("    "), *aliases]
        imports = self._running.lines()
        guard = ["from typing import TYPE_CHECKING", *imports]
        before = [*guard, "if TYPE_CHECKING:", *self._typing.lines("    ")] if typing else imports
        after = ["if TYPE_CHECKING:", *aliases] if aliases else []
        if not self._typing.lines() and typing:
            before = guard
        return "\n".join(["from __future__ import annotations", *before, "", *classes, *after])

    def _class(self, type_: GraphQLInputObjectType) -> list[str]:
        attributes = self._attributes[type_.name]
        base = self._running.name("run_logger.inputs.Input")
        lines = [f"class {self._type_names[type_.name]}({base}):"]
        lines += docstring(type_.description or f'The input type "{type_.name}".', 1)
        lines += self._ways(type_, attributes)
        for name, field in type_.fields.items():
            lines.append(f"    {self._field(attributes[name], field)}")
            lines += docstring(field.description, 1)
        if len(lines) == 1:
            lines.append("    pass")
        return [*lines, ""]

    def _field(self, attribute: str, field: GraphQLInputField) -> str:
        annotated = f"{attribute}: {annotation(type_of(field), self._typing, self._named)}"
        if not is_not_null(type_of(field)):
            return f"{annotated} = None"
        if field.default_value is not Undefined:
            return f"{annotated} = {self._running.name('run_logger.inputs.DEFAULT')}"
        return annotated

    def _ways(self, input_: GraphQLInputObjectType, attributes: Mapping[str, str]) -> list[str]:
        """Return what says of the fields that do not go as they are, and of the required ones."""
        ways = self._unlike(input_, attributes)
        required = [
            string(attributes[name])
            for name, field in input_.fields.items()
            if is_not_null(type_of(field)) and field.default_value is Undefined
        ]
        lines: list[str] = []
        if ways:
            way = self._running.name("run_logger.inputs.Wire")
            type_ = f"{self._typing.name('collections.abc.Mapping')}[str, {way}]"
            lines.append(self._class_variable("__wire__", type_, f"{{{', '.join(ways)}}}"))
        if required:
            frozenset_ = self._running.name("frozenset")
            value = f"{frozenset_}({{{', '.join(required)}}})"
            lines.append(self._class_variable("__required__", f"{frozenset_}[str]", value))
        return lines

    def _unlike(self, input_: GraphQLInputObjectType, attributes: Mapping[str, str]) -> list[str]:
        """Return the entries of the fields that go under another name, or as another value."""
        ways: list[str] = []
        for name, field in input_.fields.items():
            send = self._send(field)
            if send or name != attributes[name]:
                given = [string(name), *([self._running.name(send)] if send else [])]
                way = f"{self._running.name('run_logger.inputs.Wire')}({', '.join(given)})"
                ways.append(f"{string(attributes[name])}: {way}")
        return ways

    def _class_variable(self, name: str, type_: str, value: str) -> str:
        return f"    {name}: {self._typing.name('typing.ClassVar')}[{type_}] = {value}"

    def _send(self, field: GraphQLInputField) -> str | None:
        type_ = get_named_type(type_of(field))
        if isinstance(type_, (GraphQLInputObjectType, GraphQLEnumType)):
            return None
        return self._scalars.send(type_.name)

    def _named(self, name: str) -> str:
        if name in self._attributes:
            python = self._type_names[name]
            return self._aliases.get(python, python)
        if name in self._type_names:
            return self._typing.name(f".enums.{self._type_names[name]}")
        return self._scalars.given(name, self._typing)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name

"""The values of an operation's variables, and where they may stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from run_logger.local.operation import Value
from run_logger.local.request.fragments import used_variables
from run_logger.local.request.paths import invalid
from run_logger.local.request.syntax import EnumName, Variable, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from run_logger.local.catalog import PgType
    from run_logger.local.operation import Argument
    from run_logger.local.request.paths import Path
    from run_logger.local.request.syntax import (
        LiteralValue,
        OperationDefinition,
        TypeRef,
        VariableDefinition,
    )

# What compiles the operation recurses along it.
MAX_DEPTH: Final = 100


@dataclass(frozen=True, slots=True)
class Bound:
    """A variable with its value.

    Attributes:
        value: Its value, of the request or by default.
        literal: Whether the value is the default, which stands in the query.
    """

    definition: VariableDefinition
    value: Any
    literal: bool

    def fits(self, place: TypeRef, place_has_default: bool) -> bool:
        """Tell whether the variable may stand at a place.

        As in Hasura, null counts for the place as a whole: `[String]` may stand for `[String!]`,
        and a null in it is refused where its value is read.
        """
        declared = self.definition.type
        covered = (
            place.nullable
            or not declared.nullable
            or place_has_default
            or self.definition.default is not None
        )
        return covered and _same_shape(place, declared)


def _same_shape(place: TypeRef, declared: TypeRef) -> bool:
    if place.item is None or declared.item is None:
        return place.item is declared.item and place.name == declared.name
    return _same_shape(place.item, declared.item)


def bind_variables(operation: OperationDefinition, given: Mapping[str, Any]) -> dict[str, Bound]:
    """Return the operation's variables with their values.

    Raises:
        HasuraError: If a value is missing, null for a non-null type, or belongs to no variable; if
            a variable is declared twice or not at all.
    """
    bound: dict[str, Bound] = {}
    for definition in operation.variables:
        if definition.name in bound:
            raise invalid(
                f'multiple definitions for variable "{definition.name}"', "$", "parse-failed"
            )
        bound[definition.name] = _bind(definition, given)
    used = used_variables(operation)
    for name in used:
        if name not in bound:
            raise invalid(f'unbound variable "{name}"', "$")
    if unexpected := [name for name in given if name not in used]:
        raise invalid(f"unexpected variables in variableValues: {', '.join(unexpected)}", "$")
    return bound


def _bind(definition: VariableDefinition, given: Mapping[str, Any]) -> Bound:
    if definition.name in given:
        value = given[definition.name]
        if value is None and not definition.type.nullable:
            raise invalid(f'null value found for non-nullable type: "{definition.type}"', "$")
        return Bound(definition, value, literal=False)
    if definition.type.nullable or definition.has_default:
        return Bound(definition, definition.default, literal=True)
    raise invalid(f'expecting a value for non-nullable variable: "{definition.name}"', "$")


class Item(Protocol):
    """A place that takes a value."""

    def read_given(self, scope: Scope, value: Any, literal: bool, path: Path) -> Argument:
        """Return the argument that was given there."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """A place whose argument hangs on variables, with what it was for one request.

    Attributes:
        item: What reads there.
        value: What stands there: a variable, or a literal with variables in it.
        path: Where it is.
        depth: How many input objects stand around it.
        begin: How many parameters come before its own.
        end: How many there are with its own.
        argument: The argument.
    """

    item: Item
    value: LiteralValue
    path: Path
    depth: int
    begin: int
    end: int
    argument: Argument

    def is_same(self, scope: Scope) -> bool:
        """Read for another request, and tell whether only the texts of parameters differ.

        Raises:
            HasuraError: The place does not take the value.
        """
        scope.depth = self.depth
        argument = self.item.read_given(scope, self.value, True, self.path)
        return argument == self.argument and len(scope.texts) == self.end


@dataclass(slots=True)
class Scope:
    """What the reading of one request shares.

    Attributes:
        variables: Its variables.
        texts: The texts of its parameters so far.
        depth: How many input objects stand around what is read.
        looked: Whether the value of a variable was looked at since this was last set to False.
        places: The places so far whose arguments hang on variables.
    """

    variables: Mapping[str, Bound]
    texts: list[str | None] = field(default_factory=list["str | None"])
    depth: int = 0
    looked: bool = False
    places: list[Place] = field(default_factory=list["Place"])

    def parameter(self, text: str | None, type_: PgType) -> Value:
        """Add a parameter: the text that Postgres casts to the type, None for NULL.

        Raises:
            HasuraError: If no text in Postgres can hold it.
        """
        if text is not None:
            _check_storable(text)
        self.texts.append(text)
        return Value(len(self.texts) - 1, type_)

    def resolve(
        self,
        variable: Variable,
        place: TypeRef,
        path: Path,
        *,
        has_default: bool = False,
    ) -> tuple[Any, bool]:
        """Return a variable's value, and whether that is a literal (its default).

        Args:
            variable: The variable.
            place: The type of the place where it stands.
            path: That place.
            has_default: Whether the place has a default of its own.

        Raises:
            HasuraError: If a variable of its type may not stand there.
        """
        bound = self.bound(variable)
        if not bound.fits(place, has_default):
            raise invalid(
                f"variable '{variable.name}' is declared as '{bound.definition.type}',"
                f" but used where '{place}' is expected",
                path,
            )
        return bound.value, bound.literal

    def bound(self, variable: Variable) -> Bound:
        """Return a variable with its value."""
        self.looked = True
        return self.variables[variable.name]

    def enter(self, path: Path) -> None:
        """Go into an input object; `depth` is to be lowered where it ends.

        Raises:
            HasuraError: If too many stand around it.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise invalid(f"the value is nested more than {MAX_DEPTH} levels deep", path)

    def as_json(self, value: Any) -> Any:
        """Return a literal as JSON: with the variables inside filled in, names as strings."""
        if isinstance(value, Variable):
            bound = self.bound(value)
            return self.as_json(bound.value) if bound.literal else bound.value
        if isinstance(value, EnumName):
            return value.name
        if is_list(value):
            return [self.as_json(item) for item in value]
        if is_object(value):
            return {key: self.as_json(item) for key, item in value.items()}
        return value


def _check_storable(text: str) -> None:
    # The driver would fail on these before Postgres sees them, so Postgres's words stand here.
    problem = 'invalid byte sequence for encoding "UTF8"'
    if "\0" in text:
        raise invalid(f"{problem}: 0x00", "$", "data-exception")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise invalid(f"{problem}: {error.reason}", "$", "data-exception") from error

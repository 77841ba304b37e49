"""What changed between two schemas, and which queries that touches."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from graphql import (
    BreakingChangeType,
    DangerousChangeType,
    find_breaking_changes,
    find_dangerous_changes,
    is_input_object_type,
    is_interface_type,
    is_object_type,
    is_specified_scalar_type,
)

from run_logger.codegen.lookup import fields_of, type_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import (
        BreakingChange,
        DangerousChange,
        GraphQLNamedType,
        GraphQLSchema,
    )

    from run_logger.codegen.uses import Use, Uses

    AnyType = BreakingChangeType | DangerousChangeType


class Severity(StrEnum):
    """What a change does to those who use the schema."""

    breaking = "breaking"
    """Queries that were right are refused, or answer in another type."""
    dangerous = "dangerous"
    """Queries stay right, and may behave in another way."""
    safe = "safe"
    """Nothing that was there has changed."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a schema.

    Attributes:
        severity: What it does to those who use the schema.
        description: What changed, as a sentence that names the type, the field, the argument.
        touches: The places in the queries that use what changed.
    """

    severity: Severity
    description: str
    touches: tuple[Use, ...] = ()


_FIELD = r"(?P<type>\w+)\.(?P<member>\w+)"

# graphql-core says only in words what changed.
_ENUM_VALUE = re.compile(r"(?P<member>\w+) was (?:added to|removed from) enum type (?P<type>\w+)\.")
_ABSTRACT = re.compile(
    r"\w+ (?:was |)(?:added to|removed from)"
    r" (?:union type|interfaces implemented by) (?P<type>\w+)\."
)
_ARGUMENT = re.compile(rf"{_FIELD} arg (?P<argument>\w+) ")
_NEW_ARGUMENT = re.compile(rf"An? \w+ arg (?P<argument>\w+) on {_FIELD} was added\.")
_NEW_INPUT = re.compile(r"An? \w+ field (?P<member>\w+) on input type (?P<type>\w+) was added\.")
_PART_OF_DIRECTIVE = re.compile(r".+ was removed from (?P<directive>\w+)\.")

FORMS: dict[AnyType, re.Pattern[str]] = {
    BreakingChangeType.TYPE_REMOVED: re.compile(r"(?:Standard scalar )?(?P<type>\w+) was removed"),
    BreakingChangeType.TYPE_CHANGED_KIND: re.compile(r"(?P<type>\w+) changed from "),
    BreakingChangeType.TYPE_REMOVED_FROM_UNION: _ABSTRACT,
    BreakingChangeType.VALUE_REMOVED_FROM_ENUM: _ENUM_VALUE,
    BreakingChangeType.REQUIRED_INPUT_FIELD_ADDED: _NEW_INPUT,
    BreakingChangeType.IMPLEMENTED_INTERFACE_REMOVED: re.compile(
        r"(?P<type>\w+) no longer implements interface"
    ),
    BreakingChangeType.FIELD_REMOVED: re.compile(rf"{_FIELD} was removed\."),
    BreakingChangeType.FIELD_CHANGED_KIND: re.compile(rf"{_FIELD} changed type from "),
    BreakingChangeType.REQUIRED_ARG_ADDED: _NEW_ARGUMENT,
    BreakingChangeType.ARG_REMOVED: _ARGUMENT,
    BreakingChangeType.ARG_CHANGED_KIND: _ARGUMENT,
    BreakingChangeType.DIRECTIVE_REMOVED: re.compile(r"(?P<directive>\w+) was removed\."),
    BreakingChangeType.DIRECTIVE_ARG_REMOVED: _PART_OF_DIRECTIVE,
    BreakingChangeType.REQUIRED_DIRECTIVE_ARG_ADDED: re.compile(
        r"A required arg \w+ on directive (?P<directive>\w+) was added\."
    ),
    BreakingChangeType.DIRECTIVE_REPEATABLE_REMOVED: _PART_OF_DIRECTIVE,
    BreakingChangeType.DIRECTIVE_LOCATION_REMOVED: _PART_OF_DIRECTIVE,
    DangerousChangeType.VALUE_ADDED_TO_ENUM: _ENUM_VALUE,
    DangerousChangeType.TYPE_ADDED_TO_UNION: _ABSTRACT,
    DangerousChangeType.OPTIONAL_INPUT_FIELD_ADDED: _NEW_INPUT,
    DangerousChangeType.OPTIONAL_ARG_ADDED: _NEW_ARGUMENT,
    DangerousChangeType.IMPLEMENTED_INTERFACE_ADDED: _ABSTRACT,
    DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE: _ARGUMENT,
}
"""How graphql-core words each kind of change: where its type, field and argument stand."""

# What is added here is not in the queries yet.
_TOUCHES_NOTHING = {
    DangerousChangeType.OPTIONAL_INPUT_FIELD_ADDED,
    DangerousChangeType.OPTIONAL_ARG_ADDED,
}
_TOUCHES_ANSWERS = {
    BreakingChangeType.TYPE_REMOVED_FROM_UNION,
    BreakingChangeType.IMPLEMENTED_INTERFACE_REMOVED,
    DangerousChangeType.VALUE_ADDED_TO_ENUM,
    DangerousChangeType.TYPE_ADDED_TO_UNION,
    DangerousChangeType.IMPLEMENTED_INTERFACE_ADDED,
}
_TOUCHES_THE_TYPE = {
    BreakingChangeType.TYPE_REMOVED,
    BreakingChangeType.TYPE_CHANGED_KIND,
    BreakingChangeType.REQUIRED_INPUT_FIELD_ADDED,
}
_TOUCHES_THE_ARGUMENT = {BreakingChangeType.ARG_REMOVED, BreakingChangeType.ARG_CHANGED_KIND}


def compare(old: GraphQLSchema, new: GraphQLSchema, uses: Uses | None = None) -> list[Change]:
    """Compare two schemas.

    Args:
        old: The schema that the queries were written for.
        new: The schema as it is now.
        uses: What the queries use of the old one; None where there are no queries.

    Returns:
        The changes: breaking, dangerous, safe; of each those first that touch the queries.
    """
    worded: list[tuple[Severity, BreakingChange | DangerousChange]] = [
        *((Severity.breaking, change) for change in find_breaking_changes(old, new)),
        *((Severity.dangerous, change) for change in find_dangerous_changes(old, new)),
    ]
    changes = [
        Change(severity, change.description, touches(change, uses) if uses else ())
        for severity, change in worded
    ]
    changes += [
        Change(Severity.safe, text) for text in _safe(old, new, {c.description for c in changes})
    ]
    rank = list(Severity)
    return sorted(changes, key=lambda c: (rank.index(c.severity), not c.touches, c.description))


def touches(change: BreakingChange | DangerousChange, uses: Uses) -> tuple[Use, ...]:
    """Return the places in the queries that a change touches."""
    kind = change.type
    found = FORMS[kind].match(change.description)
    parts = found.groupdict() if found else {}
    if "directive" in parts:
        return tuple(uses.of(f"@{parts['directive']}"))
    if not parts or kind in _TOUCHES_NOTHING:
        return ()
    type_name = parts["type"]
    field = f"{type_name}.{parts.get('member')}"
    if kind in _TOUCHES_ANSWERS:
        return tuple(uses.of(f"returns {type_name}"))
    if kind in _TOUCHES_THE_ARGUMENT:
        return tuple(uses.of(f"{field}({parts['argument']})"))
    if kind in _TOUCHES_THE_TYPE:
        written = uses.of(type_name, f"returns {type_name}")
    else:
        written = uses.of(field)
    return (*written, *uses.through_variables(type_name))


def _safe(old: GraphQLSchema, new: GraphQLSchema, said: set[str]) -> Iterator[str]:
    for name, type_ in new.type_map.items():
        before = old.type_map.get(name)
        if before is None:
            if not is_specified_scalar_type(type_):
                yield f"{name} was added."
        elif _has_fields(type_) and _has_fields(before):
            yield from (text for text in _safe_fields(before, type_) if text not in said)


def _safe_fields(before: GraphQLNamedType, after: GraphQLNamedType) -> Iterator[str]:
    was = fields_of(before)
    for name, field in fields_of(after).items():
        if name not in was:
            if not is_input_object_type(after):
                yield f"{after.name}.{name} was added."
        elif str(type_of(was[name])) != str(type_of(field)):
            yield (
                f"{after.name}.{name} changed type from {type_of(was[name])} to {type_of(field)}."
            )


def _has_fields(type_: GraphQLNamedType) -> bool:
    return is_object_type(type_) or is_interface_type(type_) or is_input_object_type(type_)

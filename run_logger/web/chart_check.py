"""Charts checked against the schema of Vega-Lite, as people write them."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from jsonschema import Draft7Validator

from run_logger.json_objects import as_object
from run_logger.json_path import json_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jsonschema.exceptions import ValidationError

__all__ = ["problems_of"]

_OLD_PLACE = {"data": "data"}
_MOST_PROBLEMS = 20
_MOST_NAMED = 12


def problems_of(spec: Any) -> list[str]:
    """Return what is wrong with a Vega-Lite specification, a sentence for each place.

    Args:
        spec: The specification as JSON. Another language (`$schema` names Vega's) is not checked.

    Returns:
        Sentences such as `mark: 'lin' is not allowed. Did you mean 'line'?`; empty where all is
        well.
    """
    if "/vega/" in str(as_object(spec).get("$schema", "")):
        return []
    validator: Any = _validator()
    errors: Iterable[ValidationError] = validator.iter_errors(_without_old_place(spec))
    found = dict.fromkeys(_sentence(_at_fault(error)) for error in errors)
    return [*found][:_MOST_PROBLEMS]


@cache
def _validator() -> Draft7Validator:
    # Altair carries the schema; importing it would load far more than the file.
    altair = find_spec("altair")
    places = altair.submodule_search_locations if altair else None
    (file, *_) = sorted(
        (
            path
            for place in places or ()
            for path in Path(place).glob("vegalite/v*/schema/vega-lite-schema.json")
        ),
        reverse=True,
    )
    return Draft7Validator(orjson.loads(file.read_bytes()))


def _without_old_place(spec: Any) -> Any:
    """Name the place of the logs as Vega-Lite does, where it stands as version 0.1 wrote it."""
    members = as_object(spec)
    return {**members, "data": {"name": "data"}} if members.get("data") == _OLD_PLACE else spec


def _at_fault(error: ValidationError) -> list[ValidationError]:
    """Return the errors at the deepest place that any of the schema's alternatives reached.

    Each alternative says why it does not fit; the one that was meant got the furthest.
    """
    leaves = _leaves(error)
    deepest = max(len(leaf.absolute_path) for leaf in leaves)
    deep = [leaf for leaf in leaves if len(leaf.absolute_path) == deepest]
    return [leaf for leaf in deep if leaf.absolute_path == deep[0].absolute_path]


def _leaves(error: ValidationError) -> list[ValidationError]:
    """Return the errors inside an error, those of the likeliest of the schema's alternatives."""
    if not error.context:
        return [error]
    alternatives: dict[Any, list[ValidationError]] = {}
    for inner in error.context:
        alternatives.setdefault(inner.schema_path[0], []).extend(_leaves(inner))
    # Where one fits but for a name too many, what the others want is of no interest.
    nearly = [leaves for leaves in alternatives.values() if all(map(_is_surplus, leaves))]
    return [leaf for leaves in nearly or alternatives.values() for leaf in leaves]


def _is_surplus(error: ValidationError) -> bool:
    return len(_surplus(error)) == 1


def _surplus(error: ValidationError) -> list[str]:
    """Return the names that an object has too many, for an error that is about them."""
    if error.validator != "additionalProperties":
        return []
    members: Any = error.instance
    return [name for name in members if name not in _members(error)]


def _sentence(errors: list[ValidationError]) -> str:
    place = json_path(list(errors[0].absolute_path)) or "the chart"
    return f"{place}: {_unexpected(errors) or _not_allowed(errors) or errors[0].message}"


def _unexpected(errors: list[ValidationError]) -> str | None:
    """Say which member nothing expects, if that is the fault by some alternative."""
    surplus = [error for error in errors if error.validator == "additionalProperties"]
    known = {name for error in surplus for name in _members(error)}
    unknown = [name for error in surplus[:1] for name in _surplus(error) if name not in known]
    return " ".join(f"{name!r} is not known here.{_hint(name, known)}" for name in unknown) or None


def _members(error: ValidationError) -> set[str]:
    schema: Any = error.schema
    return set(schema["properties"]) if "properties" in schema else set()


def _not_allowed(errors: list[ValidationError]) -> str | None:
    """Say which values there may be, if some alternative lists them."""
    allowed = [
        *{repr(value): value for error in errors for value in _choices(error)}.values(),
    ]
    if not allowed:
        return None
    value: Any = errors[0].instance
    hint = _hint(value, {str(other) for other in allowed}) if isinstance(value, str) else ""
    if not hint:
        named = ", ".join(map(repr, allowed[:_MOST_NAMED]))
        hint = f" Allowed: {named}{'…' if len(allowed) > _MOST_NAMED else ''}."
    return f"{value!r} is not allowed.{hint}"


def _choices(error: ValidationError) -> list[Any]:
    value: Any = error.validator_value
    if error.validator == "enum":
        return [*value]
    return [value] if error.validator == "const" else []


def _hint(name: str, known: set[str]) -> str:
    near = get_close_matches(name, sorted(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""

"""Where in a request something stands, and errors that say so."""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

from run_logger.local.errors import HasuraError
from run_logger.local.request.syntax import EnumName

# A path is its text so far, or a longer one as (path, key): the text of most is never needed.
Path: TypeAlias = "str | tuple[Path, str | int]"

_GRAPHQL_NAME: Final = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")

# A boolean is an int to Python, so it comes before the numbers, which are what is left.
_KINDS: Final = (
    (type(None), "null"),
    (bool, "a boolean"),
    (str, "a string"),
    (list, "a list"),
    (dict, "an object"),
    (EnumName, "an enum value"),
)


def render(path: Path) -> str:
    """Return the text of a path: `$.selectionSet.insert_run.args.objects[0].id`."""
    parts: list[str] = []
    while not isinstance(path, str):
        path, key = path
        parts.append(f"[{key}]" if isinstance(key, int) else f".{key}")
    parts.append(path)
    return "".join(reversed(parts))


def invalid(message: str, path: Path, code: str = "validation-failed") -> HasuraError:
    """Return the error of a request that is wrong at a place."""
    return HasuraError(message, code, render(path))


def mismatch(type_name: str, expected: str, value: Any, literal: bool, path: Path) -> HasuraError:
    """Return the error of a value that is not of the expected kind.

    Args:
        type_name: The GraphQL type that stands there.
        expected: The kind in words: `a boolean`.
        value: What was given.
        literal: Whether the value stands in the query, not in the variables.
        path: Where it stands.
    """
    found = describe(value, literal)
    return invalid(f"expected {expected} for type '{type_name}', but found {found}", path)


def describe(value: Any, literal: bool) -> str:
    """Name the kind of a value; numbers have kinds of their own in a query only."""
    for kind, words in _KINDS:
        if isinstance(value, kind):
            return words
    if not literal:
        return "a number"
    return "an integer" if isinstance(value, int) else "a float"


def check_object(type_name: str, value: Any, literal: bool, path: Path) -> None:
    """Raise the error of a value that is no object where one is expected."""
    if not isinstance(value, dict):
        raise mismatch(type_name, "an object", value, literal, path)


def unknown_key(type_name: str, key: str, literal: bool, path: Path) -> HasuraError:
    """Return the error of an object with a key that its type does not have."""
    if not literal and not _GRAPHQL_NAME.fullmatch(key):
        return invalid(
            f'variable value contains object with key "{key}", which is not a legal GraphQL name',
            path,
        )
    return invalid(f"field '{key}' not found in type: '{type_name}'", (path, key))

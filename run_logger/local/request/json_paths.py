"""The JSON paths of the argument `path` of json columns: `$.a.b[0]["x y"]`."""

from __future__ import annotations

import re
from typing import Final

_STEP: Final = re.compile(
    r"""\.?(?:(?P<name>[^\W\d][\w-]*)
    |\[(?:(?P<index>\d+)|"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)')\])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


def parse_json_path(text: str) -> list[str]:
    """Return the steps of a path, keys and indices alike, as `#>` takes them.

    Args:
        text: The path; a leading `$` and the dots are optional.

    Raises:
        ValueError: If it is no path; the message is Hasura's.
    """
    steps: list[str] = []
    position = 1 if text.startswith("$") else 0
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            raise ValueError(
                f"{text}. Accept letters, digits, underscore (_) or hyphen (-) only. Use single"
                " quotes enclosed in bracket (['...']) if there is any special character"
            )
        steps.append(_key(step))
        position = step.end()
    return steps


def _key(step: re.Match[str]) -> str:
    quoted = step["double"] if step["double"] is not None else step["single"]
    if quoted is not None:
        return _ESCAPE.sub(r"\1", quoted)
    return step["name"] or step["index"].lstrip("0") or "0"

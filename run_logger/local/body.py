"""The body of a request: from bytes to GraphQL requests."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import orjson

from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from collections.abc import Sequence

# A double keeps 15 digits of any number, and exponents up to 308.
_LONG_NUMBER = re.compile(rb"\d[\d.]{15,}|\d[eE][-+]?\d{3,}")


def read_requests(body: bytes) -> list[dict[str, Any]] | dict[str, Any]:
    """Read one request, or a batch.

    Args:
        body: JSON: `{"query": …, "variables": …, "operationName": …}`, or a list of those.

    Returns:
        The same, its members unchecked. A number that a float would not keep exactly is an int
        or a `Decimal`.

    Raises:
        HasuraError: It is no JSON, or something else than objects.
    """
    value = read_json(body)
    if isinstance(value, list):
        items = cast("Sequence[Any]", value)
        return [_checked(item, f"$[{index}]") for index, item in enumerate(items)]
    return _checked(value, "$")


def _checked(request: Any, path: str) -> dict[str, Any]:
    if not isinstance(request, dict):
        raise HasuraError("parsing failed, expected an object", "parse-failed", path)
    return cast("dict[str, Any]", request)


def read_json(body: bytes) -> Any:
    """Parse JSON without a loss.

    orjson reads every number that is no 64-bit integer as a float, in silence, and a `numeric` or
    `jsonb` column would be given another number than was sent. The standard library can keep such
    a number, and is far slower: so it only reads what orjson cannot give back as it was.

    Raises:
        HasuraError: It is no JSON.
    """
    try:
        value = orjson.loads(body)
        if _is_kept(body, orjson.dumps(value)):
            return value
        return json.loads(body, parse_float=_exact_number)
    except (ValueError, orjson.JSONEncodeError, RecursionError) as error:
        # The latter two are about values that are nested too deep to be given on.
        raise HasuraError(f"Error in $: {error}", "invalid-json") from None


def _is_kept(body: bytes, again: bytes) -> bool:
    """Tell whether the long numbers of a text are in its second writing too.

    What other programs write compactly is mostly the same as a whole, which is the quickest to see.
    """
    return body == again or _LONG_NUMBER.findall(body) == _LONG_NUMBER.findall(again)


def _exact_number(text: str) -> float | Decimal:
    exact, value = Decimal(text), float(text)
    return value if Decimal(repr(value)) == exact else exact

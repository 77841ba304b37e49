"""The headers of a request to Hasura: who asks, and as which role."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, cast

from run_logger.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["request_headers"]

_ADMIN_SECRET = "HASURA_GRAPHQL_ADMIN_SECRET"  # noqa: S105  (the name of a variable)
_ROLE = "HASURA_GRAPHQL_ROLE"
_TOKEN = "HASURA_GRAPHQL_TOKEN"  # noqa: S105
_OTHERS = "RUN_LOGGER_HEADERS"

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")


def request_headers(given: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of every request; names are in lower case.

    From the environment, each where it is set and not empty:

    - `HASURA_GRAPHQL_ADMIN_SECRET` is sent as `x-hasura-admin-secret`,
    - `HASURA_GRAPHQL_ROLE` as `x-hasura-role`,
    - `HASURA_GRAPHQL_TOKEN` as `authorization: Bearer …`,
    - `RUN_LOGGER_HEADERS` holds any others: one `Name: value` a line, or a JSON object.

    Args:
        given: Headers that the caller gives; they win, then `RUN_LOGGER_HEADERS`, then the rest.
        environment: The variables of the environment.

    Raises:
        ConfigError: A header is malformed; the message names it and never shows its value.
    """
    named = {
        "x-hasura-admin-secret": environment.get(_ADMIN_SECRET, ""),
        "x-hasura-role": environment.get(_ROLE, ""),
        "authorization": _bearer(environment.get(_TOKEN, "")),
    }
    return {
        **{name: value for name, value in named.items() if value},
        **_checked(_parsed(environment.get(_OTHERS, "")), _OTHERS),
        **_checked(given, "the argument headers"),
    }


def _bearer(token: str) -> str:
    return f"Bearer {token.strip()}" if token.strip() else ""


def _parsed(text: str) -> dict[str, str]:
    if text.lstrip().startswith("{"):
        return _from_json(text)
    lines = [line for line in text.splitlines() if line.strip()]
    if not all(":" in line for line in lines):
        raise ConfigError(
            f"{_OTHERS}: a line has no colon",
            remedy="Write one `Name: value` a line, or a JSON object.",
        )
    pairs = (line.split(":", 1) for line in lines)
    return {name.strip(): value.strip() for name, value in pairs}


def _from_json(text: str) -> dict[str, str]:
    try:
        headers: Any = json.loads(text)
    except ValueError as error:
        raise ConfigError(
            f"{_OTHERS} is not valid JSON: {error}",
            remedy="Write one `Name: value` a line, or a JSON object.",
        ) from error
    return cast("dict[str, str]", headers)


def _checked(headers: Mapping[str, Any], source: str) -> dict[str, str]:
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{source}: {name!r} cannot be the name of a header")
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise ConfigError(
                f"{source}: the value of {name} is not printable ASCII text",
                remedy="Look for a line break or a quotation mark that came along.",
            )
    return {name.lower(): value for name, value in headers.items()}

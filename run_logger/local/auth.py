"""Who asks: the role and the session variables of a request, from its headers."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from collections.abc import Mapping

ADMIN = "admin"

_SECRET_HEADERS = ("x-hasura-admin-secret", "x-hasura-access-key")
_REQUIRED_HEADERS = '"x-hasura-admin-secret"/"x-hasura-access-key"'
_ROLE_HEADER = "x-hasura-role"
LOCAL_ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")


@dataclass(frozen=True, slots=True)
class Session:
    """In whose name a request is answered.

    Args:
        role: The role, `admin` or one that the metadata knows.
        variables: The session variables, by name in lower case: `{"x-hasura-user-id": "7"}`.
    """

    role: str
    variables: Mapping[str, str]


class Authenticator:
    """Tells who asks, as Hasura does with an admin secret or without.

    Args:
        admin_secret: What a request has to present; without one, whoever can connect is admin,
            except the pages of other sites in the browser of someone who can.
    """

    def __init__(self, admin_secret: str | None) -> None:
        self._secret = admin_secret

    @property
    def has_secret(self) -> bool:
        """Whether requests have to present a secret."""
        return self._secret is not None

    def session(self, headers: Mapping[str, str]) -> Session:
        """Return the session of a request.

        Args:
            headers: The request's headers, by name in lower case.

        Raises:
            HasuraError: The secret is missing or wrong, or the role is unknown here.
        """
        if self._secret is None:
            _check_origin(headers.get("origin"))
        else:
            _check_secret(self._secret, headers)
        role = headers.get(_ROLE_HEADER, ADMIN)
        if role != ADMIN:
            raise HasuraError(
                f'role "{role}" is not served here: this server answers to "{ADMIN}" alone',
                "access-denied",
            )
        return Session(role, {_ROLE_HEADER: role, **_session_variables(headers)})


def _session_variables(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if name.startswith("x-hasura-") and name not in _SECRET_HEADERS
    }


def _check_secret(secret: str, headers: Mapping[str, str]) -> None:
    given = next((headers[name] for name in _SECRET_HEADERS if name in headers), None)
    if given is None:
        raise HasuraError(f"{_REQUIRED_HEADERS} required, but not found", "access-denied")
    # Header values are bytes, which the HTTP server hands on as Latin-1.
    if not hmac.compare_digest(given.encode("latin-1"), secret.encode()):
        raise HasuraError(f"invalid {_REQUIRED_HEADERS}", "access-denied")


def _check_origin(origin: str | None) -> None:
    """Refuse pages of other sites: they reach a server on loopback through their reader's browser.

    The browser alone does not stop them: it sends a simple POST without asking first.
    """
    if origin is not None and not LOCAL_ORIGIN.fullmatch(origin):
        raise HasuraError(
            f"pages of {origin} may use this server only if it has an admin secret",
            "access-denied",
        )

"""Who asks: the role and the session variables of a request, from its headers."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from run_logger.local.errors import HasuraError, ServeError
from run_logger.local.jwt import Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ADMIN = "admin"

_SECRET_HEADERS = ("x-hasura-admin-secret", "x-hasura-access-key")
_REQUIRED_HEADERS = '"x-hasura-admin-secret"/"x-hasura-access-key"'
_ROLE_HEADER = "x-hasura-role"
_BACKEND_HEADER = "x-hasura-use-backend-only-permissions"
_TRUE = ("true", "t", "yes", "y")
_FALSE = ("false", "f", "no", "n")
_JWT_SECRET = "HASURA_GRAPHQL_JWT_SECRET"  # noqa: S105  the name of a variable
_UNAUTHORIZED_ROLE = "HASURA_GRAPHQL_UNAUTHORIZED_ROLE"
LOCAL_ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")


@dataclass(frozen=True, slots=True)
class Session:
    """In whose name a request is answered.

    Args:
        role: The role, `admin` or one that the metadata knows.
        variables: The session variables, by name in lower case: `{"x-hasura-user-id": "7"}`.
        backend: Whether what is permitted to backends only is permitted.
        expires: When the session ends, in seconds since 1970; None: with the connection.
    """

    role: str
    variables: Mapping[str, str]
    backend: bool = False
    expires: float | None = None


class Authenticator:
    """Tells who asks, as Hasura does with an admin secret or without.

    Args:
        admin_secret: What an administrator's request has to present; without one, whoever can
            connect is admin, except the pages of other sites in the browser of someone who can.
        tokens: What verifies the tokens of requests without the secret; None: there are none.
        unauthorized_role: The role of requests with neither; None: they are refused.
    """

    def __init__(
        self,
        admin_secret: str | None,
        tokens: Tokens | None = None,
        unauthorized_role: str | None = None,
    ) -> None:
        self._secret = admin_secret
        self._tokens = tokens
        self._unauthorized_role = unauthorized_role

    @property
    def has_secret(self) -> bool:
        """Whether requests have to present a secret."""
        return self._secret is not None

    @property
    def has_tokens(self) -> bool:
        """Whether requests may present tokens instead."""
        return self._tokens is not None

    def session(self, headers: Mapping[str, str]) -> Session:
        """Return the session of a request.

        Args:
            headers: The request's headers, by name in lower case.

        Raises:
            HasuraError: It presents nothing, or something that is wrong.
        """
        if self._secret is None:
            _check_origin(headers.get("origin"))
            return _trusted(headers)
        given = next((headers[name] for name in _SECRET_HEADERS if name in headers), None)
        if given is not None:
            _check_secret(self._secret, given)
            return _trusted(headers)
        return self._without_secret(headers)

    def _without_secret(self, headers: Mapping[str, str]) -> Session:
        identity = self._tokens.identity(headers) if self._tokens else None
        if identity is not None:
            variables = {**identity.variables, _ROLE_HEADER: identity.role}
            return Session(identity.role, variables, expires=identity.expires)
        if self._unauthorized_role is not None:
            role = self._unauthorized_role
            return Session(role, {**_session_variables(headers), _ROLE_HEADER: role})
        if self._tokens is not None:
            message = f"Missing {self._tokens.header} header in JWT authentication mode"
            raise HasuraError(message, "invalid-headers")
        raise HasuraError(f"{_REQUIRED_HEADERS} required, but not found", "access-denied")


def read_authenticator(admin_secret: str | None, environment: Mapping[str, str]) -> Authenticator:
    """Make an authenticator with what Hasura's environment variables say besides the secret.

    Raises:
        ServeError: They cannot be used, or not without a secret.
    """
    settings = environment.get(_JWT_SECRET)
    role = environment.get(_UNAUTHORIZED_ROLE)
    for name in (_JWT_SECRET, _UNAUTHORIZED_ROLE):
        if environment.get(name) and admin_secret is None:
            raise ServeError(
                f"{name} needs an admin secret, without which everybody is an administrator",
                remedy="Set HASURA_GRAPHQL_ADMIN_SECRET too, or give --admin-secret.",
            )
    return Authenticator(admin_secret, Tokens(settings) if settings else None, role or None)


def _trusted(headers: Mapping[str, str]) -> Session:
    """Return the session of an administrator, or of the role that one takes."""
    role = headers.get(_ROLE_HEADER, ADMIN)
    variables = {**_session_variables(headers), _ROLE_HEADER: role}
    return Session(role, variables, backend=_is_backend(headers.get(_BACKEND_HEADER)))


def _is_backend(given: str | None) -> bool:
    if given is None or given.lower() in _FALSE:
        return False
    if given.lower() in _TRUE:
        return True
    raise HasuraError(
        f"{_BACKEND_HEADER}:  Not a valid boolean text. True values are {_listed(_TRUE)} and "
        f" False values are {_listed(_FALSE)}. All values are case insensitive",
        "bad-request",
    )


def _listed(texts: Sequence[str]) -> str:
    return "[" + ",".join(f'"{text}"' for text in texts) + "]"


def _session_variables(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if name.startswith("x-hasura-") and name not in _SECRET_HEADERS
    }


def _check_secret(secret: str, given: str) -> None:
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

"""JSON Web Tokens: whether one is valid, and which role and session variables it brings.

The settings are those of Hasura's `HASURA_GRAPHQL_JWT_SECRET`.
"""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import jwt
import orjson
from cryptography.x509 import load_pem_x509_certificate

from run_logger.local.errors import HasuraError, ServeError
from run_logger.local.metadata import as_mapping
from run_logger.local.request.json_paths import parse_json_path
from run_logger.local.request.syntax import is_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SETTING: Final = "HASURA_GRAPHQL_JWT_SECRET"
_NAMESPACE: Final = "https://hasura.io/jwt/claims"
_ALLOWED_ROLES: Final = "x-hasura-allowed-roles"
_DEFAULT_ROLE: Final = "x-hasura-default-role"
_ROLE: Final = "x-hasura-role"
# What a key of a type verifies. One of RSA, as in Hasura v2, serves all lengths of hashes.
_RSA: Final = ("RS256", "RS384", "RS512")
_ALGORITHMS: Final[Mapping[str, tuple[str, ...]]] = {
    **{f"HS{bits}": (f"HS{bits}",) for bits in (256, 384, 512)},
    **dict.fromkeys(_RSA, _RSA),
    **{f"ES{bits}": (f"ES{bits}",) for bits in (256, 384, 512)},
    "Ed25519": ("EdDSA",),
}
_KEY_SET_ALGORITHMS: Final = tuple(
    dict.fromkeys(name for names in _ALGORITHMS.values() for name in names if name[:2] != "HS")
)
# Seconds: for which a key set that was fetched stands, and after which fetching it is given up.
_KEY_SET_LIFE: Final = 300
_FETCH_TIMEOUT: Final = 10
# What each fault of a token is called in Hasura's messages; of several that fit, the first.
_FAULTS: Final[Sequence[tuple[type[Exception], str]]] = (
    (jwt.ExpiredSignatureError, "JWTExpired"),
    (jwt.ImmatureSignatureError, "JWTNotYetValid"),
    (jwt.InvalidIssuedAtError, "JWTIssuedAtFuture"),
    (jwt.InvalidAudienceError, "JWTNotInAudience"),
    (jwt.InvalidIssuerError, "JWTNotInIssuer"),
    (jwt.InvalidSignatureError, "JWSError JWSInvalidSignature"),
    (jwt.InvalidAlgorithmError, "JWSError JWSInvalidSignature"),
)
# What verifying with a key that is of another kind, or not the one, may raise.
_WRONG_KEY: Final = (jwt.InvalidSignatureError, jwt.InvalidKeyError, TypeError, ValueError)
_MISSING_CLAIMS: Final = {"aud": "JWTNotInAudience", "iss": "JWTNotInIssuer"}


class Identity(NamedTuple):
    """Who a valid token speaks for.

    Attributes:
        role: The role.
        variables: The session variables, by name in lower case.
        expires: When the token expires, in seconds since 1970; None: never.
    """

    role: str
    variables: dict[str, str]
    expires: float | None


@dataclass(frozen=True, slots=True)
class _Path:
    """Where a claim stands, and what it is where nothing stands there."""

    steps: tuple[str, ...]
    default: Any = None

    def value(self, claims: Any) -> Any:
        """Return what stands there."""
        for step in self.steps:
            if is_list(claims) and step.isdigit() and int(step) < len(claims):
                claims = claims[int(step)]
            else:
                claims = (as_mapping(claims) or {}).get(step)
        return self.default if claims is None else claims


@dataclass(frozen=True, slots=True)
class _Fixed:
    """A claim that is the same for all tokens."""

    fixed: Any

    def value(self, claims: Any) -> Any:
        """Return it."""
        del claims
        return self.fixed


@dataclass(frozen=True, slots=True)
class _Keys:
    """What signatures are verified with: one key, or a set that is fetched."""

    algorithms: tuple[str, ...]
    key: Any = None
    key_set: jwt.PyJWKClient | None = None

    def of(self, token: str) -> list[Any]:
        """Return the keys that may have signed the token.

        Raises:
            jwt.PyJWTError: The token is none, or the key set cannot be fetched.
        """
        wanted = jwt.get_unverified_header(token).get("kid")
        if self.key_set is None:
            return [self.key]
        keys = self.key_set.get_jwk_set().keys
        named = [key.key for key in keys if wanted is not None and key.key_id == wanted]
        return named or [key.key for key in keys]


class Tokens:
    """Verifies tokens as the settings say.

    Args:
        settings: The JSON of `HASURA_GRAPHQL_JWT_SECRET`.

    Raises:
        ServeError: The settings cannot be used; the message does not repeat the key.
    """

    def __init__(self, settings: str) -> None:
        given = _parsed(settings)
        self._keys = _keys(given)
        self._cookie = _cookie(given.get("header"))
        self._audience = given.get("audience")
        self._issuer = given.get("issuer")
        self._leeway = given.get("allowed_skew") or 0
        self._stringified = given.get("claims_format") == "stringified_json"
        self._namespace = _namespace(given)
        self._map = _claims_map(given.get("claims_map"))

    @property
    def header(self) -> str:
        """The name of the header that brings a token."""
        return "Authorization" if self._cookie is None else "Cookie"

    def identity(self, headers: Mapping[str, str]) -> Identity | None:
        """Return who a request's token speaks for; None if the header is not there.

        Args:
            headers: The request's headers, by name in lower case.

        Raises:
            HasuraError: The token is not valid, or not allowed the role that is asked for.
        """
        header = headers.get(self.header.lower())
        if header is None:
            return None
        claims = self._verified(self._token(header))
        variables = self._variables(claims)
        allowed = _roles(variables.pop(_ALLOWED_ROLES, None))
        default = _role(variables.pop(_DEFAULT_ROLE, None))
        role = headers.get(_ROLE) or default
        if role not in allowed:
            raise HasuraError("Your requested role is not in allowed roles", "access-denied")
        expires = claims.get("exp")
        return Identity(role, _texts(variables), None if expires is None else float(expires))

    def _token(self, header: str) -> str:
        if self._cookie is not None:
            return _cookie_value(header, self._cookie)
        match header.split():
            case ["Bearer", token]:
                return token
            case _:
                raise HasuraError("Malformed Authorization header", "invalid-headers")

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            keys = self._keys.of(token)
            for key in keys[:-1]:
                try:
                    return self._decoded(token, key)
                except _WRONG_KEY:
                    continue
            return self._decoded(token, keys[-1])
        except (jwt.PyJWTError, *_WRONG_KEY) as error:
            raise HasuraError(f"Could not verify JWT: {_fault(error)}", "invalid-jwt") from error

    def _decoded(self, token: str, key: Any) -> dict[str, Any]:
        checks = {"verify_aud": self._audience is not None, "verify_sub": False}
        return jwt.decode(
            token,
            key,
            algorithms=list(self._keys.algorithms),
            audience=self._audience,
            issuer=self._issuer,
            leeway=self._leeway,
            options=cast("Any", {**checks, "verify_jti": False}),
        )

    def _variables(self, claims: dict[str, Any]) -> dict[str, Any]:
        if self._map is not None:
            return {name: _mapped(name, claim.value(claims)) for name, claim in self._map.items()}
        found = self._namespaced(claims)
        return {
            name.lower(): value
            for name, value in found.items()
            if name.lower().startswith("x-hasura-")
        }

    def _namespaced(self, claims: dict[str, Any]) -> dict[str, Any]:
        found = self._namespace[1].value(claims)
        if found is None:
            raise _invalid_claims(self._namespace[0])
        if self._stringified:
            found = _from_string(found)
        mapping = as_mapping(found)
        if mapping is None:
            raise _invalid_claims("expecting a json object when claims_format is json")
        return mapping


def _invalid_claims(message: str) -> HasuraError:
    return HasuraError(message, "jwt-invalid-claims")


def _from_string(value: Any) -> Any:
    if not isinstance(value, str):
        raise _invalid_claims("expecting a string when claims_format is stringified_json")
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        raise _invalid_claims("expecting stringified json in the claims") from None


def _mapped(name: str, value: Any) -> Any:
    if value is not None:
        return value
    if name in (_ALLOWED_ROLES, _DEFAULT_ROLE):
        raise _missing_role(name)
    raise _invalid_claims(f"JWT claim from claims_map, {name} not found")


def _missing_role(name: str) -> HasuraError:
    return HasuraError(f"JWT claim does not contain {name}", "jwt-missing-role-claims")


def _roles(value: Any) -> list[str]:
    if value is None:
        raise _missing_role(_ALLOWED_ROLES)
    if not is_list(value) or not all(isinstance(item, str) for item in value):
        raise _invalid_claims(f"invalid {_ALLOWED_ROLES}; should be a list of roles")
    return value


def _role(value: Any) -> str:
    if value is None:
        raise _missing_role(_DEFAULT_ROLE)
    if not isinstance(value, str):
        raise _invalid_claims(f"invalid {_DEFAULT_ROLE}; should be a single role name")
    return value


def _texts(variables: Mapping[str, Any]) -> dict[str, str]:
    for name, value in variables.items():
        if not isinstance(value, str):
            raise _invalid_claims(f"x-hasura-* claims: {name} should be a string")
    return dict(variables)


def _cookie_value(header: str, name: str) -> str:
    cookie = SimpleCookie(header).get(name)
    if cookie is None:
        raise HasuraError(f"Could not find {name} in Cookie header", "invalid-headers")
    return cookie.value


def _fault(error: Exception) -> str:
    if isinstance(error, jwt.MissingRequiredClaimError) and error.claim in _MISSING_CLAIMS:
        return _MISSING_CLAIMS[error.claim]
    known: Iterable[str] = (name for type_, name in _FAULTS if isinstance(error, type_))
    return next(iter(known), f"JWSError ({error})")


def _unusable(problem: str) -> ServeError:
    remedy = 'Write it as {"type": "HS256", "key": "…"}, with a key of at least 32 characters.'
    return ServeError(f"{_SETTING}: {problem}", remedy=remedy)


def _parsed(settings: str) -> dict[str, Any]:
    try:
        given = as_mapping(orjson.loads(settings))
    except orjson.JSONDecodeError:
        given = None
    if given is None:
        raise _unusable("it is no JSON object")
    return given


def _keys(given: Mapping[str, Any]) -> _Keys:
    key, url = given.get("key"), given.get("jwk_url")
    if (key is None) == (url is None):
        raise _unusable("one of key and jwk_url is needed, and not both")
    if url is not None:
        client = jwt.PyJWKClient(str(url), lifespan=_KEY_SET_LIFE, timeout=_FETCH_TIMEOUT)
        return _Keys(_KEY_SET_ALGORITHMS, key_set=client)
    type_ = str(given.get("type"))
    if type_ not in _ALGORITHMS:
        raise _unusable(f"Invalid JWK: Key type: {type_} is not supported")
    return _Keys(_ALGORITHMS[type_], _prepared(type_, str(key)))


def _prepared(type_: str, key: str) -> Any:
    if type_.startswith("HS"):
        if len(key.encode()) * 8 < int(type_[2:]):
            raise _unusable("Invalid JWK: Key size too small")
        return key
    try:
        if "BEGIN CERTIFICATE" in key:
            return load_pem_x509_certificate(key.encode()).public_key()
        return jwt.get_algorithm_by_name(_ALGORITHMS[type_][0]).prepare_key(key)
    except (ValueError, jwt.InvalidKeyError):
        raise _unusable("Invalid JWK: the key cannot be read as PEM") from None


def _cookie(given: Any) -> str | None:
    header = as_mapping(given) or {"type": "Authorization"}
    match str(header.get("type")).lower():
        case "authorization":
            return None
        case "cookie" if header.get("name"):
            return str(header["name"])
        case _:
            raise _unusable("header: expected 'type' is 'Authorization' or 'Cookie', with a 'name'")


def _namespace(given: Mapping[str, Any]) -> tuple[str, _Path]:
    """Return where the claims stand, with the message of a token that has none there."""
    name, path = given.get("claims_namespace"), given.get("claims_namespace_path")
    if name is not None and path is not None:
        raise _unusable("claims_namespace and claims_namespace_path both cannot be set")
    if path is not None:
        return f"claims not found at claims_namespace_path: '{path}'", _Path(_steps(path))
    name = str(name or _NAMESPACE)
    return f"claims key: '{name}' not found", _Path((name,))


def _claims_map(given: Any) -> dict[str, _Path | _Fixed] | None:
    if given is None:
        return None
    claims = {name.lower(): value for name, value in (as_mapping(given) or {}).items()}
    for name in (_ALLOWED_ROLES, _DEFAULT_ROLE):
        if name not in claims:
            raise _unusable(f"claims_map: {name} is expected but not found")
    return {name: _claim(value) for name, value in claims.items()}


def _claim(value: Any) -> _Path | _Fixed:
    mapping = as_mapping(value)
    if mapping is None:
        return _Fixed(value)
    return _Path(_steps(mapping.get("path")), mapping.get("default"))


def _steps(path: Any) -> tuple[str, ...]:
    try:
        return tuple(parse_json_path(str(path)))
    except ValueError as error:
        raise _unusable(f"{path!r} is no JSON path: {error}") from None

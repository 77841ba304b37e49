"""JSON Web Tokens: keys, claims, and what is said of a token that is not valid."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from run_logger.local.auth import Authenticator
from run_logger.local.errors import HasuraError, ServeError
from run_logger.local.jwt import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from run_logger.local.auth import Session

KEY = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
CLAIMS = {
    "x-hasura-allowed-roles": ["user", "editor"],
    "x-hasura-default-role": "user",
    "X-Hasura-User-Id": "7",
    "other": 1,
}
NAMESPACE = "https://hasura.io/jwt/claims"


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: Any) -> str:
    text: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return text.decode()


def certificate() -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(rsa_key().public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(rsa_key(), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def authenticator(**settings: Any) -> Authenticator:
    return Authenticator("s3cret", Tokens(json.dumps({"type": "HS256", "key": KEY, **settings})))


def token(claims: Any = CLAIMS, key: Any = KEY, algorithm: str = "HS256", **payload: Any) -> str:
    return jwt.encode({NAMESPACE: claims, **payload}, key, algorithm)


def session(given: str, settings: dict[str, Any] | None = None, **headers: str) -> Session:
    bearer = {"authorization": f"Bearer {given}"}
    return authenticator(**(settings or {})).session({**bearer, **headers})


def refusal(given: str, settings: dict[str, Any] | None = None, **headers: str) -> tuple[str, str]:
    with pytest.raises(HasuraError) as raised:
        session(given, settings, **headers)
    return raised.value.code, raised.value.message


def test_a_token_brings_its_default_role_and_session_variables() -> None:
    found = session(token())
    assert found.role == "user"
    assert found.variables == {"x-hasura-role": "user", "x-hasura-user-id": "7"}
    assert found.expires is None


def test_a_role_that_the_token_allows_can_be_asked_for() -> None:
    found = session(token(), {}, **{"x-hasura-role": "editor", "x-hasura-user-id": "8"})
    assert found.role == "editor"
    assert found.variables == {"x-hasura-role": "editor", "x-hasura-user-id": "7"}


def test_a_role_that_the_token_does_not_allow_is_refused() -> None:
    refused = refusal(token(), {}, **{"x-hasura-role": "admin"})
    assert refused == ("access-denied", "Your requested role is not in allowed roles")


@pytest.mark.parametrize("type_", ["HS256", "HS384", "HS512"])
def test_shared_keys_verify_their_kind_of_hash(type_: str) -> None:
    assert session(token(algorithm=type_), {"type": type_}).role == "user"


@pytest.mark.parametrize("type_", ["RS256", "RS384", "RS512"])
def test_rsa_keys_verify_any_length_of_hash(type_: str) -> None:
    settings = {"type": type_, "key": pem(rsa_key())}
    assert session(token(key=rsa_key(), algorithm="RS256"), settings).role == "user"
    assert session(token(key=rsa_key(), algorithm="RS512"), settings).role == "user"


def test_a_certificate_is_as_good_as_its_key() -> None:
    settings = {"type": "RS256", "key": certificate()}
    assert session(token(key=rsa_key(), algorithm="RS256"), settings).role == "user"


@pytest.mark.parametrize(
    ("type_", "algorithm", "key"),
    [
        ("ES256", "ES256", ec.generate_private_key(ec.SECP256R1())),
        ("Ed25519", "EdDSA", ed25519.Ed25519PrivateKey.generate()),
    ],
)
def test_elliptic_curves_are_known(type_: str, algorithm: str, key: Any) -> None:
    settings = {"type": type_, "key": pem(key)}
    assert session(token(key=key, algorithm=algorithm), settings).role == "user"


@pytest.fixture(scope="module")
def key_set_url(serve_app: Callable[[Starlette], str]) -> str:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    keys = [
        {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid}
        for kid, key in (("other", other), ("ours", rsa_key()))
    ]
    route = Route("/keys", lambda _: JSONResponse({"keys": keys}))
    return f"{serve_app(Starlette(routes=[route]))}/keys"


@pytest.mark.parametrize("headers", [{"kid": "ours"}, {}])
def test_a_set_of_keys_can_be_fetched(key_set_url: str, headers: dict[str, str]) -> None:
    given = jwt.encode({NAMESPACE: CLAIMS}, rsa_key(), "RS256", headers)
    tokens = Tokens(json.dumps({"jwk_url": key_set_url}))
    found = Authenticator("s3cret", tokens).session({"authorization": f"Bearer {given}"})
    assert found.role == "user"


def test_a_token_that_no_key_of_the_set_has_signed_is_refused(key_set_url: str) -> None:
    tokens = Tokens(json.dumps({"jwk_url": key_set_url}))
    strangers = [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256"),
        (KEY, "HS256"),
    ]
    for key, algorithm in strangers:
        given = token(key=key, algorithm=algorithm)
        with pytest.raises(HasuraError, match="Could not verify JWT"):
            Authenticator("s3cret", tokens).session({"authorization": f"Bearer {given}"})


def test_a_set_of_keys_that_cannot_be_fetched_refuses_the_token() -> None:
    given = jwt.encode({NAMESPACE: CLAIMS}, rsa_key(), "RS256")
    tokens = Tokens(json.dumps({"jwk_url": "http://127.0.0.1:9/keys"}))
    with pytest.raises(HasuraError, match="Could not verify JWT"):
        Authenticator("s3cret", tokens).session({"authorization": f"Bearer {given}"})


def test_a_public_key_is_no_shared_secret() -> None:
    forged = jwt.encode({NAMESPACE: CLAIMS}, KEY, "HS256")
    settings = {"type": "RS256", "key": pem(rsa_key())}
    assert refusal(forged, settings)[0] == "invalid-jwt"
    unsigned = token(key=None, algorithm="none")
    assert refusal(unsigned)[0] == "invalid-jwt"


NOW = int(time.time())


@pytest.mark.parametrize(
    ("payload", "settings", "fault"),
    [
        ({"exp": NOW - 60}, {}, "JWTExpired"),
        ({"exp": NOW - 60}, {"allowed_skew": 30}, "JWTExpired"),
        ({"nbf": NOW + 100_000}, {}, "JWTNotYetValid"),
        ({"aud": "theirs"}, {"audience": "ours"}, "JWTNotInAudience"),
        ({}, {"audience": ["ours"]}, "JWTNotInAudience"),
        ({"iss": "theirs"}, {"issuer": "ours"}, "JWTNotInIssuer"),
        ({}, {"issuer": "ours"}, "JWTNotInIssuer"),
        ({}, {"key": KEY[::-1]}, "JWSError JWSInvalidSignature"),
    ],
)
def test_a_token_that_is_not_valid_is_refused_with_the_reason(
    payload: dict[str, Any], settings: dict[str, Any], fault: str
) -> None:
    assert refusal(token(**payload), settings) == ("invalid-jwt", f"Could not verify JWT: {fault}")


@pytest.mark.parametrize(
    ("payload", "settings"),
    [
        ({"exp": NOW - 60}, {"allowed_skew": 100_000}),
        ({"aud": ["theirs", "ours"]}, {"audience": ["ours", "others"]}),
        ({"aud": "theirs"}, {}),
        ({"iss": "ours"}, {"issuer": "ours"}),
    ],
)
def test_a_token_within_the_settings_is_taken(
    payload: dict[str, Any], settings: dict[str, Any]
) -> None:
    assert session(token(**payload), settings).role == "user"


def test_a_session_ends_with_its_token() -> None:
    assert session(token(exp=NOW + 100_000)).expires == NOW + 100_000


@pytest.mark.parametrize("header", ["Bearer", "Basic abc", "Bearer a b", ""])
def test_a_header_of_another_form_is_refused(header: str) -> None:
    with pytest.raises(HasuraError, match="Malformed Authorization header") as raised:
        authenticator().session({"authorization": header})
    assert raised.value.code == "invalid-headers"


def test_a_text_that_is_no_token_is_refused() -> None:
    code, message = refusal("abc")
    assert (code, message.split(" (")[0]) == ("invalid-jwt", "Could not verify JWT: JWSError")


def test_without_a_token_there_is_the_role_of_who_presents_nothing_or_a_refusal() -> None:
    with pytest.raises(HasuraError) as raised:
        authenticator().session({})
    assert (raised.value.code, raised.value.message) == (
        "invalid-headers",
        "Missing Authorization header in JWT authentication mode",
    )
    tokens = Tokens(json.dumps({"type": "HS256", "key": KEY}))
    assert Authenticator("s3cret", tokens, "guest").session({}).role == "guest"


def test_the_secret_comes_before_the_token() -> None:
    headers = {"authorization": f"Bearer {token()}", "x-hasura-admin-secret": "s3cret"}
    assert authenticator().session(headers).role == "admin"
    with pytest.raises(HasuraError, match="invalid"):
        authenticator().session({**headers, "x-hasura-admin-secret": "guess"})


def test_a_token_can_come_in_a_cookie() -> None:
    made = authenticator(header={"type": "Cookie", "name": "token"})
    assert made.session({"cookie": f"a=b; token={token()}"}).role == "user"
    for headers, message in (
        ({"cookie": "a=b"}, "Could not find token in Cookie header"),
        ({"authorization": "Bearer x"}, "Missing Cookie header in JWT authentication mode"),
    ):
        with pytest.raises(HasuraError, match=message):
            made.session(headers)


@pytest.mark.parametrize(
    ("settings", "payload"),
    [
        ({"claims_namespace": "ours"}, {"ours": CLAIMS}),
        ({"claims_namespace_path": "$.a.b[0]"}, {"a": {"b": [CLAIMS]}}),
        ({"claims_namespace_path": "$"}, CLAIMS),
        ({"claims_format": "stringified_json"}, {NAMESPACE: json.dumps(CLAIMS)}),
        (
            {
                "claims_map": {
                    "x-hasura-allowed-roles": {"path": "$.roles"},
                    "x-hasura-default-role": {"path": "$.roles[0]"},
                    "x-hasura-user-id": {"path": "$.user['the id']", "default": "8"},
                }
            },
            {"roles": ["user", "editor"], "user": {"the id": "7"}},
        ),
        (
            {
                "claims_map": {
                    "x-hasura-allowed-roles": ["user"],
                    "x-hasura-default-role": "user",
                    "X-Hasura-User-Id": {"path": "$.nothing", "default": "7"},
                }
            },
            {},
        ),
    ],
)
def test_the_settings_say_where_the_claims_stand(
    settings: dict[str, Any], payload: dict[str, Any]
) -> None:
    found = session(jwt.encode(payload, KEY), settings)
    assert found.variables == {"x-hasura-role": "user", "x-hasura-user-id": "7"}


@pytest.mark.parametrize(
    ("claims", "settings", "code", "message"),
    [
        (None, {}, "jwt-invalid-claims", f"claims key: '{NAMESPACE}' not found"),
        (
            None,
            {"claims_namespace_path": "$.a"},
            "jwt-invalid-claims",
            "claims not found at claims_namespace_path: '$.a'",
        ),
        ([], {}, "jwt-invalid-claims", "expecting a json object when claims_format is json"),
        (
            CLAIMS,
            {"claims_format": "stringified_json"},
            "jwt-invalid-claims",
            "expecting a string when claims_format is stringified_json",
        ),
        (
            {**CLAIMS, "x-hasura-user-id": 7},
            {},
            "jwt-invalid-claims",
            "x-hasura-* claims: x-hasura-user-id should be a string",
        ),
        (
            {"x-hasura-default-role": "user"},
            {},
            "jwt-missing-role-claims",
            "JWT claim does not contain x-hasura-allowed-roles",
        ),
        (
            {"x-hasura-allowed-roles": ["user"]},
            {},
            "jwt-missing-role-claims",
            "JWT claim does not contain x-hasura-default-role",
        ),
        (
            {**CLAIMS, "x-hasura-allowed-roles": "user"},
            {},
            "jwt-invalid-claims",
            "invalid x-hasura-allowed-roles; should be a list of roles",
        ),
        (
            {**CLAIMS, "x-hasura-default-role": ["user"]},
            {},
            "jwt-invalid-claims",
            "invalid x-hasura-default-role; should be a single role name",
        ),
        (
            CLAIMS,
            {
                "claims_map": {
                    "x-hasura-allowed-roles": ["user"],
                    "x-hasura-default-role": "user",
                    "x-hasura-org": {"path": "$.org"},
                }
            },
            "jwt-invalid-claims",
            "JWT claim from claims_map, x-hasura-org not found",
        ),
    ],
)
def test_claims_that_are_missing_or_wrong_are_named(
    claims: Any, settings: dict[str, Any], code: str, message: str
) -> None:
    assert refusal(token(claims), settings) == (code, message)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ("no json", "it is no JSON object"),
        ("{}", "one of key and jwk_url is needed"),
        ('{"type": "HS256", "key": "short"}', "Key size too small"),
        ('{"type": "XX", "key": "k"}', "Key type: XX is not supported"),
        ('{"type": "RS256", "key": "no pem"}', "cannot be read as PEM"),
        (
            json.dumps(
                {
                    "type": "HS256",
                    "key": KEY,
                    "claims_namespace": "a",
                    "claims_namespace_path": "$.b",
                }
            ),
            "both cannot be set",
        ),
        (
            json.dumps({"type": "HS256", "key": KEY, "claims_map": {}}),
            "x-hasura-allowed-roles is expected but not found",
        ),
        (
            json.dumps({"type": "HS256", "key": KEY, "header": {"type": "Query"}}),
            "'Authorization' or 'Cookie'",
        ),
    ],
)
def test_settings_that_cannot_be_used_are_said_without_the_key(settings: str, problem: str) -> None:
    with pytest.raises(ServeError) as raised:
        Tokens(settings)
    assert problem in str(raised.value)
    assert KEY not in str(raised.value)

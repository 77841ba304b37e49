"""Who asks: the admin secret, roles, session variables, requests that present nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from run_logger.local.auth import Authenticator, Session, read_authenticator
from run_logger.local.errors import HasuraError, ServeError
from run_logger.local.permissions import infers_functions

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET = {"x-hasura-admin-secret": "s3cret"}
REQUIRED = '"x-hasura-admin-secret"/"x-hasura-access-key" required, but not found'


def refusal(authenticator: Authenticator, headers: Mapping[str, str]) -> tuple[str, str]:
    with pytest.raises(HasuraError) as raised:
        authenticator.session(headers)
    return raised.value.code, raised.value.message


@pytest.mark.parametrize(("secret", "headers"), [(None, {}), ("s3cret", SECRET)])
def test_whoever_is_trusted_is_admin_or_takes_a_role(
    secret: str | None, headers: dict[str, str]
) -> None:
    authenticator = Authenticator(secret)
    assert authenticator.session(headers) == Session("admin", {"x-hasura-role": "admin"})
    taken = authenticator.session(
        {**headers, "x-hasura-role": "user", "x-hasura-user-id": "7", "accept": "any"}
    )
    assert taken == Session("user", {"x-hasura-role": "user", "x-hasura-user-id": "7"})


def test_a_role_without_the_secret_is_refused() -> None:
    headers = {"x-hasura-role": "user"}
    assert refusal(Authenticator("s3cret"), headers) == ("access-denied", REQUIRED)


def test_who_presents_nothing_may_have_a_role_and_can_take_no_other() -> None:
    authenticator = read_authenticator("s3cret", {"HASURA_GRAPHQL_UNAUTHORIZED_ROLE": "guest"})
    session = authenticator.session({"x-hasura-role": "admin", "x-hasura-user-id": "7"})
    assert session == Session("guest", {"x-hasura-role": "guest", "x-hasura-user-id": "7"})
    wrong = refusal(authenticator, {"x-hasura-admin-secret": "guess"})
    assert wrong[1].startswith("invalid")


@pytest.mark.parametrize(
    ("given", "expected"), [("true", True), ("YES", True), ("false", False), ("n", False)]
)
def test_a_trusted_request_may_ask_for_what_is_for_backends(given: str, expected: bool) -> None:
    headers = {**SECRET, "x-hasura-use-backend-only-permissions": given}
    assert Authenticator("s3cret").session(headers).backend is expected


def test_who_is_not_trusted_gets_nothing_that_is_for_backends() -> None:
    authenticator = Authenticator("s3cret", unauthorized_role="guest")
    assert not authenticator.session({"x-hasura-use-backend-only-permissions": "true"}).backend


def test_a_bad_boolean_is_refused() -> None:
    headers = {**SECRET, "x-hasura-use-backend-only-permissions": "maybe"}
    code, message = refusal(Authenticator("s3cret"), headers)
    assert code == "bad-request"
    assert message == (
        "x-hasura-use-backend-only-permissions:  Not a valid boolean text. "
        'True values are ["true","t","yes","y"] and  False values are ["false","f","no","n"]. '
        "All values are case insensitive"
    )


@pytest.mark.parametrize(
    "variable", ["HASURA_GRAPHQL_UNAUTHORIZED_ROLE", "HASURA_GRAPHQL_JWT_SECRET"]
)
def test_what_only_has_a_meaning_with_a_secret_needs_one(variable: str) -> None:
    with pytest.raises(ServeError, match=f"{variable} needs an admin secret"):
        read_authenticator(None, {variable: "{}"})


@pytest.mark.parametrize(("given", "expected"), [("", True), ("true", True), ("FALSE", False)])
def test_permissions_of_functions_are_inferred_unless_the_environment_says_no(
    given: str, expected: bool
) -> None:
    assert infers_functions({"HASURA_GRAPHQL_INFER_FUNCTION_PERMISSIONS": given}) is expected


def test_an_environment_that_is_not_understood_is_said() -> None:
    with pytest.raises(ServeError, match="is 'perhaps'"):
        infers_functions({"HASURA_GRAPHQL_INFER_FUNCTION_PERMISSIONS": "perhaps"})

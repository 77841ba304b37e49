from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from run_logger.local.app import create_app
from run_logger.local.auth import Authenticator
from run_logger.local.body import read_requests
from run_logger.local.errors import HasuraError
from run_logger.local.faults import log_fault
from run_logger.local.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from starlette.types import ASGIApp

    from run_logger.local.auth import Session

SECRET = "s3cret ä"  # noqa: S105  of this file alone
HELLO = {"query": "{ hello }"}
REQUIRED = '"x-hasura-admin-secret"/"x-hasura-access-key"'


class FakeEngine:
    """Answers with what it was asked, or fails as the query says."""

    def __init__(self) -> None:
        self.inconsistencies: list[object] = []

    async def execute(self, request: Mapping[str, Any], session: Session) -> bytes:
        if code := {"refuse": "validation-failed", "break": "unexpected"}.get(request["query"]):
            raise HasuraError("no", code, "$.query", {"statement": "SELECT"})
        if request["query"] == "crash":
            raise ZeroDivisionError(f"a bug, with {request['variables']} in it")
        asked = {**request, "role": session.role, "session": dict(session.variables)}
        return orjson.dumps({"data": asked}, default=str)


@pytest.fixture(scope="module")
def open_client(serve_app: Callable[[ASGIApp], str]) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=serve_app(create_app(FakeEngine(), Authenticator(None), Options())),
        timeout=60,
    ) as client:
        yield client


@pytest.fixture(scope="module")
def closed_client(serve_app: Callable[[ASGIApp], str]) -> Iterator[httpx.Client]:
    app = create_app(FakeEngine(), Authenticator(SECRET), Options())
    with httpx.Client(base_url=serve_app(app), timeout=60) as client:
        yield client


def error_of(response: httpx.Response) -> tuple[str, str, str]:
    (error,) = response.json()["errors"]
    return error["extensions"]["code"], error["extensions"]["path"], error["message"]


def test_a_request_reaches_the_engine_whole(open_client: httpx.Client) -> None:
    request = {"query": "q", "variables": {"a": [1, None]}, "operationName": "n", "extensions": {}}
    response = open_client.post("/v1/graphql", json=request)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.json()["data"] == {
        **request,
        "role": "admin",
        "session": {"x-hasura-role": "admin"},
    }


@pytest.mark.parametrize(("url", "status"), [("/v1/graphql", 200), ("/v1alpha1/graphql", 400)])
def test_an_error_has_its_status_only_at_the_older_address(
    open_client: httpx.Client, url: str, status: int
) -> None:
    response = open_client.post(url, json={"query": "refuse"})
    assert response.status_code == status
    extensions = {
        "path": "$.query",
        "code": "validation-failed",
        "internal": {"statement": "SELECT"},
    }
    assert response.json() == {"errors": [{"message": "no", "extensions": extensions}]}


def test_the_older_address_tells_whose_fault_it_is(closed_client: httpx.Client) -> None:
    headers = httpx.Headers({"x-hasura-access-key": SECRET}, encoding="utf-8")
    broken = closed_client.post("/v1alpha1/graphql", json={"query": "break"}, headers=headers)
    refused = closed_client.post("/v1alpha1/graphql", json=HELLO)
    assert (broken.status_code, refused.status_code) == (500, 401)


def test_a_batch_is_answered_in_order_each_request_for_itself(open_client: httpx.Client) -> None:
    batch = [HELLO, {"query": "refuse"}, {"query": "again"}]
    answers = open_client.post("/v1/graphql", json=batch).json()
    assert [list(answer) for answer in answers] == [["data"], ["errors"], ["data"]]
    assert answers[2]["data"]["query"] == "again"
    assert open_client.post("/v1/graphql", json=[]).json() == []


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        (b"", "invalid-json", "$"),
        (b"{", "invalid-json", "$"),
        (b'{"query": "\xff"}', "invalid-json", "$"),
        (b'{"query": NaN}', "invalid-json", "$"),
        (b'{"query": "\\ud800"}', "invalid-json", "$"),
        (b"[" * 100_000, "invalid-json", "$"),
        (
            b'{"query": "q", "variables": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}",
            "invalid-json",
            "$",
        ),
        (b"17", "parse-failed", "$"),
        (b'[{"query": "q"}, 1]', "parse-failed", "$[1]"),
    ],
)
def test_a_body_that_is_no_request_is_refused_in_hasuras_shape(
    open_client: httpx.Client, body: bytes, code: str, path: str
) -> None:
    response = open_client.post("/v1/graphql", content=body)
    assert response.status_code == 200
    assert error_of(response)[:2] == (code, path)


@pytest.mark.parametrize(
    "number",
    [
        "123456789012345678901234567890",
        "-9223372036854775809",
        "0.12345678901234567890123456789",
        "1234567890.123456789",
        "5e-400",
        "0.10000000000000000555",
    ],
)
@pytest.mark.parametrize("space", ["", " "])
def test_a_number_that_a_float_cannot_hold_is_kept_exactly(number: str, space: str) -> None:
    body = f'{{"query":"q","variables":{{"n":[{space}{number}]}}}}'
    request = read_requests(body.encode())
    assert isinstance(request, dict)
    (value,) = request["variables"]["n"]
    assert isinstance(value, (int, Decimal))
    assert Decimal(value) == Decimal(number)


@pytest.mark.parametrize("space", ["", " "])
def test_numbers_that_a_float_holds_stay_floats_beside_one_that_it_cannot(space: str) -> None:
    body = f'{{"query":"q","variables":{{"n":[{space}0.30000000000000004,1.5,1e3,5e-400]}}}}'
    request = read_requests(body.encode())
    assert isinstance(request, dict)
    numbers = request["variables"]["n"]
    assert numbers[:3] == [0.30000000000000004, 1.5, 1000.0]
    assert [type(number) for number in numbers] == [float, float, float, Decimal]


def test_without_a_secret_everyone_is_admin(open_client: httpx.Client) -> None:
    headers = {"X-Hasura-Role": "admin", "X-Hasura-User-Id": "7", "X-Hasura-Admin-Secret": "any"}
    data = open_client.post("/v1/graphql", json=HELLO, headers=headers).json()["data"]
    assert data["session"] == {"x-hasura-role": "admin", "x-hasura-user-id": "7"}


@pytest.mark.parametrize("name", ["X-Hasura-Admin-Secret", "x-hasura-access-key"])
def test_the_right_secret_makes_an_admin_and_goes_no_further(
    closed_client: httpx.Client, name: str
) -> None:
    response = closed_client.post(
        "/v1/graphql", json=HELLO, headers=httpx.Headers({name: SECRET}, encoding="utf-8")
    )
    assert response.json()["data"]["session"] == {"x-hasura-role": "admin"}


def test_a_missing_secret_is_asked_for(closed_client: httpx.Client) -> None:
    response = closed_client.post("/v1/graphql", json=HELLO)
    assert response.status_code == 200
    assert error_of(response) == ("access-denied", "$", f"{REQUIRED} required, but not found")


def test_a_wrong_secret_is_refused_and_neither_is_shown(closed_client: httpx.Client) -> None:
    headers = {"x-hasura-admin-secret": "guess"}
    response = closed_client.post("/v1/graphql", json=HELLO, headers=headers)
    assert error_of(response) == ("access-denied", "$", f"invalid {REQUIRED}")
    assert "guess" not in response.text


def test_other_addresses_and_methods_do_not_exist(open_client: httpx.Client) -> None:
    expected = {"path": "$", "error": "resource does not exist", "code": "not-found"}
    for response in (
        open_client.get("/"),
        open_client.post("/v1/nothing", json={}),
        open_client.put("/v1/graphql", json=HELLO),
    ):
        assert (response.status_code, response.json()) == (404, expected)


def test_get_is_for_persisted_queries_which_are_not_supported(open_client: httpx.Client) -> None:
    assert error_of(open_client.get("/v1/graphql"))[0] == "not-supported"


def test_health_tells_of_inconsistent_metadata(
    serve_app: Callable[[ASGIApp], str],
) -> None:
    engine = FakeEngine()
    url = serve_app(create_app(engine, Authenticator(SECRET), Options()))
    assert httpx.get(f"{url}/healthz", timeout=60).text == "OK"
    engine.inconsistencies.append("table x does not exist")
    lenient = httpx.get(f"{url}/hasura/healthz", timeout=60)
    assert (lenient.status_code, lenient.text) == (200, "WARN: inconsistent objects in schema")
    strict = httpx.get(f"{url}/healthz?strict=true", timeout=60)
    assert (strict.status_code, strict.text) == (500, "ERROR: inconsistent objects in schema")


def test_the_version_needs_no_secret(closed_client: httpx.Client) -> None:
    assert closed_client.get("/v1/version").json()["version"].startswith("v2.")


def test_an_answer_has_the_id_of_its_request_or_a_new_one(open_client: httpx.Client) -> None:
    given = open_client.post("/v1/graphql", json=HELLO, headers={"x-request-id": "mine"})
    made = [open_client.get("/nothing").headers["x-request-id"] for _ in range(2)]
    assert given.headers["x-request-id"] == "mine"
    assert made[0] != made[1]


@pytest.mark.parametrize("url", ["/v1/graphql", "/v1alpha1/graphql"])
@pytest.mark.parametrize("headers", [{}, {"origin": "http://localhost"}])
def test_a_fault_of_ours_is_answered_without_its_details_and_ends_no_connection(
    open_client: httpx.Client,
    url: str,
    headers: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    crash = {"query": "crash", "variables": {"password": SECRET}}
    response = open_client.post(url, json=crash, headers=headers)
    assert error_of(response) == ("unexpected", "$", "internal error")
    assert response.status_code == 500
    for _ in range(50):
        assert "data" in open_client.post(url, json=HELLO, headers=headers).json()
    assert "ZeroDivisionError" in caplog.text
    assert "test_app.py" in caplog.text
    assert SECRET not in caplog.text


def test_a_fault_tells_what_led_to_it(caplog: pytest.LogCaptureFixture) -> None:
    first = KeyError("a secret")
    with pytest.raises(ExceptionGroup) as raised:
        raise ExceptionGroup("a secret", [ValueError("a secret")]) from first
    log_fault(raised.value)
    names = ("KeyError", "ValueError", "ExceptionGroup", "in test_a_fault_tells")
    assert [name for name in names if name not in caplog.text] == []


def preflight(client: httpx.Client, origin: str) -> httpx.Response:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-hasura-admin-secret",
    }
    return client.options("/v1/graphql", headers=headers)


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:1"])
def test_local_pages_use_a_server_without_a_secret(open_client: httpx.Client, origin: str) -> None:
    allowed = preflight(open_client, origin)
    assert allowed.headers["access-control-allow-origin"] == origin
    assert "x-hasura-admin-secret" in allowed.headers["access-control-allow-headers"]
    answer = open_client.post("/v1/graphql", json=HELLO, headers={"origin": origin})
    assert "data" in answer.json()


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost.evil.example", "null"]
)
def test_pages_of_other_sites_cannot_use_a_server_without_a_secret(
    open_client: httpx.Client, origin: str
) -> None:
    assert preflight(open_client, origin).status_code == 400
    body = json.dumps(HELLO)
    headers = {"origin": origin, "content-type": "text/plain"}
    answer = open_client.post("/v1/graphql", content=body, headers=headers)
    assert error_of(answer)[0] == "access-denied"


def test_pages_of_other_sites_may_use_a_server_with_a_secret(closed_client: httpx.Client) -> None:
    origin = "https://pages.example"
    assert preflight(closed_client, origin).headers["access-control-allow-origin"] == origin
    headers = httpx.Headers({"origin": origin, "x-hasura-admin-secret": SECRET}, encoding="utf-8")
    assert "data" in closed_client.post("/v1/graphql", json=HELLO, headers=headers).json()

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import orjson
import pytest
from graphql import parse
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from run_logger import answers
from run_logger.deadline import within
from run_logger.errors import (
    AuthenticationError,
    ConfigError,
    ContentError,
    EndpointError,
    EndpointTimeoutError,
    ForbiddenError,
    GraphQLError,
    NotHasuraError,
    QueryError,
    RunLoggerError,
    SchemaError,
    ServerError,
    UnreachableError,
)
from run_logger.inputs import Input, Wire
from run_logger.transport import (
    AsyncConnectionPool,
    AsyncTransport,
    ConnectionPool,
    Transport,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.requests import Request

    from tests.conftest import Serve

URL = "http://user:s3cret@hasura.test/v1/graphql?token=s3cret"
_VARIABLES = (
    "HASURA_GRAPHQL_ADMIN_SECRET",
    "HASURA_GRAPHQL_ROLE",
    "HASURA_GRAPHQL_TOKEN",
    "RUN_LOGGER_HEADERS",
)

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)


def client_of(handler: Handler, kind: type[Transport] = Transport, **options: Any) -> Transport:
    pool = ConnectionPool(transport=httpx.MockTransport(handler))
    return kind(URL, pool=pool, **{"retries": 0, **options})


def answering(*args: Any, **kwargs: Any) -> Transport:
    return client_of(lambda _: httpx.Response(*args, **kwargs))


def refusal(transport: Transport) -> RunLoggerError:
    with pytest.raises(RunLoggerError) as caught:
        transport.send("query q { run { id } }", "q", {})
    assert "s3cret" not in str(caught.value)
    assert "the operation q" in str(caught.value)
    return caught.value


def sent_by(use: Callable[[Transport], object], **options: Any) -> httpx.Request:
    """Return the one request that a use of the transport sends."""
    requests: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"data": {}})

    use(client_of(keep, **options))
    (request,) = requests
    return request


def body_of(variables: dict[str, Any]) -> Any:
    request = sent_by(lambda transport: transport.execute("query", variables))
    return orjson.loads(request.content)["variables"]


# The codes of Hasura v2.48, as its source enumerates them, with those that it makes up elsewhere
# (limits, keys of JSON web tokens), and one that no version knows.
_CODES: dict[str, type[RunLoggerError]] = {
    "access-denied": AuthenticationError,
    "already-exists": GraphQLError,
    "already-tracked": GraphQLError,
    "already-untracked": GraphQLError,
    "bad-request": QueryError,
    "bigquery-error": ServerError,
    "busy": ServerError,
    "coercion-error": ContentError,
    "concurrent-update": ServerError,
    "conflict": GraphQLError,
    "connection-not-established": ServerError,
    "constraint-error": QueryError,
    "constraint-violation": ContentError,
    "cyclic-dependency": GraphQLError,
    "data-connector-error": ServerError,
    "data-exception": ContentError,
    "dependency-error": GraphQLError,
    "invalid-configuration": GraphQLError,
    "invalid-headers": AuthenticationError,
    "invalid-json": ContentError,
    "invalid-jwt": AuthenticationError,
    "invalid-jwt-key": AuthenticationError,
    "invalid-params": GraphQLError,
    "jwt-invalid-claims": AuthenticationError,
    "jwt-missing-role-claims": AuthenticationError,
    "method-not-allowed": GraphQLError,
    "mssql-error": ServerError,
    "not-exists": GraphQLError,
    "not-found": AuthenticationError,
    "not-supported": QueryError,
    "parse-failed": ContentError,
    "permission-denied": ForbiddenError,
    "permission-error": ContentError,
    "postgres-error": ServerError,
    "postgres-max-connections-error": ServerError,
    "rate-limit-exceeded": ServerError,
    "remote-schema-conflicts": GraphQLError,
    "remote-schema-error": ServerError,
    "start-failed": QueryError,
    "template-resolution-failed": GraphQLError,
    "time-limit-exceeded": ServerError,
    "timeout": ServerError,
    "unexpected": ServerError,
    "unexpected-payload": QueryError,
    "validation-failed": QueryError,
    "a-code-of-next-year": GraphQLError,
}


def test_every_code_of_hasuras_is_mapped_once() -> None:
    mapped = Counter(code for codes in answers._CODES.values() for code in codes)
    assert mapped == Counter(code for code in _CODES if code != "a-code-of-next-year")


class TestAnswers:
    def test_the_data_of_an_answer_comes_back(self) -> None:
        transport = answering(200, json={"data": {"run": [{"id": 1}]}})
        assert transport.execute("{ run { id } }") == {"run": [{"id": 1}]}

    @pytest.mark.parametrize(("code", "kind"), sorted(_CODES.items(), key=str))
    @pytest.mark.parametrize("status", [200, 400])
    def test_hasuras_code_decides_whatever_the_status(
        self, code: str, kind: type[RunLoggerError], status: int
    ) -> None:
        entry = {"message": "what it says", "extensions": {"code": code, "path": "$.x"}}
        error = refusal(answering(status, json={"errors": [entry]}))
        assert type(error) is kind
        assert "what it says (in $.x)" in str(error)

    def test_an_error_keeps_code_path_and_the_servers_own_words(self) -> None:
        entry = {"message": "m", "extensions": {"code": "validation-failed", "path": "$.a"}}
        error = refusal(answering(200, json={"errors": [entry]}))
        assert isinstance(error, QueryError)
        assert (error.code, error.path, error.errors) == ("validation-failed", "$.a", [entry])

    @pytest.mark.parametrize(
        ("sqlstate", "kind"),
        [("42P01", QueryError), ("P0001", ContentError), ("53100", ServerError)],
    )
    def test_an_unexpected_database_error_is_told_by_its_sqlstate(
        self, sqlstate: str, kind: type[RunLoggerError]
    ) -> None:
        internal = {"error": {"status_code": sqlstate, "message": "disk full"}}
        extensions = {"code": "unexpected", "path": "$", "internal": internal}
        entry = {"message": "database query error", "extensions": extensions}
        error = refusal(answering(200, json={"errors": [entry]}))
        assert type(error) is kind
        assert "database query error: disk full" in str(error)

    def test_the_error_form_of_hasuras_other_paths_is_understood(self) -> None:
        answer = {"error": "You have to be an admin", "path": "$", "code": "access-denied"}
        assert isinstance(refusal(answering(400, json=answer)), AuthenticationError)

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (401, AuthenticationError),
            (403, AuthenticationError),
            (404, NotHasuraError),
            (405, NotHasuraError),
            (408, ServerError),
            (413, ContentError),
            (429, ServerError),
            (500, ServerError),
            (502, ServerError),
            (503, ServerError),
        ],
    )
    def test_the_status_decides_where_nobody_speaks_hasuras_language(
        self, status: int, kind: type[RunLoggerError]
    ) -> None:
        error = refusal(answering(status, html="<h1>no</h1>"))
        assert type(error) is kind
        assert str(status) in str(error)

    def test_an_unknown_path_of_hasura_is_not_its_graphql_api(self) -> None:
        answer = {"error": "resource does not exist", "path": "$", "code": "not-found"}
        assert isinstance(refusal(answering(404, json=answer)), NotHasuraError)

    def test_a_web_page_is_not_hasura(self) -> None:
        error = refusal(answering(200, html="<html>Log in</html>"))
        assert isinstance(error, NotHasuraError)
        assert "web page" in str(error)

    @pytest.mark.parametrize("answer", [{}, [], {"data": None}, {"hello": "world"}, 3])
    def test_json_without_data_is_not_hasura(self, answer: object) -> None:
        assert isinstance(refusal(answering(200, json=answer)), NotHasuraError)

    def test_a_truncated_answer_may_be_asked_for_again(self) -> None:
        headers = {"content-type": "application/json; charset=utf-8"}
        error = refusal(answering(200, content=b'{"data": {"ru', headers=headers))
        assert isinstance(error, UnreachableError)
        assert error.retryable

    def test_so_may_one_that_breaks_off_behind_a_number_of_many_digits(self) -> None:
        cut, headers = b'{"data": {"n": 1234567890.1234567890', {"content-type": "application/json"}
        transport = answering(200, content=cut, headers=headers)
        with pytest.raises(UnreachableError, match="breaks off"):
            transport.send("q", "q", {}, exact=True)

    def test_a_redirect_names_the_new_address_without_its_secrets(self) -> None:
        headers = {"location": "https://u:s3cret@new.test/v1/graphql?s3cret"}
        error = refusal(answering(301, headers=headers))
        assert isinstance(error, NotHasuraError)
        assert "https://new.test/v1/graphql" in str(error)

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("120", 120.0),
            ("0.5", 0.5),
            ("-3", 0.0),
            ("soon", None),
            ("inf", None),
            ("", None),
            ("Mon, 01 Jan 2024 00:00:00 +9999999999999", None),
        ],
    )
    def test_retry_after_is_read_in_seconds(self, header: str, seconds: float | None) -> None:
        error = refusal(answering(429, headers={"retry-after": header}))
        assert isinstance(error, ServerError)
        assert error.retry_after == seconds

    def test_retry_after_is_read_as_a_date(self) -> None:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
        error = refusal(answering(503, headers={"retry-after": date}))
        assert isinstance(error, ServerError)
        assert error.retry_after == pytest.approx(100, abs=5)

    def test_an_answer_that_does_not_fit_the_model_names_the_field(self) -> None:
        class Run(BaseModel):
            id: int

        with pytest.raises(SchemaError, match=r"id: Field required.*run-logger generate"):
            answering(200).parse(Run, {})


# What each error of httpx's becomes; a new version that brings another one fails the test below.
_MAPPED: dict[str, type[EndpointError]] = {
    "CloseError": UnreachableError,
    "ConnectError": UnreachableError,
    "ConnectTimeout": EndpointTimeoutError,
    "CookieConflict": EndpointError,
    "DecodingError": UnreachableError,
    "HTTPError": EndpointError,
    "HTTPStatusError": EndpointError,
    "InvalidURL": EndpointError,
    "LocalProtocolError": EndpointError,
    "NetworkError": UnreachableError,
    "PoolTimeout": EndpointTimeoutError,
    "ProtocolError": EndpointError,
    "ProxyError": UnreachableError,
    "ReadError": UnreachableError,
    "ReadTimeout": EndpointTimeoutError,
    "RemoteProtocolError": UnreachableError,
    "RequestError": EndpointError,
    "RequestNotRead": EndpointError,
    "ResponseNotRead": EndpointError,
    "StreamClosed": EndpointError,
    "StreamConsumed": EndpointError,
    "StreamError": EndpointError,
    "TimeoutException": EndpointTimeoutError,
    "TooManyRedirects": EndpointError,
    "TransportError": EndpointError,
    "UnsupportedProtocol": EndpointError,
    "WriteError": UnreachableError,
    "WriteTimeout": EndpointTimeoutError,
}


def _httpx_errors() -> dict[str, type[Exception]]:
    return {
        name: kind
        for name, kind in vars(httpx).items()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }


def _instance(kind: type[Exception]) -> Exception:
    """Make an error without its constructor, which takes other arguments in every class."""
    error = kind.__new__(kind)
    error.args = ("broken",)
    return error


class TestHttpxErrors:
    def test_every_one_is_mapped(self) -> None:
        assert set(_httpx_errors()) == set(_MAPPED)

    @pytest.mark.parametrize("name", sorted(_MAPPED))
    def test_each_becomes_an_error_of_ours(self, name: str) -> None:
        def fail(_: httpx.Request) -> httpx.Response:
            raise _instance(_httpx_errors()[name])

        assert type(refusal(client_of(fail))) is _MAPPED[name]

    def test_a_refused_connection_is_unreachable(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with (
            Transport(f"http://127.0.0.1:{port}/v1/graphql") as transport,
            pytest.raises(UnreachableError, match=r"no connection.*run-logger serve"),
        ):
            transport.execute("{ run { id } }")

    def test_a_server_that_never_answers_is_a_timeout(self) -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as silent,
            Transport(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.1) as transport,
            pytest.raises(EndpointTimeoutError, match="no answer in time"),
        ):
            transport.execute("{ run { id } }")

    @pytest.mark.parametrize("url", ["", "hasura.test/v1/graphql", "ftp://h/x", "http://h:port/"])
    def test_an_address_that_is_none_says_so(self, url: str) -> None:
        with Transport(url) as transport, pytest.raises(EndpointError, match="this is no"):
            transport.execute("{ run { id } }")


class TestHeaders:
    def test_the_environment_gives_secret_role_and_token(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HASURA_GRAPHQL_ADMIN_SECRET", "s")
        monkeypatch.setenv("HASURA_GRAPHQL_ROLE", "logger")
        monkeypatch.setenv("HASURA_GRAPHQL_TOKEN", "t")
        headers = sent_by(lambda transport: transport.execute("q")).headers
        assert headers["x-hasura-admin-secret"] == "s"
        assert headers["x-hasura-role"] == "logger"
        assert headers["authorization"] == "Bearer t"

    @pytest.mark.parametrize("text", ["X-One: 1\n\nX-Two:  a:b ", '{"X-One": "1", "X-Two": "a:b"}'])
    def test_the_environment_gives_any_others_as_lines_or_json(
        self, text: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RUN_LOGGER_HEADERS", text)
        headers = sent_by(lambda transport: transport.execute("q")).headers
        assert (headers["x-one"], headers["x-two"]) == ("1", "a:b")

    def test_the_user_name_of_a_url_counts_where_there_is_no_token(self) -> None:
        headers = sent_by(lambda transport: transport.execute("q")).headers
        assert headers["authorization"].startswith("Basic ")

    def test_an_argument_wins_over_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HASURA_GRAPHQL_ROLE", "logger")
        request = sent_by(
            lambda transport: transport.execute("q"), headers={"X-Hasura-Role": "viewer"}
        )
        assert request.headers.get_list("x-hasura-role") == ["viewer"]

    @pytest.mark.parametrize(
        "text", ["no colon", "{not json", '{"X-One": 1}', "bad name: 1", "X-One: s3cret\u2019"]
    )
    def test_a_malformed_header_is_named_and_never_shown(
        self, text: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RUN_LOGGER_HEADERS", text)
        with pytest.raises(ConfigError, match="RUN_LOGGER_HEADERS") as caught:
            Transport(URL)
        assert "s3cret" not in str(caught.value)

    def test_a_proxy_that_is_no_url_names_its_variable(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ALL_PROXY", "nonsense://x")
        with Transport(URL) as transport, pytest.raises(ConfigError, match="ALL_PROXY"):
            transport.execute("{ run { id } }")

    def test_a_client_shows_no_secret(self) -> None:
        assert repr(answering(200)) == "Transport('http://hasura.test/v1/graphql')"


class TestVariables:
    def test_values_become_json_as_by_jsonify(self) -> None:
        sent = body_of({"a": float("nan"), "b": "x\x00\ud800", "c": {1: (2, 3)}})
        assert sent == {"a": None, "b": "x\ufffd\ufffd", "c": {"1": [2, 3]}}

    def test_a_value_without_json_form_is_named_by_its_path(self) -> None:
        with pytest.raises(TypeError, match=r"variables\.rows\[0\]\.blob"):
            answering(200).execute("q", {"rows": [{"blob": b"1"}]})

    def test_a_value_that_contains_itself_is_named_by_its_path(self) -> None:
        rows: list[Any] = []
        rows += [rows, rows]
        with pytest.raises(TypeError, match=r"variables\.rows\[0\]: a value that contains itself"):
            answering(200).execute("q", {"rows": rows})

    def test_an_input_is_sent_by_its_graphql_names_with_the_fields_that_were_set(self) -> None:
        class Comparison(Input):
            __wire__: ClassVar[dict[str, Wire]] = {"in_": Wire("_in"), "eq": Wire("_eq")}
            in_: list[int] | None = None
            eq: int | None = None

        given = Comparison(in_=[1])
        assert body_of({"where": {"id": given}, "many": [given]}) == {
            "where": {"id": {"_in": [1]}},
            "many": [{"_in": [1]}],
        }

    def test_a_users_own_model_in_json_keeps_its_defaults(self) -> None:
        class Spec(BaseModel):
            mark: str = "line"

        assert body_of({"chart": {"spec": Spec()}}) == {"chart": {"spec": {"mark": "line"}}}

    def test_json_text_goes_through_as_it_is(self) -> None:
        rows = orjson.Fragment(b'[{"log":{"x":1.0}}]')
        request = sent_by(lambda transport: transport.send("q", "deliver", {"rows": rows}))
        assert b'{"rows":[{"log":{"x":1.0}}]}' in request.content

    def test_what_was_not_given_is_left_out_and_none_is_sent(self) -> None:
        given = {"a": Transport.unset, "b": None}
        request = sent_by(lambda transport: transport.send("q", "op", given))
        assert orjson.loads(request.content) == {
            "query": "q",
            "operationName": "op",
            "variables": {"b": None},
        }

    def test_execute_takes_the_document_that_gql_makes(self) -> None:
        document = parse("query q { run { id } }")
        request = sent_by(lambda transport: transport.execute(document))
        assert "run {\n    id\n  }" in orjson.loads(request.content)["query"]

    def test_a_query_that_is_neither_text_nor_document_is_a_type_error(self) -> None:
        query: Any = 3
        with pytest.raises(TypeError, match="not int"):
            answering(200).execute(query)


QUERY, MUTATION = "query q { run { id } }", "mutation q { delete_run(where: {}) { id } }"


@dataclass
class Server:
    """Answers requests by a script: an answer, or an error of the network; the last one stays."""

    script: list[httpx.Response | Exception]
    asked: int = 0

    def __call__(self, _: httpx.Request) -> httpx.Response:
        step = self.script[min(self.asked, len(self.script) - 1)]
        self.asked += 1
        if isinstance(step, Exception):
            raise step
        return step

    @classmethod
    def failing(cls, *times: httpx.Response | Exception) -> Server:
        """Fail some times, and then answer."""
        return cls([*times, httpx.Response(200, json={"data": {"run": []}})])


def answer(status: int, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, html="<h1>no</h1>")


def refused(code: str) -> httpx.Response:
    return httpx.Response(200, json={"errors": [{"message": "m", "extensions": {"code": code}}]})


# Nothing can have been done: whatever was asked may be asked again.
_HARMLESS = [
    httpx.ConnectError("refused"),
    answer(429),
    answer(429, retry_after="0"),
    answer(503, retry_after="0"),
    refused("concurrent-update"),
    refused("rate-limit-exceeded"),
]
# The server may have done it: only what changes nothing may be asked again.
_UNCERTAIN = [
    httpx.ReadError("reset"),
    httpx.RemoteProtocolError("closed"),
    answer(502),
    answer(503),
    answer(504),
    refused("postgres-error"),
    httpx.Response(200, content=b'{"da', headers={"content-type": "application/json"}),
]
# It would go wrong again, or the caller has waited as long as it wanted to.
_FINAL = [
    httpx.ReadTimeout("slow"),
    httpx.ConnectTimeout("slow"),
    answer(401),
    answer(413),
    answer(503, retry_after="3600"),
    refused("validation-failed"),
    refused("constraint-violation"),
]


class TestSendingAgain:
    @pytest.mark.parametrize("failure", _HARMLESS + _UNCERTAIN, ids=repr)
    def test_a_query_is_sent_again_where_that_may_help(
        self, failure: httpx.Response | Exception
    ) -> None:
        server = Server.failing(failure)
        assert client_of(server, retries=1).send(QUERY, "q", {}) == {"run": []}
        assert server.asked == 2

    @pytest.mark.parametrize("failure", _HARMLESS, ids=repr)
    def test_a_mutation_is_sent_again_where_it_cannot_have_been_done(
        self, failure: httpx.Response | Exception
    ) -> None:
        server = Server.failing(failure)
        assert client_of(server, retries=1).send(MUTATION, "q", {}) == {"run": []}
        assert server.asked == 2

    @pytest.mark.parametrize("failure", _UNCERTAIN, ids=repr)
    def test_a_mutation_that_may_have_been_done_is_not(
        self, failure: httpx.Response | Exception
    ) -> None:
        server = Server.failing(failure)
        with pytest.raises(RunLoggerError):
            client_of(server, retries=1).send(MUTATION, "q", {})
        assert server.asked == 1

    @pytest.mark.parametrize("failure", _FINAL, ids=repr)
    def test_what_is_final_is_not(self, failure: httpx.Response | Exception) -> None:
        server = Server.failing(failure)
        with pytest.raises(RunLoggerError):
            client_of(server, retries=1).execute(QUERY)
        assert server.asked == 1

    def test_the_last_failure_is_told_after_so_many_attempts(self) -> None:
        server = Server([answer(503), answer(502)])
        with pytest.raises(ServerError, match="HTTP 502"):
            client_of(server, retries=2).execute(QUERY)
        assert server.asked == 3

    def test_no_pause_goes_beyond_the_deadline_of_the_caller(self) -> None:
        server = Server.failing(answer(429, retry_after="9"))
        with within(5), pytest.raises(ServerError):
            client_of(server, retries=1).execute(QUERY)
        assert server.asked == 1


def asynchronously(
    handler: Handler, use: Callable[[AsyncTransport], Awaitable[Any]], **options: Any
) -> Any:
    """Use an asynchronous client whose requests a handler answers."""

    async def run() -> Any:
        pool = AsyncConnectionPool(transport=httpx.MockTransport(handler))
        async with AsyncTransport(URL, pool=pool, **options) as client:
            try:
                return await use(client)
            finally:
                await pool.aclose()

    return asyncio.run(run())


class TestInAnEventLoop:
    def test_queries_and_operations_are_sent_as_by_the_other_client(self) -> None:
        requests: list[httpx.Request] = []

        def keep(request: httpx.Request) -> httpx.Response:
            requests.append(request)
            return httpx.Response(200, json={"data": {"run": []}})

        given = {"a": AsyncTransport.unset, "b": float("nan")}
        sent = sent_by(lambda transport: transport.send("q", "op", given))
        assert asynchronously(keep, lambda client: client.send("q", "op", given)) == {"run": []}
        assert requests[0].content == sent.content
        assert requests[0].headers == sent.headers
        assert asynchronously(keep, lambda client: client.execute(parse("{ a }"))) == {"run": []}

    def test_it_is_sent_again_by_the_same_rules(self) -> None:
        server = Server.failing(httpx.ReadError("reset"), answer(503))
        assert asynchronously(server, lambda client: client.execute(QUERY)) == {"run": []}
        server = Server.failing(httpx.ReadError("reset"))
        with pytest.raises(UnreachableError):
            asynchronously(server, lambda client: client.execute(MUTATION))
        assert server.asked == 1

    def test_errors_are_those_of_the_other_client(self) -> None:
        server = Server([refused("validation-failed")])
        with pytest.raises(QueryError, match="the operation q"):
            asynchronously(server, lambda client: client.send(QUERY, "q", {}))

    def test_an_app_in_the_process_answers_in_place_of_the_network(self) -> None:
        async def tell(request: Request) -> JSONResponse:
            return JSONResponse({"data": {"asked": (await request.json())["query"]}})

        async def ask() -> dict[str, Any]:
            app = Starlette(routes=[Route("/v1/graphql", tell, methods=["POST"])])
            pool = AsyncConnectionPool(transport=httpx.ASGITransport(app))
            async with AsyncTransport(URL, pool=pool) as client:
                answers = [client.execute(f"{{ a{number} }}") for number in range(20)]
                return {str(n): data for n, data in enumerate(await asyncio.gather(*answers))}

        assert asyncio.run(ask())["7"] == {"asked": "{ a7 }"}

    def test_requests_share_connections(self, port_teller: str) -> None:
        async def ports() -> set[int]:
            async with AsyncTransport(port_teller) as client:
                return {(await client.execute("q"))["port"] for _ in range(3)}

        assert len(asyncio.run(ports())) == 1


@pytest.fixture(scope="module")
def port_teller(serve_app: Callable[[Starlette], str]) -> str:
    """An endpoint that answers with the client's port, and with the variable `n`."""

    async def answer(request: Request) -> JSONResponse:
        assert request.client
        body = await request.json()
        port = request.client.port
        return JSONResponse({"data": {"port": port, "n": body["variables"].get("n")}})

    return serve_app(Starlette(routes=[Route("/", answer, methods=["POST"])]))


class TestConnections:
    def test_clients_that_share_a_pool_share_a_connection(self, port_teller: str) -> None:
        pool = ConnectionPool()
        one, two = Transport(port_teller, pool=pool), Transport(port_teller, pool=pool)
        first = one.execute("q")["port"]
        one.close()
        assert two.execute("q")["port"] == first
        pool.close()

    def test_a_forked_process_opens_a_connection_of_its_own(self, port_teller: str) -> None:
        with Transport(port_teller) as transport:
            parent = transport.execute("q")["port"]
            reader, writer = os.pipe()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # other threads run here
                child = os.fork()
            if child == 0:
                os.write(writer, str(transport.execute("q")["port"]).encode())
                os._exit(0)
            os.waitpid(child, 0)
            assert int(os.read(reader, 20)) != parent
            assert transport.execute("q")["port"] == parent

    def test_threads_get_their_own_answers(self, port_teller: str) -> None:
        with Transport(port_teller) as transport, ThreadPoolExecutor(8) as threads:
            answers = threads.map(lambda n: transport.execute("q", {"n": n})["n"], range(100))
            assert list(answers) == list(range(100))


def test_a_wrong_secret_is_refused_with_what_to_set(serve: Serve) -> None:
    url = serve(admin_secret="right").url  # noqa: S106  (a secret of this test)
    with (
        Transport(url, headers={"x-hasura-admin-secret": "wrong"}) as transport,
        pytest.raises(AuthenticationError, match="HASURA_GRAPHQL_ADMIN_SECRET"),
    ):
        transport.execute("{ run { id } }")


def test_a_connection_without_tls_loads_no_authorities(
    port_teller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/authorities.pem")
    with Transport(port_teller) as transport:
        assert transport.execute("q", {"n": 1})["n"] == 1
    with Transport("https://127.0.0.1:9/") as transport, pytest.raises(ConfigError, match="SSL"):
        transport.execute("q")


def test_a_closed_client_says_so(port_teller: str) -> None:
    transport = Transport(port_teller)
    transport.close()
    with pytest.raises(RuntimeError, match="closed"):
        transport.execute("q")


def test_the_transport_loads_httpx_without_its_command_line() -> None:
    code = "import sys, run_logger.transport; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "httpx" in loaded
    unused = {"click", "rich", "pydantic", "asyncio", "websockets", "graphql", "httpx._main"}
    assert not unused & set(loaded)


def test_importing_the_logger_loads_neither_httpx_nor_pydantic() -> None:
    code = "import sys, run_logger.hasura_logger; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"httpx", "pydantic", "numpy", "run_logger_client"} & set(loaded)

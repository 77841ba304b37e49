"""What goes wrong on a websocket is an error of our tree, raised where a result was awaited."""

from __future__ import annotations

import datetime as dt
import inspect
import ipaddress
import socket
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets import exceptions
from websockets.datastructures import Headers
from websockets.frames import Close
from websockets.http11 import Request, Response

from run_logger.errors import (
    AuthenticationError,
    ConfigError,
    ContentError,
    EndpointError,
    EndpointTimeoutError,
    NotHasuraError,
    QueryError,
    RunLoggerError,
    ServerError,
    UnreachableError,
)
from run_logger.subscriptions.faults import error_of_websocket
from run_logger.transport import Transport
from tests.subscriptions.conftest import names_in, scripted
from tests.subscriptions.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from pathlib import Path

    from websockets.sync.server import ServerConnection

    from tests.conftest import Serve
    from tests.subscriptions.conftest import Conversation, Say, Shop

_LIVE = "subscription items { item { name } }"
_ACK = {"type": "connection_ack"}
_ENTRY = {"message": "no", "extensions": {"code": "validation-failed", "path": "$.x"}}
_FINE = {"type": "next", "id": "1", "payload": {"data": {"item": [{"name": "pen"}]}}}


def refusal(url: str, query: str = _LIVE, **options: Any) -> RunLoggerError:
    with (
        Transport(url, **options) as client,
        client.subscribe(query, "items", {}, names_in) as results,
        pytest.raises(RunLoggerError) as caught,
    ):
        next(results)
    return caught.value


class TestTheServersErrors:
    def test_a_wrong_secret_is_refused_at_once(self, serve: Serve) -> None:
        served = serve(admin_secret="right")  # noqa: S106  (a secret of this test)
        with TcpProxy(urlsplit(served.url).port or 0) as proxy:
            url = f"http://127.0.0.1:{proxy.port}/v1/graphql"
            error = refusal(url, headers={"x-hasura-admin-secret": "wrong"})
            assert isinstance(error, AuthenticationError)
            assert "HASURA_GRAPHQL_ADMIN_SECRET" in str(error)
            assert proxy.accepted == 1

    def test_an_unknown_field_is_named_with_the_subscription(self, shop: Shop) -> None:
        query = "subscription items { item { nope } }"
        with pytest.raises(QueryError, match=r"'nope' not found.*the subscription items"):
            next(shop.client.subscribe(query, "items", {}, names_in))

    def test_after_the_error_of_a_poll_the_next_result_can_be_had(self, shop: Shop) -> None:
        query = "subscription items { item { name parts } }"
        with shop.client.subscribe(query, "items", {}, names_in) as results:
            assert next(results) == []
            shop.add("broken")
            with pytest.raises(ContentError, match="division by zero"):
                next(results)
            shop.run("DELETE FROM item")
            while True:
                try:
                    assert next(results) == []
                    break
                except ContentError:
                    continue  # a poll before the row was gone

    @pytest.mark.parametrize(
        "payload", [[_ENTRY], _ENTRY, {"errors": [_ENTRY]}], ids=["list", "object", "legacy"]
    )
    def test_an_error_is_understood_in_each_form(self, say: Say, payload: Any) -> None:
        error = refusal(say(_ACK, {"type": "error", "id": "1", "payload": payload}))
        assert type(error) is QueryError
        assert (error.code, error.path) == ("validation-failed", "$.x")

    def test_an_error_without_a_form_is_still_one(self, say: Say) -> None:
        error = refusal(say(_ACK, {"type": "error", "id": "1", "payload": "what?"}))
        assert "what?" in str(error)

    def test_an_error_ends_the_subscription(self, say: Say) -> None:
        url = say(_ACK, {"type": "error", "id": "1", "payload": [_ENTRY]})
        with Transport(url) as client:
            results = client.subscribe(_LIVE, "items", {}, names_in)
            with pytest.raises(QueryError):
                next(results)
            assert list(results) == []

    def test_a_result_with_errors_is_raised_and_not_swallowed(self, say: Say) -> None:
        failed = {"type": "next", "id": "1", "payload": {"data": None, "errors": [_ENTRY]}}
        with Transport(say(_ACK, failed, _FINE)) as client:
            results = client.subscribe(_LIVE, "items", {}, names_in)
            with pytest.raises(QueryError):
                next(results)
            assert next(results) == ["pen"]

    @pytest.mark.parametrize("payload", ["no entry", {"message": "no entry"}, {"x": "no entry"}])
    def test_a_connection_error_is_understood_in_each_form(self, say: Say, payload: Any) -> None:
        error = refusal(say({"type": "connection_error", "payload": payload}))
        assert isinstance(error, AuthenticationError)
        assert "no entry" in str(error)

    @pytest.mark.parametrize("code", [4400, 4401, 4403])
    def test_a_refusal_by_a_close_is_tried_once(
        self, say: Say, code: int, conversation: Conversation
    ) -> None:
        error = refusal(say((code, '{"server_error_msg":"4403: Forbidden"}')))
        assert isinstance(error, AuthenticationError)
        assert "4403: Forbidden" in str(error)
        assert conversation.connections == 1

    @pytest.mark.parametrize("text", ["what?", "[]"])
    def test_what_is_no_message_is_not_hasura(self, say: Say, text: str) -> None:
        assert isinstance(refusal(say(_ACK, text)), NotHasuraError)


class TestTheProtocol:
    def test_pings_are_answered_with_their_payload(
        self, say: Say, conversation: Conversation
    ) -> None:
        ping = {"type": "ping", "payload": {"message": "keepalive"}}
        with Transport(say(ping, _ACK, {"type": "ping"}, {"type": "pong"}, _FINE)) as client:
            assert next(client.subscribe(_LIVE, "items", {}, names_in)) == ["pen"]
        pongs = [message for message in conversation.received if message["type"] == "pong"]
        assert pongs[0] == {"type": "pong", "payload": {"message": "keepalive"}}

    def test_the_end_of_a_subscription_ends_the_iteration(self, say: Say) -> None:
        with Transport(say(_ACK, _FINE, {"type": "complete", "id": "1"})) as client:
            assert list(client.subscribe(_LIVE, "items", {}, names_in)) == [["pen"]]

    def test_the_headers_go_with_the_handshake_and_with_the_first_message(
        self, conversation: Conversation
    ) -> None:
        handshakes: list[Headers] = []

        def keep(_: ServerConnection, request: Request) -> Response:
            handshakes.append(request.headers)
            return Response(401, "Unauthorized", Headers(), b"")

        headers = {"x-hasura-role": "viewer", "authorization": "Bearer t"}
        with scripted(lambda _: None, answer=keep) as url:
            assert isinstance(refusal(url, headers=headers), AuthenticationError)
        assert handshakes[0]["x-hasura-role"] == "viewer"
        assert handshakes[0]["authorization"] == "Bearer t"
        assert handshakes[0]["user-agent"].startswith("run-logger/")
        assert conversation.received == []

    def test_the_first_message_holds_the_headers(
        self, say: Say, conversation: Conversation
    ) -> None:
        with Transport(say(_ACK, _FINE), headers={"x-hasura-role": "viewer"}) as client:
            next(client.subscribe(_LIVE, "items", {}, names_in))
        init = conversation.received[0]
        assert init == {
            "type": "connection_init",
            "payload": {"headers": {"x-hasura-role": "viewer"}},
        }


class TestConnecting:
    def test_nobody_there_is_said_after_a_few_attempts(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        error = refusal(f"http://127.0.0.1:{port}/v1/graphql")
        assert isinstance(error, UnreachableError)
        assert "run-logger serve" in str(error)

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (200, NotHasuraError),
            (302, NotHasuraError),
            (401, AuthenticationError),
            (404, NotHasuraError),
            (503, ServerError),
        ],
    )
    def test_an_answer_in_place_of_a_websocket_is_told_by_its_status(
        self, status: int, kind: type[RunLoggerError]
    ) -> None:
        headers = Headers({"location": "http://127.0.0.1:9/other", "content-encoding": "br"})

        def answer(_: ServerConnection, __: Request) -> Response:
            return Response(status, "As planned", headers, b"no")

        with scripted(lambda _: None, answer=answer) as url:
            error = refusal(url)
        assert type(error) is kind
        assert str(status) in str(error)

    @pytest.mark.parametrize("url", ["ftp://host/v1/graphql", "", "http://[host"])
    def test_an_address_that_is_none_says_so(self, url: str) -> None:
        assert isinstance(refusal(url), EndpointError)

    def test_a_proxy_of_the_environment_is_used(
        self, say: Say, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with TcpProxy(0) as proxy:
            monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
            with Transport(say(_ACK, _FINE)) as client:
                assert next(client.subscribe(_LIVE, "items", {}, names_in)) == ["pen"]
            assert proxy.accepted == 1

    @pytest.mark.parametrize("variable", ["ALL_PROXY", "HTTP_PROXY"])
    def test_a_proxy_that_is_no_url_names_its_variable(
        self, variable: str, say: Say, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(variable, "nonsense://x")
        error = refusal(say(_ACK, _FINE))
        assert isinstance(error, ConfigError)
        assert variable in str(error)

    def test_tls_is_checked_by_the_authorities_of_the_environment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tls = _certificate(tmp_path / "server.pem")

        def handle(connection: ServerConnection) -> None:
            connection.recv()
            connection.send('{"type":"connection_ack"}')
            connection.recv()
            connection.send('{"type":"next","id":"1","payload":{"data":{"item":[{"name":"pen"}]}}}')
            for _ in connection:
                pass

        with scripted(handle, tls=tls) as url:
            error = refusal(url)
            assert isinstance(error, UnreachableError)
            assert "CERTIFICATE_VERIFY_FAILED" in str(error)
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
            with Transport(url) as client:
                assert next(client.subscribe(_LIVE, "items", {}, names_in)) == ["pen"]


def _certificate(path: Path) -> ssl.SSLContext:
    """Make a certificate for this machine, and return what serves with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "run-logger test")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(pem, form, plain) + certificate.public_bytes(pem))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    return tls


# What each error of websockets' becomes; a version that brings another fails the test below.
_MAPPED: dict[str, type[RunLoggerError]] = {
    "ConcurrencyError": UnreachableError,
    "ConnectionClosed": UnreachableError,
    "ConnectionClosedError": UnreachableError,
    "ConnectionClosedOK": UnreachableError,
    "DuplicateParameter": NotHasuraError,
    "HeaderLineTooLong": NotHasuraError,
    "InvalidHandshake": NotHasuraError,
    "InvalidHeader": NotHasuraError,
    "InvalidHeaderFormat": NotHasuraError,
    "InvalidHeaderValue": NotHasuraError,
    "InvalidMessage": UnreachableError,
    "InvalidMethod": NotHasuraError,
    "InvalidOrigin": NotHasuraError,
    "InvalidParameterName": NotHasuraError,
    "InvalidParameterValue": NotHasuraError,
    "InvalidProtocol": NotHasuraError,
    "InvalidProxy": ConfigError,
    "InvalidProxyMessage": UnreachableError,
    "InvalidProxyStatus": UnreachableError,
    "InvalidState": UnreachableError,
    "InvalidStatus": NotHasuraError,
    "InvalidURI": EndpointError,
    "InvalidUpgrade": NotHasuraError,
    "NegotiationError": NotHasuraError,
    "PayloadTooBig": UnreachableError,
    "ProtocolError": UnreachableError,
    "ProxyError": UnreachableError,
    "RequestLineTooLong": NotHasuraError,
    "SecurityError": NotHasuraError,
    "StatusLineTooLong": NotHasuraError,
    "TooManyFragments": UnreachableError,
    "TooManyHeaders": NotHasuraError,
    "WebSocketException": UnreachableError,
}


def _websockets_errors() -> dict[str, type[Exception]]:
    return {
        name: kind
        for name, kind in vars(exceptions).items()
        if inspect.isclass(kind) and issubclass(kind, exceptions.WebSocketException)
    }


def _instance(kind: type[Exception]) -> Exception:
    """Make an error with what its constructor wants, or without it."""
    error = kind.__new__(kind)
    error.args = ("broken",)
    if isinstance(error, exceptions.ConnectionClosed):
        error.__init__(Close(1011, "broken"), None)  # type: ignore[misc]
    elif isinstance(error, (exceptions.InvalidStatus, exceptions.InvalidProxyStatus)):
        error.__init__(Response(200, "OK", Headers()))  # type: ignore[misc]
    elif issubclass(kind, exceptions.PayloadTooBig):
        error = exceptions.PayloadTooBig(2, 1)
    elif "__str__" in vars(kind) or kind.__init__ is not Exception.__init__:
        count = len(inspect.signature(kind.__init__).parameters) - 1
        error.__init__(*["broken"] * max(0, count))  # type: ignore[misc]
    return error


class TestWebsocketsErrors:
    def test_every_one_is_mapped(self) -> None:
        assert set(_websockets_errors()) == set(_MAPPED)

    @pytest.mark.parametrize("name", sorted(_MAPPED))
    def test_each_becomes_an_error_of_ours(self, name: str) -> None:
        error = _instance(_websockets_errors()[name])
        assert type(error_of_websocket(error, "http://h", "a subscription")) is _MAPPED[name]

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (TimeoutError(), EndpointTimeoutError),
            (ConnectionRefusedError(), UnreachableError),
            (ssl.SSLError(), UnreachableError),
            (ValueError("no JSON"), NotHasuraError),
            (ImportError("python-socks"), ConfigError),
        ],
    )
    def test_so_does_what_comes_from_below(
        self, error: Exception, kind: type[RunLoggerError]
    ) -> None:
        assert type(error_of_websocket(error, "http://h", "a subscription")) is kind

"""A proxy between client and server that loses, refuses and spoils what passes."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


class Proxy:
    """Passes requests on to an endpoint, except for the faults that a test asks for.

    Attributes:
        url: Its own address.
        operations: The names of the operations that came in, in order.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.operations: list[str] = []
        self._faults: list[tuple[str, str]] = []
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/graphql"

    def fail(self, operation: str, *faults: str) -> None:
        """Spoil the next requests for an operation: "no request", "no answer" or a status."""
        self._faults += [(operation, fault) for fault in faults]

    def heal(self) -> None:
        """Forget the faults that have not come to pass."""
        self._faults.clear()

    def wait_for(self, operation: str, times: int = 1) -> None:
        """Wait until an operation has come in so often."""
        with self._arrived:
            arrived = self._arrived.wait_for(
                lambda: self.operations.count(operation) >= times, timeout=60
            )
        assert arrived, f"{operation} came in {self.operations.count(operation)} times"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _fault_for(self, operation: str) -> str | None:
        with self._arrived:
            self.operations.append(operation)
            self._arrived.notify_all()
            for fault in self._faults:
                if fault[0] == operation:
                    self._faults.remove(fault)
                    return fault[1]
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                fault = proxy._fault_for(json.loads(body).get("operationName", ""))
                if fault in (None, "no answer"):
                    headers = {"content-type": "application/json"}
                    answer = httpx.post(proxy.endpoint, content=body, headers=headers)
                    if fault is None:
                        self._answer(200, answer.content, "application/json")
                    else:
                        self.close_connection = True
                elif fault == "no request":
                    self.close_connection = True
                else:
                    self._answer(int(fault), b"", "text/plain")

            def _answer(self, status: int, content: bytes, media_type: str) -> None:
                self.send_response(status)
                self.send_header("content-type", media_type)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                """Keep the test's output to itself."""

        return Handler


@pytest.fixture
def proxy(endpoint: str) -> Iterator[Proxy]:
    """A proxy before the endpoint."""
    proxy = Proxy(endpoint)
    proxy.start()
    yield proxy
    proxy.stop()

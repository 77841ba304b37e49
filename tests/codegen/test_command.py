"""`run-logger generate`, as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from threading import Thread
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from graphql import build_schema, introspection_from_schema
from typer.testing import CliRunner

from run_logger._resources import resource
from run_logger.cli.generate import app
from run_logger.codegen.sdl import stable_sdl
from run_logger.errors import (
    AuthenticationError,
    ConfigError,
    EndpointError,
    GenerationError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import MakeProject, Serve

SDL = """
type query_root {
  b(z: Int, a: Int): [b!]!
}
type b {
  "Which one."
  id: Int!
  name: String
}
schema { query: query_root }
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with queries, a schema file, and nothing else; the current one."""
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "all.graphql").write_text("query list_b { b { id } }")
    (tmp_path / "api.graphql").write_text(SDL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def generate(*arguments: str) -> str:
    """Run the command, without its slow check; return what it prints, and let its errors out."""
    return with_types("--no-type-check", *arguments)


def with_types(*arguments: str) -> str:
    """Run the command; return what it prints, and let its errors out."""
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@contextmanager
def answering(content: bytes, length: int | None = None) -> Iterator[str]:
    """Serve one answer at the URL that is given, under a length that may be another."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(length or len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/graphql"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_package_is_written_whole_and_then_found_up_to_date(project: Path) -> None:
    arguments = ("--schema", "api.graphql", "--output", "src/my_client")
    assert "src/my_client: added client.py" in generate(*arguments)
    assert (project / "src" / "my_client" / "py.typed").exists()
    assert "up to date" in generate(*arguments)
    assert "up to date" in generate(*arguments, "--check")


def test_a_file_that_is_no_longer_generated_goes(project: Path) -> None:
    arguments = ("--schema", "api.graphql", "--output", "my_client")
    (project / "queries" / "more.graphql").write_text("query stale { b { id } }")
    generate(*arguments)
    assert (project / "my_client" / "stale.py").exists()
    (project / "queries" / "more.graphql").unlink()
    assert "my_client: removed stale.py\n" in generate(*arguments)
    assert not (project / "my_client" / "stale.py").exists()
    assert [path.name for path in project.glob(".*")] == []


def test_check_names_what_drifted_and_writes_nothing(project: Path) -> None:
    arguments = ("--schema", "api.graphql", "--output", "my_client")
    generate(*arguments)
    before = (project / "my_client" / "list_b.py").read_bytes()
    (project / "queries" / "all.graphql").write_text("query list_b { b { id name } }")
    with pytest.raises(GenerationError, match=r"my_client: changed list_b\.py") as caught:
        generate(*arguments, "--check")
    assert "changed client.py" not in str(caught.value)
    assert "changed the headers of" in str(caught.value)
    assert (project / "my_client" / "list_b.py").read_bytes() == before


def test_a_folder_that_was_not_generated_is_not_replaced(project: Path) -> None:
    (project / "src").mkdir()
    (project / "src" / "mine.py").touch()
    with pytest.raises(GenerationError, match=r"src has files that were not generated.*: mine\.py"):
        generate("--schema", "api.graphql", "--output", "src")
    assert (project / "src" / "mine.py").exists()


def test_a_file_of_ones_own_in_a_generated_folder_is_not_removed(project: Path) -> None:
    arguments = ("--schema", "api.graphql", "--output", "my_client")
    generate(*arguments)
    (project / "my_client" / "mine.py").write_text("x = 1")
    (project / "queries" / "all.graphql").write_text("query list_b { b { id name } }")
    with pytest.raises(GenerationError, match=r"files that were not generated.*: mine\.py"):
        generate(*arguments)
    assert "name" not in (project / "my_client" / "list_b.py").read_text()


def test_what_another_version_generated_is_named(project: Path) -> None:
    arguments = ("--schema", "api.graphql", "--output", "my_client")
    generate(*arguments)
    init = project / "my_client" / "__init__.py"
    written = init.read_text()
    init.write_text(written.replace(f"generate {version('run-logger')}", "generate 0.9.1"))
    with pytest.raises(GenerationError, match=r"my_client was generated by run-logger 0\.9\.1"):
        generate(*arguments, "--check")
    init.write_text(written.replace(f"generate {version('run-logger')}", "generate 99.0.0"))
    with pytest.raises(GenerationError, match=r"run-logger 99\.0\.0, and this is .* newer one"):
        generate(*arguments)
    init.write_text(written.replace(f"generate {version('run-logger')}", "generate 0.9.1"))
    assert "changed the headers of 1 files" in generate(*arguments)


def test_the_settings_of_the_project_are_used_and_the_command_line_wins(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        """
        [tool.run-logger.generate]
        schema = "api.graphql"
        queries = "queries"
        output = "src/of_the_project"
        async = true
        [tool.run-logger.generate.scalars]
        mood = "str"
        """
    )
    (project / "api.graphql").write_text("scalar mood\n" + SDL.replace("String", "mood"))
    (project / "queries" / "all.graphql").write_text("query list_b { b { id name } }")
    generate()
    client = (project / "src" / "of_the_project" / "client.py").read_text()
    assert "async def list_b" in client
    assert "name: Optional[str]" in (project / "src/of_the_project/list_b.py").read_text()
    generate("--sync", "--output", "other")
    assert "async def" not in (project / "other" / "client.py").read_text()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('ouput = "x"', "unknown setting ouput in .* Did you mean output?"),
        ("output = 3", "output in .* has to be a str"),
        ('async = "yes"', "async in .* has to be a bool"),
        ("scalars = {x = 3}", "the type of the scalar x is none"),
        ("output = ", "is no TOML"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(project: Path, settings: str, message: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.run-logger.generate]\n{settings}")
    with pytest.raises(ConfigError, match=message):
        generate()


def test_a_scalar_without_a_type_is_named_and_an_error_if_that_is_wanted(project: Path) -> None:
    (project / "api.graphql").write_text("scalar mood\n" + SDL.replace("String", "mood"))
    (project / "queries" / "all.graphql").write_text("query list_b { b { id name } }")
    arguments = ("--schema", "api.graphql", "--output", "my_client")
    assert "No type is known for mood" in generate(*arguments)
    (project / "pyproject.toml").write_text("[tool.run-logger.generate]\nstrict-scalars = true")
    with pytest.raises(GenerationError, match="no known type for these scalars: mood"):
        generate(*arguments)


def test_the_json_of_an_introspection_is_a_schema_too(project: Path) -> None:
    introspected = {"data": introspection_from_schema(build_schema(SDL))}
    (project / "api.json").write_bytes(orjson.dumps(introspected))
    generate("--schema", "api.graphql", "--output", "of_sdl")
    generate("--schema", "api.json", "--output", "of_json")
    assert (project / "api.json").read_bytes() == orjson.dumps(introspected)
    bodies = [
        (project / name / "list_b.py").read_text().splitlines()[1:]
        for name in ("of_sdl", "of_json")
    ]
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("api.json", "{}", "api.json gives no introspection that can be used"),
        ("api.json", "{", "api.json is no JSON"),
        ("api.graphql", "type Query { a: Int }", "no schema of Hasura's: its query type is Query"),
        ("api.graphql", "type a { a: Int }", "no schema of Hasura's: it has no query type"),
    ],
)
def test_a_schema_that_is_not_hasuras_is_named(
    project: Path, name: str, text: str, message: str
) -> None:
    (project / name).write_text(text)
    with pytest.raises(GenerationError, match=message):
        generate("--schema", name, "--output", "my_client")


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (
            {
                "extensions": {"path": "$.selectionSet.__schema", "code": "validation-failed"},
                "message": "field '__schema' not found in type: 'query_root'",
            },
            GenerationError,
            "may not introspect: .*__schema.* HASURA_GRAPHQL_ADMIN_SECRET, or HASURA_GRAPHQL_ROLE",
        ),
        (
            {
                "extensions": {"path": "$", "code": "access-denied"},
                "message": "x-hasura-admin-secret/x-hasura-access-key required, but not found",
            },
            AuthenticationError,
            "HASURA_GRAPHQL_ADMIN_SECRET",
        ),
    ],
)
def test_an_endpoint_that_may_not_be_introspected_names_role_and_secret(
    project: Path, answer: dict[str, Any], error: type[Exception], message: str
) -> None:
    with (
        answering(orjson.dumps({"errors": [answer]})) as url,
        pytest.raises(error, match=message),
    ):
        generate("--endpoint", url, "--schema", "api.graphql", "--output", "my_client")
    assert (project / "api.graphql").read_text() == SDL
    assert not (project / "my_client").exists()


def test_a_server_that_goes_away_midway_leaves_all_as_it_was(project: Path) -> None:
    whole = orjson.dumps({"data": introspection_from_schema(build_schema(SDL))})
    arguments = ("--schema", "api.graphql", "--output", "my_client")
    generate(*arguments)
    before = (project / "my_client" / "client.py").read_bytes()
    with (
        answering(whole[: len(whole) // 2], length=len(whole)) as url,
        pytest.raises(EndpointError, match="broke off its answer"),
    ):
        generate("--endpoint", url, *arguments)
    assert (project / "api.graphql").read_text() == SDL
    assert (project / "my_client" / "client.py").read_bytes() == before


def test_a_package_that_is_refused_leaves_the_schemas_file_as_it_was(project: Path) -> None:
    (project / "my_client").mkdir()
    (project / "my_client" / "mine.py").touch()
    whole = orjson.dumps({"data": introspection_from_schema(build_schema(SDL))})
    arguments = ("--schema", "api.graphql", "--output", "my_client")
    with answering(whole) as url, pytest.raises(GenerationError, match="were not generated"):
        generate("--endpoint", url, *arguments)
    assert (project / "api.graphql").read_text() == SDL


def test_watching_generates_again_when_a_query_changes(project: Path) -> None:
    command = [sys.executable, "-m", "run_logger.cli", "generate", "--watch", "--no-type-check"]
    arguments = ["--schema", "api.graphql", "--output", "my_client"]
    watching = subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, text=True, cwd=project
    )
    assert watching.stdout
    try:
        assert "added" in watching.stdout.readline()
        (project / "queries" / "more.graphql").write_text("query another { b { name } }")
        lines = iter(watching.stdout.readline, "")
        assert any("added another.py" in line for line in lines)
    finally:
        watching.terminate()
        watching.communicate()
    assert (project / "my_client" / "another.py").exists()


def test_a_package_that_cannot_be_imported_is_not_put_in_place(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("run_logger.codegen.package.init_module", lambda _: "nowhere.to_be_found")
    with pytest.raises(GenerationError, match=r"(?s)cannot be imported.*nowhere"):
        generate("--schema", "api.graphql", "--output", "my_client")
    assert not (project / "my_client").exists()


def test_a_package_that_is_typed_wrongly_is_not_put_in_place(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("run_logger.codegen.package.init_module", lambda _: "__all__: int = []")
    arguments = ("--schema", "api.graphql", "--output", "my_client")
    with pytest.raises(GenerationError, match=r"(?s)does not pass mypy.*--no-type-check"):
        with_types(*arguments)
    assert not (project / "my_client").exists()
    generate(*arguments)


@pytest.mark.usefixtures("project")
def test_a_package_without_a_name_is_refused() -> None:
    with pytest.raises(GenerationError, match="--output FOLDER"):
        generate("--schema", "api.graphql")


def test_a_folder_that_python_cannot_import_is_named(project: Path) -> None:
    with pytest.raises(GenerationError, match="'my-client' cannot be the import name"):
        generate("--schema", "api.graphql", "--output", str(project / "my-client"))


def test_bad_queries_leave_the_package_as_it_is(project: Path) -> None:
    arguments = ("--schema", "api.graphql", "--output", "my_client")
    generate(*arguments)
    (project / "queries" / "all.graphql").write_text("query list_b { b { nope } }")
    with pytest.raises(GenerationError, match="Cannot query field 'nope'"):
        generate(*arguments)
    assert (project / "my_client" / "list_b.py").exists()


def test_any_endpoint_is_introspected_into_a_file(
    project: Path, serve: Serve, make_project: MakeProject
) -> None:
    served = serve(make_project("create table b (id serial primary key, name text);", ["b"]))
    arguments = ("--endpoint", served.url, "--schema", "api.graphql", "--output", "my_client")
    assert "api.graphql: changed api.graphql" in generate(*arguments)
    sdl = (project / "api.graphql").read_text()
    assert 'columns and relationships of "b"' in sdl
    assert stable_sdl(build_schema(sdl)) == sdl
    assert "up to date" in generate(*arguments, "--check")


def test_without_endpoint_and_schema_the_project_in_schema_is_served(
    project: Path, make_project: MakeProject
) -> None:
    hasura = make_project("create table b (id serial primary key);", ["b"])
    hasura.rename(project / "schema")
    printed = generate()
    assert "schema/schema.graphql: added schema.graphql" in printed
    assert "generated/run_logger_client: added client.py" in printed
    assert "type b {" in (project / "schema" / "schema.graphql").read_text()


def test_a_project_that_cannot_be_served_says_why(project: Path, make_project: MakeProject) -> None:
    hasura = make_project("create table b (id serial primary key", ["b"])
    hasura.rename(project / "schema")
    with pytest.raises(GenerationError, match=r"(?s)cannot be served:.*up\.sql"):
        generate("--output", "my_client")


def test_without_any_schema_the_options_are_named(project: Path) -> None:
    with pytest.raises(GenerationError, match="--endpoint URL, or --schema FILE"):
        generate("--output", "my_client")
    assert not (project / "my_client").exists()


def test_a_schema_file_that_is_missing_is_named(project: Path) -> None:
    with pytest.raises(GenerationError, match=r"none\.graphql cannot be read"):
        generate("--schema", str(project / "none.graphql"), "--output", "my_client")


def test_an_endpoint_that_is_not_there_is_named(project: Path) -> None:
    with pytest.raises(EndpointError, match="no connection"):
        generate("--endpoint", "http://127.0.0.1:1/v1/graphql", "--output", str(project / "x"))


def test_without_the_generator_the_extra_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ariadne_codegen", None)
    with pytest.raises(GenerationError, match=r"run-logger\[codegen\]"):
        generate("--schema", "api.graphql", "--output", str(project / "x"))


def test_our_own_client_is_up_to_date_with_schema_and_queries() -> None:
    root = resource("schema").parent
    schema, queries = str(root / "schema" / "schema.graphql"), str(root / "queries")
    output = str(root / "generated" / "run_logger_client")
    generate("--schema", schema, "--queries", queries, "--output", output, "--check")

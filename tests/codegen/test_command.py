"""`run-logger generate`, as a user runs it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from graphql import build_schema
from typer.testing import CliRunner

from run_logger._resources import resource
from run_logger.cli.generate import app
from run_logger.codegen.sdl import stable_sdl
from run_logger.errors import EndpointError, GenerationError

if TYPE_CHECKING:
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
    """Run the command; return what it prints, and let its errors out."""
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_package_is_written_whole_and_then_found_up_to_date(project: Path) -> None:
    arguments = ("--schema", "api.graphql", "--output", "src/my_client")
    assert "src/my_client: added client.py" in generate(*arguments)
    assert (project / "src" / "my_client" / "py.typed").exists()
    assert "up to date" in generate(*arguments)
    assert "up to date" in generate(*arguments, "--check")


def test_a_file_that_is_no_longer_generated_goes(project: Path) -> None:
    arguments = ("--schema", "api.graphql", "--output", "my_client")
    generate(*arguments)
    (project / "my_client" / "stale.py").touch()
    assert generate(*arguments) == "my_client: removed stale.py\n"
    assert not (project / "my_client" / "stale.py").exists()
    assert [path.name for path in project.glob(".my_client*")] == []


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
    with pytest.raises(GenerationError, match="src was not generated"):
        generate("--schema", "api.graphql", "--output", "src")
    assert (project / "src" / "mine.py").exists()


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

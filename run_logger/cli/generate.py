"""`run-logger generate`: a typed client for any Hasura endpoint."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from run_logger.errors import GenerationError

if TYPE_CHECKING:
    from collections.abc import Generator

app = typer.Typer(add_completion=False)

_PROJECT = Path("schema")
_SDL = _PROJECT / "schema.graphql"
_PACKAGE = Path("generated/run_logger_client")


@app.command(
    epilog="Examples:  [cyan]run-logger generate --endpoint https://host/v1/graphql"
    " --output src/my_client[/]  ·  "
    "[cyan]run-logger generate --schema schema.graphql --output src/my_client --check[/]"
)
def generate(
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            help="The folder of the package: its last part is the import name. Needed with"
            " --endpoint and --schema.",
            show_default=str(_PACKAGE),
        ),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where to take the schema from; the role and secret come from the environment.",
        ),
    ] = None,
    schema: Annotated[
        Path | None,
        typer.Option(
            help="The schema as SDL: read, or written where there is an --endpoint.",
            show_default=str(_SDL),
        ),
    ] = None,
    queries: Annotated[Path, typer.Option(help="The folder of the .graphql files.")] = Path(
        "queries"
    ),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if anything would change.")
    ] = False,
) -> None:
    """Generate a typed client from a schema and the operations in .graphql files.

    With neither --endpoint nor --schema, the Hasura CLI project in ./schema is served on an
    embedded Postgres for as long as it takes to read its schema.
    """
    _need_the_generator()
    if output is None and (endpoint or schema):
        raise GenerationError(
            "there is no name for the package", remedy="Say where it goes: --output FOLDER."
        )
    from run_logger.codegen.package import generate_package  # noqa: PLC0415  (maybe not installed)

    sdl, target = schema or _SDL, output or _PACKAGE
    with tempfile.TemporaryDirectory(prefix="run-logger-generate-") as directory:
        fresh, workspace = Path(directory, sdl.name), Path(directory, "work")
        workspace.mkdir()
        fresh.write_text(_current_sdl(endpoint, schema), encoding="utf-8")
        package = generate_package(fresh, queries, target.name, workspace)
        _settle({sdl: fresh, target: package}, check=check)


def _need_the_generator() -> None:
    for package in ("ariadne_codegen", "graphql", "ruff"):
        if importlib.util.find_spec(package) is None:
            raise GenerationError(
                f"run-logger generate needs the package {package}, which is not installed",
                remedy="Install what it needs: pip install 'run-logger[codegen]'.",
            )


def _current_sdl(endpoint: str | None, schema: Path | None) -> str:
    """Return the SDL to generate from: of the endpoint, of the file, or of the served project."""
    from run_logger.codegen.sdl import introspect, read_text  # noqa: PLC0415
    from run_logger.transport import Transport  # noqa: PLC0415

    if endpoint:
        with Transport(endpoint) as transport:
            return introspect(transport)
    if schema:
        return read_text(schema)
    with _served(_PROJECT) as url, Transport(url, headers={"x-hasura-role": "admin"}) as transport:
        return introspect(transport)


@contextmanager
def _served(project: Path) -> Generator[str]:
    """Serve a Hasura CLI project on a new, embedded Postgres, and give its endpoint."""
    if not (project / "config.yaml").is_file():
        raise GenerationError(
            f"there is no Hasura CLI project in {project.resolve()}",
            remedy="Say where the schema comes from: --endpoint URL, or --schema FILE.",
        )
    with tempfile.TemporaryDirectory(prefix="run-logger-generate-") as directory:
        data, messages = Path(directory, "data"), Path(directory, "messages")
        with messages.open("wb") as stderr:
            server = _serve(project, data, stderr)
        try:
            yield _url(server, messages)
        finally:
            server.terminate()
            server.communicate()


def _serve(project: Path, data: Path, stderr: BinaryIO) -> subprocess.Popen[str]:
    options = ["--port", "0", "--data-dir", str(data), "--project", str(project)]
    return subprocess.Popen(
        [sys.executable, "-m", "run_logger.cli", "serve", *options],
        stdout=subprocess.PIPE,
        stderr=stderr,
        # What this serves must not be somebody's own database.
        env={**os.environ, "HASURA_GRAPHQL_DATABASE_URL": ""},
        text=True,
    )


def _url(server: subprocess.Popen[str], messages: Path) -> str:
    assert server.stdout, "it was opened with a pipe"  # noqa: S101
    url = server.stdout.readline().strip()
    if not url:
        raise GenerationError(f"the project cannot be served: {messages.read_text().strip()}")
    return url


def _settle(fresh: dict[Path, Path], *, check: bool) -> None:
    """Report what changed, and put it in place or, with `check`, fail.

    Args:
        fresh: What was generated, by the path where it belongs.
        check: Whether to leave everything as it is.
    """
    from run_logger.codegen.swap import drift, put  # noqa: PLC0415

    changes = {target: drift(target, source) for target, source in fresh.items()}
    lines = [f"{target}: {change}" for target, each in changes.items() for change in each]
    if check and lines:
        raise GenerationError(
            "the generated files are not up to date:\n" + "\n".join(lines),
            remedy="Run the command again without --check.",
        )
    for target, each in changes.items():
        if each:
            put(fresh[target], target)
    typer.echo("\n".join(lines) if lines else "Everything is up to date.")

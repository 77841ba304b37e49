"""`run-logger generate`: a typed client for any Hasura endpoint."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from run_logger.errors import GenerationError, RunLoggerError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from run_logger.codegen.package import Package
    from run_logger.codegen.settings import Settings

app: typer.Typer = typer.Typer(add_completion=False)

_PROJECT = Path("schema")
_SDL = _PROJECT / "schema.graphql"
_PACKAGE = Path("generated/run_logger_client")
_QUERIES = Path("queries")
_LOOK_EVERY = 0.5  # seconds: what a person who saves a file does not notice


@app.command(
    epilog="Examples:  [cyan]run-logger generate --endpoint https://host/v1/graphql"
    " --output src/my_client[/]  ·  "
    "[cyan]run-logger generate --schema schema.graphql --output src/my_client --check[/]"
    "  ·  [cyan]run-logger generate --watch[/]"
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
            help="The schema as SDL or introspection JSON: read or, with an --endpoint, written"
            " as SDL.",
            show_default=str(_SDL),
        ),
    ] = None,
    queries: Annotated[
        Path | None,
        typer.Option(help="The folder of the .graphql files.", show_default=str(_QUERIES)),
    ] = None,
    asynchronous: Annotated[
        bool | None,
        typer.Option("--async/--sync", help="Whether the methods are coroutines."),
    ] = None,
    type_check: Annotated[
        bool | None,
        typer.Option(help="Whether to type-check the package, with mypy or pyright, beforehand."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if anything would change.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and generate whenever a file changes.")
    ] = False,
) -> None:
    """Generate a typed client from a schema and the operations in .graphql files.

    The client is generated into an empty folder, imported, type-checked, and only then put in
    place, whole. Settings that are not given come from [tool.run-logger.generate] in
    pyproject.toml. With neither an endpoint nor a schema, the Hasura CLI project in ./schema is
    served on an embedded Postgres for as long as it takes to read its schema.
    """
    _need_the_generator()
    given = {
        "output": output,
        "endpoint": endpoint,
        "schema": schema,
        "queries": queries,
        "asynchronous": asynchronous,
        "type_check": type_check,
    }
    settings = _settings({name: value for name, value in given.items() if value is not None})
    if watch:
        _watch(settings)
    else:
        _generate(settings, check=check)


def _need_the_generator() -> None:
    for package in ("ariadne_codegen", "graphql", "ruff"):
        if importlib.util.find_spec(package) is None:
            raise GenerationError(
                f"run-logger generate needs the package {package}, which is not installed",
                remedy="Install what it needs: pip install 'run-logger[codegen]'.",
            )


def _settings(given: dict[str, Any]) -> Settings:
    """Return the settings of the project, with those of the command line over them."""
    from run_logger.codegen.settings import read_settings  # noqa: PLC0415  (maybe not installed)

    settings = read_settings(Path.cwd())
    if "schema" in given and "endpoint" not in given:
        # Who names a file wants that one, and no server asked.
        settings = replace(settings, endpoint=None)
    settings = replace(settings, **given)
    if settings.output is None and (settings.endpoint or settings.schema):
        raise GenerationError(
            "there is no name for the package", remedy="Say where it goes: --output FOLDER."
        )
    return settings


def _generate(settings: Settings, *, check: bool) -> None:
    from run_logger.codegen.package import Options, generate_package  # noqa: PLC0415  (as above)

    sdl, target = settings.schema or _SDL, settings.output or _PACKAGE
    options = Options(settings.asynchronous, settings.scalars)
    with tempfile.TemporaryDirectory(prefix="run-logger-generate-") as directory:
        fresh, workspace = Path(directory, sdl.name), Path(directory, "work")
        workspace.mkdir()
        fresh.write_text(_current_sdl(settings), encoding="utf-8")
        queries = settings.queries or _QUERIES
        package = generate_package(fresh, queries, target.name, workspace, options)
        _say_of_scalars(package, strict=settings.strict_scalars)
        made = {sdl: fresh, target: package.folder}
        _settle(made, check=check, type_check=settings.type_check)


def _say_of_scalars(package: Package, *, strict: bool) -> None:
    unknown = ", ".join(package.unknown_scalars)
    remedy = 'Give each a type in pyproject.toml: [tool.run-logger.generate.scalars] NAME = "str".'
    if unknown and strict:
        raise GenerationError(f"there is no known type for these scalars: {unknown}", remedy=remedy)
    if unknown:
        typer.echo(f"No type is known for {unknown}: typed as Any. {remedy}", err=True)


def _current_sdl(settings: Settings) -> str:
    """Return the SDL to generate from: of the endpoint, of the file, or of the served project."""
    from run_logger.codegen.sdl import introspect, read_text  # noqa: PLC0415
    from run_logger.transport import Transport  # noqa: PLC0415

    if settings.endpoint:
        with Transport(settings.endpoint) as transport:
            return introspect(transport)
    if settings.schema:
        return read_text(settings.schema)
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


def _settle(fresh: dict[Path, Path], *, check: bool, type_check: bool) -> None:
    """Report what changed, and put it in place or, with `check`, fail.

    Args:
        fresh: What was generated, by the path where it belongs.
        check: Whether to leave everything as it is.
        type_check: Whether to type-check what changed before it is put in place.
    """
    from run_logger.codegen.swap import check_replaceable, drift, put  # noqa: PLC0415

    changes = {target: drift(target, source) for target, source in fresh.items()}
    lines = [f"{target}: {change}" for target, each in changes.items() for change in each]
    if check and lines:
        raise _drifted(fresh, lines)
    for target, source in fresh.items():
        check_replaceable(target)
        if changes[target] and source.is_dir():
            _try(source, type_check=type_check)
    for target, each in changes.items():
        if each:
            put(fresh[target], target)
    typer.echo("\n".join(lines) if lines else "Everything is up to date.")


def _drifted(fresh: Iterable[Path], lines: list[str]) -> GenerationError:
    from run_logger.codegen.swap import other_generator  # noqa: PLC0415

    others = [
        f"{target} was generated by run-logger {other}, which is not this one"
        for target in fresh
        if (other := other_generator(target))
    ]
    return GenerationError(
        "the generated files are not up to date:\n" + "\n".join([*others, *lines]),
        remedy="Run the command again without --check.",
    )


def _try(package: Path, *, type_check: bool) -> None:
    """Import and type-check a package where nobody uses it yet."""
    from run_logger.codegen.checking import check_import, check_types  # noqa: PLC0415

    check_import(package)
    if type_check and check_types(package) is None:
        typer.echo("Not type-checked: neither mypy nor pyright is installed here.", err=True)


def _watch(settings: Settings) -> None:
    """Generate now, and again whenever a query or the schema's file changes, until interrupted."""
    seen = None
    while True:
        now = _stamps(settings)
        if now != seen:
            seen = now
            try:
                _generate(settings, check=False)
            except RunLoggerError as error:
                typer.echo(str(error), err=True)
        time.sleep(_LOOK_EVERY)


def _stamps(settings: Settings) -> dict[Path, tuple[int, int]]:
    """Return when each file that is read was changed, and its size."""
    files = [*(settings.queries or _QUERIES).rglob("*")]
    if settings.schema and not settings.endpoint:
        files.append(settings.schema)
    stamps: dict[Path, tuple[int, int]] = {}
    for path in files:
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue  # removed meanwhile: the next look sees it
        stamps[path] = (stat.st_mtime_ns, stat.st_size)
    return stamps

"""`run-logger schema`: how an endpoint's schema differs from the one that is kept."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from run_logger.cli.output import AsJson, print_json
from run_logger.cli.schema_source import (
    DEFAULT_QUERIES,
    DEFAULT_SCHEMA,
    live_schema,
    project_settings,
    query_files_in,
)
from run_logger.errors import GenerationError

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from run_logger.codegen.diff import Change
    from run_logger.codegen.uses import Uses

app: typer.Typer = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Compare the schema of an endpoint with the one that is kept.",
)


@app.callback()
def _root() -> None:
    pass


@app.command()
def diff(
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Whose schema is compared; the role and secret come from the environment.",
        ),
    ] = None,
    schema: Annotated[
        Path | None,
        typer.Option(help="A file of SDL or introspection JSON in place of an endpoint."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            help="The schema that is kept, and that the queries fit.",
            show_default=str(DEFAULT_SCHEMA),
        ),
    ] = None,
    queries: Annotated[
        Path | None,
        typer.Option(help="The folder of the .graphql files.", show_default=str(DEFAULT_QUERIES)),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Fail on a breaking change that touches no query, too."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what changed in a schema: what is breaking, dangerous and safe, and which queries use it.

    Each change is followed by the places in the queries that it touches; those that touch some
    come first. What callers send through a variable counts, in every depth of its type. The exit
    code is 1 if a breaking change touches the queries. Settings that are not given come from the
    table tool.run-logger.generate in pyproject.toml.

    Examples:
        run-logger schema diff --endpoint https://host/v1/graphql
        run-logger schema diff --schema new.graphql --against schema.graphql --strict
        run-logger schema diff --json
    """
    settings = project_settings()
    kept = against or settings.schema or DEFAULT_SCHEMA
    old, new = _read(kept), _current(endpoint or settings.endpoint, schema)
    changes = _compare(old, new, queries or settings.queries)
    if as_json:
        print_json([_as_json(change) for change in changes])
    else:
        _print(changes)
    if any(_is_failure(change, strict=strict) for change in changes):
        raise typer.Exit(1)


def _read(path: Path) -> GraphQLSchema:
    from run_logger.codegen.sdl import read_schema  # noqa: PLC0415  (maybe not installed)

    return read_schema(path)


def _current(endpoint: str | None, schema: Path | None) -> GraphQLSchema:
    if schema is not None:
        return _read(schema)
    if endpoint is None:
        raise GenerationError(
            "there is no schema to compare with",
            remedy="Say where it comes from: --endpoint URL, or --schema FILE.",
        )
    return live_schema(endpoint)


def _compare(old: GraphQLSchema, new: GraphQLSchema, folder: Path | None) -> list[Change]:
    from run_logger.codegen.diff import compare  # noqa: PLC0415  (maybe not installed)

    return compare(old, new, _uses(old, folder))


def _uses(old: GraphQLSchema, folder: Path | None) -> Uses | None:
    from run_logger.codegen.queries import read_queries  # noqa: PLC0415  (as above)
    from run_logger.codegen.uses import Uses  # noqa: PLC0415  (as above)

    files = query_files_in(folder)
    return Uses(old, read_queries(old, files)) if files else None


def _is_failure(change: Change, *, strict: bool) -> bool:
    return change.severity == "breaking" and (strict or bool(change.touches))


def _print(changes: list[Change]) -> None:
    for change in changes:
        typer.echo(f"{change.severity}: {change.description}")
        for use in change.touches:
            typer.echo(f"    {use}")
    counts = Counter(change.severity.value for change in changes)
    touching = sum(change.severity == "breaking" and bool(change.touches) for change in changes)
    listed = ", ".join(f"{counts[kind]} {kind}" for kind in ("breaking", "dangerous", "safe"))
    typer.echo(f"{listed}; {touching} of the breaking ones touch the queries")


def _as_json(change: Change) -> dict[str, Any]:
    return {
        "severity": change.severity.value,
        "description": change.description,
        "touches": [
            {
                "file": use.file,
                "line": use.line,
                "column": use.column,
                "definition": use.definition,
                "operations": list(use.operations),
                "variable": use.variable or None,
            }
            for use in change.touches
        ],
    }

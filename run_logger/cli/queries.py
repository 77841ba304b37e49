"""`run-logger queries`: check the .graphql files."""

from __future__ import annotations

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

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from run_logger.codegen.checks import Finding

app: typer.Typer = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Check the operations in .graphql files.",
)


@app.callback()
def _root() -> None:
    pass


@app.command()
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            help="The files; by default all of the folder of the queries.",
            show_default=False,
        ),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Check against the schema that is served there now."),
    ] = None,
    schema: Annotated[
        Path | None,
        typer.Option(
            help="The schema as SDL or introspection JSON.", show_default=str(DEFAULT_SCHEMA)
        ),
    ] = None,
    queries: Annotated[
        Path | None,
        typer.Option(
            help="The folder of the .graphql files; FILES may use its fragments.",
            show_default=str(DEFAULT_QUERIES),
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check operations against a schema, and advise on what may do what nobody wants.

    A line a finding, as compilers write it: FILE:LINE:COLUMN: error: … or warning: …. Warned of are
    a delete or an update that may match every row, a list without a limit and without a key in its
    where, and a mutation that is not safe to send twice. A comment `# advice: off (REASON)`, on the
    line or the one above, switches the advice for that line off. The exit code is 1 if there is an
    error. Settings that are not given come from the table tool.run-logger.generate in
    pyproject.toml.

    Examples:
        run-logger queries check
        run-logger queries check queries/runs.graphql --strict
        run-logger queries check --endpoint https://host/v1/graphql --json
    """
    settings = project_settings()
    known = query_files_in(queries or settings.queries)
    chosen = files or known
    found = _check(_schema(endpoint, schema or settings.schema), chosen, known)
    if as_json:
        print_json([_as_json(finding) for finding in found])
    else:
        for finding in found:
            typer.echo(str(finding))
        errors = sum(finding.level == "error" for finding in found)
        message = f"{len(chosen)} files: {errors} errors, {len(found) - errors} warnings"
        typer.echo(message, err=True)
    if any(strict or finding.level == "error" for finding in found):
        raise typer.Exit(1)


def _schema(endpoint: str | None, path: Path | None) -> GraphQLSchema:
    from run_logger.codegen.sdl import read_schema  # noqa: PLC0415  (maybe not installed)

    return live_schema(endpoint) if endpoint else read_schema(path or DEFAULT_SCHEMA)


def _check(schema: GraphQLSchema, chosen: list[Path], known: list[Path]) -> list[Finding]:
    from run_logger.codegen.checks import check_queries  # noqa: PLC0415  (maybe not installed)

    given = {path.resolve() for path in chosen}
    return check_queries(schema, chosen, [path for path in known if path.resolve() not in given])


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "level": finding.level.value,
        "message": finding.message,
    }

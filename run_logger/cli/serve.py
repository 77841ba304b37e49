"""`run-logger serve`: the local server, and its data as files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import platformdirs
import typer
from rich.console import Console
from rich.markup import escape

from run_logger.cli.local_parts import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from run_logger.local.server import Settings

app: typer.Typer = typer.Typer(add_completion=False)

_DataDir = Annotated[
    Path | None,
    typer.Option(help="Where the embedded Postgres keeps its data.", show_default="yours"),
]


class Form(StrEnum):
    """What a dump is written as."""

    ARCHIVE = "archive"
    SQL = "sql"


@app.callback(
    invoke_without_command=True,
    epilog="Examples:  [cyan]run-logger serve[/]  ·  "
    "[cyan]run-logger serve --port 0 --data-dir ./runs[/]  ·  "
    "[cyan]run-logger serve --project ./hasura --database-url postgres://localhost/mine[/]  ·  "
    "[cyan]run-logger serve dump runs.archive[/]",
)
def serve(
    context: typer.Context,
    *,
    host: Annotated[
        str,
        typer.Option(envvar="HASURA_GRAPHQL_SERVER_HOST", help="The address to listen on."),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65535,
            envvar="HASURA_GRAPHQL_SERVER_PORT",
            help="The port; 0 takes one that is free.",
        ),
    ] = 8080,
    data_dir: _DataDir = None,
    database_url: Annotated[
        str | None,
        typer.Option(
            envvar="HASURA_GRAPHQL_DATABASE_URL",
            help="A Postgres to use instead of the embedded one.",
        ),
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="A Hasura CLI project: its migrations are applied, its metadata are served.",
            show_default="run-logger's own",
        ),
    ] = None,
    admin_secret: Annotated[
        str | None,
        typer.Option(
            envvar=["HASURA_GRAPHQL_ADMIN_SECRET", "HASURA_GRAPHQL_ACCESS_KEY"],
            help="What requests have to present; needed for addresses other than loopback.",
        ),
    ] = None,
) -> None:
    """Serve Hasura's GraphQL API over a database, by default over an embedded Postgres.

    When it answers it prints its URL, alone, on standard output. Ctrl-C and SIGTERM stop it.
    """
    if context.invoked_subcommand is not None:
        return
    server = _load("server")
    from run_logger._resources import resource  # noqa: PLC0415  slow, and maybe not installed

    settings = server.Settings(
        host=host,
        port=port,
        data_dir=data_dir or _default_data_dir(),
        database_url=database_url or None,
        project=project or resource("schema"),
        admin_secret=admin_secret or None,
    )
    announce: Callable[[str], None] = lambda url: _announce(url, settings)  # noqa: E731
    server.serve(settings, announce)


@app.command()
def dump(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write, a new one.")],
    *,
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            help="An archive for restore, or SQL for psql, without what the server keeps for"
            " itself.",
        ),
    ] = Form.ARCHIVE,
    data_only: Annotated[
        bool,
        typer.Option("--data-only", help="Only the rows, for a database that has the tables."),
    ] = False,
    data_dir: _DataDir = None,
) -> None:
    """Write the embedded database into a file, whether or not it is being served."""
    directory = _data_dir(context, data_dir)
    _load("archive").dump(directory, file, form=form.value, data_only=data_only)
    _say(f"[bold green]written[/] {escape(str(file))}")


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What dump wrote.")],
    *,
    data_dir: _DataDir = None,
) -> None:
    """Fill an empty embedded database from what dump wrote."""
    directory = _data_dir(context, data_dir)
    _load("archive").restore(directory, file)
    _say(f"[bold green]restored[/] {escape(f'{file} into {directory}')}")


@app.command()
def upgrade(
    context: typer.Context,
    *,
    from_bin: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="The bin directory of the Postgres whose data they are.",
            show_default="Debian's of that version",
        ),
    ] = None,
    data_dir: _DataDir = None,
) -> None:
    """Take the embedded database over into the Postgres that serve would run now.

    The old data are kept beside the new ones, for you to delete.
    """
    directory = _data_dir(context, data_dir)
    kept = _load("archive").upgrade(directory, from_bin)
    if kept is None:
        _say(escape(f"{directory} is of this Postgres already"))
    else:
        _say(f"[bold green]upgraded[/] {escape(f'{directory}; the old data are in {kept}')}")


def _load(name: str) -> ModuleType:
    return load("serve", f"run_logger.local.{name}")


def _data_dir(context: typer.Context, given: Path | None) -> Path:
    """Return the data directory, which may be given before the command or after it."""
    before = context.parent.params.get("data_dir") if context.parent else None
    return given or cast("Path | None", before) or _default_data_dir()


def _default_data_dir() -> Path:
    return platformdirs.user_data_path("run-logger") / "server"


def _announce(url: str, settings: Settings) -> None:
    """Say where it listens: the URL for scripts, on standard output, and the rest for people."""
    print(f"{url}/v1/graphql", flush=True)  # noqa: T201  this line is the interface for scripts
    data = "your database" if settings.database_url else settings.data_dir
    _say(f"[bold green]run-logger serves[/] {escape(str(data))}")
    _say(f'  record  [cyan]run_logger.initialize("{url}/v1/graphql", lr=0.1)[/]')
    _say(f"  look    [cyan]{url}/[/] in a browser")
    _say("  stop    [cyan]Ctrl-C[/]")


def _say(text: str) -> None:
    Console(stderr=True, highlight=False).print(text, soft_wrap=True)

"""`run-logger serve`: the local server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import platformdirs
import typer
from rich.console import Console

from run_logger.errors import RunLoggerError

if TYPE_CHECKING:
    from run_logger.local.server import Settings

app = typer.Typer(add_completion=False)


@app.command(
    epilog="Examples:  [cyan]run-logger serve[/]  ·  "
    "[cyan]run-logger serve --port 0 --data-dir ./runs[/]  ·  "
    "[cyan]run-logger serve --project ./hasura --database-url postgres://localhost/mine[/]"
)
def serve(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes one that is free.")
    ] = 8080,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Where the embedded Postgres keeps its data.", show_default="yours"),
    ] = None,
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
            envvar="HASURA_GRAPHQL_ADMIN_SECRET",
            help="What requests have to present; needed for addresses other than loopback.",
        ),
    ] = None,
) -> None:
    """Serve Hasura's GraphQL API over a database, by default over an embedded Postgres.

    When it answers it prints its URL, alone, on standard output. Ctrl-C and SIGTERM stop it.
    """
    try:
        from run_logger._resources import resource  # noqa: PLC0415  slow, and maybe not installed
        from run_logger.local import server  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise RunLoggerError(
            f"run-logger serve needs the package {error.name}, which is not installed",
            remedy="Install what it needs: pip install 'run-logger[local]'.",
        ) from error
    settings = server.Settings(
        host=host,
        port=port,
        data_dir=data_dir or platformdirs.user_data_path("run-logger") / "server",
        database_url=database_url or None,
        project=project or resource("schema"),
        admin_secret=admin_secret or None,
    )
    server.serve(settings, lambda url: _announce(url, settings))


def _announce(url: str, settings: Settings) -> None:
    """Say where it listens: the URL for scripts, on standard output, and the rest for people."""
    print(f"{url}/v1/graphql", flush=True)  # noqa: T201  this line is the interface for scripts
    data = "your database" if settings.database_url else settings.data_dir
    people = Console(stderr=True, highlight=False)
    people.print("[bold green]run-logger serves[/]", data, soft_wrap=True)
    people.print(f'  record  [cyan]run_logger.initialize("{url}/v1/graphql", lr=0.1)[/]')
    people.print(f"  look    [cyan]run-logger runs list --endpoint {url}/v1/graphql[/]")
    people.print("  stop    [cyan]Ctrl-C[/]")

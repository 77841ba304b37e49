"""`run-logger web`: the page for the runs of any Hasura."""

from __future__ import annotations

from typing import Annotated

import typer

from run_logger.cli.endpoint import DEFAULT_ENDPOINT
from run_logger.cli.local_parts import load

app: typer.Typer = typer.Typer(add_completion=False)


@app.command(
    epilog="Examples:  [cyan]run-logger web --port 0[/]  ·  "
    "[cyan]run-logger web --endpoint https://hasura.example.org/v1/graphql[/]",
)
def web(
    endpoint: Annotated[
        str,
        typer.Option(
            "--endpoint",
            "-e",
            envvar="RUN_LOGGER_ENDPOINT",
            metavar="URL",
            help="The GraphQL API whose runs are shown. The page asks for its admin secret.",
        ),
    ] = DEFAULT_ENDPOINT,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes one that is free.")
    ] = 8081,
) -> None:
    """Serve the page on which one looks at runs; `run-logger serve` has it already, at its own URL.

    When it answers it prints the page's URL, alone, on standard output. Ctrl-C and SIGTERM stop it.
    """
    server = load("web", "run_logger.web.server")
    server.serve(server.Settings(endpoint=endpoint, host=host, port=port), _announce)


def _announce(url: str) -> None:
    print(f"{url}/", flush=True)  # noqa: T201  this line is the interface for scripts

"""The command line: `run-logger …`.

One module holds one command, or one group of them, as a Typer application called `app`; its line
in `_COMMANDS` registers it. A module is loaded when its command is used or listed, so it imports
what is slow to load inside its functions.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from run_logger.errors import RunLoggerError

__all__ = ["app", "main"]

# Each command, in the order of the help, with the module that holds it.
_COMMANDS = {
    "serve": "run_logger.cli.serve",
    "web": "run_logger.cli.web",
    "runs": "run_logger.cli.runs",
    "logs": "run_logger.cli.logs",
    "sweep": "run_logger.cli.sweep",
    "sync": "run_logger.cli.sync",
    "doctor": "run_logger.cli.doctor",
    "generate": "run_logger.cli.generate",
    "schema": "run_logger.cli.schema",
    "queries": "run_logger.cli.queries",
}


class _LazyGroup(TyperGroup):
    """The commands of `_COMMANDS`, each loaded on its own."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  Typer's signature
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  the same
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = typer.main.get_command(importlib.import_module(module).app)
        command.name = cmd_name
        return command


app: typer.Typer = typer.Typer(
    cls=_LazyGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Record training runs in Postgres, and look at them.",
)


@app.callback()
def _root() -> None:
    pass


def main() -> None:
    """Run the command line; the exit code is 1 for an error and 2 for a wrong usage."""
    try:
        app()
    except RunLoggerError as error:
        _show(error)
        sys.exit(1)


def _show(error: RunLoggerError) -> None:
    from rich.console import Console  # noqa: PLC0415  only an error needs it
    from rich.text import Text  # noqa: PLC0415

    Console(stderr=True).print(Text(str(error), style="red"), soft_wrap=True)

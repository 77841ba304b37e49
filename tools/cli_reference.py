"""Write docs/cli.md from the commands' own help, or with --check fail if it is out of date."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

# The help is drawn for this width, and without the colours of a terminal.
os.environ |= {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}

from typer.main import get_command
from typer.testing import CliRunner

from run_logger.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
_HEAD = "# The command line\n\nWritten by `make docs` from the commands' own help.\n"


def main() -> None:
    """Write the page, or compare it."""
    page = "\n".join([_HEAD, *(_section(words) for words in _commands(get_command(app), ()))])
    if "--check" not in sys.argv:
        _PAGE.write_text(page)
    elif not _PAGE.exists() or _PAGE.read_text() != page:
        sys.exit("docs/cli.md is out of date: run make docs, and commit it")


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield words
    if hasattr(command, "list_commands"):
        for name in command.list_commands(None):
            yield from _commands(command.get_command(None, name), (*words, name))


def _section(words: tuple[str, ...]) -> str:
    result = CliRunner().invoke(app, [*words, "--help"], prog_name="run-logger")
    text = "\n".join(line.rstrip() for line in result.output.strip("\n").splitlines())
    return f"## {' '.join(('run-logger', *words))}\n\n```\n{text}\n```\n"


if __name__ == "__main__":
    main()

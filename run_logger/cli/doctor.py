"""`run-logger doctor`: what is wrong, in plain words, and what to do about it."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from run_logger.cli.checks.endpoints import check_endpoint
from run_logger.cli.checks.environment import check_directory, check_extras, check_variables
from run_logger.cli.checks.finding import Finding, Level, Section
from run_logger.cli.checks.journals import check_journals
from run_logger.cli.deliveries import journals_in
from run_logger.cli.output import AsJson, console, print_json
from run_logger.cli.progress import progress
from run_logger.delivery.storage.files import journal_directory
from run_logger.errors import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

app: typer.Typer = typer.Typer(add_completion=False)

_MOST = 20
"""The most findings that are printed of one section."""

_MARKS = {Level.fine: ("✓", "green"), Level.note: ("·", "cyan"), Level.problem: ("✗", "bold red")}


@app.command()
def doctor(
    endpoint: Annotated[
        str | None,
        typer.Option(
            "--endpoint",
            "-e",
            envvar="RUN_LOGGER_ENDPOINT",
            metavar="URL",
            help="Look at this server too; those that journals are for are looked at anyway.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what waits, what was refused, which server fails, what is outdated, and what to do.

    It changes nothing. The exit code is 1 if something needs you.

    Examples:
        run-logger doctor
        run-logger doctor --endpoint https://hasura.example.org/v1/graphql --json
    """
    findings = list(progress(_findings(endpoint), "looking"))
    sick = any(finding.level is Level.problem for finding in findings)
    if as_json:
        print_json({"ok": not sick, "findings": [asdict(finding) for finding in findings]})
    else:
        _print(findings)
    raise typer.Exit(1 if sick else 0)


def _findings(endpoint: str | None) -> Iterator[Finding]:
    # Where the directory is none, the check of it says so.
    journals = journals_in([]) if journal_directory().is_dir() else []
    found = list(check_journals(journals))
    yield from found
    # One that a journal names, too, is looked at once.
    named = dict.fromkeys(str(each.facts["endpoint"]) for each in found if "endpoint" in each.facts)
    given = [endpoint] if endpoint else []
    others = [each for each in named if not endpoint or each != without_secrets(endpoint)]
    for url in (*given, *others):
        yield from check_endpoint(url)
    if not given and not others:
        yield _NO_ENDPOINT
    yield from check_variables(os.environ)
    yield from check_directory(journal_directory())
    yield from check_extras()


_NO_ENDPOINT = Finding(
    Section.endpoint, Level.note, "no server is known here", "To look at one: --endpoint URL."
)


def _print(findings: list[Finding]) -> None:
    """Print the findings by sections; of the lesser ones of a section, the first few."""
    out = console()
    for section in Section:
        of_section = [finding for finding in findings if finding.section is section]
        of_section.sort(key=lambda finding: finding.level is not Level.problem)
        if of_section:
            out.print(Text(section, style="bold"))
        for finding in of_section[:_MOST]:
            _print_one(out, finding)
        if len(of_section) > _MOST:
            out.print(f"  … and {len(of_section) - _MOST} more: --json lists all")


def _print_one(out: Console, finding: Finding) -> None:
    mark, style = _MARKS[finding.level]
    out.print(Text.assemble("  ", (mark, style), " ", finding.text), soft_wrap=True)
    if finding.remedy:
        out.print(Text(f"    {finding.remedy}", style="dim"), soft_wrap=True)

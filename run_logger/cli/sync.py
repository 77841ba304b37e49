"""`run-logger sync`: deliver what is on disk and not in the database yet."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.text import Text

from run_logger.cli.deliveries import Deliverer, Outcome, journals_in, look
from run_logger.cli.output import AsJson, console, print_json
from run_logger.cli.progress import advancing, progress
from run_logger.cli.watch import Watch
from run_logger.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

app: typer.Typer = typer.Typer(add_completion=False)

WATCH_SECONDS = 2.0
"""Between two looks at the directories: what is logged appears about so much later."""


@app.command()
def sync(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH",
            help="Journals, or directories of them. By default RUN_LOGGER_DIR, else the"
            " platform's directory for state.",
            show_default=False,
        ),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on delivering until Ctrl-C.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is there; change nothing, ask no server.")
    ] = False,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="Send what the server refused before again, too.")
    ] = False,
    endpoint: Annotated[
        str | None,
        typer.Option(
            "--endpoint",
            "-e",
            metavar="URL",
            help="Where to deliver to; by default the endpoint that each journal names. Secrets"
            " come from the environment, as everywhere.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Deliver the journals on this disk: of runs without a network, and of runs that were killed.

    Each record arrives once, whatever else is delivering the same journal: the run itself, another
    sync, a sync of a copy. The exit code is 0 if nothing is left that should have gone.

    Examples:
        run-logger sync
        run-logger sync --dry-run
        run-logger sync /scratch/journals --watch
        run-logger sync copied/ --endpoint https://hasura.example.org/v1/graphql
    """
    places = paths or []
    _check(places, watch=watch, dry_run=dry_run)
    if dry_run:
        found = _look(journals_in(places))
        _report(found, as_json=as_json, dry=True)
        raise typer.Exit(int(any(outcome.problem for outcome in found)))
    deliverer = Deliverer(endpoint, resend=rejected)
    if watch:
        raise typer.Exit(int(not _watch(deliverer, places, as_json=as_json)))
    outcomes = _deliver(deliverer, journals_in(places))
    _report(outcomes, as_json=as_json)
    raise typer.Exit(int(not all(outcome.is_good for outcome in outcomes)))


def _check(places: Sequence[Path], *, watch: bool, dry_run: bool) -> None:
    if watch and dry_run:
        raise ConfigError("--watch and --dry-run do not go together", remedy="Give one of them.")
    if watch and any(place.is_file() for place in places):
        raise ConfigError(
            "--watch is for directories: a journal is gone once it is delivered",
            remedy="Name the directory that it lies in.",
        )


def _look(journals: Sequence[Path]) -> list[Outcome]:
    return _there(look(path) for path in progress(journals, "reading"))


def _deliver(deliverer: Deliverer, journals: Sequence[Path]) -> list[Outcome]:
    deliverer.begin_pass()
    found = _look(journals)
    with advancing("delivering", sum(outcome.left for outcome in found)) as advance:
        return _there(deliverer.deliver(outcome, advance) for outcome in found)


def _there(outcomes: Iterable[Outcome | None]) -> list[Outcome]:
    """Leave out the journals that another process has delivered and removed meanwhile."""
    return [outcome for outcome in outcomes if outcome is not None]


def _watch(deliverer: Deliverer, places: Sequence[Path], *, as_json: bool) -> bool:
    """Deliver until Ctrl-C; return whether everything went then."""
    watch = Watch()
    try:
        while True:
            outcomes = _deliver(deliverer, watch.due(journals_in(places)))
            _say_news(watch, outcomes, as_json=as_json)
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        return watch.is_good


def _say_news(watch: Watch, outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    for outcome in outcomes:
        if not watch.visited(outcome):
            continue
        if as_json:
            line = orjson.dumps(_as_json(outcome), option=orjson.OPT_APPEND_NEWLINE)
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
        else:
            _print(outcome)


def _report(outcomes: Sequence[Outcome], *, as_json: bool, dry: bool = False) -> None:
    if as_json:
        print_json([_as_json(outcome) for outcome in outcomes])
        return
    for outcome in outcomes:
        _print(outcome, dry=dry)
    console().print(_sum(outcomes, dry=dry))


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {**asdict(outcome), "journal": str(outcome.journal)}


def _print(outcome: Outcome, *, dry: bool = False) -> None:
    style = "red" if outcome.problem else "yellow" if outcome.rejected else ""
    for text in (_head(outcome, dry=dry), *_details(outcome)):
        console().print(Text(text, style=style), soft_wrap=True)


def _head(outcome: Outcome, *, dry: bool) -> str:
    """Say in a line what became of a journal: `run 12: 40 delivered, 3 left, 1 set aside`."""
    counts = [] if dry else [f"{outcome.delivered:,} delivered"]
    if outcome.left or dry:
        counts.append(f"{'up to ' * (dry or bool(outcome.problem))}{outcome.left:,} left")
    if outcome.rejected:
        counts.append(f"{sum(outcome.rejected.values()):,} set aside")
    alive = ", its process lives or another sync has it" if outcome.live else ""
    return f"{outcome.run}: {', '.join(counts)}{alive} ({outcome.journal})"


def _details(outcome: Outcome) -> Iterator[str]:
    if outcome.problem:
        yield f"  {outcome.problem.rstrip('.')}. {outcome.remedy}".rstrip()
    if outcome.rejected:
        reasons = ", ".join(f"{code}: {count:,}" for code, count in outcome.rejected.items())
        yield (
            f"  The server refused records ({reasons}). They are kept, with the reasons, in"
            f" {outcome.journal.with_suffix('.rejected.jsonl')}: run-logger sync --rejected sends"
            " them again."
        )
    elif outcome.set_aside:
        yield (
            f"  {outcome.set_aside:,} were set aside earlier: run-logger sync --rejected sends"
            " them again."
        )


def _sum(outcomes: Sequence[Outcome], *, dry: bool) -> str:
    if not outcomes:
        return "Nothing waits."
    journals = "1 journal" if len(outcomes) == 1 else f"{len(outcomes)} journals"
    left = sum(outcome.left for outcome in outcomes)
    if dry:
        return f"{journals}, up to {left:,} records left"
    delivered = sum(outcome.delivered for outcome in outcomes)
    return f"{journals}, {delivered:,} records delivered, {left:,} left"

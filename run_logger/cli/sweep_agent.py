"""`run-logger sweep run` and `retry`: an agent that runs a command for each run of a sweep."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from run_logger.cli.endpoint import DEFAULT_ENDPOINT, Endpoint, connect
from run_logger.cli.output import AsJson, console, print_json, progress_console
from run_logger.cli.sweep_choice import SweepId, chosen_metric, find_sweep
from run_logger.cli.sweep_table import watching
from run_logger.params import space_size
from run_logger.sweeps.command import find_command
from run_logger.sweeps.search import check_sweep, method_of, space_of
from run_logger.sweeps.tpe import require_optuna

if TYPE_CHECKING:
    from collections import Counter

    from run_logger_client.sweep_state import SweepStateSweepByPk

__all__ = ["AgentCommand", "retry", "run"]

_OUTCOMES = ("finished", "failed", "killed")

_INTERRUPTED = 130
"""The exit code that shells give to what Ctrl-C ends."""


class AgentCommand(TyperCommand):
    """A command whose `--devices` takes all the words up to the next option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Spell `--devices 0 1` out as `--devices 0 --devices 1`, which is what click reads."""
        return super().parse_args(ctx, _spelled_out(args))


Command = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="-- COMMAND...",
        show_default=False,
        help="What to start for each run. {run_key}, {sweep_id} and {parameters} (JSON) in it are"
        " filled in; a program that uses the library needs none of them.",
    ),
]
Devices = Annotated[
    list[str] | None,
    typer.Option(
        metavar="D...",
        show_default=False,
        help="Run one at a time on each of these; each gets its own as CUDA_VISIBLE_DEVICES."
        " 0,1 is two devices for one run.",
    ),
]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", min=1, help="How many at a time, on each device.")
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", show_default=False, help="Where what they print goes: sweep-ID."
    ),
]
Shown = Annotated[
    str | None,
    typer.Option(
        "--metric", show_default=False, help="What to show of each: the sweep's metric, or this."
    ),
]
Retries = Annotated[
    int, typer.Option(min=0, help="How often a point is tried again whose run dies.")
]


def run(
    sweep: SweepId,
    command: Command = None,
    devices: Devices = None,
    jobs: Jobs = 1,
    count: Annotated[
        int | None, typer.Option(min=1, show_default=False, help="Begin at most so many runs.")
    ] = None,
    max_retries: Retries = 0,
    output: Output = None,
    metric: Shown = None,
    as_json: AsJson = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
) -> None:
    """Run a command for each point of a sweep, until there are none left.

    Any number of agents, on any machines, may work on one sweep. Ctrl-C lets the commands end that
    run; a second one stops them. The exit code is 1 if a run came to nothing.

    Examples:
        run-logger sweep run 3 -- python train.py
        run-logger sweep run 3 --devices 0 1 2 3 --max-retries 1 -- python train.py
        run-logger sweep run 3 --jobs 4 -- ./simulate '{parameters}'
    """
    find_command(command or [])
    outcomes = _work(
        endpoint, sweep, command, _places(devices, jobs), count, max_retries, output, metric
    )
    _report(outcomes, as_json=as_json)


def retry(
    sweep: SweepId,
    command: Command = None,
    devices: Devices = None,
    jobs: Jobs = 1,
    count: Annotated[
        int | None, typer.Option(min=1, show_default=False, help="Begin at most so many runs.")
    ] = None,
    max_retries: Retries = 3,
    output: Output = None,
    metric: Shown = None,
    as_json: AsJson = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
) -> None:
    """Give the points of runs out again that died, or whose command never started.

    Each becomes a new run at the same point, which says which run it is another try of. Without a
    command it is the one that an agent started for the run that died. A run counts as dead once
    it has failed, was killed, or has not been heard of for two minutes.

    Examples:
        run-logger sweep retry 3
        run-logger sweep retry 3 --jobs 4 -- python train.py --workers 1
    """
    outcomes = _work(
        endpoint,
        sweep,
        command,
        _places(devices, jobs),
        count,
        max_retries,
        output,
        metric,
        gives_points=False,
    )
    _report(outcomes, as_json=as_json)


def _work(
    endpoint: str,
    sweep_id: int,
    command: list[str] | None,
    places: list[str | None],
    count: int | None,
    max_retries: int,
    output: Path | None,
    metric_name: str | None,
    *,
    gives_points: bool = True,
) -> Counter[str]:
    """Let an agent work, and show what it does."""
    from run_logger.sweeps.agent import Agent  # noqa: PLC0415  as in `connect`
    from run_logger.sweeps.dealer import Dealer  # noqa: PLC0415

    client = connect(endpoint)
    sweep = find_sweep(client, sweep_id)
    _check(sweep)
    if gives_points and sweep.run_limit is None and count is None:
        _warn_of_no_end(sweep)
    metric = chosen_metric(sweep, metric_name)
    with watching(metric) as watcher:
        return Agent(
            client=client,
            sweep=sweep,
            dealer=Dealer(
                client, sweep, command or [], gives_points=gives_points, max_retries=max_retries
            ),
            places=places,
            output=output or Path(f"sweep-{sweep_id}"),
            metric=metric,
            watcher=watcher,
            count=count,
        ).run()


def _check(sweep: SweepStateSweepByPk) -> None:
    """Find out what every run would fail of, before a point is taken."""
    check_sweep(sweep)
    if method_of(sweep) == "tpe":
        require_optuna()


def _warn_of_no_end(sweep: SweepStateSweepByPk) -> None:
    end = "Ctrl-C or --count ends it"
    if method_of(sweep) == "grid":
        size = space_size(space_of(sweep))
        message = f"sweep {sweep.id} has no limit: after {size:,} points it begins again; {end}"
    else:
        message = f"sweep {sweep.id} has no limit: {end}"
    progress_console().print(message, soft_wrap=True, style="dim")


def _places(devices: list[str] | None, jobs: int) -> list[str | None]:
    """Return the device of each run at a time: the first of each device come first."""
    each: list[str | None] = [*devices] if devices else [None]
    return each * jobs


def _spelled_out(words: list[str]) -> list[str]:
    spelled: list[str] = []
    takes_devices = False
    for index, word in enumerate(words):
        if word == "--":
            return spelled + words[index:]
        if takes_devices and not word.startswith("-"):
            spelled += ["--devices", word]
            continue
        takes_devices = word == "--devices"
        if not takes_devices:
            spelled.append(word)
        elif words[index + 1 : index + 2] in ([], ["--"]):
            spelled.append(word)  # nothing follows: click says so
    return spelled


def _report(outcomes: Counter[str], *, as_json: bool) -> None:
    """Say how the runs ended, and exit accordingly."""
    if as_json:
        print_json({name: outcomes[name] for name in _OUTCOMES})
    else:
        said = [f"{outcomes[name]} {name}" for name in _OUTCOMES if outcomes[name]]
        console().print(", ".join(said) or "no run was begun")
    if outcomes["interrupted"]:
        sys.exit(_INTERRUPTED)
    if outcomes["failed"] or outcomes["killed"]:
        sys.exit(1)

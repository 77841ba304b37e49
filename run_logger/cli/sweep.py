"""`run-logger sweep`: create a sweep, run it, look at it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from run_logger.cli.endpoint import DEFAULT_ENDPOINT, Endpoint, connect
from run_logger.cli.output import AsJson, console, print_json
from run_logger.cli.sweep_agent import AgentCommand, retry, run
from run_logger.cli.sweep_show import show
from run_logger.config import read_config
from run_logger.sweeps.creating import NewSweep
from run_logger.sweeps.metric import Direction, Metric
from run_logger.sweeps.search import Method

app: typer.Typer = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Try many parameters: create a sweep, run it, look at what came out.",
)


@app.command()
def create(
    config: Annotated[
        Path, typer.Option("--config", "-c", help="The parameter space, a YAML file.")
    ],
    method: Annotated[
        Method, typer.Option("--method", "-m", help="How points are chosen.")
    ] = "grid",
    name: Annotated[str | None, typer.Option(help="What to call the sweep.")] = None,
    project: Annotated[str | None, typer.Option(help="What it is a part of.")] = None,
    runs: Annotated[
        int | None,
        typer.Option(min=1, help="How many runs in all. By default one for each point of a grid."),
    ] = None,
    *,
    endless: Annotated[
        bool, typer.Option("--endless", help="Begin the grid again when it is through.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Decides what is drawn.")] = 0,
    metric: Annotated[
        str | None, typer.Option(help="What runs are compared by: a key that they log.")
    ] = None,
    direction: Annotated[Direction, typer.Option(help="Which way is better.")] = "maximize",
    as_json: AsJson = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
) -> None:
    """Create a sweep over the parameter space in a YAML file, and print its id.

    Examples:
        run-logger sweep create -c space.yml
        run-logger sweep create -c space.yml --method random --runs 50 --metric accuracy
        run-logger sweep create -c space.yml --method tpe --metric loss --direction minimize
    """
    from run_logger.yaml_file import load_yaml  # noqa: PLC0415  (PyYAML takes its time)

    chosen = None if metric is None else Metric(metric, direction)
    space = load_yaml(config, read_config(config))
    sweep = NewSweep(space, method, runs, chosen, seed, endless=endless)
    sweep_id = sweep.create(connect(endpoint), name, project)
    if as_json:
        print_json({"sweep": sweep_id, "points": sweep.points, "runs": sweep.run_limit})
        return
    points = "distributions, no grid" if sweep.points is None else f"{sweep.points:,} points"
    limit = "any number of" if sweep.run_limit is None else f"{sweep.run_limit:,}"
    console().print(f"sweep {sweep_id}: {points}, {limit} runs ({method})")
    console().print(f"[dim]next: run-logger sweep run {sweep_id} -- python train.py[/]")


app.command("run", cls=AgentCommand)(run)
app.command("retry", cls=AgentCommand)(retry)
app.command("show")(show)

"""The whole way of a run: a server, a sweep, training, and everything read back.

    python examples/demo.py [--output DIRECTORY]

It starts `run-logger serve` on a new database, lets an agent train a classifier on handwritten
digits at each point of a small grid, and trains once more with the best parameters, on noisier
pictures. Database and pictures stay in the output directory, by default a temporary one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import digits
from rich import box
from rich.console import Console
from rich.table import Table

from run_logger.charts import draw_chart, with_rows
from run_logger.hasura_logger import Client
from run_logger.json_objects import as_object
from run_logger.reading import chart_groups, chart_rows

if TYPE_CHECKING:
    from collections.abc import Generator

HERE = Path(__file__).parent
RUN_LOGGER = [sys.executable, "-m", "run_logger.cli"]

console = Console(highlight=False)


def main() -> None:
    """Run it all, and print what the database holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, help="where the pictures go")
    output: Path = parser.parse_args().output or Path(tempfile.mkdtemp(prefix="run-logger-demo-"))
    data = output / "database"
    with served(data) as endpoint:
        page = endpoint.removesuffix("v1/graphql")
        console.print(f"[bold]Serving[/] {endpoint}, and the page at {page}", soft_wrap=True)
        client = Client(endpoint)
        runs = train_all(endpoint, output)
        show(client, runs)
        draw(client, runs, output)
    again = f"{Path(sys.executable).parent / 'run-logger'} serve --data-dir {data}"
    console.print("[bold]Look[/] at the runs in a browser, http://127.0.0.1:8080/, with")
    console.print(f"  {again}", soft_wrap=True)


@contextmanager
def served(data: Path) -> Generator[str]:
    """Serve the database in a directory until the block ends; yield the endpoint."""
    process = subprocess.Popen(
        [*RUN_LOGGER, "serve", "--port", "0", "--data-dir", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        endpoint = process.stdout.readline().strip() if process.stdout else ""
        if not endpoint:
            sys.exit("the server did not start; try: run-logger serve --port 0")
        yield endpoint
    finally:
        process.terminate()
        process.wait()


def train_all(endpoint: str, output: Path) -> list[int]:
    """Train at each point of the grid, then again as the best run did; return the runs' ids."""
    sweep = sweep_with_agent(endpoint, output)
    runs = sorted(run["run"] for run in sweep["runs"])
    best = sweep["runs"][0]["run"]
    console.print(f"[bold]Best[/] run {best}; once more with its parameters, on noisy pictures")
    again = digits.train(endpoint, load_id=best, name="digits-noisy", noise=0.2)
    return runs if again is None else [*runs, again]


def sweep_with_agent(endpoint: str, output: Path) -> Any:
    """Create a sweep, let an agent run it, and return what came out, the best run first."""
    space = ["-c", str(HERE / "digits_space.yaml"), "--metric", "accuracy", "--name", "demo"]
    sweep = str(json.loads(command(endpoint, "create", *space, "--json"))["sweep"])
    train = [sys.executable, str(HERE / "digits.py"), endpoint]
    agent = ["run", sweep, "--jobs", "2", "--output", str(output / "runs"), "--"]
    command(endpoint, *agent, *train, "--config", str(HERE / "digits.yaml"))
    console.print(command(endpoint, "show", sweep), markup=False)
    return json.loads(command(endpoint, "show", sweep, "--json"))


def command(endpoint: str, *words: str) -> str:
    """Run `run-logger sweep WORDS`, as in a shell; return what it prints."""
    shown = " ".join(Path(word).name if Path(word).is_absolute() else word for word in words)
    console.print(f"[bold]$[/] run-logger sweep {shown}", soft_wrap=True)
    ran = subprocess.run(
        [*RUN_LOGGER, "sweep", *words],
        # Two trainings at a time share the cores better with a thread each.
        env={**os.environ, "RUN_LOGGER_ENDPOINT": endpoint, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ran.returncode:
        sys.exit(f"run-logger sweep {words[0]} failed: {ran.stdout}")
    return ran.stdout


def metadata_of(client: Client, run: int) -> dict[str, Any]:
    """Return a run's metadata."""
    found = client.show_run(run)
    if found is None:
        sys.exit(f"run {run} is not in the database")
    return as_object(found.metadata)


def show(client: Client, runs: list[int]) -> None:
    """Print a table of the runs: each parameter with its source, the accuracy, the rows."""
    names = [*digits.DEFAULTS, "noise"]
    heads = [name.replace("_", "\n") for name in names]
    table = Table(
        "run", *heads, "accu-\nracy", "rows", box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for run in runs:
        metadata = metadata_of(client, run)
        rows = client.count_logs([run]).aggregate
        table.add_row(
            str(run),
            *(cell(metadata, name) for name in names),
            f"{metadata['accuracy']:.3f}",
            str(rows.count if rows else 0),
        )
    console.print(table)


def cell(metadata: dict[str, Any], name: str) -> str:
    """Return a parameter's value above its source, "" if the run has no such parameter."""
    if name not in metadata["parameters"]:
        return ""
    return f"{metadata['parameters'][name]}\n[dim]{metadata['parameter_sources'][name]}[/]"


def draw(client: Client, runs: list[int], output: Path) -> None:
    """Draw the charts of all runs together, and say where the pictures are."""
    output.mkdir(parents=True, exist_ok=True)
    rows = chart_rows(client, runs)
    for group in chart_groups(client, runs):
        path = output / f"{group.file_name}.png"
        path.write_bytes(draw_chart(with_rows(group.spec, rows), "png"))
        console.print(f"[bold]Drew[/] {path}", soft_wrap=True)


if __name__ == "__main__":
    main()

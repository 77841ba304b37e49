"""`run-logger runs charts`: the charts of runs as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from run_logger.charts import PictureFormat, draw_chart, with_rows
from run_logger.cli.endpoint import DEFAULT_ENDPOINT, Endpoint, connect
from run_logger.cli.output import AsJson, console, print_json
from run_logger.cli.progress import progress
from run_logger.errors import RunNotFoundError
from run_logger.reading import chart_groups, chart_rows

if TYPE_CHECKING:
    from run_logger.reading import ChartGroup


def draw(
    runs: Annotated[list[int], typer.Argument(metavar="RUN...", help="The ids of runs.")],
    picture: Annotated[PictureFormat, typer.Option("--format", help="What to draw.")] = "png",
    output: Annotated[Path, typer.Option(help="The directory to write into.")] = Path(),
    as_json: AsJson = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
) -> None:
    """Draw the charts of runs; runs that have a chart in common share one picture.

    Examples:
        run-logger runs charts 12
        run-logger runs charts 12 13 14 --format svg --output pictures
    """
    client = connect(endpoint)
    groups = chart_groups(client, runs)
    if not groups:
        raise RunNotFoundError(
            f"there is no chart on any of the runs {', '.join(map(str, runs))}",
            endpoint=endpoint,
            remedy="Give charts=[…] to initialize, or list the runs: run-logger runs list.",
        )
    rows = chart_rows(client, runs)
    output.mkdir(parents=True, exist_ok=True)
    paths = [_write(group, rows, picture, output) for group in progress(groups, "drawing")]
    if as_json:
        print_json([str(path) for path in paths])
    else:
        for path in paths:
            console().print(str(path), soft_wrap=True, markup=False)


def _write(
    group: ChartGroup, rows: list[dict[str, Any]], picture: PictureFormat, output: Path
) -> Path:
    own = [row for row in rows if row["run_id"] in group.run_ids]
    path = output / f"{group.file_name}.{picture}"
    path.write_bytes(draw_chart(with_rows(group.spec, own), picture))
    return path

"""`run-logger runs charts` draws the charts of runs from what they logged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Shell


def test_runs_with_a_chart_in_common_share_one_picture(
    shell: Shell, runs: list[int], tmp_path: Path
) -> None:
    words = ("runs", "charts", *map(str, runs), "--output", str(tmp_path), "--json")
    (path,) = shell(*words).json
    assert path == str(tmp_path / f"runs-{runs[0]}-{runs[1]}-chart-0-the-loss.png")
    (picture,) = tmp_path.glob("*.png")
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")


def test_the_rows_that_were_logged_are_in_the_picture(
    shell: Shell, runs: list[int], tmp_path: Path
) -> None:
    result = shell(
        "runs", "charts", str(runs[0]), "--format", "svg", "--output", str(tmp_path / "new")
    )
    assert result.code == 0
    (picture,) = (tmp_path / "new").iterdir()
    (line,) = re.findall(r'class="mark-line[^>]*>(.*?)</g>', picture.read_text(), re.DOTALL)
    # A point for each of the three rows: one where the line starts, and one for each stretch.
    assert len(re.findall(r"[ML]-?[0-9]", line)) == 3


def test_a_run_without_charts_is_an_error_that_says_what_to_do(
    shell: Shell, runs: list[int], tmp_path: Path
) -> None:
    gone = str(max(runs) + 1)
    result = shell("runs", "charts", gone, "--output", str(tmp_path))
    assert result.code == 1
    assert f"no chart on any of the runs {gone}" in result.err

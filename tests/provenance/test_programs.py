"""Programs: how long they may run, and how much they may write."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from run_logger.provenance.programs import Output, ProgramError, run

if TYPE_CHECKING:
    from pathlib import Path


def test_the_output_of_a_program_is_returned(tmp_path: Path) -> None:
    output = run(["sh", "-c", "pwd; echo $A"], 5, directory=tmp_path, variables={"A": "b"})
    assert output == Output(f"{tmp_path}\nb\n", complete=True)


def test_a_program_that_writes_without_end_is_cut() -> None:
    assert run(["yes"], 5, max_bytes=10) == Output("y\ny\ny\ny\ny\n", complete=False)


def test_a_program_that_takes_too_long_is_killed_with_what_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    start = time.monotonic()
    with pytest.raises(ProgramError, match=r"sh took longer than 0\.3 s"):
        run(["sh", "-c", f"sleep 60 & echo $! > {pid}; wait"], 0.3)
    assert time.monotonic() - start < 5
    _wait_until_gone(int(pid.read_text()))


def test_a_program_that_closes_its_output_and_goes_on_is_killed() -> None:
    with pytest.raises(ProgramError, match="took longer"):
        run(["sh", "-c", "exec >&-; exec sleep 60"], 0.3)


def test_a_failure_is_an_error() -> None:
    with pytest.raises(ProgramError, match="sh ended with status 3"):
        run(["sh", "-c", "exit 3"], 5)


def _wait_until_gone(pid: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # noqa: PTH123
                if stat.read().split()[2] == "Z":
                    return  # dead: its new parent has not yet looked
            os.kill(pid, 0)
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.01)
    pytest.fail(f"{pid} still runs")

"""The example for Slurm, under a stand-in for its scheduler."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from run_logger import create_sweep
from run_logger.hasura_logger import Client

ROOT = Path(__file__).parent.parent.parent


def test_each_task_of_a_job_array_is_an_agent(endpoint: str, tmp_path: Path) -> None:
    sweep_id = create_sweep({"a": list(range(8))}, endpoint)
    (tmp_path / "train.py").write_text("import os; print(os.environ['SLURM_ARRAY_TASK_ID'])")
    subprocess.run(
        [sys.executable, ROOT / "tests/sweeps/sbatch.py", ROOT / "examples/sweep/slurm.sh"],
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "RUN_LOGGER_ENDPOINT": endpoint,
            "SWEEP": str(sweep_id),
            "TRAIN": str(tmp_path / "train.py"),
        },
        cwd=tmp_path,
        check=True,
        timeout=60,
    )
    with Client(endpoint) as client:
        runs = client.list_runs()
    assert sorted(run.sweep_index or 0 for run in runs) == list(range(8))
    assert {run.status for run in runs} == {"finished"}
    ended = [path.read_text() for path in sorted(tmp_path.glob("agent-*.log"))]
    assert len(ended) == 4
    assert sum(text.count(" finished ") for text in ended) == 8
    printed = "".join(path.read_text() for path in (tmp_path / f"sweep-{sweep_id}").iterdir())
    assert set(printed.split()) <= set("0123")

"""Stands in for Slurm's `sbatch`: runs each task of a script's job array at once, and waits.

python tests/sweeps/sbatch.py SCRIPT
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run the array; the exit code is 1 if a task failed."""
    script = Path(sys.argv[1])
    options = dict(re.findall(r"^#SBATCH --([\w-]+)=(.+)$", script.read_text(), re.MULTILINE))
    first, last = map(int, options["array"].split("-"))
    tasks = [start(script, options["output"], task) for task in range(first, last + 1)]
    sys.exit(max(task.wait() for task in tasks) and 1)


def start(script: Path, output: str, task: int) -> subprocess.Popen[bytes]:
    """Start a task as Slurm does: by the script's first line, with its variables."""
    slurm = {"SLURM_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": str(task), "SLURM_PROCID": "0"}
    shell = script.read_text().splitlines()[0].removeprefix("#!").split()
    with Path(output.replace("%a", str(task))).open("wb") as file:
        return subprocess.Popen(
            [*shell, str(script)], env={**os.environ, **slurm}, stdout=file, stderr=file
        )


if __name__ == "__main__":
    main()

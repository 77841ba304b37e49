"""Where a run comes from: its code, its command, and the machine that it runs on.

It is gathered beside the run and stored in its metadata under the key `provenance`:

    git        commit, branch, dirty, remote, untracked
    gpus       their names
    host       name, user, os, cpus, memory_gib
    slurm      job_id, array_task_id, nodelist, procid, …
    python     version, executable
    command    line, directory, script
    git_diff   what differs from the commit, cut at 32 Ki characters
    packages   the version of each that is installed

What looks like a secret is masked before it is stored. What does not exist (no repository, no GPU)
or cannot be found out has no entry. jsonb orders keys by length and then by letter: the two long
entries have long names, and so stand last.
"""

from __future__ import annotations

from run_logger.provenance.gathering import KEY, Gathering, gather
from run_logger.provenance.parts import PARTS, Capture, Part, captured_parts

__all__ = ["KEY", "PARTS", "Capture", "Gathering", "Part", "captured_parts", "gather"]

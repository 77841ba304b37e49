"""The loggers that people use, each in an environment that is made here, and ours beside them.

Every logger logs the same row until it has done so many calls or its time is over, and is closed.
A logger that cannot be installed is left out, and said so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import BUILD, Figures, is_small, keep, publish, scaled
from benchmarks.serving import serving

SCRIPT = Path(__file__).parents[1] / "peer.py"
CALLS = 20_000
SECONDS = 12
CLOSE_SECONDS = 60
INSTALL_SECONDS = 240
PEERS = {
    "run-logger": [],
    "wandb": ["wandb"],
    "trackio": ["trackio"],
    "tensorboardX": ["tensorboardX"],
    "mlflow": ["mlflow"],
    "aim": ["aim", "setuptools<81"],
    "run-logger-0.1.8": ["run-logger==0.1.8", "gql<4", "requests", "requests-toolbelt", "numpy<2"],
}


def python_of(peer: str) -> str:
    """Return the Python that has a peer installed; the environment is made where it is missing."""
    if not PEERS[peer]:
        return sys.executable
    directory = BUILD / peer
    python = directory / "bin" / "python"
    if not (directory / "ready").exists():
        # Some of them have no wheels for the newest Python yet.
        _uv("venv", "--clear", "--python", "3.11", str(directory))
        _uv("pip", "install", "--python", str(python), *PEERS[peer])
        (directory / "ready").touch()
    return str(python)


def _uv(*arguments: str) -> None:
    command = [sys.executable, "-m", "uv", "--quiet", *arguments]
    subprocess.run(command, check=True, timeout=INSTALL_SECONDS)


def measured(peer: str, endpoint: str) -> Figures:
    """Return the figures of one logger."""
    python = python_of(peer)
    with tempfile.TemporaryDirectory(prefix="run-logger-bench-") as directory:
        done = subprocess.run(
            [python, str(SCRIPT), peer, str(scaled(CALLS)), str(SECONDS), endpoint],
            cwd=directory,
            env={**os.environ, "HOME": directory, "RUN_LOGGER_DIR": f"{directory}/journals"},
            capture_output=True,
            check=True,
            text=True,
            timeout=SECONDS + CLOSE_SECONDS,
        )
    return {f"{peer} {name}": value for name, value in json.loads(_last_line(done.stdout)).items()}


def _last_line(output: str) -> str:
    return output.strip().splitlines()[-1]


def _said(stderr: bytes | str | None) -> str:
    return stderr.decode() if isinstance(stderr, bytes) else stderr or ""


def main() -> None:
    """Measure all of them, or those that the arguments name."""
    figures: Figures = {}
    chosen = sys.argv[1:] or (["run-logger", "tensorboardX"] if is_small() else [*PEERS])
    with serving() as endpoint:
        for peer in chosen:
            try:
                figures |= measured(peer, endpoint)
                keep("peers", figures)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                print(f"{peer} is left out: {error}\n{_said(error.stderr)}", file=sys.stderr)
    publish("peers", figures)


if __name__ == "__main__":
    main()

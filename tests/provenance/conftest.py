"""Real git repositories, and programs that run in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import pytest


class Repository:
    """A git repository of one commit, and the process that a run in it is."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        self.git("init", "--quiet", "--initial-branch=trunk")

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        git = ["git", *identity, *arguments]
        return subprocess.run(
            git, cwd=self.directory, check=True, capture_output=True, text=True
        ).stdout.strip()

    def write(self, name: str, text: str) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self) -> str:
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message=change")
        return self.git("rev-parse", "HEAD")


class GatherIn(Protocol):
    def __call__(self, directory: Path, *arguments: str, stdin: str = "") -> dict[str, Any]: ...


def _gather_in(directory: Path, *arguments: str, stdin: str = "") -> dict[str, Any]:
    root = str(Path(__file__).parents[2])
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": root},
        check=True,
        input=stdin,
        capture_output=True,
        text=True,
    )
    assert finished.stderr == ""
    gathered: dict[str, Any] = json.loads(finished.stdout)
    return gathered


@pytest.fixture
def gather_in() -> GatherIn:
    """Run Python with arguments in a directory, and read what it prints: what it has gathered."""
    return _gather_in


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with one commit of one file."""
    repository = Repository(tmp_path / "repository")
    repository.write("train.py", "lr = 1\n")
    repository.commit()
    return repository

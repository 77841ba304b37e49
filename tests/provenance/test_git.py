"""The state of the code, in real repositories."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from run_logger.provenance import gather, git
from run_logger.provenance.git import MAX_DIFF_CHARACTERS, MAX_UNTRACKED
from run_logger.provenance.masking import MASK

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import GatherIn, Repository


@pytest.fixture(autouse=True)
def _in_the_repository(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository.directory)


def test_a_clean_repository_has_commit_and_branch_and_no_diff(repository: Repository) -> None:
    commit = repository.git("rev-parse", "HEAD")
    expected = {"git": {"commit": commit, "branch": "trunk", "dirty": False}}
    assert gather(["git", "git_diff"]) == expected


def test_a_changed_file_makes_it_dirty_and_stands_in_the_diff(repository: Repository) -> None:
    repository.write("train.py", "lr = 2\n")
    gathered = gather(["git", "git_diff"])
    assert gathered["git"]["dirty"] is True
    assert "-lr = 1\n+lr = 2\n" in gathered["git_diff"]


def test_a_staged_file_stands_in_the_diff(repository: Repository) -> None:
    repository.write("new.py", "x = 1\n")
    repository.git("add", "new.py")
    assert "+x = 1\n" in gather(["git_diff"])["git_diff"]


def test_a_change_elsewhere_in_the_repository_stands_in_the_diff(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository.directory / "below").mkdir()
    monkeypatch.chdir("below")
    repository.write("train.py", "lr = 2\n")
    assert "+lr = 2\n" in gather(["git_diff"])["git_diff"]


def test_untracked_files_are_named_and_not_stored(repository: Repository) -> None:
    repository.write(".gitignore", "*.ckpt\n")
    repository.commit()
    repository.write("über notes.txt", "hidden\n")
    repository.write("data/1", "")
    repository.write("model.ckpt", "")
    gathered = gather(["git", "git_diff"])
    assert gathered["git"]["untracked"] == ["data/", "über notes.txt"]
    assert gathered["git"]["dirty"] is False
    assert "git_diff" not in gathered


def test_of_many_untracked_files_some_are_named(repository: Repository) -> None:
    for number in range(MAX_UNTRACKED + 7):
        repository.write(f"{number:03}.txt", "")
    names = gather(["git"])["git"]["untracked"]
    assert len(names) == MAX_UNTRACKED + 1
    assert names[-1] == "… and 7 more"


def test_a_huge_diff_is_cut_at_the_end_of_a_line_and_says_so(repository: Repository) -> None:
    repository.write("train.py", "a line of the file\n" * 500_000)
    diff: str = gather(["git_diff"])["git_diff"]
    assert len(diff) < MAX_DIFF_CHARACTERS + 100
    assert diff.endswith("+a line of the file\n(cut: there are more than 32768 characters)\n")


def test_names_of_files_are_written_as_they_are(repository: Repository) -> None:
    repository.write("über.py", "x = 1\n")
    repository.git("add", "über.py")
    assert "+++ b/über.py\n" in gather(["git_diff"])["git_diff"]


def test_a_binary_file_is_named_alone(repository: Repository) -> None:
    (repository.directory / "train.py").write_bytes(os.urandom(1000) + b"\0")
    assert "Binary files a/train.py and b/train.py differ" in gather(["git_diff"])["git_diff"]


def test_secrets_in_the_diff_are_masked(repository: Repository) -> None:
    repository.write("train.py", 'API_KEY = "hunter2"\nurl = "https://me:hunter2@host"\n')
    diff = gather(["git_diff"])["git_diff"]
    assert f'+API_KEY = "{MASK}"\n+url = "https://{MASK}@host"\n' in diff


def test_a_secret_that_the_cut_goes_through_is_masked(repository: Repository) -> None:
    repository.write("train.py", f"lr = 1\ntoken = '{'hunter2' * 10_000}'\n")
    assert "hunter2" not in gather(["git_diff"])["git_diff"]


@pytest.mark.parametrize(
    "name", [".env", "conf/.env.local", "prod.env", "ssl/tls.key", "id_rsa", "a/secrets.yaml"]
)
def test_files_that_are_there_for_secrets_are_left_out_of_the_diff(
    repository: Repository, name: str
) -> None:
    repository.write(name, "a\n")
    repository.commit()
    repository.write(name, "hunter2\n")
    repository.write("train.py", "lr = 2\n")
    diff = gather(["git_diff"])["git_diff"]
    assert "hunter2" not in diff
    assert "+lr = 2" in diff


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://me:ghp_hunter2@github.com/a/b.git?x=y", "https://github.com/a/b.git"),
        ("https://hunter2@github.com/a/b.git", "https://github.com/a/b.git"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
        ("/srv/git/b.git", "/srv/git/b.git"),
    ],
)
def test_the_remote_has_no_secrets(repository: Repository, url: str, kept: str) -> None:
    repository.git("remote", "add", "origin", url)
    assert gather(["git"])["git"]["remote"] == kept


def test_the_remote_is_that_of_the_branch(repository: Repository) -> None:
    repository.git("remote", "add", "origin", "/srv/origin.git")
    repository.git("remote", "add", "fork", "/srv/fork.git")
    repository.git("config", "branch.trunk.remote", "fork")
    assert gather(["git"])["git"]["remote"] == "/srv/fork.git"


def test_a_detached_head_has_a_commit_and_no_branch(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "--detach")
    state = gather(["git"])["git"]
    assert state["commit"] == repository.git("rev-parse", "HEAD")
    assert "branch" not in state


def test_before_the_first_commit_there_is_a_branch_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "--quiet", "-b", "trunk", "new"], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path / "new")
    assert gather(["git", "git_diff"]) == {"git": {"branch": "trunk", "dirty": False}}


def test_the_users_settings_of_git_do_not_change_the_diff(repository: Repository) -> None:
    for name in ("diff.noprefix", "diff.mnemonicPrefix", "color.ui=always", "diff.external=false"):
        repository.git("config", *(name.split("=") if "=" in name else (name, "true")))
    repository.write("train.py", "lr = 2\n")
    diff = gather(["git_diff"])["git_diff"]
    assert diff.startswith("diff --git a/train.py b/train.py\n")


def test_files_that_were_only_touched_do_not_differ(repository: Repository) -> None:
    index = repository.directory / ".git/index"
    repository.write("zzz.py", "")
    repository.git("add", "--intent-to-add", "zzz.py")
    before = index.read_bytes()
    os.utime(repository.directory / "train.py", (1, 1))
    gathered = gather(["git", "git_diff"])
    assert "train.py" not in gathered["git_diff"]
    assert "b/zzz.py" in gathered["git_diff"]
    assert index.read_bytes() == before, "git has noted it, under its lock"


def test_a_lock_of_the_users_git_is_not_in_the_way(repository: Repository) -> None:
    (repository.directory / ".git/index.lock").touch()
    repository.write("train.py", "lr = 2\n")
    assert gather(["git"])["git"]["dirty"] is True


def test_outside_of_a_repository_there_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert gather(["git", "git_diff"]) == {}


def test_without_git_there_is_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gather(["git", "git_diff"]) == {}


def test_a_git_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "git"
    fake.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(git, "SECONDS", 0.2)
    start = time.monotonic()
    assert gather(["git", "git_diff"]) == {}
    assert time.monotonic() - start < 5


def test_the_repository_is_that_of_the_script(
    repository: Repository, gather_in: GatherIn, tmp_path: Path
) -> None:
    script = "import json; from run_logger.provenance import gather; print(json.dumps(gather()))"
    repository.write("run.py", script)
    commit = repository.commit()
    gathered = gather_in(tmp_path, str(repository.directory / "run.py"))
    assert gathered["git"]["commit"] == commit
    assert gathered["command"]["script"] == str(repository.directory / "run.py")

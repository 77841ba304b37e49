"""The state of the code: the commit, and what differs from it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from run_logger.errors import without_secrets
from run_logger.provenance.facts import facts
from run_logger.provenance.masking import mask_text
from run_logger.provenance.process import script
from run_logger.provenance.programs import Output, ProgramError, run

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["git_diff", "git_state"]

SECONDS = 5.0
"""The time for all calls of git that a part needs together: the disk may be slow."""

MAX_DIFF_CHARACTERS = 32 * 1024
"""How much of the diff is kept; a page that lists runs reads the metadata of each."""

MAX_UNTRACKED = 50
"""How many untracked files are named."""

# Nothing of the user's settings that changes the form of the output or starts a program; no locks,
# which would be in the way of the user's own git, and stay behind where we kill ours; no question
# to the terminal.
_SETTINGS = "core.fsmonitor=false", "core.quotepath=false", "diff.autoRefreshIndex=false"
_VARIABLES = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}

_DIFF = (
    *("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--submodule=short"),
    *("--src-prefix=a/", "--dst-prefix=b/", "HEAD", "--", "."),
)
_FILES_OF_SECRETS = (
    *(".env*", "*.env", ".netrc", "*.pem", "*.key", "*.p12", "id_rsa*", "id_ed25519*"),
    *("*secrets*", "*credentials*"),
)


class _Repository:
    """A working tree, and the time that is left for questions about it.

    Raises:
        ProgramError: There is none, or git does not answer in time.
        FileNotFoundError: There is no git.
    """

    def __init__(self) -> None:
        self._end = time.monotonic() + SECONDS
        self._top = next(self._tops(), None)
        if self._top is None:
            raise ProgramError("the run is not in a git repository")

    def ask(self, *arguments: str) -> str:
        return self.run(*arguments).text.strip()

    def run(self, *arguments: str) -> Output:
        return self._run(self._top, *arguments)

    def _tops(self) -> Iterator[Path]:
        for directory in _directories_of_the_run():
            try:
                top = self._run(directory, "rev-parse", "--show-toplevel").text
            except ProgramError:
                continue
            yield Path(top.removesuffix("\n"))

    def _run(self, directory: Path | None, *arguments: str) -> Output:
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        left = max(0.0, self._end - time.monotonic())
        command = ["git", *settings, *arguments]
        return run(command, left, directory=directory, variables=_VARIABLES)


def _directories_of_the_run() -> Iterator[Path]:
    """Where the code may be: beside the script, unless an installed command; else here."""
    path = script()
    if path is not None and not Path(path).is_relative_to(sys.prefix):
        yield Path(path).parent
    yield Path.cwd()


def git_state() -> dict[str, Any]:
    """Return commit, branch, remote, whether tracked files differ, and untracked files.

    A detached head has no branch. A fact for which git needs too long has no entry.

    Raises:
        ProgramError: The run is not in a git repository.
        FileNotFoundError: There is no git.
    """
    repository = _Repository()
    return facts(
        {
            "commit": lambda: repository.ask("rev-parse", "--verify", "HEAD"),
            "branch": lambda: repository.ask("branch", "--show-current"),
            "remote": lambda: _remote(repository),
            "dirty": lambda: bool(repository.ask("status", "--porcelain", "--untracked-files=no")),
            "untracked": lambda: _untracked(repository),
        }
    )


def _remote(repository: _Repository) -> str | None:
    """Return the address of the branch's remote, else of origin, as the repository has it."""
    answer = repository.ask("config", "-z", "--get-regexp", r"^(remote|branch)\..*\.(url|remote)$")
    entries = (entry.partition("\n") for entry in answer.split("\0"))
    settings = {key: value for key, _, value in entries}
    branch = repository.ask("branch", "--show-current")
    name = settings.get(f"branch.{branch}.remote", "origin")
    url = settings.get(f"remote.{name}.url")
    return None if url is None else mask_text(without_secrets(url))


def _untracked(repository: _Repository) -> list[str]:
    listed = repository.run("ls-files", "-z", "--others", "--exclude-standard", "--directory")
    names = [name for name in listed.text.split("\0") if name]
    more = len(names) - MAX_UNTRACKED
    return [*names[:MAX_UNTRACKED], *([f"… and {more} more"] if more > 0 else [])]


def git_diff() -> str:
    """Return what differs between the commit and the tracked files, with secrets masked.

    Files that are there to hold secrets, such as `.env` and private keys, are left out; a diff of
    more than `MAX_DIFF_CHARACTERS` is cut at the end of a line, and says so in its last.

    Raises:
        ProgramError: The run is not in a git repository, there is no commit, or git took too long.
        FileNotFoundError: There is no git.
    """
    left_out = [f":(exclude,top,glob)**/{name}" for name in _FILES_OF_SECRETS]
    output = _Repository().run(*_DIFF, *left_out)
    if output.complete and len(output.text) <= MAX_DIFF_CHARACTERS:
        return mask_text(output.text)
    whole_lines = output.text[:MAX_DIFF_CHARACTERS].rpartition("\n")[0]
    end = f"(cut: there are more than {MAX_DIFF_CHARACTERS} characters)"
    return f"{mask_text(whole_lines)}\n{end}\n"

"""How Postgres, which refuses to run as root, is run by root."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from run_logger.local.errors import ServeError

if TYPE_CHECKING:
    from pathlib import Path

_NAMESPACE = ["unshare", "-U", "--map-user=65534", "--map-group=65534"]
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def unprivileged(directory: Path, tree: Path, program: str) -> list[str]:
    """Return the words to put before a command that has to run as anyone but root.

    In a user namespace root is called nobody, owns what root owns, and needs no account. Where the
    kernel forbids that, or the directory is somebody else's, the command runs as the directory's
    owner, or as nobody, who is given the directory and the tree first.

    Args:
        directory: What the command has to write in.
        tree: What it has made there at earlier times, if there were any.
        program: The path of what the command runs.

    Raises:
        ServeError: We are root, and nobody else can reach both.
    """
    if os.geteuid() != 0:
        return []
    # The kernel forgets this request when credentials change: so it is made after they have.
    tether = ["setpriv", "--pdeathsig", "INT"] if sys.platform == "linux" else []
    probe = [*tether, "test", "-w", str(directory), "-a", "-x", program]
    owner = directory.stat().st_uid
    if owner == 0 and _succeeds([*_NAMESPACE, *probe]):
        return [*_NAMESPACE, *tether]
    user = _as_user(owner or _give_to_nobody(directory, tree))
    if _succeeds([*user, *probe]):
        return [*user, *tether]
    raise ServeError(
        "Postgres does not run as root, and neither unshare -U nor setpriv gives it a user here"
        f" who reaches {directory} and {program}",
        remedy="Run this as another user, choose a --data-dir that others can reach,"
        " or give --database-url.",
    )


def end_with_parent() -> None:
    """Ask the kernel to stop this process (SIGINT) when the thread that started it ends.

    It is called in the child, between fork and exec.
    """
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _as_user(uid: int) -> list[str]:
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]


def _give_to_nobody(directory: Path, tree: Path) -> int:
    uid = pwd.getpwnam("nobody").pw_uid
    made = [tree, *tree.rglob("*")] if tree.exists() else []
    for path in (directory, *made):
        os.chown(path, uid, uid, follow_symlinks=False)
    return uid


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False

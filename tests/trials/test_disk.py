"""A disk that is full, read-only, forbidden or gone: the run goes on, and nothing is lost."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from tests.trials.oracle import Verdict
from tests.trials.stage import ended, eventually

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from tests.trials.conftest import Record, Size
    from tests.trials.stage import Program, Stage

ROWS = 700
"""About 130 KB of journal."""

ROOM = 64 << 10
NO_ROOM = 4 << 10
"""Where no file system can be filled: what a program says on stderr still finds a place."""

IS_ROOT = os.geteuid() == 0
WITHOUT_ROOTS_RIGHTS = (
    ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if IS_ROOT else ()
)


class SmallDisk:
    """A file system with little room; for whoever may not mount one, a bound on the size of files.

    Args:
        path: Where it is to be.
        full: Whether there is no room from the start.
    """

    def __init__(self, path: Path, *, full: bool = False) -> None:
        self.path = path
        self._is_full = full

    def __enter__(self) -> Self:
        self.path.mkdir()
        if IS_ROOT:
            command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(self.path)]
            subprocess.run(command, check=True)
            if self._is_full:
                fill(self.path)
        return self

    def __exit__(self, *_: object) -> None:
        if IS_ROOT:
            subprocess.run(["umount", "--lazy", self.path], check=True)

    def limits(self) -> dict[str, Any]:
        """Return the arguments of a program for which it is to be so small."""
        return {} if IS_ROOT else at_most(NO_ROOM if self._is_full else ROOM)

    def give_room(self, program: Program) -> None:
        """Let a program write again."""
        if IS_ROOT:
            (self.path / "ballast").unlink()
        else:
            resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)


def fill(path: Path) -> None:
    """Fill a file system to its last byte."""
    with (path / "ballast").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(1 << 12)):
            pass


def at_most(size: int) -> dict[str, Any]:
    """Return the arguments of a program that can write files of so many bytes, no larger ones."""
    limit = size, resource.RLIM_INFINITY
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit)}


def test_a_full_disk_stops_no_run(stage: Stage, tmp_path: Path, record: Record) -> None:
    with SmallDisk(tmp_path / "disk") as disk:
        run = stage.elsewhere(disk.path).run()
        program = run.complete("count", 0, ROWS, **disk.limits())
        assert program.errors.count("will not outlive") <= 1, program.errors
    record(run.judge())


def test_a_disk_that_is_full_from_the_start(stage: Stage, tmp_path: Path, record: Record) -> None:
    with SmallDisk(tmp_path / "disk", full=True) as disk:
        run = stage.elsewhere(disk.path).run()
        program = run.complete("count", 0, ROWS, **disk.limits())
        assert program.errors.count("will not outlive") == 1, program.errors
    record(run.judge())


def test_a_disk_that_has_room_again_is_used_again(
    stage: Stage, tmp_path: Path, record: Record
) -> None:
    with SmallDisk(tmp_path / "disk", full=True) as disk:
        run = stage.elsewhere(disk.path).run()
        program = run.start("count", 0, 1 << 40, 0.02, TRIAL_DISK_PAUSE=0.1, **disk.limits())
        assert program.said() == "begins"
        disk.give_room(program)
        assert eventually(lambda: any(holds_rows(path) for path in run.stage.journals()))
        # From here on all of it outlives the process, once what was in memory is delivered.
        in_memory = run.counts()[0]
        assert eventually(lambda: len(run.stage.oracle.rows(run.key)) >= in_memory)
        program.kill()
        ended(program)
        run.stage.sync()
    record(run.judge(in_flight=1))


def holds_rows(path: Path) -> bool:
    """Return whether a file of a journal has rows in it."""
    return b'\n{"log"' in path.read_bytes()


ERRORS = ("ENOSPC", "EROFS", "EACCES", "EIO", "EDQUOT", "ESTALE")


def test_writes_that_fail_and_then_succeed_again(
    stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    verdict, runs = Verdict(), size(2, 30)
    for error in rng.choices(ERRORS, k=runs):
        run = stage.run()
        first, refusals = rng.randrange(ROWS), rng.choice((1, 2, 50))
        run.complete("refused", error, first, refusals, ROWS, TRIAL_DISK_PAUSE=0.05)
        verdict += run.judge()
    record(verdict, runs=runs)


def test_a_file_system_that_is_read_only(stage: Stage, tmp_path: Path, record: Record) -> None:
    with SmallDisk(tmp_path / "disk") as disk:
        if IS_ROOT:
            subprocess.run(["mount", "-o", "remount,ro", disk.path], check=True)
        else:
            disk.path.chmod(0o500)
        run = stage.elsewhere(disk.path / "below").run()
        run.complete("count", 0, ROWS)
    record(run.judge())


def test_a_directory_that_may_not_be_entered(stage: Stage, tmp_path: Path, record: Record) -> None:
    forbidden = tmp_path / "forbidden"
    forbidden.mkdir(mode=0)
    run = stage.elsewhere(forbidden).run()
    run.complete("count", 0, ROWS, under=WITHOUT_ROOTS_RIGHTS)
    assert not list(forbidden.iterdir())
    record(run.judge())


def test_a_directory_that_is_a_file(stage: Stage, tmp_path: Path, record: Record) -> None:
    (tmp_path / "file").touch()
    run = stage.elsewhere(tmp_path / "file").run()
    run.complete("count", 0, ROWS)
    record(run.judge())


def test_the_directory_is_removed_under_us(stage: Stage, record: Record) -> None:
    run = stage.run()
    program = run.start("count", 0, ROWS, 0.005)
    assert program.said() == "begins"
    while not stage.directory.exists():
        assert program.poll() is None
    shutil.rmtree(stage.directory, ignore_errors=True)
    end = ended(program)
    assert end.status == 0, end
    record(run.judge())


def test_a_write_that_is_cut_short(stage: Stage, size: Size, rng: Random, record: Record) -> None:
    verdict = Verdict()
    for _ in range(size(2, 40)):
        limit = rng.randrange(1000, 100_000)
        run = stage.run()
        run.complete("count", 0, ROWS, **at_most(limit))
        verdict += run.judge()
    record(verdict)

"""A disk that is full, read-only, forbidden or gone, and journals that it has spoiled."""

from __future__ import annotations

import resource
import shutil
import subprocess
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.trials.oracle import Verdict
from tests.trials.stage import ended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from random import Random

    from tests.trials.conftest import Record, Size
    from tests.trials.stage import Run, Stage

ROWS = 700
"""About 130 KB of journal."""

WITHOUT_ROOTS_RIGHTS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


@contextmanager
def tmpfs(path: Path, size: str) -> Iterator[None]:
    """Mount a file system of so many bytes."""
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


def without_room(path: Path) -> None:
    """Fill a file system to its last byte."""
    with (path / "ballast").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1 << 12)):
                pass
        except OSError:
            return


def test_a_full_disk_stops_no_run(stage: Stage, tmp_path: Path, record: Record) -> None:
    disk = tmp_path / "disk"
    with tmpfs(disk, "64k"):
        run = stage.elsewhere(disk).run()
        program = run.complete("count", 0, ROWS)
        assert program.errors.count("will not outlive") <= 1, program.errors
    record(run.judge())


def test_a_disk_that_is_full_from_the_start(stage: Stage, tmp_path: Path, record: Record) -> None:
    disk = tmp_path / "disk"
    with tmpfs(disk, "64k"):
        without_room(disk)
        run = stage.elsewhere(disk).run()
        program = run.complete("count", 0, ROWS)
        assert program.errors.count("will not outlive") == 1, program.errors
    record(run.judge())


def test_a_disk_that_has_room_again(stage: Stage, tmp_path: Path, record: Record) -> None:
    disk = tmp_path / "disk"
    with tmpfs(disk, "64k"):
        without_room(disk)
        run = stage.elsewhere(disk).run()
        program = run.start("count", 0, ROWS, 0.005)
        assert program.stdout is not None
        program.stdout.readline()
        (disk / "ballast").unlink()
        assert ended(program).status == 0
    record(run.judge())


def test_a_disk_that_becomes_read_only(stage: Stage, tmp_path: Path, record: Record) -> None:
    disk = tmp_path / "disk"
    with tmpfs(disk, "1m"):
        run = stage.elsewhere(disk).run()
        program = run.start("count", 0, ROWS, 0.005)
        assert program.stdout is not None
        program.stdout.readline()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=False)  # busy while it is written
        end = ended(program)
        assert end.status == 0, end
    record(run.judge())


def test_a_file_system_that_is_read_only(stage: Stage, tmp_path: Path, record: Record) -> None:
    disk = tmp_path / "disk"
    with tmpfs(disk, "1m"):
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        run = stage.elsewhere(disk / "below").run()
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
    assert program.stdout is not None
    program.stdout.readline()
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
        run.complete(
            "count", 0, ROWS, preexec_fn=lambda most=limit: resource.setrlimit(
                resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY)
            ),
        )  # fmt: skip
        verdict += run.judge()
    record(verdict)


def _cut(end: int, content: bytes) -> bytes:
    return content[:end]


class Journals:
    """Copies of one offline journal, each a run of its own, to be spoiled.

    They end with what the program recorded last; what the logger itself adds is left out.
    """

    def __init__(self, stage: Stage, tmp_path: Path, rows: int) -> None:
        self.stage = stage
        self.original = stage.elsewhere(tmp_path / "original").run()
        self.original.complete("count", 0, rows, RUN_LOGGER_OFFLINE=1)
        (self.path,) = self.original.stage.journals()
        content = self.path.read_bytes()
        self.content = content[: content.index(b"\n", content.rindex(b'{"metadata":{"logged"')) + 1]
        self.lines = self.content.splitlines(keepends=True)

    def copy(self, spoil: Callable[[bytes], bytes]) -> Run:
        """Put a spoiled copy, with keys of its own, into the stage's directory."""
        writer, run = self.path.name[:36], self.stage.run()
        name, content = self.path.name, spoil(self.content)
        for old, new in ((writer, str(uuid4())), (str(self.original.key), str(run.key))):
            name, content = name.replace(old, new), content.replace(old.encode(), new.encode())
        self.stage.directory.mkdir(mode=0o700, exist_ok=True)
        (self.stage.directory / name).write_bytes(content)
        return run

    def rows_in(self, content: bytes) -> int:
        """Return the number of whole rows in part of the journal."""
        return sum(line.startswith(b'{"log"') for line in content.split(b"\n")[:-1])


@pytest.fixture
def spoiled(stage: Stage, tmp_path: Path) -> Journals:
    """A journal of 40 rows, to be copied and spoiled."""
    return Journals(stage, tmp_path, 40)


def test_a_journal_cut_at_every_byte_of_its_end(
    spoiled: Journals, stage: Stage, size: Size, record: Record
) -> None:
    whole = len(spoiled.content)
    last_two = sum(map(len, spoiled.lines[-2:]))
    cuts = range(whole - last_two, whole + 1, size(40, 1))
    runs = [(cut, spoiled.copy(partial(_cut, cut))) for cut in cuts]
    stage.sync()
    verdict = Verdict()
    for cut, run in runs:
        verdict += stage.oracle.judge(run.key, [spoiled.rows_in(spoiled.content[:cut])])
    record(verdict, cuts=len(runs))


def test_a_journal_cut_anywhere(
    spoiled: Journals, stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    cuts = [rng.randrange(len(spoiled.content)) for _ in range(size(10, 300))]
    runs = [(cut, spoiled.copy(partial(_cut, cut))) for cut in cuts]
    ended(stage.start_sync())  # it complains of a cut header, which comes before any record
    verdict = Verdict()
    for cut, run in runs:
        verdict += stage.oracle.judge(run.key, [spoiled.rows_in(spoiled.content[:cut])])
    record(verdict, cuts=len(runs))


def test_a_line_that_is_no_record_costs_no_other(
    spoiled: Journals, stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    runs = [spoiled.copy(lambda content: _spoil_a_row(content, rng)) for _ in range(size(6, 200))]
    stage.sync(status=1)
    verdict = Verdict()
    for run in runs:
        found = stage.oracle.judge(run.key, [40])
        assert found.lost == 1, found
        verdict += Verdict(found.records - 1, 0, *_but_lost(found))
    record(verdict, spoiled_rows=len(runs))


def _spoil_a_row(content: bytes, rng: Random) -> bytes:
    """Zero a row, flip the bit that makes a brace something else, or cut off the row's end."""
    lines = content.split(b"\n")
    rows = [index for index, line in enumerate(lines) if line.startswith(b'{"log"')]
    index = rng.choice(rows)
    line = lines[index]
    lines[index] = rng.choice([bytes(len(line)), bytes([line[0] ^ 1]) + line[1:], line[:-5]])
    return b"\n".join(lines)


def _but_lost(verdict: Verdict) -> tuple[int, int, int, int]:
    return verdict.doubled, verdict.out_of_order, verdict.altered, verdict.invented


def test_a_bit_flipped_anywhere_costs_one_record_at_most(
    spoiled: Journals, stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    start = len(spoiled.lines[0])  # a header that cannot be read is another trial

    def flip(content: bytes) -> bytes:
        place = rng.randrange(start, len(content))
        flipped = content[place] ^ (1 << rng.randrange(8))
        return content[:place] + bytes([flipped]) + content[place + 1 :]

    runs = [spoiled.copy(flip) for _ in range(size(6, 300))]
    ended(stage.start_sync())
    intact = 0
    for run in runs:
        found = stage.oracle.judge(run.key, [40])
        # A flipped end of a line makes one record of two; a flipped figure cannot be known, not
        # even where it makes the row's number that of another.
        assert found.lost <= 2, found
        assert max(found.altered, found.invented, found.doubled) <= 1, found
        intact += found.records - max(found.lost, found.altered)
    record(Verdict(records=intact), flipped=len(runs))


def test_an_empty_journal_holds_up_no_other(
    spoiled: Journals, stage: Stage, record: Record
) -> None:
    run = spoiled.copy(lambda content: content)
    (stage.directory / f"{uuid4()}.jsonl").touch()
    ended(stage.start_sync())
    record(stage.oracle.judge(run.key, [40]))


def test_a_journal_of_a_newer_version_is_refused_and_untouched(
    spoiled: Journals, stage: Stage, record: Record
) -> None:
    newer = spoiled.copy(lambda content: content.replace(b'"journal":1', b'"journal":9', 1))
    (path,) = stage.journals()
    before = path.read_bytes()
    assert b'"journal":9' in before
    other = spoiled.copy(lambda content: content)
    program = stage.sync(status=1)
    assert "newer" in program.output + program.errors
    assert path.read_bytes() == before
    assert not stage.oracle.rows(newer.key)
    record(stage.oracle.judge(other.key, [40]))


def test_journals_are_for_their_owner_alone_and_go_when_delivered(
    spoiled: Journals, record: Record
) -> None:
    directory = spoiled.path.parent
    assert directory.stat().st_mode & 0o777 == 0o700
    for path in directory.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    spoiled.original.stage.sync()
    record(spoiled.original.judge())
    assert not list(spoiled.original.stage.journals())

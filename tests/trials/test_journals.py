"""Journals that a disk or a death has spoiled, and those that other versions wrote."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from run_logger.delivery.recovery import adoption
from run_logger.hasura_logger import HasuraLogger
from tests.trials.oracle import Verdict, same, verdict_of
from tests.trials.rows import row
from tests.trials.stage import ended, eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.trials.conftest import Record, Size
    from tests.trials.stage import Run, Stage


def rows_in(content: bytes) -> int:
    """Return the number of whole rows in part of a journal."""
    return sum(line.startswith(b'{"log"') for line in content.split(b"\n")[:-1])


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
        last = content.rindex(b'{"metadata":{"updates"')
        self.content = content[: content.index(b"\n", last) + 1]
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
        verdict += stage.oracle.judge(run.key, [rows_in(spoiled.content[:cut])])
    record(verdict, cuts=len(runs))


def test_a_journal_cut_anywhere(
    spoiled: Journals, stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    cuts = [rng.randrange(len(spoiled.content)) for _ in range(size(10, 300))]
    runs = [(cut, spoiled.copy(partial(_cut, cut))) for cut in cuts]
    ended(stage.start_sync())  # it complains of a cut header, which comes before any record
    verdict = Verdict()
    for cut, run in runs:
        verdict += stage.oracle.judge(run.key, [rows_in(spoiled.content[:cut])])
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


def test_a_bit_flipped_in_a_header_holds_up_no_other(
    spoiled: Journals, stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    header = len(spoiled.lines[0])

    def flip(content: bytes) -> bytes:
        place = rng.randrange(header)
        flipped = content[place] ^ (1 << rng.randrange(8))
        return content[:place] + bytes([flipped]) + content[place + 1 :]

    for _ in range(size(6, 300)):
        spoiled.copy(flip)
    intact = spoiled.copy(lambda content: content)
    before = {path: path.read_bytes() for path in stage.journals()}
    end = ended(stage.start_sync("--endpoint", stage.endpoint))
    assert "Traceback" not in end.errors, end.errors
    kept = [path for path in stage.journals() if path.read_bytes() != before[path]]
    assert not kept, "what is not delivered stays as it is"
    record(stage.oracle.judge(intact.key, [40]), flipped=len(before) - 1)


HEADERS = (
    b"[]",
    b"\xff\xfe",
    b"{" * 100_000,
    b'{"journal":1}',
    b'{"journal":"1"}',
    b'{"journal":1,"endpoint":"%b","run_key":null,"run_id":7,"writer":"me","version":"1.0"}',
    b'{"journal":1,"endpoint":"%b","run_key":7,"run_id":"seven","writer":{},"version":"1.0"}',
    b'{"journal":1,"endpoint":"%b","run_key":null,"run_id":null,"writer":[],"version":"1.0"}',
)
"""First lines that no version writes."""


def put_nonsense(stage: Stage) -> list[Path]:
    """Put files that are named like journals, and hold something else, beside the others."""
    paths = [stage.directory / f"{uuid4()}.jsonl" for _ in HEADERS]
    for path, header in zip(paths, HEADERS, strict=True):
        path.write_bytes(header.replace(b"%b", stage.endpoint.encode()) + b'\n{"log":{}}\n')
    return paths


def test_files_that_are_no_journals_hold_up_no_other_and_stay_as_they_are(
    spoiled: Journals, stage: Stage, record: Record
) -> None:
    run = spoiled.copy(lambda content: content)
    before = {path: path.read_bytes() for path in put_nonsense(stage)}
    end = stage.sync("--endpoint", stage.endpoint, status=1)
    assert "Traceback" not in end.errors, end.errors
    assert before == {path: path.read_bytes() for path in before}
    record(stage.oracle.judge(run.key, [40]))


def test_a_run_that_delivers_what_others_left_is_not_disturbed_by_nonsense(
    spoiled: Journals, stage: Stage, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adoption, "FIRST_LOOK", 0)
    left, run = spoiled.copy(lambda content: content), stage.run(sources=1)
    put_nonsense(stage)
    with HasuraLogger(stage.endpoint, run_key=run.key) as logger:
        logger.create_run({})
        assert eventually(lambda: not stage.oracle.judge(left.key, [40]).lost)
        for number in range(20):
            logger.log(**row(0, number))
        # Nobody flushes: this is up to the thread that has met all of that.
        assert eventually(lambda: len(stage.oracle.rows(run.key)) == 20)
    record(stage.oracle.judge(left.key, [40]) + stage.oracle.judge(run.key, [20]))


NONSENSE = (
    b"",
    b"{}",
    b"[" * 100_000,
    b'{"log":' + b"[" * 5_000 + b"]" * 5_000 + b',"logged_at":"now"}',
    b'{"log":{},"logged_at":"yesterday, at noon"}',
    b'{"log":{},"logged_at":7}',
    b'{"log":{},"logged_at":"now","run_id":1}',
    b'{"log":{"text":"\\ud800"},"logged_at":"now"}',
    b'{"log":NaN,"logged_at":"now"}',
    b'{"metadata":[1]}',
    b'{"metadata":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
    b'{"blob":{"file":"../secret","bytes":6,"text":true},"metadata":{},"logged_at":"now"}',
    b'{"blob":{"file":"missing","bytes":6,"text":true},"metadata":{},"logged_at":"now"}',
    b'{"blob":{"file":7,"bytes":6,"text":true},"metadata":{},"logged_at":"now"}',
    b'{"blob":"\\\\xzz","metadata":{},"logged_at":"now"}',
    b'{"blob":7,"metadata":{},"logged_at":"now"}',
    b'{"run":{"metadata":{},"charts":[]}}',
    b"\xff\xfe\x00",
)
"""Lines that no version writes, or that no server takes."""


def test_lines_of_nonsense_cost_no_record_beside_them(
    spoiled: Journals, stage: Stage, record: Record
) -> None:
    (stage.directory.parent / "secret").write_text("secret")
    runs = [spoiled.copy(partial(_with_line, line)) for line in NONSENSE]
    end = ended(stage.start_sync())
    assert "Traceback" not in end.errors, end.errors
    verdict = Verdict()
    for run, line in zip(runs, NONSENSE, strict=True):
        stored = [found for found in stage.oracle.rows(run.key) if "source" in (found.log or ())]
        found = verdict_of(stored, [40])
        assert not found.faults, (line[:80], found)
        assert not any(b"secret" in blob for blob in stage.oracle.blobs(run.key))
        verdict += found
    record(verdict, lines=len(runs))


def _with_line(line: bytes, content: bytes) -> bytes:
    """Put a line between others, after some rows."""
    at = content.index(b'{"log"', len(content) // 2)
    return content[:at] + line + b"\n" + content[at:]


def test_a_block_of_zeros_costs_the_records_under_it(
    spoiled: Journals, stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    """File systems leave such blocks where the power failed."""
    start = len(spoiled.lines[0])  # without a header nobody knows whose records these are
    blocks = [rng.randrange(start, len(spoiled.content)) for _ in range(size(6, 100))]
    length = 512
    runs = [(at, spoiled.copy(partial(_zero, at, at + length))) for at in blocks]
    runs.append((len(spoiled.content), spoiled.copy(lambda content: content + bytes(4096))))
    ended(stage.start_sync())
    verdict = Verdict()
    for at, run in runs:
        found = stage.oracle.judge(run.key, [40])
        under_it = rows_in(spoiled.content) - rows_outside(spoiled.lines, at, at + length)
        assert found.lost <= under_it, (at, found)
        verdict += Verdict(found.records - found.lost, 0, *_but_lost(found))
    record(verdict, blocks=len(runs))


def _zero(start: int, end: int, content: bytes) -> bytes:
    return content[:start] + bytes(len(content[start:end])) + content[end:]


def rows_outside(lines: list[bytes], start: int, end: int) -> int:
    """Return how many rows have no byte between two offsets."""
    outside, offset = 0, 0
    for line in lines:
        is_outside = offset + len(line) <= start or offset >= end
        outside += line.startswith(b'{"log"') and is_outside
        offset += len(line)
    return outside


def test_an_empty_journal_holds_up_no_other(
    spoiled: Journals, stage: Stage, record: Record
) -> None:
    run = spoiled.copy(lambda content: content)
    (stage.directory / f"{uuid4()}.jsonl").touch()
    ended(stage.start_sync())
    record(stage.oracle.judge(run.key, [40]))


JOURNALS = Path(__file__).parent / "journals"
"""A journal of each release that changed the format, by its version; 0.1.8 wrote none."""

SAMPLE_RUN = UUID("01234567-89ab-4cde-8f01-23456789abcd")


@pytest.mark.parametrize("version", sorted(path.name for path in JOURNALS.iterdir()))
def test_the_journal_of_a_released_version_is_read(
    version: str, stage: Stage, record: Record
) -> None:
    """Each sample records the same run."""
    shutil.copytree(JOURNALS / version, stage.directory)
    stage.sync("--endpoint", stage.endpoint)
    assert not list(stage.directory.iterdir())
    oracle = stage.oracle
    (writer,) = oracle.writers(SAMPLE_RUN)
    assert (writer.outcome, writer.error) == ("failed", None)
    assert oracle.metadata(SAMPLE_RUN) == {
        "name": "sample",
        "parameters": {"lr": 0.001},
        "best": 0.1,
        "run_id": oracle.value("SELECT id FROM run WHERE key = %s", SAMPLE_RUN),
    }
    expected: list[dict[str, object]] = [
        {"step": n, "loss": 1 / (1 + n), "text": 'é "quoted"\n\ufffd', "none": None, "huge": 2**70}
        for n in range(5)
    ]
    stored = [found.log for found in oracle.rows(SAMPLE_RUN)]
    assert same(stored, [*expected, {"step": 5}])
    assert oracle.blobs(SAMPLE_RUN) == [b"\0\xffsmall", b"large" * 14_000, b"text of 0.1.8"]
    assert oracle.value("SELECT spec FROM chart JOIN run ON run.id = run_id WHERE key = %s",
                        SAMPLE_RUN) == {"mark": "line"}  # fmt: skip
    record(Verdict(records=11))


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

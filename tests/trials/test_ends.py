"""However a program ends, its outcome is recorded, and it ends as it would without us."""

from __future__ import annotations

import os
import signal
import time
from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.trials.oracle import Verdict
from tests.trials.programs.signalled import IGNORED_SECONDS
from tests.trials.stage import Ended, ended

if TYPE_CHECKING:
    from random import Random

    from tests.trials.conftest import Record, Size
    from tests.trials.stage import Program, Run, Stage

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
OUTCOMES = {
    "none": {"killed", "failed"},  # SIGINT is an exception of Python's where nobody handles it
    "ignored": {"finished"},
    "returns": {"killed"},
    "exits": {"killed"},
}


def begun(run: Run, number: signal.Signals, handler: str, *, logged: bool) -> Program:
    """Start a program that waits for a signal, and wait until it does."""
    arguments = number.name, handler, "yes" if logged else "no"
    process = run.start("signalled", *arguments, start_new_session=True)
    assert process.said() == "begins"
    return process


def signalled(
    run: Run, number: signal.Signals, handler: str, *, logged: bool, group: bool
) -> Ended:
    """Send a signal to a program, or to its group, and return how it ends."""
    process = begun(run, number, handler, logged=logged)
    if group:
        os.killpg(process.pid, number)
    else:
        os.kill(process.pid, number)
    return ended(process)


@pytest.mark.parametrize("handler", OUTCOMES)
def test_a_signal_ends_a_program_as_without_us(
    handler: str, stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    cases = list(product(SIGNALS, (False, True)))
    verdict = Verdict()
    for number, group in rng.sample(cases, size(1, len(cases))):
        run = stage.run()
        alone = signalled(run, number, handler, logged=False, group=group)
        together = signalled(run, number, handler, logged=True, group=group)
        assert (together.status, together.output) == (alone.status, alone.output), together
        verdict += run.judge(in_flight=1)
        assert stage.oracle.writers(run.key)[0].outcome in OUTCOMES[handler]
    record(verdict)


def test_a_signal_at_a_random_moment_loses_nothing(
    stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    verdict, signals = Verdict(), size(2, 150)
    for index in range(signals):
        run = stage.run()
        number = SIGNALS[index % len(SIGNALS)]
        process = begun(run, number, "none", logged=True)
        time.sleep(rng.uniform(0, IGNORED_SECONDS))
        os.kill(process.pid, number)
        assert ended(process).status == -number
        verdict += run.judge(in_flight=1)
        assert stage.oracle.writers(run.key)[0].outcome in OUTCOMES["none"]
    record(verdict, signals=signals)


ENDS = (
    ("return", 0, "finished", None),
    ("finish twice", 0, "finished", None),
    ("sys.exit in the context", 3, "failed", "SystemExit: 3"),
    ("sys.exit without success in words", 1, "failed", "SystemExit: no data"),
    ("an exception", 1, "failed", "ValueError: the loss is negative"),
    ("an exception in the context", 1, "failed", "ValueError: the loss is negative"),
)


def test_the_outcome_says_how_a_program_ended(
    stage: Stage, size: Size, rng: Random, record: Record
) -> None:
    verdict = Verdict()
    for way, status, outcome, error in rng.sample(ENDS, size(2, len(ENDS))):
        run = stage.run()
        run.complete("exits", way, status=status)
        (writer,) = stage.oracle.writers(run.key)
        assert (writer.outcome, writer.error) == (outcome, error), way
        verdict += run.judge()
    record(verdict)


def test_what_os_exit_leaves_is_synced(stage: Stage, record: Record) -> None:
    run = stage.run()
    run.complete("exits", "os._exit", status=7)
    stage.sync()
    record(run.judge())


@pytest.mark.parametrize("moment", ["", "a later "])
def test_a_log_from_a_handler_at_exit_is_kept(moment: str, stage: Stage, record: Record) -> None:
    run = stage.run()
    program = run.complete("exits", f"log from {moment}atexit")
    assert run.counts()[0] == 55, program.errors
    stage.sync()
    record(run.judge())

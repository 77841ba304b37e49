"""However a process ends, what it recorded arrives, and its end is recorded."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from run_logger.hasura_logger import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEGINNING = """
import atexit, os, signal, sys, threading, time
from run_logger.hasura_logger import HasuraLogger
logger = HasuraLogger(sys.argv[1])
"""

CREATED = """
logger.create_run({})
logger.log(step=0)
from run_logger.delivery.lifecycle import ending
ending.SIGNAL_SECONDS = 60
"""

WAITING = """
print("ready", flush=True)
while not asked:
    time.sleep(0.005)
"""

HANDLER = """
asked = []
def handle(number, frame):
    asked.append(number)
"""


class Ended(NamedTuple):
    """How a process ended, and what the database has of its run."""

    status: int
    errors: str
    outcomes: list[tuple[str | None, str | None]]
    steps: list[Any]
    run_status: str


class Script:
    """Runs a script against the endpoint, and reads its run."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, *parts: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", "".join(parts), self._endpoint]
        pipe = subprocess.PIPE
        self._processes.append(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True))
        return self._processes[-1]

    def ready(self, *parts: str) -> subprocess.Popen[str]:
        """Start a script, and return when it says that it is ready."""
        process = self.start(*parts)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
        return process

    def end_of(self, process: subprocess.Popen[str]) -> Ended:
        _, errors = process.communicate(timeout=60)
        query = """{ run(order_by: {id: desc}, limit: 1) {
            status writers(order_by: {id: asc}) { outcome error }
            run_logs(order_by: [{writer_id: asc}, {seq: asc}]) { log }
        } }"""
        with Client(self._endpoint) as client:
            [run] = client.execute(query)["run"]
        outcomes = [(writer["outcome"], writer["error"]) for writer in run["writers"]]
        steps = [row["log"]["step"] for row in run["run_logs"]]
        return Ended(process.returncode, errors, outcomes, steps, run["status"])

    def __call__(self, *parts: str) -> Ended:
        return self.end_of(self.start(*parts))

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()


@pytest.fixture
def script(endpoint: str) -> Iterator[Script]:
    script = Script(endpoint)
    yield script
    script.stop()


def test_an_interrupt_ends_the_process_by_its_signal_whatever_the_delivery_imports(
    script: Script,
) -> None:
    # Python forgets an interrupt when text is run as code; imports at the end of a run do that.
    imports = 'atexit.register(lambda: exec("pass"))\n'
    interrupted = "signal.signal(signal.SIGINT, signal.default_int_handler)\nsignal.raise_signal(2)"
    ended = script(BEGINNING, CREATED, imports, interrupted)
    assert ended.status == -signal.SIGINT
    assert ended.outcomes == [("failed", "KeyboardInterrupt")]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_without_a_handler_is_recorded_and_ends_the_process_as_ever(
    script: Script, name: str
) -> None:
    process = script.ready(BEGINNING, CREATED, "asked = False", WAITING)
    process.send_signal(signal.Signals[name])
    ended = script.end_of(process)
    assert ended.status == -signal.Signals[name]
    assert ended.outcomes == [("killed", None)]
    assert ended.steps == [0]
    assert ended.errors == ""


def test_a_signal_inside_of_log_loses_nothing(script: Script) -> None:
    endless = """
step = 1
while True:
    logger.log(step=step)
    step += 1
    if step == 100: print("ready", flush=True)
"""
    process = script.ready(BEGINNING, CREATED, endless)
    process.terminate()
    ended = script.end_of(process)
    assert ended.status == -signal.SIGTERM
    assert ended.outcomes == [("killed", None)]
    # Rows are in order within a writer, and each finish begins another one.
    assert sorted(ended.steps) == [*range(len(ended.steps))]
    assert len(ended.steps) >= 100


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_handler_of_the_users_is_called_and_the_end_recorded_when_it_comes(
    script: Script, moment: str, name: str
) -> None:
    install = f"\nsignal.signal(signal.{name}, handle)\n"
    before, after = (install, "") if moment == "before" else ("", install)
    goes_on = "\nlogger.log(step=len(asked))\nassert signal.getsignal(asked[0]) is handle"
    process = script.ready(HANDLER, BEGINNING, before, CREATED, after, WAITING, goes_on)
    process.send_signal(signal.Signals[name])
    ended = script.end_of(process)
    assert (ended.status, ended.errors) == (0, "")
    assert ended.outcomes == [("killed", None)]
    assert ended.steps == [0, 1]


def test_a_handler_of_an_event_loop_is_called_and_the_end_recorded(script: Script) -> None:
    waits = """
import asyncio

async def main():
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, asked.set)
    logger.create_run({})
    logger.log(step=0)
    print("ready", flush=True)
    await asked.wait()
    logger.log(step=1)
    assert loop.remove_signal_handler(signal.SIGTERM)

asyncio.run(main())
"""
    process = script.ready(BEGINNING, waits)
    process.terminate()
    ended = script.end_of(process)
    assert (ended.status, ended.errors) == (0, "")
    assert ended.outcomes == [("killed", None)]
    assert ended.steps == [0, 1]


@pytest.mark.parametrize(
    ("block", "error"), [("if True:", None), ("with logger:", "SystemExit: 5")]
)
def test_a_handler_that_exits_keeps_its_status(
    script: Script, block: str, error: str | None
) -> None:
    exits = f"""
signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
{block}
    print("ready", flush=True)
    time.sleep(60)
"""
    process = script.ready(BEGINNING, CREATED, exits)
    process.terminate()
    ended = script.end_of(process)
    assert ended.status == 5
    assert ended.outcomes == [("killed", error)]


def test_ctrl_c_stays_an_exception(script: Script) -> None:
    process = script.ready(BEGINNING, CREATED, "asked = False", WAITING)
    process.send_signal(signal.SIGINT)
    ended = script.end_of(process)
    assert ended.status == -signal.SIGINT
    assert ended.outcomes == [("failed", "KeyboardInterrupt")]


def test_ctrl_c_that_is_caught_is_no_end(script: Script) -> None:
    caught = """
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    logger.log(step=1)
"""
    process = script.ready(BEGINNING, CREATED, caught)
    process.send_signal(signal.SIGINT)
    ended = script.end_of(process)
    assert (ended.status, ended.outcomes, ended.steps) == (0, [("finished", None)], [0, 1])


def test_a_cell_of_a_notebook_that_is_interrupted_is_no_end(script: Script) -> None:
    kernel = """
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
logger.log(step=1)
"""
    process = script.ready(BEGINNING, CREATED, kernel)
    process.send_signal(signal.SIGINT)
    ended = script.end_of(process)
    assert (ended.status, ended.outcomes, ended.steps) == (0, [("finished", None)], [0, 1])


def test_an_ignored_signal_stays_ignored(script: Script) -> None:
    ignores = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    ends = "\nos.kill(os.getpid(), signal.SIGTERM)\nlogger.log(step=1)"
    ended = script(BEGINNING, ignores, CREATED, ends)
    assert (ended.status, ended.outcomes, ended.steps) == (0, [("finished", None)], [0, 1])


def test_nothing_is_installed_by_a_logger_of_another_thread_or_left_by_a_finished_one(
    script: Script,
) -> None:
    check = """
def create():
    logger.create_run({})
thread = threading.Thread(target=create)
thread.start(); thread.join()
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
logger.create_run({})
assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
logger.finish()
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
"""
    assert script(BEGINNING, check).status == 0


@pytest.mark.parametrize(
    ("ending", "status", "outcome", "error"),
    [
        ("", 0, "finished", None),
        ("raise ValueError('no luck')", 1, "failed", "ValueError: no luck"),
        ("sys.exit(3)", 3, "finished", None),
        ("with logger: sys.exit(3)", 3, "failed", "SystemExit: 3"),
        ("with logger: sys.exit()", 0, "finished", None),
        ("logger.finish('failed'); logger.finish()", 0, "failed", None),
    ],
)
def test_the_outcome_says_how_a_script_ended(
    script: Script, ending: str, status: int, outcome: str, error: str | None
) -> None:
    ended = script(BEGINNING, CREATED, ending)
    assert (ended.status, ended.outcomes, ended.steps) == (status, [(outcome, error)], [0])


THREAD = """
def work():
    logger.create_run({})
    logger.log(step=0)
    raise ValueError("in a thread")
"""


def test_an_exception_that_ends_the_thread_of_a_run_is_its_outcome(script: Script) -> None:
    ended = script(BEGINNING, THREAD, "threading.Thread(target=work).start()")
    assert ended.outcomes == [("failed", "ValueError: in a thread")]
    assert "in a thread" in ended.errors


def test_an_exception_of_another_thread_is_not(script: Script) -> None:
    fails = "\nthreading.Thread(target=lambda: 1 / 0).start()"
    ended = script(BEGINNING, CREATED, fails)
    assert ended.outcomes == [("finished", None)]
    assert "ZeroDivisionError" in ended.errors


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_handler_at_exit_may_log(script: Script, moment: str) -> None:
    late = "\natexit.register(lambda: [logger.log(step=step) for step in (1, 2)])\n"
    before, after = (late, "") if moment == "before" else ("", late)
    ended = script(BEGINNING, before, CREATED, after)
    assert (ended.status, ended.errors, ended.steps) == (0, "", [0, 1, 2])
    assert {outcome for outcome, _ in ended.outcomes} == {"finished"}


def test_a_run_that_is_over_leaves_no_files(script: Script, journals: Path) -> None:
    late = "\natexit.register(lambda: logger.log(step=1))\n"
    assert script(BEGINNING, late, CREATED).steps == [0, 1]
    assert [*journals.iterdir()] == []


FORK = """
child = os.fork()
if not child:
    {child}
assert os.waitpid(child, 0)[1] == 0
logger.log(step=9)
logger.finish()
"""


@pytest.mark.parametrize(
    "child",
    [
        "logger.log(step=1); logger.finish(); os._exit(0)",
        "logger.log(step=1); sys.exit()",
        "logger.log(step=1); logger.flush(60); sys.exit()",
    ],
)
def test_a_forked_process_that_logs_is_a_writer_of_its_own(script: Script, child: str) -> None:
    ended = script(BEGINNING, CREATED, FORK.format(child=child))
    assert (ended.status, ended.errors) == (0, "")
    assert sorted(ended.steps) == [0, 1, 9]
    assert ended.outcomes == [("finished", None), ("finished", None)]


def test_a_writer_of_a_forked_process_names_its_parent(script: Script, endpoint: str) -> None:
    script(BEGINNING, CREATED, FORK.format(child="logger.log(step=1); sys.exit()"))
    with Client(endpoint) as client:
        parent, child = client.execute("{ writer(order_by: {id: asc}) { id parent_id } }")["writer"]
    assert (parent["parent_id"], child["parent_id"]) == (None, parent["id"])


@pytest.mark.parametrize(
    "child", ["logger.finish(); logger.flush(); logger.stats(); sys.exit()", "os._exit(0)"]
)
def test_a_forked_process_that_logs_nothing_is_nobody(script: Script, child: str) -> None:
    ended = script(BEGINNING, CREATED, FORK.format(child=child))
    assert (ended.status, ended.errors) == (0, "")
    assert (ended.steps, ended.outcomes) == ([0, 9], [("finished", None)])


def test_a_forked_process_takes_no_lock_that_a_thread_of_its_parent_held(script: Script) -> None:
    busy = """
def log():
    for step in range(1, 2000): logger.log(step=step)
threads = [threading.Thread(target=log) for _ in range(4)]
for thread in threads: thread.start()
children = []
for _ in range(10):
    child = os.fork()
    if not child:
        logger.log(step=0)
        logger.finish()
        os._exit(0)
    children.append(child)
for thread in threads: thread.join()
for child in children: assert os.waitpid(child, 0)[1] == 0
"""
    ended = script(BEGINNING, CREATED, busy)
    assert (ended.status, ended.errors) == (0, "")
    assert len(ended.steps) == 1 + 4 * 1999 + 10
    assert ended.outcomes == [("finished", None)] * 11


POOL = """
def work(step):
    logger.log(step=step)

def fail(step):
    logger.log(step=step)
    raise ValueError("in a worker")

import multiprocessing
context = multiprocessing.get_context("fork")
"""


def test_the_workers_of_a_pool_finish(script: Script) -> None:
    pool = """
with context.Pool(2) as pool:
    pool.map(work, range(1, 5), chunksize=2)
    pool.close()
    pool.join()
"""
    ended = script(BEGINNING, CREATED, POOL, pool)
    assert (ended.status, ended.errors) == (0, "")
    assert sorted(ended.steps) == [0, 1, 2, 3, 4]
    assert {outcome for outcome, _ in ended.outcomes} == {"finished"}


def test_a_worker_that_fails_says_why(script: Script) -> None:
    worker = "worker = context.Process(target=fail, args=(1,)); worker.start(); worker.join()"
    ended = script(BEGINNING, CREATED, POOL, worker)
    assert ended.outcomes == [("finished", None), ("failed", "ValueError: in a worker")]
    assert ended.steps == [0, 1]


def test_a_worker_that_is_terminated_dies_of_it(script: Script) -> None:
    terminated = """
worker = context.Process(target=time.sleep, args=(60,)); worker.start()
worker.terminate(); worker.join()
assert worker.exitcode == -signal.SIGTERM
"""
    ended = script(BEGINNING, CREATED, POOL, terminated)
    assert (ended.status, ended.errors) == (0, "")
    assert ended.outcomes == [("finished", None)]


def test_a_record_that_comes_while_another_thread_finishes_is_not_lost(script: Script) -> None:
    race = """
step = 0
def log():
    global step
    while not done:
        step += 1
        logger.log(step=step)
        time.sleep(0 if step % 20 else 0.001)
done = []
thread = threading.Thread(target=log)
thread.start()
for _ in range(8):
    before = step
    while step < before + 2: time.sleep(0.001)  # so a row is in the journal that is open now
    logger.finish()
done.append(True)
thread.join()
logger.finish()
assert logger.stats().waiting == 0
"""
    ended = script(BEGINNING, CREATED, race)
    assert (ended.status, ended.errors) == (0, "")
    # Rows are in order within a writer, and each finish begins another one.
    assert sorted(ended.steps) == [*range(len(ended.steps))]
    assert len(ended.outcomes) >= 8


def test_os_exit_leaves_everything_on_disk(script: Script, journals: Path) -> None:
    ended = script(BEGINNING, CREATED, "os._exit(7)")
    assert ended.status == 7
    assert ended.steps in ([0], [])  # what the sender was quick enough for
    assert any(b'"step":0' in path.read_bytes() for path in journals.glob("*.jsonl"))


def test_a_server_that_is_away_delays_the_end_of_a_killed_process_for_some_seconds_only(
    script: Script,
) -> None:
    script_of_a_joined_run = """
import os, signal, sys, time
from run_logger.hasura_logger import HasuraLogger
HasuraLogger("http://127.0.0.1:9/v1/graphql", _run_id=1).log(step=0)
from run_logger.delivery.lifecycle import ending
ending.SIGNAL_SECONDS = 0.5
print("ready", flush=True)
time.sleep(60)
"""
    process = script.ready(script_of_a_joined_run)
    process.terminate()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM
    assert "1 left in" in errors
    assert "run-logger sync" in errors

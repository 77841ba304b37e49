"""Sweeps: every point is given out exactly once, whatever becomes of agents and answers."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from run_logger import create_sweep
from run_logger.params import nth_point
from tests.trials.fault_proxy import FaultProxy
from tests.trials.faults import Fault, deck
from tests.trials.oracle import Verdict
from tests.trials.programs import agent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.process import BaseProcess
    from random import Random

    from tests.trials.conftest import Record, Server, Size
    from tests.trials.stage import Stage

PATIENCE = 600
FAULTS = [Fault.LOSE_ANSWER, Fault.CUT_ANSWER, Fault.REFUSE, Fault.STATUS_503]


@pytest.fixture
def connection(trial_server: Server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(trial_server.dsn, autocommit=True) as connection:
        yield connection


def test_every_point_is_given_out_once_though_answers_are_lost_and_agents_killed(  # noqa: PLR0913
    stage: Stage,
    size: Size,
    rng: Random,
    seed: int,
    record: Record,
    connection: psycopg.Connection,
) -> None:
    count, length = size(5, 64), size(3, 10)
    space = {"a": [*range(length)], "b": {"c": [*range(length)], "d": [*range(length)]}}
    points = length**3
    sweep_id = create_sweep(space, stage.endpoint, runs=points)
    deaths = sorted(rng.sample(range(points * 3 // 4), max(1, count // 5)))
    with FaultProxy(stage.endpoint, deck(seed, FAULTS, passes=30)) as proxy:
        agents = [start(stage, proxy.url, sweep_id) for _ in range(count)]
        for moment in deaths:
            wait_until_issued(stage, sweep_id, moment)
            victim = rng.choice([process for process in agents if process.is_alive()])
            victim.kill()
            agents.append(start(stage, proxy.url, sweep_id))
        for process in agents:
            process.join(PATIENCE)
        assert not any(process.is_alive() for process in agents)
        lost_answers = proxy.counts[Fault.LOSE_ANSWER] + proxy.counts[Fault.CUT_ANSWER]
    verdict = judge(connection, sweep_id, space, points)
    assert stage.oracle.value("SELECT issued FROM sweep WHERE id = %s", sweep_id) == points
    orphans = bury_orphans(connection, sweep_id)
    retry(stage, sweep_id)
    assert finished_points(connection, sweep_id) == points
    record(
        verdict, agents=count, killed=len(deaths), lost_answers=lost_answers, tried_again=orphans
    )


def start(stage: Stage, endpoint: str, sweep_id: int) -> BaseProcess:
    """Start an agent."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([agent.__name__])
    environment = stage.environment(RUN_LOGGER_ENDPOINT=endpoint)
    process = context.Process(target=agent.work, args=(environment, str(stage.scratch), sweep_id))
    process.start()
    return process


def wait_until_issued(stage: Stage, sweep_id: int, count: int) -> None:
    """Wait until more than so many points have been given out."""
    end = time.monotonic() + PATIENCE
    while stage.oracle.value("SELECT issued FROM sweep WHERE id = %s", sweep_id) <= count:
        assert time.monotonic() < end, "the agents take no points"
        time.sleep(0.01)


def judge(connection: psycopg.Connection, sweep_id: int, space: Any, points: int) -> Verdict:
    """Compare the runs in the database with the points that there are."""
    query = """
        SELECT sweep_index, count(*), jsonb_agg(metadata -> 'sweep_parameters')
        FROM run WHERE sweep_id = %s AND retry_of IS NULL GROUP BY sweep_index
    """
    found = {index: rest for index, *rest in connection.execute(query, [sweep_id])}
    return Verdict(
        records=points,
        lost=len(set(range(points)) - found.keys()),
        doubled=sum(count - 1 for count, _ in found.values()),
        altered=sum(
            parameters not in (None, nth_point(space, index))
            for index, (_, several) in found.items()
            for parameters in several
        ),
        invented=len(found.keys() - set(range(points))),
    )


def bury_orphans(connection: psycopg.Connection, sweep_id: int) -> int:
    """Let the runs of killed agents count as silent now, and not in two minutes; count them."""
    query = """
        UPDATE writer SET started_at = 'yesterday', heartbeat_at = 'yesterday' FROM run
        WHERE run.id = run_id AND sweep_id = %s AND outcome IS NULL
    """
    return connection.execute(query, [sweep_id]).rowcount


def retry(stage: Stage, sweep_id: int) -> None:
    """Give the points of dead runs out again."""
    subprocess.run(
        [sys.executable, "-m", "run_logger.cli", "sweep", "retry", str(sweep_id), "--jobs", "4"],
        env=stage.environment(RUN_LOGGER_ENDPOINT=stage.endpoint, PATH=os.environ["PATH"]),
        cwd=stage.scratch,
        check=True,
        timeout=PATIENCE,
        capture_output=True,
    )


def finished_points(connection: psycopg.Connection, sweep_id: int) -> int:
    """Count the points at which a run has finished."""
    query = """
        SELECT count(DISTINCT sweep_index) FROM run
        WHERE sweep_id = %s AND run_status(run) = 'finished'
    """
    row = connection.execute(query, [sweep_id]).fetchone()
    return 0 if row is None else int(row[0])

"""Whether subscribers keep up with what is logged, for minutes on end.

    python -m benchmarks.subscribers [--minutes M] [--subscribers N] [--streams N] [--rows N]

One writer logs over HTTP, so many rows a second, to twenty runs. Of those who follow a live query
each has a websocket of its own and follows the last row of one run; those who stream are given
every row. Prints, as rows of a table, whether rows were lost, how late they came, and how the
server's memory moved. Needs the packages of `[local]`, and Linux.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import orjson
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from benchmarks.server import Served, create_runs, resident_megabytes, served

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

_RUNS = 20
_BATCHES_A_SECOND = 10
# How often the server looks, by default, in seconds.
_INTERVAL = 1.0
_PATIENCE = 60.0
_LIVE = """
subscription ($id: Int!) {
  run_by_pk(id: $id) { id run_logs(order_by: {id: desc}, limit: 1) { id log } }
}
"""
_STREAM = """
subscription {
  run_log_stream(cursor: {initial_value: {id: 0}}, batch_size: 10000) { id run_id log }
}
"""
_INSERT = """
mutation ($objects: [run_log_insert_input!]!) {
  insert_run_log(objects: $objects) { returning { id } }
}
"""


@dataclass
class Trial:
    """What was written and what came.

    Attributes:
        written: When the answer to its insert came, by the id of a row.
        last: The last row of each run.
        firsts: The seconds that each live query waited for its first result.
        live_delays: The seconds after its insert that a row came to who follows a live query.
        stream_delays: The same of a stream, of the first row of each batch, which waited longest.
        streamed: How many rows came to each stream.
        disorder: How many rows came to a stream twice, or out of order.
        done: Whether all is written.
    """

    written: dict[int, float] = field(default_factory=dict[int, float])
    last: dict[int, int] = field(default_factory=dict[int, int])
    firsts: list[float] = field(default_factory=list[float])
    live_delays: list[float] = field(default_factory=list[float])
    stream_delays: list[float] = field(default_factory=list[float])
    streamed: list[int] = field(default_factory=list[int])
    disorder: int = 0
    done: bool = False


def main() -> None:
    """Run the trial, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--subscribers", type=int, default=200, help="who follow a live query")
    parser.add_argument("--streams", type=int, default=10)
    parser.add_argument("--rows", type=int, default=1_000, help="a second")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="run-logger-bench-") as directory,
        served(Path(directory)) as (server, _),
    ):
        create_runs(server)
        asyncio.run(follow(server, given))


async def follow(server: Served, given: argparse.Namespace) -> None:
    """Write and follow for the given time."""
    trial = Trial()
    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(write(server, trial, given.minutes * 60, given.rows))
        watching = tasks.create_task(watch_memory(server, trial))
        for number in range(given.subscribers):
            tasks.create_task(follow_live(server, trial, number % _RUNS + 1))
        for _ in range(given.streams):
            tasks.create_task(follow_stream(server, trial))
    show(trial, given, await writing, await watching)


async def write(server: Served, trial: Trial, seconds: float, rate: int) -> float:
    """Insert so many rows a second, and return the rate that came of it."""
    begin = time.monotonic()
    size = rate // _BATCHES_A_SECOND
    async with httpx.AsyncClient(timeout=_PATIENCE) as client:
        for batch in range(int(seconds * _BATCHES_A_SECOND)):
            await asyncio.sleep(begin + batch / _BATCHES_A_SECOND - time.monotonic())
            objects = [row(batch * size + number) for number in range(size)]
            body = {"query": _INSERT, "variables": {"objects": objects}}
            answer = await client.post(server.url, content=orjson.dumps(body))
            remember(trial, objects, orjson.loads(answer.content))
    trial.done = True
    return len(trial.written) / (time.monotonic() - begin)


def row(number: int) -> dict[str, Any]:
    """Return a row of ten floats and a step."""
    metrics = {f"metric{place}": number / (7 + place) for place in range(10)}
    return {"run_id": number % _RUNS + 1, "log": {"step": number, **metrics}}


def remember(trial: Trial, objects: list[dict[str, Any]], answer: dict[str, Any]) -> None:
    """Note which rows are there now."""
    now = time.monotonic()
    for item, kept in zip(objects, answer["data"]["insert_run_log"]["returning"], strict=True):
        trial.written[kept["id"]] = now
        trial.last[item["run_id"]] = kept["id"]


@asynccontextmanager
async def subscribed(
    server: Served, query: str, **variables: Any
) -> AsyncGenerator[AsyncIterator[Any]]:
    """Subscribe on a websocket of its own; gives the data of the results."""
    url = server.url.replace("http", "ws")
    async with connect(
        url, subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None, compression=None
    ) as socket:
        await socket.send(orjson.dumps({"type": "connection_init"}).decode())
        payload = {"query": query, "variables": variables}
        start = {"type": "subscribe", "id": "1", "payload": payload}
        await socket.send(orjson.dumps(start).decode())

        async def results() -> AsyncGenerator[Any]:
            async for text in socket:
                message = orjson.loads(text)
                if message["type"] == "next":
                    yield message["payload"]["data"]
                elif message["type"] in {"error", "complete"}:
                    raise RuntimeError(message)

        yield results()


async def follow_live(server: Served, trial: Trial, run: int) -> None:
    """Follow the last row of a run, until it is the last one that was written."""
    begin = time.monotonic()
    is_first = True
    async with subscribed(server, _LIVE, id=run) as results:
        async for data in results:
            if is_first:
                trial.firsts.append(time.monotonic() - begin)
                is_first = False
            rows = data["run_by_pk"]["run_logs"]
            newest = rows[0]["id"] if rows else 0
            if newest in trial.written:
                trial.live_delays.append(time.monotonic() - trial.written[newest])
            if trial.done and newest == trial.last[run]:
                return


async def follow_stream(server: Served, trial: Trial) -> None:
    """Take every row, until they are as many as were written."""
    count = last = 0
    async with subscribed(server, _STREAM) as results:
        async for data in results:
            now = time.monotonic()
            # A row can come before the answer to its insert.
            oldest = data["run_log_stream"][0]["id"]
            trial.stream_delays.append(now - trial.written.get(oldest, now))
            for item in data["run_log_stream"]:
                trial.disorder += item["id"] <= last
                last = item["id"]
            count += len(data["run_log_stream"])
            if trial.done and last >= max(trial.written):
                trial.streamed.append(count)
                return


async def watch_memory(server: Served, trial: Trial) -> list[float]:
    """Return the server's megabytes, taken every few seconds."""
    taken: list[float] = []
    while not trial.done:
        await asyncio.sleep(5)
        taken.append(resident_megabytes(server))
    return taken


def show(trial: Trial, given: argparse.Namespace, rate: float, memory: list[float]) -> None:
    """Print the table."""
    written = len(trial.written)
    lost = sum(written - count for count in trial.streamed)
    print(f"| {given.subscribers} live queries, {given.streams} streams | {given.minutes:g} min |")
    print(f"| rows written, and a second | {written} | {rate:.0f}/s |")
    print(f"| rows lost, doubled or out of order, of all streams | {lost} | {trial.disorder} |")
    print(f"| first result of a live query: median, last | {times(trial.firsts)} |")
    print(
        f"| a row to a live query after its insert: median, 99 %, last | "
        f"{times(trial.live_delays)} |"
    )
    print(f"| a row to a stream: median, 99 %, last | {times(trial.stream_delays)} |")
    late = share_after(trial.stream_delays, 2 * _INTERVAL)
    print(f"| batches of a stream that came later than after two polls | {late:.2%} |")
    tenths = [memory[len(memory) * tenth // 10] for tenth in range(10)]
    print(f"| memory, ten times | {' '.join(f'{size:.0f}' for size in tenths)} MB |")


def times(delays: list[float]) -> str:
    """Return the median, the 99th percentile and the longest, in seconds."""
    ordered = sorted(delays)
    late = ordered[int(len(ordered) * 0.99)]
    return f"{statistics.median(ordered):.2f} s | {late:.2f} s | {ordered[-1]:.2f} s"


def share_after(delays: list[float], seconds: float) -> float:
    """Return which part of the delays is longer."""
    return sum(delay > seconds for delay in delays) / len(delays)


if __name__ == "__main__":
    main()

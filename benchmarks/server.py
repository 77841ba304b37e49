"""What the local server costs beside the same SQL sent straight to the same Postgres.

    python -m benchmarks.server [--seconds S]

For each figure the seconds or requests per second of the server, those of the SQL sent straight,
and their ratio, as rows of a table; also what a project of 200 tables costs, and how the server's
memory moves under load. Needs the packages of `[local]`, and Linux.

Every figure is taken in one run on one machine, server and database both on it; quote the ratios.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import orjson
import psycopg
from graphql import get_introspection_query
from psycopg.conninfo import make_conninfo

from benchmarks.wide import write_project

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from urllib.parse import SplitResult

_CLIENTS = 4
_BATCH = 500
_LIST = 10_000
# More than the server keeps of what was asked before.
_RUNS = 5_000
_TABLES = 200
_ROLES = 10
_MINUTE = 60

_INSERT = """
mutation ($objects: [run_log_insert_input!]!) {
  insert_run_log(
    objects: $objects
    on_conflict: {constraint: run_log_writer_id_seq_key, update_columns: []}
  ) { affected_rows }
}
"""
_INSERT_SQL = """
insert into run_log (run_id, log)
select (item ->> 'run_id')::int, item -> 'log' from jsonb_array_elements(%s::jsonb) item
on conflict on constraint run_log_writer_id_seq_key do nothing
"""
_CREATE_RUNS = """
insert into run (metadata) select '{"name": "bench"}'::jsonb from generate_series(1, %s)
"""
_BY_KEY = "query ($id: Int!) { run_by_pk(id: $id) { id metadata archived } }"
_BY_KEY_SQL = """
select row_to_json(r)::text from (select id, metadata, archived from run where id = %s) r
"""
_LIST_QUERY = "query ($n: Int!) { run_log(order_by: [{id: asc}], limit: $n) { id log } }"
_LIST_SQL = """
select coalesce(json_agg(row_to_json(r)), '[]')::text
from (select id, log from run_log order by id limit %s) r
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A running server, and its Postgres."""

    url: str
    dsn: str
    pid: int


def main() -> None:
    """Measure each, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="for each of the figures")
    seconds: float = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="run-logger-bench-") as directory:
        with served(Path(directory)) as (_, took):
            print(f"| start to first answer, new data directory | {took:.2f} s |  |  |")
        with served(Path(directory)) as (server, took):
            print(f"| start to first answer, existing data | {took:.2f} s |  |  |")
            create_runs(server)
            compare("inserts of 500 logs", server, (insert_over_http, insert_straight), seconds)
            compare("run by key", server, (by_key_over_http, by_key_straight), seconds)
            loads = (by_keys_over_http, by_keys_straight)
            compare("run by key, another each time", server, loads, seconds)
            compare("list of 10,000 logs", server, (list_over_http, list_straight), seconds)
            watch_memory(server, seconds)
    with tempfile.TemporaryDirectory(prefix="run-logger-bench-") as directory:
        time_wide_project(Path(directory))


@contextlib.contextmanager
def served(directory: Path, *options: str) -> Generator[tuple[Served, float]]:
    """Start `run-logger serve`; yield it, and the seconds until it answered."""
    command = [sys.executable, "-m", "run_logger.cli", "serve", "--port", "0"]
    start = time.perf_counter()
    with subprocess.Popen(
        [*command, "--data-dir", directory, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        url = process.stdout.readline().strip() if process.stdout else ""
        httpx.post(url, json={"query": "{ __typename }"}).raise_for_status()
        took = time.perf_counter() - start
        dsn = make_conninfo(host=str(directory), user="postgres", dbname="postgres")
        try:
            yield Served(url, dsn, process.pid), took
        finally:
            process.terminate()


def compare(
    label: str,
    server: Served,
    loads: tuple[Callable[[Served], Callable[[], None]], Callable[[Served], Callable[[], None]]],
    seconds: float,
) -> None:
    """Run both loads in turn, and print the requests per second of each and their ratio."""
    rates = [rate(load, server, seconds) for load in loads]
    over_http, straight = rates
    print(f"| {label} | {over_http:.0f}/s | {straight:.0f}/s | {over_http / straight:.2f} |")


def rate(load: Callable[[Served], Callable[[], None]], server: Served, seconds: float) -> float:
    """Return how many calls a second several threads make together."""
    end = time.perf_counter() + seconds

    def work() -> int:
        call = load(server)
        calls = 0
        while time.perf_counter() < end:
            call()
            calls += 1
        return calls

    with ThreadPoolExecutor(_CLIENTS) as threads:
        working = [threads.submit(work) for _ in range(_CLIENTS)]
        return sum(done.result() for done in working) / seconds


def watch_memory(server: Served, seconds: float) -> None:
    """Print the memory of the server after the other loads, and after as many as fill a minute."""
    before = resident_megabytes(server)
    for load in (insert_over_http, by_key_over_http, list_over_http):
        rate(load, server, max(seconds, _MINUTE / 3))
    after = resident_megabytes(server)
    print(f"| memory before and after a minute of load | {before:.0f} MB | {after:.0f} MB |  |")


def resident_megabytes(server: Served) -> float:
    """Return the memory that the server's process holds, without its Postgres."""
    pages = int(Path(f"/proc/{server.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def time_wide_project(directory: Path) -> None:
    """Print what a project of many tables costs at the start, and to introspect."""
    project = write_project(directory / "project", _TABLES, _ROLES)
    options = ("--project", str(project))
    wide = f"{_TABLES} tables and {_ROLES} roles"
    with served(directory / "data", *options) as (_, took):
        print(f"| start, {wide}, new data directory | {took:.2f} s |  |  |")
    with served(directory / "data", *options) as (server, took):
        print(f"| start, {wide}, existing data | {took:.2f} s |  |  |")
        for who, headers in (("admin", {}), ("a role", {"x-hasura-role": "role_1"})):
            first, again = introspect(server, headers), introspect(server, headers)
            print(f"| introspection by {who}, first | {first:.2f} s |  |  |")
            print(f"| introspection by {who}, again | {again * 1000:.0f} ms |  |  |")


def introspect(server: Served, headers: dict[str, str]) -> float:
    """Return the seconds that the usual introspection takes, the reading of the bytes included."""
    body = {"query": get_introspection_query()}
    start = time.perf_counter()
    httpx.post(server.url, json=body, headers=headers, timeout=60).raise_for_status()
    return time.perf_counter() - start


def create_runs(server: Served) -> None:
    """Create the run that the rows belong to, and others."""
    with psycopg.connect(server.dsn) as connection:
        connection.execute(_CREATE_RUNS, [_RUNS])


def over_http(server: Served, query: str, *variables: dict[str, Any]) -> Callable[[], None]:
    """Return a call that sends the query over one kept connection, at next to no cost of its own.

    Args:
        server: Whom to ask.
        query: The query.
        variables: Its variables; if several, in turn.
    """
    url = urlsplit(server.url)
    requests = itertools.cycle([http_request(url, query, each) for each in variables])
    connection = socket.create_connection((url.hostname, url.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answers = connection.makefile("rb")

    def call() -> None:
        connection.sendall(next(requests))
        length = 0
        while (line := answers.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        answer = answers.read(length)
        if not answer.startswith(b'{"data"'):
            raise RuntimeError(answer.decode())

    return call


def http_request(url: SplitResult, query: str, variables: dict[str, Any]) -> bytes:
    """Return the bytes of a request."""
    body = orjson.dumps({"query": query, "variables": variables})
    head = (
        f"POST {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def straight(server: Served, query: str, *values: Any) -> Callable[[], None]:
    """Return a call that sends the SQL over one kept connection, with the values in turn."""
    connection = psycopg.connect(server.dsn, autocommit=True)
    statement = query.encode()
    parameters = itertools.cycle([[value] for value in values])

    def call() -> None:
        cursor = connection.execute(statement, next(parameters))
        if cursor.description:
            cursor.fetchall()

    return call


def rows() -> list[dict[str, Any]]:
    """Return a batch of rows of ten floats and a step."""
    metrics = {f"metric{number}": number / 7 for number in range(10)}
    return [{"run_id": 1, "log": {"step": step, **metrics}} for step in range(_BATCH)]


def insert_over_http(server: Served) -> Callable[[], None]:
    """Insert a batch through the server."""
    return over_http(server, _INSERT, {"objects": rows()})


def insert_straight(server: Served) -> Callable[[], None]:
    """Insert a batch straight."""
    return straight(server, _INSERT_SQL, orjson.dumps(rows()).decode())


def by_key_over_http(server: Served) -> Callable[[], None]:
    """Read a run by its key through the server."""
    return over_http(server, _BY_KEY, {"id": 1})


def by_key_straight(server: Served) -> Callable[[], None]:
    """Read a run by its key straight."""
    return straight(server, _BY_KEY_SQL, 1)


def by_keys_over_http(server: Served) -> Callable[[], None]:
    """Read one run after another by its key through the server."""
    return over_http(server, _BY_KEY, *({"id": number} for number in shuffled_keys()))


def by_keys_straight(server: Served) -> Callable[[], None]:
    """Read one run after another by its key straight."""
    return straight(server, _BY_KEY_SQL, *shuffled_keys())


def shuffled_keys() -> list[int]:
    """Return the keys of all runs, in an order of the thread's own."""
    return random.sample(range(1, _RUNS + 1), _RUNS)


def list_over_http(server: Served) -> Callable[[], None]:
    """Read a long list through the server."""
    return over_http(server, _LIST_QUERY, {"n": _LIST})


def list_straight(server: Served) -> Callable[[], None]:
    """Read a long list straight."""
    return straight(server, _LIST_SQL, _LIST)


if __name__ == "__main__":
    main()

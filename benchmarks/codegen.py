"""Measure the generator, and the clients that it writes, beside what they stand on.

    python -m benchmarks.codegen                       a schema of 160 tables, written by rule
    python -m benchmarks.codegen SCHEMA.graphql        a schema of yours
    python -m benchmarks.codegen --write               keep the table in benchmarks/results

Each figure is a ratio of two times taken in one run, or a time beside its goal.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import orjson
from graphql import build_schema

from run_logger.codegen.package import generate_package
from run_logger.transport import ConnectionPool
from tests.codegen.big_schema import big_schema
from tests.codegen.table_operations import count_of, table_operations

if TYPE_CHECKING:
    from collections.abc import Callable

TABLES = 160
QUERIED = 10
ROWS = 500
READ = 10_000
IMPORT_GOAL, USE_GOAL = 80, 100  # ms
URL = "http://localhost/v1/graphql"
RESULTS = Path(__file__).parent / "results" / "codegen.md"

_SMALL = """
query rows { table_0 { id count data created_at } }
mutation add($objects: [table_0_insert_input!]!) {
  insert_table_0(objects: $objects) { affected_rows }
}
"""

_OURS = """\
import sys
from pathlib import Path
from run_logger.codegen.package import generate_package
generate_package(Path(sys.argv[1]), Path(sys.argv[2]), "ours", Path(sys.argv[3]))
"""

_THEIRS = """\
import sys, warnings
warnings.simplefilter("ignore")
from graphql import GraphQLScalarType, build_schema
from ariadne_codegen.main import client
client({"tool": {"ariadne-codegen": {
    "schema_path": sys.argv[1], "queries_path": sys.argv[2], "target_package_name": "theirs",
    "target_package_path": sys.argv[3], "include_all_inputs": False, "include_all_enums": False,
    "multipart_uploads": False, "defer_model_build": True, "lazy_imports": True,
    "plugins": ["ariadne_codegen.contrib.shorter_results.ShorterResultsPlugin",
                "ariadne_codegen.contrib.extract_operations.ExtractOperationsPlugin"],
}}})
"""

_IMPORT = """\
import time, httpx, pydantic, orjson
# Only a model loads the whole of pydantic.
pydantic.create_model("Model", x=(int, ...)).model_rebuild()
start = time.process_time()
from ours import Client
imported = time.process_time()
import ours
name = next(name for name in ours.__all__ if name.endswith("_order_by"))
getattr(ours, name)()
used = time.process_time()
answer = next(name for name in ours.__all__ if name.startswith("List") and hasattr(
    getattr(ours, name), "model_validate"))
getattr(ours, answer).model_rebuild()
print(imported - start, used - imported, time.process_time() - used)
"""


@dataclass
class Row:
    """One line of the table."""

    what: str
    figure: str
    goal: str
    met: bool

    def __str__(self) -> str:
        """Return it as Markdown has it."""
        return f"| {self.what} | {self.figure} | {self.goal}{'' if self.met else ': **missed**'} |"


def best(work: Callable[[], object], times: int) -> float:
    """Return the shortest time of some runs, in milliseconds."""
    shortest = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest * 1_000


def python(code: str, *arguments: object, folder: Path) -> str:
    """Run code in a process of its own; return what it prints."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    # What is imported is compiled once, as for any user.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, cwd=folder, env=kept
    )
    return run.stdout


def generation(schema: Path, folder: Path) -> list[Row]:
    """Measure the generation, and the import and first use of what comes of it."""
    queries = folder / "queries"
    queries.mkdir()
    sdl = schema.read_text(encoding="utf-8")
    operations = table_operations(build_schema(sdl, assume_valid=True), QUERIED)
    (queries / "all.graphql").write_text(operations, encoding="utf-8")
    ours = best(lambda: _generated(_OURS, "ours", schema, queries, folder), 3)
    theirs = best(lambda: _generated(_THEIRS, "theirs", schema, queries, folder), 3)
    formatting = best(lambda: _format(folder / "ours"), 3)
    _generated(_OURS, "ours", schema, queries, folder)
    python(_IMPORT, folder=folder)  # compiled now
    printed = [python(_IMPORT, folder=folder) for _ in range(5)]
    imported, used, built = (min(each) * 1_000 for each in zip(*map(_floats, printed), strict=True))
    what = f"{count_of(operations)} operations, {len(build_schema(sdl).type_map):,} types"
    return [
        Row(
            f"generation beside ariadne-codegen's own, less {formatting:.0f} ms of formatting:"
            f" {what}",
            f"{ours:.0f} : {theirs:.0f} ms = {(ours - formatting) / theirs:.2f}",
            "≤ 1.2",
            ours - formatting <= 1.2 * theirs,
        ),
        Row(
            "import of the client beyond httpx and pydantic",
            f"{imported:.0f} ms",
            f"≤ {IMPORT_GOAL} ms",
            imported <= IMPORT_GOAL,
        ),
        Row("first use of an input", f"{used:.0f} ms", f"≤ {USE_GOAL} ms", used <= USE_GOAL),
        Row(
            "first use of an answer's model",
            f"{built:.0f} ms",
            f"≤ {USE_GOAL} ms",
            built <= USE_GOAL,
        ),
    ]


def _generated(code: str, name: str, schema: Path, queries: Path, folder: Path) -> None:
    shutil.rmtree(folder / name, ignore_errors=True)
    python(code, schema, queries, folder, folder=folder)


def _format(package: Path) -> None:
    style = ["--isolated", "--no-cache", "--quiet", "--line-length=100"]
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "check", "--fix", "--select=I,F401", *style, str(package)], check=True)
    subprocess.run([*ruff, "format", *style, str(package)], check=True)


def _floats(text: str) -> list[float]:
    return [float(part) for part in text.split()]


class Canned(httpx.BaseTransport):
    """Answers every request with the same bytes, and keeps the last body."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self.body = b""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.body = request.read()
        return httpx.Response(200, content=self._answer)


def _log(number: int) -> dict[str, Any]:
    return {"step": number, **{f"metric_{index}": number / (index + 3) for index in range(10)}}


def _package(folder: Path) -> Any:
    """Generate a client with an insert and a list, and import it."""
    (folder / "small").mkdir()
    (folder / "small" / "all.graphql").write_text(_SMALL, encoding="utf-8")
    (folder / "small.graphql").write_text(big_schema(2), encoding="utf-8")
    generate_package(folder / "small.graphql", folder / "small", "small_client", folder)
    sys.path.insert(0, str(folder))
    return importlib.import_module("small_client")


def sending(package: Any) -> Row:
    """Measure a call with many rows beside the encoding of its body."""
    rows = [
        package.table_0_insert_input(
            id=UUID(int=number), count=number, name="a name", data=_log(number)
        )
        for number in range(ROWS)
    ]
    canned = Canned(b'{"data":{"insert_table_0":{"affected_rows":500}}}')
    client = package.Client(URL, pool=ConnectionPool(transport=canned))
    client.add(objects=rows)
    body = orjson.loads(canned.body)
    empty = best(lambda: client.add(objects=[]), 50)
    call = best(lambda: client.add(objects=rows), 50)
    floor = best(lambda: orjson.dumps(body), 50)
    return Row(
        f"a call with {ROWS} rows of 14 values, less {empty:.2f} ms of one with none, beside"
        " orjson.dumps of its body",
        f"{call:.2f} : {floor:.2f} ms = {(call - empty) / floor:.2f}",
        "≤ 3",
        met=call - empty <= 3 * floor,
    )


def reading(package: Any) -> Row:
    """Measure a query of many rows beside pydantic's own validation of the same JSON."""
    rows = [
        {
            "id": str(UUID(int=number)),
            "count": number,
            "data": _log(number),
            "created_at": "2026-01-02T03:04:05.678901+00:00",
        }
        for number in range(READ)
    ]
    answer, bare = orjson.dumps({"data": {"table_0": rows}}), orjson.dumps({"table_0": rows})
    client = package.Client(URL, pool=ConnectionPool(transport=Canned(answer)))
    call = best(client.rows, 10)
    floor = best(lambda: package.Rows.model_validate_json(bare), 10)
    return Row(
        f"a query of {READ:,} rows beside pydantic's own validation of its JSON",
        f"{call:.0f} : {floor:.0f} ms = {call / floor:.2f}",
        "≤ 1.5",
        met=call <= 1.5 * floor,
    )


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("schema", nargs="?", type=Path, help="a file of SDL")
    parser.add_argument("--write", action="store_true", help=f"keep the table in {RESULTS.name}")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        schema = given.schema or Path(directory, "schema.graphql")
        if given.schema is None:
            schema.write_text(big_schema(TABLES), encoding="utf-8")
        rows = generation(schema.resolve(), Path(directory))
        package = _package(Path(directory))
        rows += [sending(package), reading(package)]
    table = "\n".join(["| what | measured | goal |", "|---|---|---|", *map(str, rows)])
    print(table)
    if given.write:
        RESULTS.write_text(f"{_HEAD}\n{table}\n", encoding="utf-8")


_HEAD = """\
# The generator, and the client that it writes

Taken in one run with `python -m benchmarks.codegen --write` on 2 cores (Python 3.11): the shortest
of several times, and ratios of such. The schema is written by rule
(`tests/codegen/big_schema.py`), and so are the operations over its first ten tables: list, nested,
by key, aggregate, insert, update, delete, live query, stream.
"""


if __name__ == "__main__":
    main()

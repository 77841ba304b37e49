"""Generate a client for schemas of yours, over operations written by rule, and try it whole.

    python -m tests.codegen.try_schemas SCHEMA.graphql OTHER.json
    python -m tests.codegen.try_schemas --tables 0 --async SCHEMA.graphql    all tables, coroutines

Each is generated, imported, and checked by mypy and pyright in strict mode.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson

from run_logger.codegen.checking import check_import, check_types
from run_logger.codegen.package import Options, generate_package
from run_logger.codegen.sdl import read_schema
from run_logger.errors import GenerationError
from tests.codegen.table_operations import count_of, table_operations


def try_schema(path: Path, tables: int | None, options: Options) -> str:
    """Generate a client for a schema and check it; return a line that says so.

    Raises:
        GenerationError: Something of it fails.
    """
    with tempfile.TemporaryDirectory() as directory:
        queries = Path(directory, "queries")
        queries.mkdir()
        operations = table_operations(read_schema(path), tables)
        (queries / "all.graphql").write_text(operations, encoding="utf-8")
        start = time.perf_counter()
        package = generate_package(path, queries, "tried_client", Path(directory), options)
        seconds = time.perf_counter() - start
        check_import(package.folder)
        check_types(package.folder)
        _check_with_pyright(package.folder)
    return f"{path.name}: {count_of(operations)} operations in {seconds:.1f} s"


def _check_with_pyright(folder: Path) -> None:
    settings = {"include": [folder.name], "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (folder.parent / "pyrightconfig.json").write_bytes(orjson.dumps(settings))
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--warnings"]
    checked = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=folder.parent
    )
    if checked.returncode:
        raise GenerationError(f"pyright: {checked.stdout}")


def main() -> None:
    """Try what the arguments name; the exit code is 1 if any of it fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("schemas", nargs="+", type=Path, help="SDL, or the JSON of introspections")
    parser.add_argument("--tables", type=int, default=10, help="how many tables; 0: all")
    parser.add_argument("--async", dest="asynchronous", action="store_true")
    given = parser.parse_args()
    failed = False
    for path in given.schemas:
        try:
            line = try_schema(path, given.tables or None, Options(given.asynchronous))
        except GenerationError as error:
            failed, line = True, f"{path.name} FAILED: {error}"
        sys.stdout.write(f"{line}\n")
    sys.exit(failed)


if __name__ == "__main__":
    main()

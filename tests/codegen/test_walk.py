"""The walk of docs/client.md: a database of one's own, a typed client, and a column renamed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import orjson
import pytest
from platformdirs import user_cache_path
from typer.testing import CliRunner

from run_logger.cli.generate import app
from run_logger.cli.schema import app as schema
from run_logger.errors import GenerationError

if TYPE_CHECKING:
    from tests.conftest import Serve

LAB = Path(__file__).parent / "data" / "lab"
TABLES = 15


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a lab: its Hasura project, its queries and its script; the current one."""
    folder = tmp_path / "lab"
    shutil.copytree(LAB, folder)
    (folder / "work.py.txt").rename(folder / "work.py")
    settings = {"include": ["work.py"], "typeCheckingMode": "strict", "extraPaths": ["src"]}
    (folder / "pyrightconfig.json").write_bytes(orjson.dumps(settings))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MYPYPATH", "src")
    monkeypatch.setenv("PYTHONPATH", "src")
    return folder


def generate(*arguments: str) -> str:
    result = CliRunner().invoke(app, ("--no-type-check", *arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def check_script(checker: str) -> subprocess.CompletedProcess[str]:
    if checker == "mypy":
        # What the command has checked before need not be checked again.
        cache = f"--cache-dir={user_cache_path('run-logger') / 'mypy'}"
        strictly = ["--strict", "--follow-imports=silent", "--config-file=", cache]
        return python("-m", "mypy", *strictly, "work.py")
    return python("-m", "pyright", "--pythonpath", sys.executable)


def test_a_lab_generates_a_client_works_with_it_and_renames_a_column(
    lab: Path, serve: Serve
) -> None:
    served = serve(lab / "schema")
    up = (lab / "schema/migrations/default/1_init/up.sql").read_text()
    assert up.count("create table") == TABLES
    arguments = ("--endpoint", served.url, "--schema", "schema.graphql")
    package = ("--output", "src/lab_client")
    assert "src/lab_client: added client.py" in generate(*arguments, *package)
    for checker in ("mypy", "pyright"):
        checked = check_script(checker)
        assert checked.returncode == 0, checked.stdout
    ran = python("work.py", served.url)
    assert ran.stdout.split() == ["0.0", "0.25", "0.5", "0.75", "1.0"], ran.stderr

    rename = {"source": "default", "sql": "alter table sample rename column weighed to mass"}
    changed = httpx.post(f"{served.base_url}/v2/query", json={"type": "run_sql", "args": rename})
    assert changed.is_success, changed.text
    diff = CliRunner().invoke(
        schema,
        ("diff", "--endpoint", served.url, "--against", "schema.graphql", "--queries", "queries"),
    )
    assert diff.exit_code == 1, diff.output
    assert re.search(r"sample\.weighed was removed.*\n.*lab\.graphql:\d+:\d+: ", diff.output)
    with pytest.raises(GenerationError, match=r"lab\.graphql:\d+: Cannot query field 'weighed'"):
        generate(*arguments, *package, "--check")
    queries = lab / "queries" / "lab.graphql"
    queries.write_text(queries.read_text().replace("weighed", "mass"))
    with pytest.raises(GenerationError, match=r"src/lab_client: changed fragments\.py"):
        generate(*arguments, *package, "--check")
    generate(*arguments, *package)
    checked = check_script("mypy")
    assert 'has no attribute "weighed"' in checked.stdout
    assert 'Unexpected keyword argument "weighed"' in checked.stdout

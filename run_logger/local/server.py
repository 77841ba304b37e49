"""The local server, put together: database, migrations, engine, HTTP."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import uvloop
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from run_logger.local.api import admin_routes
from run_logger.local.app import DIALECT, create_app
from run_logger.local.auth import read_authenticator
from run_logger.local.engine import Engine
from run_logger.local.errors import ServeError
from run_logger.local.http_server import HttpServer, check_exposure, listen, url_of
from run_logger.local.interruption import end_in_order
from run_logger.local.migrations import migrate
from run_logger.local.options import configuration, read_options
from run_logger.local.postgres import Postgres
from run_logger.local.websocket import websocket_routes
from run_logger.web.page import page_routes

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Generator
    from pathlib import Path

    from starlette.types import ASGIApp

    from run_logger.local.auth import Authenticator
    from run_logger.local.options import Options

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What `run-logger serve` is told.

    Args:
        host: The address to listen on.
        port: The port; 0 takes one that is free.
        data_dir: Where the embedded Postgres keeps its data; unused with a database_url.
        database_url: The connection string of a database to use instead.
        project: A Hasura CLI project.
        admin_secret: What requests have to present.
    """

    host: str
    port: int
    data_dir: Path
    database_url: str | None
    project: Path
    admin_secret: str | None


def serve(settings: Settings, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM, then answer what is under way and stop the database.

    Args:
        settings: What to serve, and where.
        on_ready: Called with the server's URL (`http://127.0.0.1:8080`) when it answers.

    Raises:
        ServeError: Something that it needs is not there; the message says what to do.
    """
    check_exposure(settings.host, settings.admin_secret)
    logging.basicConfig(level=read_options(os.environ).log_level, format="%(message)s")
    ends = end_in_order()
    with listen(settings.host, settings.port) as listener:
        if settings.database_url:
            _check_dsn(settings.database_url)
            _serve_database(settings, settings.database_url, listener, on_ready)
            return
        # A signal may come between any two steps: only `with` itself leaves no gap after a start.
        with Postgres(settings.data_dir) as postgres:
            try:
                _serve_database(settings, postgres.dsn(), listener, on_ready, postgres)
            finally:
                ends()


def _serve_database(
    settings: Settings,
    dsn: str,
    listener: socket.socket,
    on_ready: Callable[[str], None],
    postgres: Postgres | None = None,
) -> None:
    """Serve a database, as long as the Postgres that was started for it runs."""

    def ready(server: HttpServer) -> None:
        server.stop_unless(lambda: postgres is None or postgres.is_running)
        on_ready(url_of(listener))

    with _clear_errors():
        migrate(dsn, settings.project)
        authenticator = read_authenticator(settings.admin_secret, os.environ)
        uvloop.run(run(listener, dsn, settings.project, authenticator, ready))
    if postgres is not None and not postgres.is_running:
        raise postgres.stopped_by_itself()


async def run(
    listener: socket.socket,
    dsn: str,
    project: Path,
    authenticator: Authenticator,
    on_ready: Callable[[HttpServer], None],
) -> None:
    """Serve a migrated database until the server is told to stop.

    Args:
        listener: The socket to answer on, already listening.
        dsn: The connection string of the database.
        project: The Hasura CLI project whose metadata say what is shown.
        authenticator: What tells who asks.
        on_ready: Called with the server when it answers; `should_exit = True` stops it.
    """
    options = read_options(os.environ)
    engine = await Engine.open(
        _isolated(dsn, options.isolation),
        project,
        options.intervals,
        infers_functions=options.infers_functions,
        stringifies_numbers=options.stringifies_numbers,
    )
    if options.ignored:
        _log.warning("what these ask for is not served here: %s", ", ".join(options.ignored))
    _tell_what_is_not_served(engine)
    try:
        app = _application(engine, authenticator, options)
        await HttpServer(app, on_ready).serve(sockets=[listener])
    finally:
        await engine.close()


def _isolated(dsn: str, isolation: str) -> str:
    """Return a connection string whose transactions are kept apart as the options say."""
    given = conninfo_to_dict(dsn).get("options") or ""
    level = isolation.replace(" ", r"\ ")
    return make_conninfo(dsn, options=f"{given} -c default_transaction_isolation={level}".strip())


def _application(engine: Engine, authenticator: Authenticator, options: Options) -> ASGIApp:
    settings = configuration(
        options, DIALECT, has_secret=authenticator.has_secret, has_jwt=authenticator.has_tokens
    )
    routes = [
        *websocket_routes(engine, authenticator, options.intervals, options.origins or ""),
        *admin_routes(engine, authenticator, settings),
        *page_routes(),
    ]
    return create_app(engine, authenticator, options, routes)


def _tell_what_is_not_served(engine: Engine) -> None:
    if left_out := engine.shown.metadata.left_out:
        _log.warning("the metadata hold what is not served here: %s", ", ".join(left_out))
    for item in engine.inconsistencies:
        _log.warning(
            "the metadata do not fit the database: %s %s: %s", item.kind, item.name, item.reason
        )


def _check_dsn(dsn: str) -> None:
    try:
        conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        # libpq's own message repeats the text, with a password that may be in it.
        raise ServeError(
            "The --database-url is no connection string",
            remedy="Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE.",
        ) from None


@contextmanager
def _clear_errors() -> Generator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise ServeError(
            f"The database cannot be used: {str(error).strip()}", remedy="Check --database-url."
        ) from error

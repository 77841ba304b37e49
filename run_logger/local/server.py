"""The local server, put together: database, migrations, engine, HTTP."""

from __future__ import annotations

import logging
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import uvloop
from psycopg.conninfo import conninfo_to_dict

from run_logger.local.app import create_app
from run_logger.local.auth import Authenticator
from run_logger.local.engine import Engine
from run_logger.local.errors import ServerError
from run_logger.local.http_server import HttpServer, check_exposure, listen, url_of
from run_logger.local.migrations import migrate
from run_logger.local.postgres import Postgres

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Generator
    from pathlib import Path
    from types import FrameType

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
        ServerError: Something that it needs is not there; the message says what to do.
    """
    check_exposure(settings.host, settings.admin_secret)
    with _unwinding(), listen(settings.host, settings.port) as listener:
        url = url_of(listener)
        with _database(settings) as dsn, _clear_errors():
            migrate(dsn, settings.project)
            authenticator = Authenticator(settings.admin_secret)
            uvloop.run(run(listener, dsn, settings.project, authenticator, lambda _: on_ready(url)))


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
    engine = await Engine.open(dsn, project)
    for inconsistency in engine.inconsistencies:
        _log.warning("the metadata do not fit the database: %s", inconsistency)
    try:
        app = create_app(engine, authenticator)
        await HttpServer(app, on_ready).serve(sockets=[listener])
    finally:
        await engine.close()


@contextmanager
def _database(settings: Settings) -> Generator[str]:
    if settings.database_url:
        _check_dsn(settings.database_url)
        yield settings.database_url
        return
    with Postgres(settings.data_dir) as postgres:
        yield postgres.dsn()


def _check_dsn(dsn: str) -> None:
    try:
        conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        # libpq's own message repeats the text, with a password that may be in it.
        raise ServerError(
            "The --database-url is no connection string",
            remedy="Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE.",
        ) from None


@contextmanager
def _clear_errors() -> Generator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise ServerError(
            f"The database cannot be used: {str(error).strip()}", remedy="Check --database-url."
        ) from error


@contextmanager
def _unwinding() -> Generator[None]:
    """Let SIGTERM end things in order from the first moment: by default it ends the process."""

    def leave(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

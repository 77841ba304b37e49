"""`/v1alpha1/pg_dump`: the database as SQL, from which the Hasura CLI makes a first migration."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, Final

from psycopg.conninfo import make_conninfo

from run_logger.local.binaries import find_binaries
from run_logger.local.errors import HasuraError
from run_logger.local.metadata import as_mapping
from run_logger.local.request.syntax import is_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from run_logger.local.engine import Engine

# Options that lead elsewhere: to files of this machine, or to another database.
_REFUSED: Final = ("file", "filter", "dbname", "host", "port", "username", "password", "jobs")
_REFUSED_LETTERS: Final = frozenset("fdhpUWj")
_LETTERS_WITH_VALUES: Final = frozenset("nNteTESZF")
# What the CLI asks to be left out, as Hasura v2 does.
_PREAMBLE: Final = frozenset(
    {
        "SET statement_timeout = 0;",
        "SET lock_timeout = 0;",
        "SET idle_in_transaction_session_timeout = 0;",
        "SET transaction_timeout = 0;",
        "SET client_encoding = 'UTF8';",
        "SET standard_conforming_strings = on;",
        "SELECT pg_catalog.set_config('search_path', '', false);",
        "SET xmloption = content;",
        "SET client_min_messages = warning;",
        "SET row_security = off;",
        "SET default_tablespace = '';",
        "SET default_table_access_method = heap;",
        "CREATE SCHEMA public;",
        "COMMENT ON SCHEMA public IS 'standard public schema';",
    }
)


async def pg_dump(engine: Engine, body: Any) -> str:
    """Return what pg_dump writes of the database.

    Args:
        engine: What leads to the database.
        body: `opts`, a list of options of pg_dump, and where given `clean_output`: whether
            settings, comments and empty lines are left out.

    Raises:
        HasuraError: An option is refused, or pg_dump fails.
    """
    request = as_mapping(body) or {}
    options: Any = request.get("opts")
    if not is_list(options):
        raise HasuraError('key "opts" not found', "parse-failed", "$")
    written = await _run(engine, _checked(map(str, options)))
    return _cleaned(written) if request.get("clean_output") else written


def _checked(options: Iterable[str]) -> list[str]:
    given = list(options)
    for option in given:
        if _is_refused(option):
            raise HasuraError(f"the option {option} is not allowed", "not-supported", "$.opts")
    return given


def _is_refused(option: str) -> bool:
    if option.startswith("--"):
        # pg_dump takes the beginning of a name for the name.
        name = option[2:].partition("=")[0]
        return any(refused.startswith(name) for refused in _REFUSED)
    for letter in option[1:] if option.startswith("-") else "":
        if letter in _REFUSED_LETTERS:
            return True
        if letter in _LETTERS_WITH_VALUES:
            return False
    return False


async def _run(engine: Engine, options: list[str]) -> str:
    async with engine.connect() as connection:
        info = connection.info
        # What stands on a command line is for all to read.
        dsn = make_conninfo(**info.get_parameters())
        environment: Mapping[str, str] = {**os.environ, "PGPASSWORD": info.password}
    process = await asyncio.create_subprocess_exec(
        find_binaries().program("pg_dump"),
        *(f"--dbname={dsn}", "--encoding=utf8"),
        *options,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    written, said = await process.communicate()
    if process.returncode:
        message = f"error while executing pg_dump: {said.decode(errors='replace').strip()}"
        raise HasuraError(message, "unexpected", "$")
    return written.decode()


def _cleaned(written: str) -> str:
    lines = (line for line in written.splitlines() if not _is_dropped(line))
    return "".join(f"{line}\n" for line in lines)


def _is_dropped(line: str) -> bool:
    # Newer releases frame the text with commands to psql, `\restrict …`.
    return not line.strip() or line.startswith(("--", "\\")) or line in _PREAMBLE

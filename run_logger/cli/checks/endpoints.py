"""Checks of a server: does it answer, let us in, and have our tables as this library knows them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from run_logger.cli.checks.finding import Finding, Level, Section, problem_of
from run_logger.errors import RunLoggerError, SchemaError, without_secrets
from run_logger.inputs import field_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from run_logger_client import Client, EndpointTables
    from run_logger_client.endpoint_tables import (
        EndpointTablesRun,
        EndpointTablesSweep,
        EndpointTablesWriter,
    )

    from run_logger.inputs import Input

__all__ = ["check_endpoint"]

PATIENCE = 10.0
"""Seconds to wait for each step of a request: what answers later is of no use to a run either."""

OLDEST_HASURA = (2, 30)
"""The first version whose dialect has all that the library's operations use."""

_RECENT = timedelta(days=1)
_API_PATHS = ("/v1/graphql", "/v1alpha1/graphql")


def check_endpoint(endpoint: str) -> Iterator[Finding]:
    """Look at a server as a logger would see it, with the secrets of the environment.

    Args:
        endpoint: The URL of the GraphQL API.
    """
    from run_logger.hasura_logger import Client  # noqa: PLC0415  as in `connect`

    try:
        with Client(endpoint, timeout=PATIENCE) as client:
            tables = client.endpoint_tables()
            yield _answers(client)
            yield from _check_tables(client, tables)
    except RunLoggerError as error:
        yield problem_of(Section.endpoint, error, endpoint=without_secrets(endpoint))


def _answers(client: Client) -> Finding:
    version = _version(client.graphql_endpoint)
    facts = {"endpoint": client.endpoint, "server_version": version}
    text = f"{client.endpoint} answers and lets us in"
    if version is None:
        return Finding(Section.endpoint, Level.fine, text, facts=facts)
    if _numbers(version) < OLDEST_HASURA:
        oldest = ".".join(map(str, OLDEST_HASURA))
        return Finding(
            Section.endpoint,
            Level.problem,
            f"{text}, and its Hasura {version} is older than v{oldest}",
            f"Upgrade Hasura to v{oldest} or a later v2.",
            facts,
        )
    return Finding(Section.endpoint, Level.fine, f"{text}; it speaks Hasura {version}", facts=facts)


def _version(endpoint: str) -> str | None:
    """Ask for the server's version; None where the API lies elsewhere, or nobody may ask."""
    path = next((path for path in _API_PATHS if endpoint.endswith(path)), None)
    if path is None:
        return None
    try:
        answer = httpx.get(endpoint.removesuffix(path) + "/v1/version", timeout=PATIENCE)
        version: Any = answer.json()["version"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None  # a proxy may let nothing but the GraphQL API through
    return version if isinstance(version, str) else None


def _numbers(version: str) -> tuple[int, int]:
    found = re.match(r"v?(\d+)\.(\d+)", version)
    # Builds that carry a name instead of a number are somebody's own, and new.
    return (int(found[1]), int(found[2])) if found else OLDEST_HASURA


def _check_tables(client: Client, tables: EndpointTables) -> Iterator[Finding]:
    """Compare what the endpoint shows of our tables with what this library was generated for."""
    from run_logger_client.input_types import (  # noqa: PLC0415  a slow import
        run_bool_exp,
        sweep_bool_exp,
        writer_bool_exp,
    )

    known = {
        "run": _fields(run_bool_exp),
        "sweep": _fields(sweep_bool_exp),
        "writer": _fields(writer_bool_exp),
    }
    shown = {
        "run": _names(tables.run),
        "sweep": _names(tables.sweep),
        "writer": _names(tables.writer),
    }
    if any(known[table] - shown[table] for table in known):
        yield _outdated(client, known, shown)
        return
    # The table of writers is all ours: a field more can only come from a newer version.
    yield _current(client, sorted(shown["writer"] - known["writer"]))
    yield from _check_sweeps(client)


def _names(
    table: EndpointTablesRun | EndpointTablesSweep | EndpointTablesWriter | None,
) -> set[str]:
    return {field.name for field in table.fields or []} if table else set()


def _fields(filter_: type[Input]) -> set[str]:
    """Return the fields of a table that a filter can name: columns and relations."""
    return {name for name in field_names(filter_) if not name.startswith("_")}


def _outdated(client: Client, known: dict[str, set[str]], shown: dict[str, set[str]]) -> Finding:
    absent = [table for table in known if not shown[table]]
    fields = [
        f"{table}.{field}" for table in known for field in sorted(known[table] - shown[table])
    ]
    if "run" in absent:
        what = "none of our tables: the migration 'baseline' is not applied or not tracked"
    elif "writer" in absent:
        what = "version 0.1's tables alone: the migration 'writers' is not applied or not tracked"
    else:
        what = f"not all that this version needs: {', '.join(fields)}"
    return Finding(
        Section.endpoint,
        Level.problem,
        f"{client.endpoint} shows this role {what}",
        f"{SchemaError.default_remedy} If they are there, the role may not see them:"
        " set HASURA_GRAPHQL_ROLE or HASURA_GRAPHQL_ADMIN_SECRET.",
        {"endpoint": client.endpoint, "missing_tables": absent, "missing_fields": fields},
    )


def _current(client: Client, newer: list[str]) -> Finding:
    facts = {"endpoint": client.endpoint, "unknown_fields": newer}
    if not newer:
        return Finding(
            Section.endpoint, Level.fine, "its tables are those of this version", facts=facts
        )
    return Finding(
        Section.endpoint,
        Level.note,
        f"its tables are those of a newer version: writer has {', '.join(newer)} too",
        "Recording works. For what is new: pip install --upgrade run-logger.",
        facts,
    )


def _check_sweeps(client: Client) -> Iterator[Finding]:
    """Look for running sweeps that clients of version 0.1 and of this one share."""
    from run_logger_client.input_types import (  # noqa: PLC0415  as above
        String_comparison_exp,
        run_bool_exp,
        sweep_bool_exp,
        timestamptz_comparison_exp,
        writer_bool_exp,
    )

    ours = run_bool_exp(status=String_comparison_exp(_eq="running"))
    # A client of 0.1 makes runs without a writer.
    old = run_bool_exp(
        created_at=timestamptz_comparison_exp(_gt=datetime.now(UTC) - _RECENT),
        _not=run_bool_exp(writers=writer_bool_exp()),
    )
    shared = sweep_bool_exp(_and=[sweep_bool_exp(runs=ours), sweep_bool_exp(runs=old)])
    for sweep in client.list_sweeps(where=shared):
        yield Finding(
            Section.sweeps,
            Level.problem,
            f"sweep {sweep.id} at {client.endpoint} has running runs of this version, and runs that"
            " run-logger 0.1 made within the last day: the two count the points apart, so some are"
            " tried twice",
            "Upgrade run-logger where the old ones run, or give each version a sweep of its own.",
            {"endpoint": client.endpoint, "sweep": sweep.id},
        )

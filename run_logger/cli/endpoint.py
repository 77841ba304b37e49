"""Which endpoint a command talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from run_logger.hasura_logger import Client

DEFAULT_ENDPOINT = "http://127.0.0.1:8080/v1/graphql"

Endpoint = Annotated[
    str,
    typer.Option(
        "--endpoint",
        "-e",
        envvar="RUN_LOGGER_ENDPOINT",
        metavar="URL",
        help="Hasura's GraphQL API. A secret, role or token is taken from"
        " HASURA_GRAPHQL_ADMIN_SECRET, HASURA_GRAPHQL_ROLE, HASURA_GRAPHQL_TOKEN.",
    ),
]


def connect(endpoint: str) -> Client:
    """Return the typed client of an endpoint."""
    # Only commands that talk to a server wait for the import of the client.
    from run_logger.hasura_logger import Client  # noqa: PLC0415

    return Client(endpoint)

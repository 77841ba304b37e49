"""Every error that this library raises on purpose: one tree, each leaf something to act on.

    RunLoggerError
    ├── ConfigError             a config file, an argument or the environment (ValueError)
    ├── NotStartedError         a run is needed and none has been created (AssertionError)
    ├── RunNotFoundError        the endpoint answers and has no such run (LookupError)
    ├── JournalError            a file is no journal, or one of a newer version's
    ├── SweepError              the sweep is missing, archived, or has no choices
    │   └── SweepExhaustedError     the sweep has no runs left
    ├── GenerationError         no client can be generated from this schema and these queries
    ├── SchemaError             our tables or columns are missing there: a migration has to run
    ├── AuthenticationError     the endpoint refuses our secret, token or role
    ├── EndpointError           nothing usable answers at this address
    │   ├── UnreachableError        no connection, or it broke (ConnectionError)
    │   ├── EndpointTimeoutError    no answer in time (TimeoutError)
    │   └── NotHasuraError          something answers, and it is not Hasura's GraphQL API
    ├── ServerError             the server cannot answer now: 408, 429, 5xx, no database
    └── GraphQLError            the server read the request and refused it
        ├── ContentError            because of the values in it: sent again, it fails again
        ├── ForbiddenError          because this role may not do that (PermissionError)
        └── QueryError              because the operation does not fit the server's schema

A value without a JSON form is Python's own `TypeError`, raised before anything is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "AuthenticationError",
    "ConfigError",
    "ContentError",
    "EndpointError",
    "EndpointTimeoutError",
    "ForbiddenError",
    "GenerationError",
    "GraphQLError",
    "JournalError",
    "NotHasuraError",
    "NotStartedError",
    "QueryError",
    "RunLoggerError",
    "RunNotFoundError",
    "SchemaError",
    "ServerError",
    "SweepError",
    "SweepExhaustedError",
    "UnreachableError",
    "without_secrets",
]


def without_secrets(endpoint: str) -> str:
    """Return `endpoint` without user name, password, query string and fragment.

    Args:
        endpoint: A URL, or what was given as one.

    Returns:
        Scheme, host, port and path alone; any of the others may hold a password or a token.
    """
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        return "(not a URL)"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


class RunLoggerError(Exception):
    """Base of every error of this library.

    Its text is one line: the problem, then the endpoint and what was tried, then what to do next.

    Args:
        problem: What is wrong, as a clause without a full stop.
        endpoint: The URL that was asked; shown without its secrets, kept without them too.
        attempt: What was tried, as a noun or a name: "create_run", "the operation insert_logs".
        remedy: What to do next, as a sentence; by default the one of the class.

    Attributes:
        retryable: Whether the same request may succeed later with nothing changed by the user.
    """

    retryable: ClassVar[bool] = False
    default_remedy: ClassVar[str] = ""

    def __init__(
        self,
        problem: str,
        *,
        endpoint: str | None = None,
        attempt: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.endpoint: str | None = None if endpoint is None else without_secrets(endpoint)
        self.attempt = attempt
        self.remedy: str = self.default_remedy if remedy is None else remedy

    def __str__(self) -> str:
        """Return the whole message, in one line unless the problem itself has several."""
        where = f" at {self.endpoint}" if self.endpoint else ""
        tried = f" (tried: {self.attempt})" if self.attempt else ""
        stated = f"{self.problem.rstrip('.')}{where}{tried}."
        return f"{stated} {self.remedy}" if self.remedy else stated


class ConfigError(RunLoggerError, ValueError):
    """A config file, an argument or an environment variable cannot be used as it is."""


class NotStartedError(RunLoggerError, AssertionError):
    """A call needs a run, and none has been created or joined yet.

    It is an AssertionError too, which callers of version 0.1 may catch.
    """

    default_remedy = "Call create_run first."


class RunNotFoundError(RunLoggerError, LookupError):
    """The endpoint answers, and has no run with this id or key."""

    default_remedy = "List what is there: run-logger runs list."


class JournalError(RunLoggerError):
    """A file is no journal, is damaged where it says whose it is, or has a newer format."""


class SweepError(RunLoggerError):
    """A sweep does not exist, is archived, has no choices, an empty list, or no runs left."""


class SweepExhaustedError(SweepError):
    """A sweep has given out as many runs as it may have."""


class GenerationError(RunLoggerError):
    """No client can be generated from this schema and these queries."""


class SchemaError(RunLoggerError):
    """The endpoint is Hasura's, and our tables or columns are not all tracked there."""

    default_remedy = (
        "Apply the project's migrations and metadata: in schema/, hasura migrate apply"
        " --database-name default, then hasura metadata apply."
    )


class AuthenticationError(RunLoggerError):
    """The endpoint refuses the secret, the token or the role that came with the request."""

    default_remedy = (
        "Set HASURA_GRAPHQL_ADMIN_SECRET, HASURA_GRAPHQL_TOKEN or HASURA_GRAPHQL_ROLE,"
        " or give the headers as an argument."
    )


class EndpointError(RunLoggerError):
    """Nothing that can be used answers at this address."""

    default_remedy = "Check the endpoint: http(s)://HOST[:PORT]/v1/graphql."


class UnreachableError(EndpointError, ConnectionError):
    """There is no connection to the endpoint, or it broke before the answer was whole."""

    retryable = True
    default_remedy = (
        "Check that the server runs and the address is right; run-logger serve starts one here."
    )


class EndpointTimeoutError(EndpointError, TimeoutError):
    """The endpoint did not answer in time; what was asked may have been done all the same."""

    retryable = True
    default_remedy = "Try again, or give a longer timeout."


class NotHasuraError(EndpointError):
    """Something answers at this address, and not as Hasura's GraphQL API does."""


class ServerError(RunLoggerError):
    """The server or its database cannot answer at the moment: try again later.

    Attributes:
        status: The HTTP status of the answer; Hasura answers 200 to most errors of its database.
        code: Hasura's error code, None where the answer came from something in front of it.
        retry_after: Seconds that the server asks to wait, None if it did not say.
    """

    retryable = True
    default_remedy = "Try again later; the server's own log says more."

    def __init__(  # noqa: PLR0913  (the base's arguments and what the answer said)
        self,
        problem: str,
        *,
        status: int = 200,
        code: str | None = None,
        retry_after: float | None = None,
        endpoint: str | None = None,
        attempt: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(problem, endpoint=endpoint, attempt=attempt, remedy=remedy)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class GraphQLError(RunLoggerError):
    """The server read the request and refused it.

    Attributes:
        code: Hasura's error code ("validation-failed"), or "http-413" and the like where the
            status alone says what is wrong.
        path: The place in the request that the server names ("$.selectionSet.run"), or None.
        errors: The answer's list of errors as it came.
    """

    def __init__(  # noqa: PLR0913  (the base's arguments and what the answer said)
        self,
        problem: str,
        *,
        code: str = "unexpected",
        path: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        endpoint: str | None = None,
        attempt: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(problem, endpoint=endpoint, attempt=attempt, remedy=remedy)
        self.code = code
        self.path = path
        self.errors: list[Mapping[str, Any]] = list(errors)


class ContentError(GraphQLError):
    """The server refuses the values of this request: a wrong type, a constraint, too large.

    The same request fails whenever it is sent; a smaller one without the value at fault does not.
    """


class ForbiddenError(GraphQLError, PermissionError):
    """The role of this request may not do what it asks."""

    default_remedy = "Use a role that may, or the admin secret."


class QueryError(GraphQLError):
    """The operation does not fit the schema of the server: a field, an argument or a type."""

    default_remedy = "Compare the operation with the schema of the endpoint: run-logger generate."

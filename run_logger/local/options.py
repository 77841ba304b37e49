"""What Hasura's environment variables say, so that one `.env` serves a Hasura and this server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from run_logger.local.auth import ADMIN, LOCAL_ORIGIN
from run_logger.local.errors import ServeError
from run_logger.local.intervals import Intervals, read_intervals
from run_logger.local.permissions import infers_functions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CORS_DOMAIN = "HASURA_GRAPHQL_CORS_DOMAIN"
_DISABLE_CORS = "HASURA_GRAPHQL_DISABLE_CORS"
_STRINGIFY = "HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES"
_ADMIN_INTERNALS = "HASURA_GRAPHQL_ADMIN_INTERNAL_ERRORS"
_DEV_MODE = "HASURA_GRAPHQL_DEV_MODE"
_ISOLATION = "HASURA_GRAPHQL_TX_ISOLATION"
_ISOLATIONS = ("read-committed", "repeatable-read", "serializable")
_ENABLED_APIS = "HASURA_GRAPHQL_ENABLED_APIS"
# By the names that Hasura gives them; of others that it has there is nothing here.
_APIS = {
    "graphql": ("/v1/graphql", "/v1alpha1/graphql", "/v1/graphql/explain"),
    "metadata": ("/v1/metadata", "/v1/query", "/v2/query"),
    "pgdump": ("/v1alpha1/pg_dump",),
    "config": ("/v1alpha1/config",),
}
_LOG_LEVEL = "HASURA_GRAPHQL_LOG_LEVEL"
_LOG_LEVELS = {"debug": "DEBUG", "info": "INFO", "warn": "WARNING", "error": "ERROR"}
# What would change who may do what, or the schema: whoever relies on it has to know. The others
# that are not read here concern what there is none of, or only how quick something is.
_NOT_HONOURED = (
    "HASURA_GRAPHQL_AUTH_HOOK",
    "HASURA_GRAPHQL_DEFAULT_NAMING_CONVENTION",
    "HASURA_GRAPHQL_ENABLE_ALLOWLIST",
    "HASURA_GRAPHQL_EXPERIMENTAL_FEATURES",
    "HASURA_GRAPHQL_JWT_SECRETS",
    "HASURA_GRAPHQL_METADATA_DATABASE_URL",
    "HASURA_GRAPHQL_READ_REPLICA_URLS",
    "HASURA_GRAPHQL_V1_BOOLEAN_NULL_COLLAPSE",
)
_TRUE = {"true", "t", "yes", "y", "1"}
_FALSE = {"false", "f", "no", "n", "0"}
_ORIGIN = re.compile(r"https?://(\*\.)?[^/*\s]+")


@dataclass(frozen=True, slots=True)
class Options:
    """What is told by environment variables; the defaults are Hasura's.

    Attributes:
        intervals: How often things happen.
        infers_functions: Whether who sees a table may call the functions that return its rows.
        stringifies_numbers: Whether values of bigint, numeric and double precision are strings.
        origins: A pattern of the sites whose pages may ask; the empty one: none may. None: of all
            sites where a secret is asked for, else of this machine's.
        tells_admin: Whether an administrator's errors tell what happened in the database.
        tells_all: Whether everybody's do.
        isolation: How transactions are kept apart, in the words of SQL.
        closed: The addresses that answer as if they did not exist.
        log_level: The least grave thing that is logged, in the words of `logging`.
        ignored: The variables that are set, ask for something, and have no effect here.
    """

    intervals: Intervals = field(default_factory=Intervals)
    infers_functions: bool = True
    stringifies_numbers: bool = False
    origins: str | None = None
    tells_admin: bool = True
    tells_all: bool = False
    isolation: str = "read committed"
    closed: frozenset[str] = frozenset()
    log_level: str = "WARNING"
    ignored: Sequence[str] = ()

    def tells_internals(self, role: str) -> bool:
        """Tell whether the errors of a role tell what happened in the database."""
        return self.tells_all or (self.tells_admin and role == ADMIN)

    def allowed_origins(self, *, has_secret: bool) -> str:
        """Return the pattern of the sites whose pages may ask."""
        if self.origins is not None:
            return self.origins
        return ".*" if has_secret else LOCAL_ORIGIN.pattern


def read_options(environment: Mapping[str, str]) -> Options:
    """Read the options from environment variables.

    Raises:
        ServeError: One of them has no value of its kind.
    """
    return Options(
        intervals=read_intervals(environment),
        infers_functions=infers_functions(environment),
        stringifies_numbers=_flag(environment, _STRINGIFY),
        origins="" if _flag(environment, _DISABLE_CORS) else _origins(environment),
        tells_admin=_flag(environment, _ADMIN_INTERNALS, default="true"),
        tells_all=_flag(environment, _DEV_MODE),
        isolation=_isolation(environment),
        closed=_closed(environment),
        log_level=_log_level(environment),
        ignored=[name for name in _NOT_HONOURED if _asks(environment.get(name))],
    )


def configuration(
    options: Options, version: str, *, has_secret: bool, has_jwt: bool
) -> dict[str, Any]:
    """Return what `/v1alpha1/config` answers, as far as Hasura's answer has a meaning here."""
    return {
        "version": version,
        "is_function_permissions_inferred": options.infers_functions,
        "is_remote_schema_permissions_enabled": False,
        "is_admin_secret_set": has_secret,
        "is_auth_hook_set": False,
        "is_jwt_set": has_jwt,
        "jwt": [],
        "is_allow_list_enabled": False,
        "live_queries": {"batch_size": 100, "refetch_delay": options.intervals.live_query},
        "streaming_queries": {"batch_size": 100, "refetch_delay": options.intervals.stream},
        "console_assets_dir": None,
        "experimental_features": [],
        "is_prometheus_metrics_enabled": False,
        "default_naming_convention": "hasura-default",
        "feature_flags": [],
    }


def _flag(environment: Mapping[str, str], name: str, default: str = "false") -> bool:
    given = environment.get(name) or default
    if given.lower() in _TRUE | _FALSE:
        return given.lower() in _TRUE
    raise ServeError(f"{name} is {given!r}", remedy="Give true or false.")


def _isolation(environment: Mapping[str, str]) -> str:
    given = environment.get(_ISOLATION) or _ISOLATIONS[0]
    if given not in _ISOLATIONS:
        raise ServeError(f"{_ISOLATION} is {given!r}", remedy=f"Give {' or '.join(_ISOLATIONS)}.")
    return given.replace("-", " ")


def _closed(environment: Mapping[str, str]) -> frozenset[str]:
    given = environment.get(_ENABLED_APIS)
    if not given:
        return frozenset()
    enabled = {item.strip().lower() for item in given.split(",")}
    paths = (paths for name, paths in _APIS.items() if name not in enabled)
    return frozenset(path for group in paths for path in group)


def _log_level(environment: Mapping[str, str]) -> str:
    given = (environment.get(_LOG_LEVEL) or "warn").lower()
    if given not in _LOG_LEVELS:
        raise ServeError(
            f"{_LOG_LEVEL} is {given!r}", remedy=f"Give one of {', '.join(_LOG_LEVELS)}."
        )
    return _LOG_LEVELS[given]


def _asks(given: str | None) -> bool:
    return bool(given) and str(given).lower() not in _FALSE


def _origins(environment: Mapping[str, str]) -> str | None:
    """Read a list of origins, in which `*.` stands for any part of a domain's name."""
    given = environment.get(_CORS_DOMAIN)
    if not given:
        return None
    origins = [item.strip().rstrip("/") for item in given.split(",")]
    if "*" in origins:
        return ".*"
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ServeError(
                f"{_CORS_DOMAIN} holds {origin!r}",
                remedy="Give origins like https://*.example.org:8080, with commas between, or *.",
            )
    return "|".join(re.escape(origin).replace(r"\*\.", r"[^/.:]+\.") for origin in origins)

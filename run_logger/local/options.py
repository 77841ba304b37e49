"""What Hasura's environment variables say, so that one `.env` serves a Hasura and this server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from run_logger.local.auth import LOCAL_ORIGIN
from run_logger.local.errors import ServerError
from run_logger.local.intervals import Intervals, read_intervals
from run_logger.local.permissions import infers_functions

if TYPE_CHECKING:
    from collections.abc import Mapping

_CORS_DOMAIN = "HASURA_GRAPHQL_CORS_DOMAIN"
_DISABLE_CORS = "HASURA_GRAPHQL_DISABLE_CORS"
_STRINGIFY = "HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES"
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
    """

    intervals: Intervals = field(default_factory=Intervals)
    infers_functions: bool = True
    stringifies_numbers: bool = False
    origins: str | None = None

    def allowed_origins(self, *, has_secret: bool) -> str:
        """Return the pattern of the sites whose pages may ask."""
        if self.origins is not None:
            return self.origins
        return ".*" if has_secret else LOCAL_ORIGIN.pattern


def read_options(environment: Mapping[str, str]) -> Options:
    """Read the options from environment variables.

    Raises:
        ServerError: One of them has no value of its kind.
    """
    return Options(
        intervals=read_intervals(environment),
        infers_functions=infers_functions(environment),
        stringifies_numbers=_flag(environment, _STRINGIFY),
        origins="" if _flag(environment, _DISABLE_CORS) else _origins(environment),
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


def _flag(environment: Mapping[str, str], name: str) -> bool:
    given = environment.get(name) or "false"
    if given.lower() in _TRUE | _FALSE:
        return given.lower() in _TRUE
    raise ServerError(f"{name} is {given!r}", remedy="Give true or false.")


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
            raise ServerError(
                f"{_CORS_DOMAIN} holds {origin!r}",
                remedy="Give origins like https://*.example.org:8080, with commas between, or *.",
            )
    return "|".join(re.escape(origin).replace(r"\*\.", r"[^/.:]+\.") for origin in origins)

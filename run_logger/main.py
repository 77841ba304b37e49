"""Starting a run: its parameters from four sources, and a logger that records it.

The sources, the lowest first: what the script says (defaults), a config file, a sweep, and the
parameters of an earlier run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

from run_logger.config import get_config_params
from run_logger.disabled import DisabledLogger
from run_logger.errors import ConfigError, RunNotFoundError
from run_logger.hasura_logger import HasuraLogger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from run_logger.transport import Transport

__all__ = [
    "NewParams",
    "create_run",
    "get_config_params",
    "get_load_params",
    "initialize",
    "update_params",
]


STORE_SECONDS = 5.0
"""The longest wait for parameters to be in the database, where the next run may look for them."""


@dataclass
class NewParams:
    """The parameters that came with a run, by source; None where a source was not asked.

    Attributes:
        config_params: Those of the config file.
        sweep_params: Those that the sweep gave.
        load_params: Those of the earlier run.
    """

    config_params: dict[str, Any] | None
    sweep_params: dict[str, Any] | None
    load_params: dict[str, Any] | None


def initialize(  # noqa: PLR0913  (version 0.1's signature)
    graphql_endpoint: str | None = None,
    config: str | Path | None = None,
    charts: Sequence[Mapping[str, Any]] | None = None,
    metadata: Mapping[str, Any] | None = None,
    name: str | None = None,
    sweep_id: int | None = None,
    load_id: int | None = None,
    **params: Any,
) -> tuple[dict[str, Any], HasuraLogger]:
    """Create a run, and return its parameters and the logger that records it.

    The logger is a context manager. Since any name may be a parameter, what else a logger can be
    told stands in the environment: `RUN_LOGGER_OFFLINE`, `RUN_LOGGER_RUN_KEY`, `RUN_LOGGER_DIR`,
    `RUN_LOGGER_CAPTURE`, `RUN_LOGGER_SYSTEM_METRICS`, `RUN_LOGGER_HEADERS`.

    Args:
        graphql_endpoint: The URL of Hasura's GraphQL API, such as `https://host/v1/graphql`. None:
            nothing is recorded, and the logger's methods do nothing.
        config: The path of a YAML file with parameters.
        charts: Vega or Vega-Lite specifications to store with the run.
        metadata: What is known of the run.
        name: The run's name.
        sweep_id: The sweep that the run belongs to.
        load_id: The run whose parameters are to be used again.
        params: The defaults of the parameters.

    Returns:
        The parameters, each from the highest source that has it, and the logger.

    Raises:
        ConfigError: The config cannot be read, or a sweep or run is asked for without an endpoint.
        RunNotFoundError: There is no run `load_id`.
        SweepError: The sweep does not exist, is archived, has nothing to choose from, or has no
            runs left.
        RunLoggerError: The server cannot be reached or refuses the run.
        TypeError: A parameter has no JSON form; the message names its path.
    """
    logger = DisabledLogger() if graphql_endpoint is None else HasuraLogger(graphql_endpoint)
    new_params = create_run(logger, config, charts, metadata, sweep_id, load_id)
    try:
        return _updated(logger, new_params, name, params), logger
    except TypeError:
        logger.finish("failed")  # the caller never gets it
        raise


def create_run(  # noqa: PLR0913  (version 0.1's signature)
    logger: HasuraLogger[Transport] | None = None,
    config: str | Path | None = None,
    charts: Sequence[Mapping[str, Any]] | None = None,
    metadata: Mapping[str, Any] | None = None,
    sweep_id: int | None = None,
    load_id: int | None = None,
) -> NewParams:
    """Create a run, and return the parameters that come with it.

    Args:
        logger: Where to create it; None creates nothing.
        config: The path of a YAML file with parameters.
        charts: Vega or Vega-Lite specifications to store with the run.
        metadata: What is known of the run.
        sweep_id: The sweep that the run belongs to.
        load_id: The run whose parameters are to be used again.

    Raises:
        ConfigError: The config cannot be read, or a sweep or run is asked for without an endpoint.
        RunNotFoundError: There is no run `load_id`.
        SweepError: The sweep does not exist, is archived, has nothing to choose from, or has no
            runs left.
        RunLoggerError: The server cannot be reached or refuses the run.
    """
    logger = logger or DisabledLogger()
    # What can fail without the server comes first, and the run last: no error leaves a run behind.
    config_params = None if config is None else get_config_params(config)
    load_params = None if load_id is None else get_load_params(load_id, logger)
    sweep_params = logger.create_run(metadata, charts, sweep_id)
    return NewParams(config_params, sweep_params, load_params)


def update_params(
    logger: HasuraLogger[Transport] | None, new_params: NewParams, name: str | None, **params: Any
) -> dict[str, Any]:
    """Merge parameters by their sources, and store them in the run's metadata.

    Stored are `parameters`, `parameter_sources` (for each parameter "default", "config", "sweep" or
    "load"), `run_id` (offline it is null until the run is delivered) and `name`.

    Args:
        logger: The logger of the run; None stores nothing.
        new_params: What came with the run.
        name: The run's name.
        params: The defaults of the parameters.

    Returns:
        The parameters, each from the highest source that has it.

    Raises:
        NotStartedError: The logger has no run yet.
        TypeError: A parameter has no JSON form; the message names its path.
    """
    return _updated(logger or DisabledLogger(), new_params, name, params)


def get_load_params(load_id: int, logger: HasuraLogger[Transport]) -> dict[str, Any]:
    """Return the parameters of an earlier run; none if it stored none.

    Args:
        load_id: The run's id.
        logger: A logger of the endpoint where the run is.

    Raises:
        RunNotFoundError: There is no such run.
        ConfigError: The logger has no endpoint or is offline, or what the run stored are no
            parameters.
        RunLoggerError: The server cannot be reached.
    """
    if isinstance(logger, DisabledLogger):
        raise ConfigError(f"load_id={load_id} needs an endpoint", remedy="Give a graphql_endpoint.")
    if logger.offline:
        raise ConfigError(
            f"load_id={load_id} needs the server, and this logger is offline",
            remedy="Record online, or give the parameters in a config file.",
        )
    from run_logger_client import RUN_PARAMETERS_GQL  # noqa: PLC0415  (keeps the import light)

    run = logger.execute(RUN_PARAMETERS_GQL, {"id": load_id})["run_by_pk"]
    if run is None:
        raise RunNotFoundError(f"run {load_id} does not exist", endpoint=logger.graphql_endpoint)
    params: Any = run["metadata"] or {}
    if not _is_mapping(params):
        raise ConfigError(
            f"the parameters of run {load_id} are no mapping",
            endpoint=logger.graphql_endpoint,
        )
    return params


def _updated(
    logger: HasuraLogger[Transport], new_params: NewParams, name: str | None, params: dict[str, Any]
) -> dict[str, Any]:
    given = {
        "default": params,
        "config": new_params.config_params,
        "sweep": new_params.sweep_params,
        "load": new_params.load_params,
    }
    merged: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, values in given.items():
        merged |= values or {}
        sources |= dict.fromkeys(values or {}, source)
    logger.update_metadata(
        {
            "parameters": merged,
            "parameter_sources": sources,
            "run_id": logger.run_id,
            "name": name,
        }
    )
    logger.flush(STORE_SECONDS)
    return merged


def _is_mapping(params: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(params, dict)

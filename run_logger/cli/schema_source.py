"""Which schema and which queries a command reads: as given, or as the project's settings say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from run_logger.errors import GenerationError

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from run_logger.codegen.settings import Settings

__all__ = ["DEFAULT_QUERIES", "DEFAULT_SCHEMA", "live_schema", "project_settings", "query_files_in"]

DEFAULT_SCHEMA = Path("schema/schema.graphql")
DEFAULT_QUERIES = Path("queries")


def project_settings() -> Settings:
    """Return the settings under `[tool.run-logger.generate]`.

    Raises:
        GenerationError: What reads them is not installed.
        ConfigError: A setting is unknown or of a wrong type.
    """
    if importlib.util.find_spec("graphql") is None:
        raise GenerationError(
            "this needs the package graphql-core, which is not installed",
            remedy="Install what it needs: pip install 'run-logger[codegen]'.",
        )
    from run_logger.codegen.settings import read_settings  # noqa: PLC0415  (maybe not installed)

    return read_settings(Path.cwd())


def live_schema(endpoint: str) -> GraphQLSchema:
    """Return the schema that an endpoint serves to the role of the environment.

    Raises:
        RunLoggerError: The endpoint cannot be asked, or its role may not introspect.
    """
    from graphql import build_schema  # noqa: PLC0415  (maybe not installed)

    from run_logger.codegen.sdl import introspect  # noqa: PLC0415  (as above)
    from run_logger.transport import Transport  # noqa: PLC0415  (slow to load)

    with Transport(endpoint) as transport:
        return build_schema(introspect(transport), assume_valid=True)


def query_files_in(folder: Path | None) -> list[Path]:
    """Return the files of a folder that is named, or of the usual one if there is such a one.

    Raises:
        GenerationError: The folder that is named has none.
    """
    from run_logger.codegen.queries import query_files  # noqa: PLC0415  (maybe not installed)

    if folder is None and not DEFAULT_QUERIES.is_dir():
        return []
    return query_files(folder or DEFAULT_QUERIES)

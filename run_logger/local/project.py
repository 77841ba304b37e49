"""Reads the metadata files of a Hasura CLI project into the one document that Hasura exports.

Versions 3 (`metadata/databases/…`) and 2 (`metadata/tables.yaml`) are read, with every `!include`
followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard, cast

import yaml

from run_logger.local.errors import ServeError

if TYPE_CHECKING:
    from pathlib import Path

_INCLUDE = "!include "
# The files besides the sources', with the key of the document that each stands for.
_LISTS = {
    "allow_list": "allowlist",
    "cron_triggers": "cron_triggers",
    "inherited_roles": "inherited_roles",
    "query_collections": "query_collections",
    "remote_schemas": "remote_schemas",
    "rest_endpoints": "rest_endpoints",
}
# The same of files that hold one mapping; the key is the file's name.
_MAPPINGS = (
    "api_limits",
    "backend_configs",
    "graphql_schema_introspection",
    "metrics_config",
    "network",
    "opentelemetry",
)


def read_project(project: Path) -> dict[str, Any] | None:
    """Read the metadata of a Hasura CLI project.

    Args:
        project: The project's folder, with `metadata/` in it (or as its `config.yaml` names it).

    Returns:
        The metadata as Hasura exports them in version 3; None if the project has none.

    Raises:
        ServeError: A file is missing or is not what it should be; the message names it.
    """
    folder = metadata_folder(project)
    if not folder.is_dir():
        return None
    document: dict[str, Any] = {"version": 3, "sources": _sources(folder)}
    for name, key in _LISTS.items():
        if items := _list_in(folder / f"{name}.yaml"):
            document[key] = items
    for name in _MAPPINGS:
        if mapping := _mapping_in(folder / f"{name}.yaml"):
            document[name] = mapping
    actions = _mapping_in(folder / "actions.yaml")
    return document | {key: value for key, value in actions.items() if value}


def metadata_folder(project: Path) -> Path:
    """Return the folder of the project's metadata, which its `config.yaml` may name."""
    config = project / "config.yaml"
    settings = as_mapping(_load(config)) if config.is_file() else None
    return project / str((settings or {}).get("metadata_directory") or "metadata")


def as_mapping(value: object) -> dict[str, Any] | None:
    """Return a value of the metadata as a mapping, None if it is none."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Tell whether a value of the metadata is a list."""
    return isinstance(value, list)


def _sources(folder: Path) -> list[Any]:
    databases = folder / "databases" / "databases.yaml"
    if databases.is_file():
        return _list_in(databases)
    lists = {key: _list_in(folder / f"{key}.yaml") for key in ("tables", "functions")}
    return [{"name": "default", "kind": "postgres", **lists}]


class _Loader(yaml.CSafeLoader):
    """Reads YAML; `!include x` may be a tag as well as the quoted string that Hasura writes now."""


def _include_tag(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> str:
    return _INCLUDE + str(loader.construct_scalar(node))


_Loader.add_constructor("!include", _include_tag)


def _load(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ServeError(f"Metadata: {path}: {error.strerror}.") from error
    try:
        body = yaml.load(text, _Loader)  # noqa: S506 - the loader is a safe one
    except yaml.YAMLError as error:
        raise ServeError(f"Metadata: {path} is not YAML: {error}") from error
    return _resolved(body, path)


def _resolved(value: Any, path: Path) -> Any:
    if isinstance(value, str) and value.startswith(_INCLUDE):
        return _load(path.parent / value.removeprefix(_INCLUDE).strip())
    if is_list(value):
        return [_resolved(item, path) for item in value]
    mapping = as_mapping(value)
    return (
        value if mapping is None else {key: _resolved(item, path) for key, item in mapping.items()}
    )


def _mapping_in(path: Path) -> dict[str, Any]:
    return (as_mapping(_load(path)) if path.is_file() else None) or {}


def _list_in(path: Path) -> list[Any]:
    value = _load(path) if path.is_file() else None
    if value is None:
        return []
    if not is_list(value):
        raise ServeError(f"Metadata: {path} is not a list.")
    return value

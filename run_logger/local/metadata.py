"""Reads the metadata of a Hasura CLI project: which tables and functions are shown, and how.

Versions 3 (`metadata/databases/…`) and 2 (`metadata/tables.yaml`) are read. The result holds
Hasura's own structure, with every `!include` followed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard, cast

import yaml

from run_logger.local.catalog import Name
from run_logger.local.errors import ServerError

if TYPE_CHECKING:
    from pathlib import Path

_INCLUDE = "!include "
_POSTGRES_KINDS = {"postgres", "pg"}

# What a metadata folder may hold that is not served, with the words that say so.
_LEFT_OUT = {
    "actions.yaml": "actions",
    "remote_schemas.yaml": "remote schemas",
    "cron_triggers.yaml": "cron triggers",
    "rest_endpoints.yaml": "REST endpoints",
    "allow_list.yaml": "the allow list",
    "inherited_roles.yaml": "inherited roles",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the metadata's tables or functions.

    Attributes:
        name: The table or function.
        body: The entry as Hasura has it.
    """

    name: Name
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of one Postgres source.

    Attributes:
        source: The source's name (also the folder of its migrations).
        left_out: In words, what the project holds that is not served.
    """

    source: str = "default"
    tables: tuple[Entry, ...] = ()
    functions: tuple[Entry, ...] = ()
    left_out: tuple[str, ...] = field(default=())


def read_metadata(project: Path) -> Metadata:
    """Read the metadata of a Hasura CLI project.

    Args:
        project: The project's folder, with `metadata/` in it (or as its `config.yaml` names it).

    Returns:
        Its first Postgres source (`default` if there is one of that name); empty if there is none.

    Raises:
        ServerError: A file is missing or is not what it should be; the message names it.
    """
    folder = metadata_folder(project)
    if not folder.is_dir():
        return Metadata()
    databases = folder / "databases" / "databases.yaml"
    if databases.is_file():
        return _read_sources(folder, _as_list(_load(databases), databases))
    body = {
        key: _as_list(_load(folder / f"{key}.yaml"), folder / f"{key}.yaml")
        for key in ("tables", "functions")
        if (folder / f"{key}.yaml").is_file()
    }
    return _source("default", body, _left_out(folder), folder)


def metadata_folder(project: Path) -> Path:
    """Return the folder of the project's metadata, which its `config.yaml` may name."""
    config = project / "config.yaml"
    settings = as_mapping(_load(config)) if config.is_file() else None
    return project / str((settings or {}).get("metadata_directory") or "metadata")


def as_mapping(value: object) -> dict[str, Any] | None:
    """Return a value of the metadata as a mapping, None if it is none."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def table_name(value: Any) -> Name:
    """Read the name of a table or function: a string, or a mapping of `schema` and `name`.

    Raises:
        ServerError: It is neither.
    """
    if isinstance(value, str):
        return Name("public", value)
    body = as_mapping(value)
    if body is not None and isinstance(body.get("name"), str):
        return Name(str(body.get("schema") or "public"), body["name"])
    raise ServerError(
        f"Metadata: {value!r} is no name of a table or function; "
        "write {schema: public, name: run}."
    )


def _read_sources(folder: Path, sources: list[Any]) -> Metadata:
    postgres = [item for item in sources if item.get("kind", "postgres") in _POSTGRES_KINDS]
    postgres.sort(key=lambda item: item.get("name") != "default")
    left_out = [
        *_left_out(folder),
        *(f"the source {item.get('name')!r}" for item in sources if item not in postgres[:1]),
    ]
    if not postgres:
        return Metadata(left_out=tuple(left_out))
    return _source(str(postgres[0]["name"]), postgres[0], left_out, folder)


def _source(name: str, body: dict[str, Any], left_out: list[str], folder: Path) -> Metadata:
    tables = _entries(body.get("tables"), "table", folder)
    if any(entry.body.get("event_triggers") for entry in tables):
        left_out = [*left_out, "event triggers"]
    functions = _entries(body.get("functions"), "function", folder)
    return Metadata(name, tables, functions, tuple(left_out))


def _entries(items: Any, key: str, folder: Path) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    for item in items or ():
        body = as_mapping(item)
        if body is None or key not in body:
            raise ServerError(f"Metadata in {folder}: an entry without {key!r}: {item!r}.")
        entries.append(Entry(table_name(body[key]), body))
    return tuple(entries)


def _left_out(folder: Path) -> list[str]:
    return [words for name, words in _LEFT_OUT.items() if _holds_something(folder / name)]


def _holds_something(path: Path) -> bool:
    body = _load(path) if path.is_file() else None
    mapping = as_mapping(body)
    return bool(body) if mapping is None else any(mapping.values())


class _Loader(yaml.SafeLoader):
    """Reads YAML; `!include x` may be a tag as well as the quoted string that Hasura writes now."""


def _include_tag(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    return _INCLUDE + str(loader.construct_scalar(node))


_Loader.add_constructor("!include", _include_tag)


def _load(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ServerError(f"Metadata: {path}: {error.strerror}.") from error
    try:
        body = yaml.load(text, _Loader)  # noqa: S506 - the loader is a safe one
    except yaml.YAMLError as error:
        raise ServerError(f"Metadata: {path} is not YAML: {error}") from error
    return _resolved(body, path)


def _resolved(value: Any, path: Path) -> Any:
    if isinstance(value, str) and value.startswith(_INCLUDE):
        return _load(path.parent / value.removeprefix(_INCLUDE).strip())
    if _is_list(value):
        return [_resolved(item, path) for item in value]
    mapping = as_mapping(value)
    return (
        value if mapping is None else {key: _resolved(item, path) for key, item in mapping.items()}
    )


def _as_list(value: Any, path: Path) -> list[Any]:
    if value is None:
        return []
    if not _is_list(value):
        raise ServerError(f"Metadata: {path} is not a list.")
    return value


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)

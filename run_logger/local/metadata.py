"""The metadata: which tables and functions are shown, and how, in Hasura's own structure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from run_logger.local.catalog import Name
from run_logger.local.errors import ServeError
from run_logger.local.project import as_mapping, is_list, metadata_folder, read_project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = [
    "Entry",
    "Metadata",
    "as_mapping",
    "empty_document",
    "metadata_folder",
    "parse_metadata",
    "read_metadata",
    "served_source",
    "table_name",
]

_POSTGRES_KINDS = {"postgres", "pg"}

# What metadata may hold that is not served, with the words that say so.
_LEFT_OUT = {
    "actions": "actions",
    "remote_schemas": "remote schemas",
    "cron_triggers": "cron triggers",
    "rest_endpoints": "REST endpoints",
    "allowlist": "the allow list",
    "api_limits": "API limits",
}
_LEFT_OUT_OF_SOURCES = {
    "customization": "the customization of names",
    "logical_models": "logical models",
    "native_queries": "native queries",
    "stored_procedures": "stored procedures",
}
_LEFT_OUT_OF_TABLES = {
    "event_triggers": "event triggers",
    "remote_relationships": "remote relationships",
}
# What names the customization that is no customization.
_DEFAULT_NAMES = {"naming_convention": "hasura-default"}

# The lists of an entry.
_PARTS = (
    "object_relationships",
    "array_relationships",
    "computed_fields",
    "permissions",
    "select_permissions",
    "insert_permissions",
    "update_permissions",
    "delete_permissions",
)


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
        left_out: In words, what the metadata hold that is not served.
        inherited_roles: The roles that an inherited role stands for, by its name.
        unexplained: The roles that may not ask for the schema.
        document: The metadata as a whole, as Hasura exports them.
    """

    source: str = "default"
    tables: tuple[Entry, ...] = ()
    functions: tuple[Entry, ...] = ()
    left_out: tuple[str, ...] = field(default=())
    inherited_roles: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    unexplained: frozenset[str] = frozenset()
    document: Mapping[str, Any] = field(default_factory=dict[str, Any])


def read_metadata(project: Path) -> Metadata:
    """Read the metadata of a Hasura CLI project.

    Args:
        project: The project's folder, with `metadata/` in it (or as its `config.yaml` names it).

    Returns:
        Its first Postgres source (`default` if there is one of that name); empty if there is none.

    Raises:
        ServeError: A file is missing or is not what it should be; the message names it.
    """
    document = read_project(project)
    if document is None:
        return Metadata()
    return parse_metadata(document, str(metadata_folder(project)))


def parse_metadata(document: Mapping[str, Any], place: str) -> Metadata:
    """Read metadata that are one document, as Hasura exports them.

    Args:
        document: The metadata, of version 3, or of version 2 (tables and functions alone).
        place: Where they come from, for messages.

    Returns:
        The first Postgres source (`default` if there is one of that name); empty if there is none.

    Raises:
        ServeError: A part of them is not what it should be.
    """
    left_out = [words for key, words in _LEFT_OUT.items() if document.get(key)]
    sources = _list(document, "sources", place) if "sources" in document else [document]
    source = served_source(document)
    left_out += [f"the source {item.get('name')!r}" for item in sources if item is not source]
    inherited = _inherited_roles(document, place)
    unexplained = _unexplained_roles(document, place)
    if source is None:
        return Metadata(left_out=tuple(left_out), inherited_roles=inherited, document=document)
    tables = _entries(source, "table", place)
    left_out += _left_out_of(source, tables)
    return Metadata(
        source=str(source.get("name", "default")),
        tables=tables,
        functions=_entries(source, "function", place),
        left_out=tuple(left_out),
        inherited_roles=inherited,
        unexplained=unexplained,
        document=document,
    )


def _left_out_of(source: Mapping[str, Any], tables: tuple[Entry, ...]) -> Iterator[str]:
    """Yield, in words, what the source that is served holds that is not served."""
    for key, words in _LEFT_OUT_OF_SOURCES.items():
        if source.get(key) and source[key] != _DEFAULT_NAMES:
            yield words
    for key, words in _LEFT_OUT_OF_TABLES.items():
        if any(entry.body.get(key) for entry in tables):
            yield words
    if any(_validates(entry) for entry in tables):
        yield "the validation of inputs"


def _validates(entry: Entry) -> bool:
    permissions = (
        item.get("permission")
        for kind in ("insert", "update", "delete")
        for item in entry.body.get(f"{kind}_permissions") or ()
    )
    return any((as_mapping(item) or {}).get("validate_input") for item in permissions)


def served_source(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the part of a document that is served, None if it has no Postgres source."""
    if "sources" not in document:
        return document
    postgres = [
        item for item in document["sources"] if item.get("kind", "postgres") in _POSTGRES_KINDS
    ]
    postgres.sort(key=lambda item: item.get("name") != "default")
    return postgres[0] if postgres else None


def empty_document() -> dict[str, Any]:
    """Return metadata in which nothing is tracked, of the database that is served."""
    database = {"database_url": {"from_env": "HASURA_GRAPHQL_DATABASE_URL"}}
    source: dict[str, Any] = {
        "name": "default",
        "kind": "postgres",
        "tables": [],
        "configuration": {"connection_info": database},
    }
    return {"version": 3, "sources": [source]}


def table_name(value: Any) -> Name:
    """Read the name of a table or function: a string, or a mapping of `schema` and `name`.

    Raises:
        ServeError: It is neither.
    """
    if isinstance(value, str):
        return Name("public", value)
    body = as_mapping(value)
    if body is not None and isinstance(body.get("name"), str):
        return Name(str(body.get("schema") or "public"), body["name"])
    raise ServeError(
        f"Metadata: {value!r} is no name of a table or function; "
        "write {schema: public, name: run}."
    )


def _list(document: Mapping[str, Any], key: str, place: str) -> list[Any]:
    """Return a list of mappings in the metadata, empty where there is none."""
    items: Any = document.get(key) or []
    if not is_list(items) or not all(isinstance(item, dict) for item in items):
        raise ServeError(f"Metadata in {place}: {key} is not a list of mappings.")
    return items


def _entries(source: Mapping[str, Any], key: str, place: str) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    for body in _list(source, f"{key}s", place):
        if key not in body:
            raise ServeError(f"Metadata in {place}: an entry without {key!r}: {body!r}.")
        name = table_name(body[key])
        for part in _PARTS:
            _list(body, part, f"{place}, {name}")
        if as_mapping(body.get("configuration") or {}) is None:
            raise ServeError(f"Metadata in {place}: {name}: configuration is no mapping.")
        entries.append(Entry(name, body))
    return tuple(entries)


def _unexplained_roles(document: Mapping[str, Any], place: str) -> frozenset[str]:
    key = "graphql_schema_introspection"
    options = as_mapping(document.get(key) or {})
    roles: Any = options.get("disabled_for_roles", []) if options is not None else None
    if not is_list(roles):
        raise ServeError(f"Metadata in {place}: {key} needs a list `disabled_for_roles`.")
    return frozenset(map(str, roles))


def _inherited_roles(document: Mapping[str, Any], place: str) -> dict[str, tuple[str, ...]]:
    items = _list(document, "inherited_roles", place)
    if not all("role_name" in item and is_list(item.get("role_set")) for item in items):
        raise ServeError(
            f"Metadata in {place}: every item of inherited_roles needs a `role_name` and a"
            " `role_set`."
        )
    return {str(item["role_name"]): tuple(map(str, item["role_set"])) for item in items}

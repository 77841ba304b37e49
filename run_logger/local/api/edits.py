"""The commands of the metadata API that edit the metadata, each a function of the document.

They are listed by their names without the prefix of the database's kind: `track_table` stands for
`pg_track_table` too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from run_logger.local.errors import HasuraError
from run_logger.local.metadata import served_source, table_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from run_logger.local.catalog import Name


_PERMISSIONS = ("select", "insert", "update", "delete")
_RELATIONSHIPS = ("object_relationships", "array_relationships")


@dataclass(frozen=True, slots=True)
class Subject:
    """What an edit is about: an entry of the metadata, or a part of it that was added."""

    entry: Name | None = None
    body: Mapping[str, Any] | None = None


Edit: TypeAlias = "Callable[[dict[str, Any], Mapping[str, Any]], Subject]"


def required(args: Mapping[str, Any], key: str) -> Any:
    """Return an argument.

    Raises:
        HasuraError: It is not there.
    """
    if args.get(key) is None:
        raise HasuraError(f'key "{key}" not found', "parse-failed", "$.args")
    return args[key]


def source_of(document: Mapping[str, Any], args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the source that a command names, by default `default`.

    Raises:
        HasuraError: There is none of that name.
    """
    name = args.get("source") or "default"
    for source in document["sources"]:
        if source.get("name") == name:
            found: dict[str, Any] = source
            return found
    raise HasuraError(f'source with name "{name}" does not exist', "not-exists", "$.args")


def _quoted(name: Name) -> str:
    return f'"{name}"'


def _entry(document: Mapping[str, Any], args: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the entry of the table or function that a command names."""
    name = table_name(required(args, kind))
    source = source_of(document, args)
    for entry in source.get(f"{kind}s") or ():
        if table_name(entry[kind]) == name:
            found: dict[str, Any] = entry
            return found
    message = f"{kind} {_quoted(name)} does not exist in source: {source['name']}"
    raise HasuraError(message, "not-exists", "$.args")


def _track(kind: str, *keys: str) -> Edit:
    label = "view/table" if kind == "table" else kind

    def edit(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
        given = _named(kind, args)
        name = table_name(required(given, kind))
        entries = source_of(document, args).setdefault(f"{kind}s", [])
        if any(table_name(entry[kind]) == name for entry in entries):
            message = f"{label} already tracked: {_quoted(name)}"
            raise HasuraError(message, "already-tracked", "$.args")
        made: dict[str, Any] = {kind: {"schema": name.schema, "name": name.name}}
        made |= {key: given[key] for key in keys if given.get(key)}
        entries.append(made)
        return Subject(name)

    return edit


def _named(kind: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a command's arguments; an older form of it is the name alone."""
    if args.get(kind) is not None or args.get("name") is None:
        return args
    return {kind: {"schema": args.get("schema") or "public", "name": args["name"]}}


def _untrack(kind: str) -> Edit:
    label = "view/table" if kind == "table" else kind

    def edit(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
        name = table_name(required(_named(kind, args), kind))
        entries: list[Any] = source_of(document, args).get(f"{kind}s") or []
        kept = [entry for entry in entries if table_name(entry[kind]) != name]
        if len(kept) == len(entries):
            message = f"{label} already untracked: {_quoted(name)}"
            raise HasuraError(message, "already-untracked", "$.args")
        entries[:] = kept
        return Subject(name)

    return edit


def _set(kind: str, key: str, default: Any) -> Edit:
    """Return the edit that sets a member of an entry as a whole."""

    def edit(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
        entry = _entry(document, args, kind)
        entry[key] = args.get(key, default)
        return Subject(table_name(entry[kind]))

    return edit


def _set_custom_fields(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
    """Do what an older command does: `set_table_customization`, its arguments unfolded."""
    entry = _entry(document, args, "table")
    keys = ("custom_root_fields", "custom_column_names")
    entry["configuration"] = {key: args[key] for key in keys if args.get(key)}
    return Subject(table_name(entry["table"]))


def _add(kind: str, part: str, identity: str, *keys: str) -> Edit:
    """Return the edit that adds to one of an entry's lists.

    Args:
        kind: Whether it is a table's entry or a function's.
        part: The list.
        identity: The member that tells one item of it from the others.
        keys: The other members.
    """

    def edit(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
        entry = _entry(document, args, kind)
        name = table_name(entry[kind])
        given = required(args, identity)
        made = {identity: given}
        made |= {key: args[key] for key in keys if args.get(key) is not None}
        # A relationship shares its name with those of the other kind.
        lists = _RELATIONSHIPS if part in _RELATIONSHIPS else (part,)
        if any(item.get(identity) == given for key in lists for item in entry.get(key) or ()):
            message = f'"{given}" is already defined in {part} of {kind} {_quoted(name)}'
            raise HasuraError(message, "already-exists", "$.args")
        entry.setdefault(part, []).append(made)
        return Subject(name, made)

    return edit


def _drop(kind: str, parts: tuple[str, ...], identity: str, argument: str) -> Edit:
    """Return the edit that removes from one of an entry's lists what an argument names."""

    def edit(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
        entry = _entry(document, args, kind)
        item, part = _find(entry, parts, identity, required(args, argument), kind)
        entry[part].remove(item)
        return Subject(table_name(entry[kind]))

    return edit


def _find(
    entry: Mapping[str, Any], parts: tuple[str, ...], identity: str, given: Any, kind: str
) -> tuple[dict[str, Any], str]:
    for part in parts:
        for item in entry.get(part) or ():
            if item.get(identity) == given:
                return item, part
    message = f'"{given}" does not exist in {kind} {_quoted(table_name(entry[kind]))}'
    raise HasuraError(message, "not-exists", "$.args")


def _rename_relationship(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
    entry = _entry(document, args, "table")
    item, _ = _find(entry, _RELATIONSHIPS, "name", required(args, "name"), "table")
    item["name"] = required(args, "new_name")
    return Subject(table_name(entry["table"]), item)


def _comment_relationship(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
    entry = _entry(document, args, "table")
    item, _ = _find(entry, _RELATIONSHIPS, "name", required(args, "name"), "table")
    item["comment"] = args.get("comment")
    return Subject(table_name(entry["table"]), item)


def _add_inherited_role(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
    name = required(args, "role_name")
    roles: list[Any] = document.setdefault("inherited_roles", [])
    roles[:] = [item for item in roles if item["role_name"] != name]
    roles.append({"role_name": name, "role_set": required(args, "role_set")})
    return Subject()


def _drop_inherited_role(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
    name = required(args, "role_name")
    roles: list[Any] = document.get("inherited_roles") or []
    kept = [item for item in roles if item["role_name"] != name]
    if len(kept) == len(roles):
        raise HasuraError(f'inherited role "{name}" does not exist', "not-exists", "$.args")
    roles[:] = kept
    return Subject()


def _set_introspection_options(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
    roles = required(args, "disabled_for_roles")
    document["graphql_schema_introspection"] = {"disabled_for_roles": roles}
    return Subject()


def _add_source(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
    """Configure the source that is there; this server has no other."""
    name = required(args, "name")
    known = [source for source in document["sources"] if source.get("name") == name]
    if not known:
        raise _other_source(document)
    if not args.get("replace_configuration"):
        message = f'source with name "{name}" already exists'
        raise HasuraError(message, "already-exists", "$.args.name")
    return _configure_source(document, args)


def _update_source(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
    source_of(document, {"source": required(args, "name")})
    return _configure_source(document, args)


def _configure_source(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
    source = source_of(document, {"source": args["name"]})
    keys = ("configuration", "customization")
    source |= {key: args[key] for key in keys if args.get(key) is not None}
    return Subject()


def _drop_source(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
    name = required(args, "name")
    source_of(document, {"source": name})
    served = served_source(document)
    if served is not None and served.get("name") == name:
        raise _other_source(document)
    document["sources"] = [item for item in document["sources"] if item.get("name") != name]
    return Subject()


def _rename_source(document: dict[str, Any], args: Mapping[str, Any]) -> Subject:
    source = source_of(document, {"source": required(args, "name")})
    new = required(args, "new_name")
    if any(item.get("name") == new for item in document["sources"]):
        raise HasuraError(f'source with name "{new}" already exists', "already-exists", "$.args")
    source["name"] = new
    return Subject()


def _other_source(document: Mapping[str, Any]) -> HasuraError:
    served = served_source(document) or {}
    message = f"this server serves the source {served.get('name')!r} alone"
    return HasuraError(message, "not-supported", "$.args.name")


def _permission_edits() -> dict[str, Edit]:
    edits: dict[str, Edit] = {}
    for kind in _PERMISSIONS:
        part = f"{kind}_permissions"
        edits[f"create_{kind}_permission"] = _add("table", part, "role", "permission", "comment")
        edits[f"drop_{kind}_permission"] = _drop("table", (part,), "role", "role")
    return edits


EDITS: dict[str, Edit] = {
    "track_table": _track("table", "configuration", "is_enum", "apollo_federation_config"),
    "untrack_table": _untrack("table"),
    "set_table_customization": _set("table", "configuration", {}),
    "set_table_custom_fields": _set_custom_fields,
    "set_table_is_enum": _set("table", "is_enum", False),
    "create_object_relationship": _add("table", "object_relationships", "name", "using", "comment"),
    "create_array_relationship": _add("table", "array_relationships", "name", "using", "comment"),
    "drop_relationship": _drop("table", _RELATIONSHIPS, "name", "relationship"),
    "rename_relationship": _rename_relationship,
    "set_relationship_comment": _comment_relationship,
    "add_computed_field": _add("table", "computed_fields", "name", "definition", "comment"),
    "drop_computed_field": _drop("table", ("computed_fields",), "name", "name"),
    "track_function": _track("function", "configuration", "comment"),
    "untrack_function": _untrack("function"),
    "set_function_customization": _set("function", "configuration", {}),
    "create_function_permission": _add("function", "permissions", "role"),
    "drop_function_permission": _drop("function", ("permissions",), "role", "role"),
    "add_inherited_role": _add_inherited_role,
    "create_inherited_role": _add_inherited_role,
    "drop_inherited_role": _drop_inherited_role,
    "set_graphql_schema_introspection_options": _set_introspection_options,
    "add_source": _add_source,
    "update_source": _update_source,
    "drop_source": _drop_source,
    "rename_source": _rename_source,
    **_permission_edits(),
}

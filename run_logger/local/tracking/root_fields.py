"""The fields of the query, mutation and subscription roots, with their custom names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from run_logger.local.metadata import as_mapping
from run_logger.local.model import (
    FunctionKind,
    Inconsistency,
    MutationKind,
    QueryKind,
    RootField,
)
from run_logger.local.scalars import is_graphql_name
from run_logger.local.tracking.context import configuration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from run_logger.local.catalog import Name
    from run_logger.local.metadata import Entry
    from run_logger.local.model import TrackedFunction, TrackedTable
    from run_logger.local.tracking.context import Context

_DEFAULT_NAMES: dict[QueryKind | MutationKind | FunctionKind, str] = {
    "select": "{}",
    "select_by_pk": "{}_by_pk",
    "select_aggregate": "{}_aggregate",
    "select_stream": "{}_stream",
    "insert": "insert_{}",
    "insert_one": "insert_{}_one",
    "update": "update_{}",
    "update_by_pk": "update_{}_by_pk",
    "update_many": "update_{}_many",
    "delete": "delete_{}",
    "delete_by_pk": "delete_{}_by_pk",
    "function": "{}",
    "function_aggregate": "{}_aggregate",
}
_MUTATIONS = frozenset[str](get_args(MutationKind))


@dataclass
class Roots:
    """The fields of the three roots by their names."""

    queries: dict[str, RootField] = field(default_factory=dict[str, RootField])
    mutations: dict[str, RootField] = field(default_factory=dict[str, RootField])
    subscriptions: dict[str, RootField] = field(default_factory=dict[str, RootField])


def root_fields(
    context: Context,
    tables: Mapping[Name, TrackedTable],
    functions: Iterable[TrackedFunction],
) -> Roots:
    """Name every root field; one whose name another has, or GraphQL cannot bear, is left out."""
    roots = Roots()
    for name, table in tables.items():
        for item in _table_fields(context.entries[name], table):
            _add(context, _homes(roots, item), item)
    entries = {entry.name: entry for entry in context.metadata.functions}
    for function in functions:
        for item in _function_fields(entries[function.function.name], function):
            _add(context, _homes(roots, item), item)
    return roots


def _homes(roots: Roots, item: RootField) -> tuple[dict[str, RootField], ...]:
    if item.kind == "select_stream":
        return (roots.subscriptions,)
    if item.kind in _MUTATIONS or (item.function and item.function.exposed_as == "mutation"):
        return (roots.mutations,)
    return (roots.queries, roots.subscriptions)


def _add(context: Context, homes: tuple[dict[str, RootField], ...], item: RootField) -> None:
    if not is_graphql_name(item.name):
        reason = f"{item.name!r} is no GraphQL name"
    elif any(item.name in home for home in homes):
        reason = f"another root field is called {item.name!r}"
    else:
        for home in homes:
            home[item.name] = item
        return
    context.leave_out(Inconsistency("root field", f"{item.name} of {item.table}", reason))


def _table_fields(entry: Entry, table: TrackedTable) -> Iterator[RootField]:
    custom: dict[str, Any] = configuration(entry).get("custom_root_fields") or {}
    for kind in _kinds(table):
        name, comment = _custom(custom.get(kind), _DEFAULT_NAMES[kind].format(table.name))
        yield RootField(name, kind, entry.name, comment=comment)


def _kinds(table: TrackedTable) -> Iterator[QueryKind | MutationKind]:
    by_key = bool(table.primary_key)
    yield from ("select", "select_aggregate", "select_stream")
    if by_key:
        yield "select_by_pk"
    if table.table.insertable:
        yield from ("insert", "insert_one")
    if table.table.updatable:
        yield from ("update", "update_many")
        if by_key:
            yield "update_by_pk"
    if table.table.deletable:
        yield "delete"
        if by_key:
            yield "delete_by_pk"


def _function_fields(entry: Entry, function: TrackedFunction) -> Iterator[RootField]:
    custom: dict[str, Any] = configuration(entry).get("custom_root_fields") or {}
    kinds: tuple[FunctionKind, ...] = ("function",)
    if function.function.returns_set and function.exposed_as == "query":
        kinds = ("function", "function_aggregate")
    for kind in kinds:
        name, comment = _custom(custom.get(kind), _DEFAULT_NAMES[kind].format(function.name))
        yield RootField(name, kind, function.returns, function, comment)


def _custom(setting: Any, default: str) -> tuple[str, str | None]:
    """Read a custom root field: a name, or a mapping of name and comment."""
    mapping = as_mapping(setting)
    if mapping is None:
        return setting or default, None
    return mapping.get("name") or default, mapping.get("comment")

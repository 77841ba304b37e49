"""The commands of `/v1/query` that read and write rows, as Hasura had them before GraphQL.

Each becomes a GraphQL request in the name of who asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from run_logger.local.api.edits import required
from run_logger.local.api.row_language import Request
from run_logger.local.errors import HasuraError
from run_logger.local.metadata import as_mapping
from run_logger.local.permissions.comparisons import plain_name as plain
from run_logger.local.project import is_list

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from run_logger.local.api.change import Change
    from run_logger.local.catalog import Key
    from run_logger.local.model import TrackedTable

_UPDATES = frozenset(
    {"_append", "_delete_at_path", "_delete_elem", "_delete_key", "_inc", "_prepend", "_set"}
)


async def _select(change: Change, args: Mapping[str, Any]) -> orjson.Fragment:
    """Answer `select`: `table`, `columns`, and where given what `Request.rows` takes."""
    request, table = await _begin(change, args)
    root = request.root(table, "select")
    rows = request.rows(table, args)
    selection = request.selection(table, required(args, "columns"))
    return orjson.Fragment(await _run(change, request, "query", f"{root}{rows} {selection}"))


async def _count(change: Change, args: Mapping[str, Any]) -> dict[str, int]:
    """Answer `count`: `table`, and where given `where` and `distinct` (a list of columns)."""
    request, table = await _begin(change, args)
    root = request.root(table, "select_aggregate")
    rows = request.rows(table, {"where": args.get("where")})
    names = " ".join(request.field(table, str(name)) for name in args.get("distinct") or ())
    counted = f"count(columns: [{names}], distinct: true)" if names else "count"
    selection = f"{root}{rows} {{ aggregate {{ {counted} }} }}"
    answer = orjson.loads(await _run(change, request, "query", selection))
    return {"count": answer["aggregate"]["count"]}


async def _insert(change: Change, args: Mapping[str, Any]) -> orjson.Fragment:
    """Answer `insert`: `table`, `objects`, and where given `on_conflict` and `returning`."""
    request, table = await _begin(change, args)
    given: Any = required(args, "objects")
    objects = [
        request.row(table, item, "insert") for item in (given if is_list(given) else [given])
    ]
    rows = request.variable(objects, f"[{table.name}_insert_input!]!")
    arguments = f"objects: {rows}"
    on_conflict = _on_conflict(table, as_mapping(args.get("on_conflict")), objects)
    if on_conflict is not None:
        variable = request.variable(on_conflict, f"{table.name}_on_conflict")
        arguments += f", on_conflict: {variable}"
    return await _write(change, (request, table, "insert"), arguments, args)


async def _update(change: Change, args: Mapping[str, Any]) -> orjson.Fragment:
    """Answer `update`: `table`, `where`, `$set` and its like, and where given `returning`."""
    request, table = await _begin(change, args)
    arguments = _where(request, table, args)
    for name, value in args.items():
        operator = plain(name)
        if not operator.startswith("_"):
            continue
        if operator not in _UPDATES:
            message = f'"{name}" is not among the operators that are supported'
            raise HasuraError(message, "not-supported", "$.args")
        variable = request.variable(
            request.row(table, value, "update"), f"{table.name}{operator}_input"
        )
        arguments += f", {operator}: {variable}"
    return await _write(change, (request, table, "update"), arguments, args)


async def _delete(change: Change, args: Mapping[str, Any]) -> orjson.Fragment:
    """Answer `delete`: `table`, `where`, and where given `returning`."""
    request, table = await _begin(change, args)
    arguments = _where(request, table, args)
    return await _write(change, (request, table, "delete"), arguments, args)


async def _begin(change: Change, args: Mapping[str, Any]) -> tuple[Request, TrackedTable]:
    change.check_source(args)
    view = await change.shown.view(change.session)
    request = Request(view.model, change.session.role)
    return request, request.table(required(args, "table"))


def _where(request: Request, table: TrackedTable, args: Mapping[str, Any]) -> str:
    where = request.where(table, required(args, "where"))
    return f"where: {request.variable(where, f'{table.name}_bool_exp!')}"


async def _write(
    change: Change,
    target: tuple[Request, TrackedTable, str],
    arguments: str,
    args: Mapping[str, Any],
) -> orjson.Fragment:
    request, table, kind = target
    returning: Any = args.get("returning")
    rows = f"returning {request.selection(table, returning)}" if returning else ""
    selection = f"{request.root(table, kind)}({arguments}) {{ affected_rows {rows} }}"
    return orjson.Fragment(await _run(change, request, "mutation", selection))


async def _run(change: Change, request: Request, kind: str, selection: str) -> str:
    """Run a request of one root field; return the field's value as JSON."""
    try:
        view = await change.shown.view(change.session)
        prepared = view.prepare(
            {"query": request.text(kind, selection), "variables": request.variables}
        )
        (plan,) = prepared.plans.values()
        variables = orjson.dumps(change.session.variables).decode()
        return await plan.run(change.connection, prepared.values, variables)
    except HasuraError as error:
        # The places in the GraphQL text mean nothing to who has not written it.
        error.path = "$.args"
        raise


def _on_conflict(
    table: TrackedTable, given: Mapping[str, Any] | None, objects: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """Return what is done with rows that are there: ignored, or updated as a whole."""
    if given is None:
        return None
    action = required(given, "action")
    if action not in {"ignore", "update"}:
        message = 'expected "ignore" or "update"'
        raise HasuraError(message, "parse-failed", "$.args.on_conflict.action")
    constraint = _constraint(table, given, action)
    if constraint is None:
        return None
    written = dict.fromkeys(name for row in objects for name in row)
    return {"constraint": constraint, "update_columns": list(written) if action == "update" else []}


def _constraint(table: TrackedTable, given: Mapping[str, Any], action: str) -> str | None:
    """Return the name of the constraint that is meant, None where nothing can conflict."""
    if given.get("constraint"):
        return str(given["constraint"])
    keys = _keys(table)
    if columns := given.get("constraint_on"):
        keys = [key for key in keys if set(key.columns) == set(columns)]
    elif action == "ignore" and not keys:
        return None
    if len(keys) != 1:
        message = "name the constraint, or with constraint_on the columns of one"
        raise HasuraError(message, "unexpected-payload", "$.args.on_conflict")
    return keys[0].name


def _keys(table: TrackedTable) -> list[Key]:
    primary = table.table.primary_key
    return [*(() if primary is None else (primary,)), *table.table.unique_keys]


DATA_COMMANDS: dict[str, Callable[[Change, Mapping[str, Any]], Awaitable[Any]]] = {
    "count": _count,
    "delete": _delete,
    "insert": _insert,
    "select": _select,
    "update": _update,
}

"""Runs, as many as match, in any order, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from run_logger.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from run_logger_client import Client, RunSummary
    from run_logger_client.input_types import run_bool_exp, run_order_by

# A page of so many runs, with their metadata, is some hundred kilobytes.
_PAGE = 200

# What stays as it is while a run lives, so that no run is skipped or comes twice.
_COLUMNS = ("id", "key", "created_at", "sweep_id", "sweep_index", "retry_of")


def runs(
    client: Client,
    where: run_bool_exp | None = None,
    order_by: Sequence[run_order_by] = (),
    *,
    page: int = _PAGE,
) -> Iterator[RunSummary]:
    """Read the runs that match, page by page, as they are asked for.

    Each page begins behind the last run of the one before, not at a count of rows: runs that are
    created or deleted meanwhile make no other come twice, or not at all.

    Args:
        client: The typed client.
        where: Which runs; None for all, archived ones too.
        order_by: One column each: id, key, created_at, sweep_id, sweep_index, retry_of. Runs that
            are equal in these come by their ids, and so do all where none is given.
        page: How many runs a request reads at most.

    Returns:
        An iterator of the runs; it asks the server when the first one is asked for.

    Raises:
        ConfigError: The order has another column, or `page` is below 1.
        RunLoggerError: The endpoint does not answer as it should; raised while iterating.
    """
    if page < 1:
        raise ConfigError(f"a page cannot have {page} runs", remedy="Give 1 or more.")
    order = [_column(item) for item in order_by]
    if "id" not in [column for column, _ in order]:
        order.append(("id", "asc"))
    return _pages(client, where, order, page)


def _pages(
    client: Client, where: run_bool_exp | None, order: list[tuple[str, str]], page: int
) -> Iterator[RunSummary]:
    from run_logger_client.input_types import (  # noqa: PLC0415  (slow to load)
        run_bool_exp,
        run_order_by,
    )

    terms: list[dict[str, Any]] = [{column: direction} for column, direction in order]
    by = [run_order_by(**term) for term in terms]
    matching = where
    while found := client.list_runs(where=matching, order_by=by, limit=page):
        yield from found
        behind = _behind(found[-1], order)
        matching = run_bool_exp(_and=[*([where] if where else []), run_bool_exp(**behind)])


def _column(item: run_order_by) -> tuple[str, str]:
    """Return the one column of an order, and its direction as Hasura names it."""
    given: dict[str, Any] = item.__json__()
    wrong = [name for name in given if name not in _COLUMNS]
    if wrong or len(given) != 1:
        raise ConfigError(
            f"runs cannot be read in the order of {', '.join(wrong or given) or 'nothing'}",
            remedy=f"Give a list of run_order_by with one column each: {', '.join(_COLUMNS)}.",
        )
    ((column, direction),) = given.items()
    return column, str(getattr(direction, "value", direction))


def _behind(run: RunSummary, order: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the condition on the runs that come behind one: a field of `run_bool_exp`."""
    cases: list[dict[str, Any]] = []
    equal: list[dict[str, Any]] = []
    for column, direction in order:
        value = getattr(run, column)
        cases += [{"_and": [*equal, later]} for later in _later(column, value, direction)]
        equal.append({column: {"_is_null": True} if value is None else {"_eq": value}})
    return {"_or": cases}


def _later(column: str, value: object, direction: str) -> list[dict[str, Any]]:
    """Return the conditions of which one holds where a column comes later than a value.

    As Postgres has it, nulls come last where values ascend, and first where they descend, unless
    the direction says otherwise.
    """
    ascends = direction.startswith("asc")
    nulls_last = direction.endswith("nulls_last") or direction == "asc"
    if value is None:
        return [] if nulls_last else [{column: {"_is_null": False}}]
    compared = {column: {"_gt" if ascends else "_lt": value}}
    return [compared, {column: {"_is_null": True}}] if nulls_last else [compared]

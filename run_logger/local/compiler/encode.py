"""JSON as Postgres makes it, so that digits, times and the order of keys are Postgres's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, JSON, array

from run_logger.local.catalog import PgType
from run_logger.local.compiler.scope import TEXT, cast_to, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select

    from run_logger.local.model import Model

# As with Hasura v2.
_BIG_NUMBERS = {"int8", "numeric", "float8"}
# Postgres cuts longer identifiers off.
LONGEST_IDENTIFIER = 63

Item = tuple[str, ColumnElement[Any]]


def name_literal(name: str) -> ColumnElement[Any]:
    """Return a GraphQL name, which has no character to escape, as a text literal."""
    return cast_to(literal_column(f"'{name}'"), TEXT)


def json_object(items: Sequence[Item]) -> ColumnElement[Any]:
    """Return a JSON object (type json) with the keys in order, however many and however long.

    Args:
        items: Keys, which are GraphQL names, and values. No value may be an aggregate of the
            select that the object stands in.
    """
    if any(len(key) > LONGEST_IDENTIFIER for key, _ in items):
        return _object_by_pairs(items)
    row = select(*(value.label(quoted(key)) for key, value in items)).correlate_except(None)
    return (
        select(func.row_to_json(literal_column("e.*")))
        .select_from(row.subquery("e"))
        .scalar_subquery()
    )


def _object_by_pairs(items: Sequence[Item]) -> ColumnElement[Any]:
    keys = array([name_literal(key) for key, _ in items])
    values = array([func.to_json(value) for _, value in items])
    pairs = func.unnest(keys, values).table_valued("key", "value", name="e").render_derived()
    members = func.json_object_agg(pairs.c.key, pairs.c.value)
    return select(members).select_from(pairs).correlate_except(pairs).scalar_subquery()


def json_list(item: ColumnElement[Any], most: int | None = None) -> ColumnElement[Any]:
    """Return the aggregate that gathers an item of each row into a JSON list (type json).

    Args:
        item: The item, of type json.
        most: How many of the items, the first ones, are taken; None: all.
    """
    items = func.json_agg(item)
    if most is not None:
        items = func.to_json(func.array_agg(item, type_=ARRAY(JSON))[1:most])
    return func.coalesce(items, literal_column("'[]'"))


def as_answered(model: Model, value: ColumnElement[Any], type_: PgType) -> ColumnElement[Any]:
    """Return a value as answers hold it, where numbers that a double would not keep are strings.

    Args:
        model: What is shown, which says whether they are.
        value: The value.
        type_: The type of the column that it is of, or comes from.
    """
    if model.stringifies_numbers and type_.name in _BIG_NUMBERS:
        return cast_to(value, TEXT)
    if model.stringifies_numbers and type_.element and type_.element.name in _BIG_NUMBERS:
        return cast_to(value, PgType("text[]", "_text", element=TEXT))
    return value


def as_text(statement: Select[Any]) -> Select[Any]:
    """Return the statement with its one value, which is JSON, as text: nobody parses it again."""
    (value,) = statement.selected_columns
    return statement.with_only_columns(cast_to(value, TEXT), maintain_column_froms=True)

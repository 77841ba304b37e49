"""Which GraphQL scalar stands for a Postgres type, and what can be done with its values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from run_logger.local.catalog import PgType

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

TEXT: Final = PgType(sql="text", name="text")
INTEGER: Final = PgType(sql="integer", name="int4")

# As Hasura v2 names them; any other type keeps its own name.
_SCALARS: Final = {
    "bool": "Boolean",
    "char": "bpchar",
    "float4": "Float",
    "int2": "smallint",
    "int4": "Int",
    "int8": "bigint",
    "text": "String",
    "varchar": "String",
}
_NUMBERS: Final = frozenset({"float4", "float8", "int2", "int4", "int8", "money", "numeric"})
_TEXTS: Final = frozenset({"bpchar", "char", "citext", "text", "varchar"})
_ORDERED: Final = frozenset(
    {"date", "lquery", "ltree", "ltxtquery", "timestamp", "timestamptz", "timetz", "uuid"}
)
_GRAPHQL_NAME: Final = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")


def scalar_name(type_: PgType) -> str | None:
    """Return the GraphQL scalar that stands for a Postgres type.

    Args:
        type_: The type; of an array, the scalar is that of its elements.

    Returns:
        The name, None where the type's name is no GraphQL name: what has this type is not shown.
    """
    if type_.element is not None:
        return scalar_name(type_.element)
    name = _SCALARS.get(type_.name, type_.name)
    if type_.kind == "composite":
        # A tracked table's object type has the plain name.
        name += "_scalar"
    return name if is_graphql_name(name) else None


def is_graphql_name(name: str) -> bool:
    """Tell whether GraphQL takes the name; what has any other name is not shown."""
    return _GRAPHQL_NAME.fullmatch(name) is not None


def array_of(type_: PgType) -> PgType:
    """Return the type of an array of values of the type."""
    return PgType(sql=f"{type_.sql}[]", name=f"_{type_.name}", element=type_)


def is_numeric(type_: PgType) -> bool:
    """Tell whether values can be added: the aggregates `sum`, `avg`, … and `_inc` take them."""
    return _is_one_of(type_, _NUMBERS)


def is_text(type_: PgType) -> bool:
    """Tell whether values can be matched with patterns (`_like`, `_regex`, …)."""
    return _is_one_of(type_, _TEXTS)


def is_comparable(type_: PgType) -> bool:
    """Tell whether Hasura v2 offers `max` and `min`: not for every type that Postgres orders."""
    return (
        type_.element is not None
        or type_.kind in {"enum", "composite"}
        or _is_one_of(type_, _NUMBERS | _TEXTS | _ORDERED)
    )


def is_jsonb(type_: PgType) -> bool:
    """Tell whether values are of type jsonb, which has operators that json lacks."""
    return _is_one_of(type_, frozenset({"jsonb"}))


def is_ltree(type_: PgType) -> bool:
    """Tell whether values are paths of labels."""
    return _is_one_of(type_, frozenset({"ltree"}))


def _is_one_of(type_: PgType, names: AbstractSet[str]) -> bool:
    # A user's own enum may be called `money`.
    return type_.kind == "base" and type_.name in names

"""An operation that was checked against the schema: what the compiler turns into SQL.

The tree holds structure only. Every value that comes from the user and travels as a parameter is a
`Value` with a number; the values themselves stand beside the tree, in the texts that Postgres casts
to the type. So two requests that differ only in their values have equal trees, and share one
compiled plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from run_logger.local.catalog import PgType


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter.

    Attributes:
        index: Its place among the operation's values.
        type: The Postgres type that its text is cast to.
    """

    index: int
    type: PgType


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of an insert without nested inserts: one parameter, a JSON array of objects.

    Attributes:
        index: Its place among the operation's values.
        columns: The GraphQL names of the columns that any of the rows gives, in order.
        complete: Whether every row gives all of them; a column that a row leaves out takes its
            default, while a null is a NULL.

    In the JSON text, keys are GraphQL names. A cell of type json or of an array type is a string
    that holds the text that Postgres casts to the type (so that `json` keeps its spelling); a jsonb
    cell is the JSON value itself; any other cell is a number, boolean, string or null that
    `jsonb_to_recordset` reads as the column's type.
    """

    index: int
    columns: tuple[str, ...]
    complete: bool


# What an argument may hold: an input object is a mapping with GraphQL names as keys (what was left
# out is absent; an explicit null where it has a meaning is None), a list is a tuple, an enum value
# a str, a built-in Boolean a bool. `limit` and `offset` are Values.
Argument: TypeAlias = (
    "None | bool | int | str | Value | Rows | tuple[Argument, ...] | Mapping[str, Argument]"
)


@dataclass(frozen=True, slots=True)
class Field:
    """A selected field; equal selections are merged already.

    Attributes:
        key: The key in the answer: the alias, or the name.
        name: The field's name in the schema; `__typename` where that was asked for.
        type: The name of the GraphQL type of its value (without list and non-null), which is also
            what `__typename` inside its selection answers.
        path: Where it stands in the request, for errors: `$.selectionSet.run.selectionSet.id`.
        arguments: The arguments that were given, checked, by name.
        selection: The fields selected on its value, in order; empty for a scalar.
    """

    key: str
    name: str
    type: str
    path: str
    arguments: Mapping[str, Argument]
    selection: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """A query or mutation, checked.

    Attributes:
        kind: What it is.
        root_type: The name of the root type (`query_root`, …), which its own `__typename` gives.
        fields: The root fields in order, introspection fields (`__schema`, `__type`) among them.
    """

    kind: Literal["query", "mutation", "subscription"]
    root_type: str
    fields: tuple[Field, ...]

"""Operations over the tables of any Hasura schema, written by rule: what a user may well ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from graphql import (
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from graphql import GraphQLField, GraphQLSchema


def table_operations(schema: GraphQLSchema, tables: int | None = None) -> str:
    """Return a document with operations over tables of a schema.

    Args:
        schema: One of Hasura's.
        tables: The number of tables, those that come first by name; all by default.
    """
    written = _Written(schema)
    return "\n".join(
        line for name in list(_tables(schema))[:tables] for line in written.operations(name)
    )


def _tables(schema: GraphQLSchema) -> Iterator[str]:
    """Return the root fields that list the rows of a table."""
    assert schema.query_type
    for name, field in sorted(schema.query_type.fields.items()):
        if {"where", "order_by", "limit"} <= field.args.keys() and is_list_type(_inner(field)):
            yield name


def _inner(field: GraphQLField) -> object:
    return field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type


class _Written:
    def __init__(self, schema: GraphQLSchema) -> None:
        roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
        self._query, self._mutation, self._subscription = (
            root.fields if root else {} for root in roots
        )

    def operations(self, table: str) -> Iterator[str]:
        """Yield the operations over one table."""
        row = cast("GraphQLObjectType", get_named_type(self._query[table].type))
        yield f"fragment {table}_row on {row.name} {{ {_leaves(row)} }}"
        fragment = f"{{ ...{table}_row }}"
        plain = (
            ("query", "list", table, fragment),
            ("query", "nested", table, f"{{ ...{table}_row {_nested(row)} }}"),
            ("query", "key", f"{table}_by_pk", fragment),
            ("query", "count", f"{table}_aggregate", _aggregate(self._query, table)),
            ("mutation", "insert", f"insert_{table}", self._changed("insert_", table)),
            ("mutation", "insert_one", f"insert_{table}_one", fragment),
            ("mutation", "update", f"update_{table}", self._changed("update_", table)),
            ("mutation", "update_key", f"update_{table}_by_pk", fragment),
            ("mutation", "update_many", f"update_{table}_many", self._changed("update_", table)),
            ("mutation", "delete", f"delete_{table}", self._changed("delete_", table)),
            ("subscription", "follow", table, fragment),
            ("subscription", "stream", f"{table}_stream", fragment),
        )
        for kind, verb, field, selection in plain:
            roots = {
                "query": self._query,
                "mutation": self._mutation,
                "subscription": self._subscription,
            }[kind]
            if field in roots:
                yield f"# {verb} {table}: by rule."
                yield f"{kind} {verb}_{table}{_call(field, roots[field])} {selection} }}"

    def _changed(self, verb: str, table: str) -> str:
        returning = f"returning {{ ...{table}_row }}"
        field = self._mutation.get(f"{verb}{table}")
        answer = get_named_type(field.type) if field else None
        fields = answer.fields if isinstance(answer, GraphQLObjectType) else {}
        return f"{{ affected_rows {returning if 'returning' in fields else ''} }}"


def _call(name: str, field: GraphQLField) -> str:
    """Return the variables of an operation with one root field, and the call of that field."""
    if not field.args:
        return f" {{ {name}"
    declared = " ".join(f"${arg}: {each.type}" for arg, each in field.args.items())
    given = " ".join(f"{arg}: ${arg}" for arg in field.args)
    return f"({declared}) {{ {name}({given})"


def _leaves(type_: GraphQLObjectType) -> str:
    names = [name for name, field in type_.fields.items() if _is_plain(field) and _is_leaf(field)]
    return " ".join(names) or "__typename"


def _nested(row: GraphQLObjectType) -> str:
    """Return every relationship of a row, with what is plain in it."""
    return " ".join(
        f"{name} {{ {_leaves(below)} }}"
        for name, field in row.fields.items()
        if _is_plain(field)
        if isinstance(below := get_named_type(field.type), GraphQLObjectType)
    )


def _aggregate(roots: dict[str, GraphQLField], table: str) -> str:
    field = roots.get(f"{table}_aggregate")
    if field is None:
        return ""
    top = get_named_type(field.type)
    assert isinstance(top, GraphQLObjectType)
    below = get_named_type(top.fields["aggregate"].type)
    assert isinstance(below, GraphQLObjectType)
    return f"{{ aggregate {{ count {_nested(below)} }} nodes {{ ...{table}_row }} }}"


def _is_plain(field: GraphQLField) -> bool:
    return not any(is_required_argument(argument) for argument in field.args.values())


def _is_leaf(field: GraphQLField) -> bool:
    return is_leaf_type(get_named_type(field.type))


def count_of(document: str) -> int:
    """Return how many operations a document of `table_operations` has."""
    lines: Iterable[str] = document.splitlines()
    return sum(line.startswith(("query ", "mutation ", "subscription ")) for line in lines)

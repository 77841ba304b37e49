"""Builds the schema: the three roots, and all that can be reached from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from graphql import GraphQLField, GraphQLNonNull, GraphQLSchema

from run_logger.local.schema.construct import STRING, by_name, object_type
from run_logger.local.schema.directives import directives
from run_logger.local.schema.roots import root_field
from run_logger.local.schema.types import Types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLObjectType

    from run_logger.local.model import Model, RootField

_BY_PK: Final = frozenset({"select_by_pk", "update_by_pk", "delete_by_pk"})
# What a role can use that sees no row of the table.
_BLIND: Final = frozenset({"insert", "update", "update_many", "delete"})
NO_QUERIES: Final = (
    "There are no queries available to the current role. Either there are no sources or remote "
    "schemas configured, or the current role doesn't have the required permissions."
)


def build_schema(model: Model) -> GraphQLSchema:
    """Build the GraphQL schema of a model.

    Args:
        model: What is shown. Of a role, its tables may hold more than its root fields lead to
            (the tables of enums, say): what no root field leads to is not in the schema.

    Returns:
        The schema, with types, fields and arguments in name order. Input fields and arguments
        carry the annotations of `run_logger.local.annotations`.

    Raises:
        ServeError: One GraphQL name would stand for two types.
    """
    types = Types(model)
    queries = _root_fields(types, model.queries) or {"no_queries_available": _no_queries()}
    schema = GraphQLSchema(
        query=_root("query_root", queries),
        mutation=_root("mutation_root", _root_fields(types, model.mutations), "mutation root"),
        subscription=_root("subscription_root", _root_fields(types, model.subscriptions)),
        directives=directives(),
        # What Postgres allows GraphQL may not: a column `__v` is served, as Hasura v2 does.
        assume_valid=True,
    )
    schema.type_map = by_name(schema.type_map.items())
    return schema


def _root_fields(types: Types, roots: Mapping[str, RootField]) -> dict[str, GraphQLField]:
    return {name: root_field(types, root) for name, root in roots.items() if _is_shown(types, root)}


def _is_shown(types: Types, root: RootField) -> bool:
    if root.kind in _BLIND and types.writes(root.table):
        return True
    if not types.shows(root.table):
        return False
    return root.kind not in _BY_PK or bool(types.key(types.table(root.table)))


def _root(
    name: str, fields: Mapping[str, GraphQLField], description: str | None = None
) -> GraphQLObjectType | None:
    if not fields:
        return None
    return object_type(name, fields.items, description)


def _no_queries() -> GraphQLField:
    return GraphQLField(GraphQLNonNull(STRING), description=NO_QUERIES)

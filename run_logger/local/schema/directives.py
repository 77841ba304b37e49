"""The directives that Hasura v2 announces."""

from __future__ import annotations

from graphql import (
    DirectiveLocation,
    GraphQLArgument,
    GraphQLDirective,
    GraphQLNonNull,
)

from run_logger.local.schema.construct import BOOLEAN, INT


def directives() -> list[GraphQLDirective]:
    """Return the directives in name order."""
    return [_cached(), _conditional("include"), _conditional("skip")]


def _cached() -> GraphQLDirective:
    ttl = GraphQLArgument(GraphQLNonNull(INT), default_value=60, description="measured in seconds")
    refresh = GraphQLArgument(
        GraphQLNonNull(BOOLEAN), default_value=False, description="refresh the cache entry"
    )
    return GraphQLDirective(
        "cached",
        [DirectiveLocation.QUERY],
        args={"refresh": refresh, "ttl": ttl},
        description="whether this query should be cached (Hasura Cloud only)",
    )


def _conditional(name: str) -> GraphQLDirective:
    participle = "included" if name == "include" else "skipped"
    return GraphQLDirective(
        name,
        [
            DirectiveLocation.FIELD,
            DirectiveLocation.FRAGMENT_SPREAD,
            DirectiveLocation.INLINE_FRAGMENT,
        ],
        args={"if": GraphQLArgument(GraphQLNonNull(BOOLEAN))},
        description=f"whether this query should be {participle}",
    )

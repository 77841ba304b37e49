"""The GraphQL schema of a model, as Hasura v2 would introspect it.

`roots` starts from the root fields; each of the other modules makes one family of types, which
`types` keeps so that each is made once a schema. Nothing is kept between two schemas.
"""

from run_logger.local.schema.build import build_schema

__all__ = ["build_schema"]

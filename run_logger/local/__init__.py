"""A local server that speaks Hasura v2's dialect of GraphQL over a Postgres database.

A request goes one way: bytes → `app` (HTTP) → `auth` (who asks) → `request` (the document against
the schema of that role) → `compiler` (SQL) → Postgres → bytes. What exists (`catalog`) and what is
shown (`metadata`) are read once into the plain dataclasses of `model`, of which `permissions` makes
what a role sees and may do. `schema`, `request` and `compiler` share them; none of these three
knows HTTP, and `app` knows no SQL.

The `engine` answers with what is `shown` at the moment; over `api` an administrator puts something
else in its place. `server` puts all of it together, with `options` from Hasura's environment
variables, over a database of the user's or the embedded one (`postgres`, `archive`).
"""

"""A local server that speaks Hasura v2's dialect of GraphQL over a Postgres database.

A request goes one way: bytes → `app` (HTTP) → `auth` (who asks) → `request` (the document against
the schema of that role) → `compiler` (SQL) → Postgres → bytes. What exists (`catalog`) and what is
shown (`metadata`) are read once into the plain dataclasses of `model`, which `schema`, `request`
and `compiler` share. None of these three knows HTTP, and `app` knows no SQL.
"""

"""What Python type stands for each scalar of a Hasura schema.

Hasura names a scalar after its Postgres type; a value goes out as Postgres writes it in JSON, and
any type but json and jsonb takes its text form as input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import GraphQLScalarType, is_specified_scalar_type

if TYPE_CHECKING:
    from graphql import GraphQLSchema

_TEXT = (
    "bit",
    "bpchar",
    "bytea",
    "char",
    "cidr",
    "citext",
    "circle",
    "inet",
    "interval",
    "lquery",
    "ltree",
    "ltxtquery",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "regclass",
    "text",
    "timetz",
    "tsquery",
    "tsvector",
    "varbit",
    "varchar",
    "xml",
)

PYTHON_TYPES: dict[str, str] = {
    **dict.fromkeys(_TEXT, "str"),
    **dict.fromkeys(["bigint", "smallint", "oid"], "int"),
    **dict.fromkeys(["float8", "float4"], "float"),
    **dict.fromkeys(["json", "jsonb"], "typing.Any"),
    "numeric": "decimal.Decimal",
    "uuid": "uuid.UUID",
    "date": "datetime.date",
    "time": "datetime.time",
    "timestamp": "datetime.datetime",
    "timestamptz": "pydantic.AwareDatetime",
}
"""Scalar to the dotted name of its Python type; bytea is hex text: `\\x`, two digits a byte."""


def custom_scalars(schema: GraphQLSchema) -> list[str]:
    """Return the names of the schema's scalars beyond GraphQL's own, sorted."""
    return sorted(
        name
        for name, type_ in schema.type_map.items()
        if isinstance(type_, GraphQLScalarType) and not is_specified_scalar_type(type_)
    )


def python_type(scalar: str) -> str:
    """Return the dotted name of the Python type for a scalar; Any for one that is not known.

    What is not known may be an extension's type, an array ("_text"), a range or a composite type:
    Hasura gives it out as text, as a list or as an object.
    """
    return PYTHON_TYPES.get(scalar, "typing.Any")

"""A database that shows every rule of the schema, and a view of the schema for tests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
import pytest
import yaml
from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    print_type,
)

from run_logger.local.metadata import Entry, Metadata, table_name
from run_logger.local.model import EnumValue, Model
from run_logger.local.reflection import read_enum_rows, reflect
from run_logger.local.schema import build_schema
from run_logger.local.tracking import enum_columns, track

if TYPE_CHECKING:
    from graphql import GraphQLField

    from run_logger.local.postgres import Postgres

_SQL = """
create schema shop;
create type mood as enum ('glad', 'sad');
create domain code as varchar check (value <> '');
create table genre (name text primary key, comment text);
insert into genre values ('prose', 'no rhymes'), ('drama', null);
create table author (
    id serial primary key,
    name text not null unique,
    genre text references genre,
    rating float8,
    active boolean not null,
    profile jsonb not null,
    tags text[],
    slug text generated always as (lower(name)) stored
);
comment on table author is 'who writes';
comment on column author.name is 'as on the cover';
create table shop.book (
    isbn text,
    edition smallint,
    author_id integer not null references author,
    editor_id integer references author,
    title varchar(200),
    primary key (isbn, edition)
);
create table every_type (
    a_bit bit(3), a_bool bool, a_bpchar char(3), a_bytea bytea, a_date date, a_domain code,
    a_float4 float4, a_float8 float8, a_int2 int2, a_int4 int4, a_int8 int8, a_interval interval,
    a_json json, a_jsonb jsonb, a_money money, a_mood mood, a_numeric numeric(9, 2),
    a_range int4range, a_row genre, a_text text, a_time time, a_timestamp timestamp,
    a_timestamptz timestamptz, a_timetz timetz, a_uuid uuid, a_varchar varchar(3),
    some_int8 int8[], some_mood mood[]
);
create view book_count as select count(*) as books from shop.book;
create view title as select isbn, title from shop.book;
create function search_author(pattern text, at_most integer default 10) returns setof author
    language sql stable as 'select * from author';
create function any_author(seed float8 default 0) returns author
    language sql stable as 'select * from author limit 1';
create function retire(author_id integer) returns setof author
    language sql volatile as 'select * from author';
comment on function retire(integer) is 'not for mutations';
comment on function any_author(float8) is 'one at random';
create function author_label(author, prefix text) returns text
    language sql stable as 'select prefix || $1.name';
create function author_facts(author) returns jsonb language sql stable as 'select $1.profile';
create function author_rivals(author) returns setof author
    language sql stable as 'select * from author';
comment on function author_facts(author) is 'the metadata says otherwise';
comment on function author_rivals(author) is 'who competes';
"""
_TABLES = """
- table: genre
  is_enum: true
- table: author
  array_relationships:
  - name: books
    using: {foreign_key_constraint_on: {table: {schema: shop, name: book}, column: author_id}}
  computed_fields:
  - name: label
    definition: {function: author_label}
  - name: facts
    definition: {function: author_facts}
    comment: what is known
  - name: rivals
    definition: {function: author_rivals}
- table: {schema: shop, name: book}
  object_relationships:
  - {name: author, using: {foreign_key_constraint_on: author_id}}
  - {name: editor, using: {foreign_key_constraint_on: editor_id}}
- table: every_type
- table: book_count
- table: title
"""
_FUNCTIONS = """
- function: search_author
- function: any_author
- function: retire
"""


class ShownSchema:
    """A schema, in the short words in which tests speak of it."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.types = schema.type_map

    def fields(self, type_: str) -> dict[str, str]:
        """Return the types of the fields of an object or input type."""
        return {name: str(field.type) for name, field in self._type(type_).fields.items()}

    def values(self, enum: str) -> list[str]:
        type_ = self.types[enum]
        assert isinstance(type_, GraphQLEnumType)
        return list(type_.values)

    def field(self, type_: str, name: str) -> GraphQLField:
        found = self.types[type_]
        assert isinstance(found, GraphQLObjectType)
        fields: dict[str, GraphQLField] = found.fields
        return fields[name]

    def input_field(self, type_: str, name: str) -> GraphQLInputField:
        found = self.types[type_]
        assert isinstance(found, GraphQLInputObjectType)
        fields: dict[str, GraphQLInputField] = found.fields
        return fields[name]

    def description(self, type_: str, field: str) -> str | None:
        found: str | None = self._type(type_).fields[field].description
        return found

    def signature(self, type_: str, name: str) -> str:
        """Return a field's description, arguments and type."""
        field = self.field(type_, name)
        arguments = ", ".join(f"{key}: {item.type}" for key, item in field.args.items())
        return f"{field.description}: ({arguments}) {field.type}"

    def printed(self, *types: str) -> str:
        """Return types in GraphQL's own language."""
        return "\n\n".join(print_type(self.types[name]) for name in types)

    def _type(self, name: str) -> GraphQLObjectType | GraphQLInputObjectType:
        found = self.types[name]
        assert isinstance(found, GraphQLObjectType | GraphQLInputObjectType)
        return found


class SchemaOf(Protocol):
    def __call__(self, sql: str, tables: str, functions: str = "[]") -> ShownSchema: ...


@pytest.fixture(scope="session")
def schema_of(postgres: Postgres) -> SchemaOf:
    """Build the schema of a new database: SQL, and Hasura's entries of what is tracked."""

    def build(sql: str, tables: str, functions: str = "[]") -> ShownSchema:
        metadata = Metadata(
            tables=_entries("table", tables), functions=_entries("function", functions)
        )
        model = asyncio.run(_model(postgres.create_database(), sql, metadata))
        assert model.inconsistencies == ()
        return ShownSchema(build_schema(model))

    return build


@pytest.fixture(scope="session")
def schema(schema_of: SchemaOf) -> ShownSchema:
    return schema_of(_SQL, _TABLES, _FUNCTIONS)


@pytest.fixture(scope="session")
def select_arguments() -> str:
    """The five arguments of a field that gives rows, with `{0}` for the table."""
    return (
        "distinct_on: [{0}_select_column!], limit: Int, offset: Int, "
        "order_by: [{0}_order_by!], where: {0}_bool_exp"
    )


def _entries(kind: str, text: str) -> tuple[Entry, ...]:
    bodies: list[dict[str, Any]] = yaml.safe_load(text)
    return tuple(Entry(table_name(body[kind]), body) for body in bodies)


async def _model(dsn: str, sql: str, metadata: Metadata) -> Model:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        await connection.execute(sql.encode())
        catalog = await reflect(connection)
        enums = {
            name: tuple(EnumValue(*row) for row in await read_enum_rows(connection, name, *columns))
            for name, columns in enum_columns(catalog, metadata).items()
        }
    return track(catalog, metadata, enums)

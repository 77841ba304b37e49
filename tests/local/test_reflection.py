"""What the catalog says of a database is what the database holds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg
import pytest

from run_logger.local.catalog import Catalog, Column, ForeignKey, Key, Name, PgType
from run_logger.local.reflection import read_enum_rows, reflect

if TYPE_CHECKING:
    from run_logger.local.postgres import Postgres

_SQL = """
create schema shop;
create type shop.mood as enum ('sad', 'ok');
create domain positive as int check (value > 0);
create table color (value text primary key, comment text);
insert into color values ('red', 'warm'), ('blue', null);
create table shop."Order" (
    id bigint generated always as identity primary key,
    "odd ""column%" text,
    color text references color,
    mood shop.mood,
    tags text[],
    amount positive,
    code char(3),
    price numeric(10, 2) not null default 3.5,
    double int generated always as (6) stored,
    unique (code, color)
);
comment on table shop."Order" is 'what was ordered';
comment on column shop."Order".tags is 'its tags';
create view cheap as select * from shop."Order" where price < 1;
create view counted as select count(*) as rows from shop."Order";
create function shop.found(lowest int, "Text" text default 'x') returns setof shop."Order"
    language sql stable as 'select * from shop."Order"';
create function total(color) returns bigint language sql volatile as 'select 1::bigint';
create function total(int) returns bigint language sql immutable as 'select 1::bigint';
"""

_ORDER = Name("shop", "Order")
_TEXT = PgType("text", "text")


async def _reflected(dsn: str) -> Catalog:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        await connection.execute(_SQL.encode())
        return await reflect(connection)


@pytest.fixture
def catalog(any_postgres: Postgres) -> Catalog:
    return asyncio.run(_reflected(any_postgres.create_database()))


def _column(catalog: Catalog, name: str) -> Column:
    column = catalog.tables[_ORDER].column(name)
    assert column is not None
    return column


def test_tables_and_views_of_every_schema_are_there_and_postgres_s_own_are_not(
    catalog: Catalog,
) -> None:
    assert {str(name): table.kind for name, table in catalog.tables.items()} == {
        "color": "table",
        "shop.Order": "table",
        "cheap": "view",
        "counted": "view",
    }


def test_a_view_takes_writes_where_postgres_says_so(catalog: Catalog) -> None:
    cheap, counted = (catalog.tables[Name("public", name)] for name in ("cheap", "counted"))
    assert (cheap.insertable, cheap.updatable, cheap.deletable) == (True, True, True)
    assert (counted.insertable, counted.updatable, counted.deletable) == (False, False, False)


def test_keys_are_read_with_their_columns_in_order(catalog: Catalog) -> None:
    order = catalog.tables[_ORDER]
    assert order.primary_key == Key("Order_pkey", ("id",))
    assert order.unique_keys == (Key("Order_code_color_key", ("code", "color")),)
    assert order.foreign_keys == (
        ForeignKey("Order_color_fkey", ("color",), Name("public", "color"), ("value",)),
    )


def test_comments_are_read(catalog: Catalog) -> None:
    assert catalog.tables[_ORDER].comment == "what was ordered"
    assert _column(catalog, "tags").comment == "its tags"


def test_a_name_of_any_characters_is_read_as_it_is(catalog: Catalog) -> None:
    assert _column(catalog, 'odd "column%').type == _TEXT


def test_a_type_is_spelled_as_a_cast_that_loses_nothing(catalog: Catalog) -> None:
    assert _column(catalog, "code").type == PgType("bpchar", "bpchar")
    assert _column(catalog, "mood").type == PgType("shop.mood", "mood", "enum")
    assert _column(catalog, "tags").type == PgType("text[]", "_text", "base", _TEXT)


def test_a_domain_counts_as_its_base_type(catalog: Catalog) -> None:
    assert _column(catalog, "amount").type == PgType("integer", "int4")


def test_defaults_are_expressions_and_what_postgres_alone_writes_is_marked(
    catalog: Catalog,
) -> None:
    assert _column(catalog, "price").default == "3.5"
    assert _column(catalog, "id").default == "nextval('shop.\"Order_id_seq\"'::regclass)"
    assert [_column(catalog, name).generated for name in ("id", "double", "price")] == [
        True,
        True,
        False,
    ]


def test_a_function_is_read_with_its_arguments_and_the_table_that_it_returns(
    catalog: Catalog,
) -> None:
    (found,) = catalog.functions[Name("shop", "found")]
    assert found.returns_table == _ORDER
    assert (found.returns_set, found.volatility, found.variadic) == (True, "stable", False)
    assert [(item.name, item.type.sql, item.has_default) for item in found.arguments] == [
        ("lowest", "integer", False),
        ("Text", "text", True),
    ]


def test_overloads_are_all_read_and_a_row_argument_names_its_table(catalog: Catalog) -> None:
    overloads = catalog.functions[Name("public", "total")]
    assert [function.arguments[0].table for function in overloads] == [
        Name("public", "color"),
        None,
    ]


def test_the_rows_of_an_enum_table_come_in_the_order_of_their_values(
    any_postgres: Postgres,
) -> None:
    async def read(dsn: str) -> list[tuple[str, str | None]]:
        async with await psycopg.AsyncConnection.connect(dsn) as connection:
            await connection.execute(_SQL.encode())
            return await read_enum_rows(connection, Name("public", "color"), "value", "comment")

    rows = asyncio.run(read(any_postgres.create_database()))
    assert rows == [("blue", None), ("red", "warm")]

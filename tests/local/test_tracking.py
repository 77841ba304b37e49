"""What the metadata tracks is shown under Hasura's names; what does not hold is left out."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
import yaml

from run_logger.local.catalog import Catalog, Name
from run_logger.local.metadata import Entry, Metadata, table_name
from run_logger.local.model import (
    ColumnField,
    ComputedField,
    EnumValue,
    Model,
    Relationship,
    RelationshipAggregate,
)
from run_logger.local.reflection import reflect
from run_logger.local.tracking import enum_columns, track

_SQL = """
create schema shop;
create table color (value text primary key, comment text);
create table customer (id int primary key, name text not null, "no graphql" text);
create table shop.invoice (
    id int primary key,
    customer_id int not null references customer,
    sent_to int references customer,
    color text references color
);
create table passport (customer_id int primary key references customer);
create view open_invoice as select * from shop.invoice;
create view tally as select count(*) from shop.invoice;
create function customer_label(customer, separator text, hasura_session json) returns text
    language sql stable as 'select $1.name';
create function friends(customer) returns setof customer language sql stable
    as 'select * from customer';
create function search(session json, text, int default 3) returns setof customer
    language sql stable as 'select * from customer';
create function first_customer() returns customer language sql stable
    as 'select * from customer limit 1';
create function touch() returns setof customer language sql volatile as 'select * from customer';
create function twice(int) returns setof customer language sql stable as 'select * from customer';
create function twice(text) returns setof customer language sql stable as 'select * from customer';
create function odd("in %" int) returns setof customer language sql stable
    as 'select * from customer';
create function spread(variadic int[]) returns setof customer language sql stable
    as 'select * from customer';
"""

_COLOR = Name("public", "color")
_CUSTOMER = Name("public", "customer")
_INVOICE = Name("shop", "invoice")
_BOTH = "- table: customer\n- table: {schema: shop, name: invoice}\n"


@pytest.fixture
def catalog(database: str) -> Catalog:
    async def read() -> Catalog:
        async with await psycopg.AsyncConnection.connect(database) as connection:
            await connection.execute(_SQL.encode())
            return await reflect(connection)

    return asyncio.run(read())


def _tracked(catalog: Catalog, tables: str, functions: str = "[]") -> Model:
    metadata = Metadata(
        tables=tuple(_entries("table", tables)), functions=tuple(_entries("function", functions))
    )
    enums = dict.fromkeys(enum_columns(catalog, metadata), (EnumValue("red", "warm"),))
    return track(catalog, metadata, enums)


def _entries(kind: str, text: str) -> list[Entry]:
    bodies: list[dict[str, Any]] = yaml.safe_load(text)
    return [Entry(table_name(body[kind]), body) for body in bodies]


def _reasons(model: Model) -> list[str]:
    return [f"{item.kind} {item.name}: {item.reason}" for item in model.inconsistencies]


def test_a_table_outside_public_has_its_schema_in_its_name(catalog: Catalog) -> None:
    model = _tracked(catalog, _BOTH)
    assert model.tables[_INVOICE].name == "shop_invoice"
    assert {"customer", "shop_invoice", "shop_invoice_by_pk"} <= set(model.queries)
    assert not model.inconsistencies


def test_a_table_has_every_root_field_that_it_can_bear(catalog: Catalog) -> None:
    model = _tracked(catalog, "- table: customer")
    assert set(model.queries) == {"customer", "customer_aggregate", "customer_by_pk"}
    assert set(model.subscriptions) == {*model.queries, "customer_stream"}
    assert set(model.mutations) == {
        "insert_customer",
        "insert_customer_one",
        "update_customer",
        "update_customer_by_pk",
        "update_customer_many",
        "delete_customer",
        "delete_customer_by_pk",
    }


def test_a_view_has_no_key_and_only_the_writes_that_postgres_allows(catalog: Catalog) -> None:
    model = _tracked(catalog, "- table: open_invoice\n- table: tally")
    assert set(model.queries) == {
        "open_invoice",
        "open_invoice_aggregate",
        "tally",
        "tally_aggregate",
    }
    assert not any("by_pk" in name or "tally" in name for name in model.mutations)
    assert "insert_open_invoice_one" in model.mutations


def test_custom_names_replace_those_of_tables_columns_and_root_fields(catalog: Catalog) -> None:
    model = _tracked(
        catalog,
        """
        - table: customer
          configuration:
            custom_name: Client
            comment: whom we sell to
            column_config: {name: {custom_name: fullName, comment: as on the door}}
            custom_column_names: {id: clientId}
            custom_root_fields:
              select: clients
              insert_one: {name: addClient, comment: Add a client}
        """,
    )
    client = model.tables[_CUSTOMER]
    assert (client.name, client.comment) == ("Client", "whom we sell to")
    assert [item.name for item in client.columns] == ["clientId", "fullName"]
    assert [item.comment for item in client.columns] == [None, "as on the door"]
    assert {"clients", "Client_by_pk"} <= set(model.queries)
    assert model.mutations["addClient"].comment == "Add a client"


def test_a_column_that_graphql_cannot_name_is_left_out(catalog: Catalog) -> None:
    model = _tracked(catalog, "- table: customer")
    assert list(model.tables[_CUSTOMER].fields) == ["id", "name"]


def test_an_object_relationship_is_nullable_where_its_foreign_key_is(catalog: Catalog) -> None:
    model = _tracked(
        catalog,
        """
        - table: customer
        - table: {schema: shop, name: invoice}
          object_relationships:
            - {name: customer, using: {foreign_key_constraint_on: customer_id}}
            - {name: recipient, using: {foreign_key_constraint_on: [sent_to]}}
        """,
    )
    fields = model.tables[_INVOICE].fields
    columns = {"customer": "customer_id", "recipient": "sent_to"}
    for name, nullable in (("customer", False), ("recipient", True)):
        relationship = fields[name]
        assert isinstance(relationship, Relationship)
        assert (relationship.kind, relationship.nullable) == ("object", nullable)
        assert (relationship.target, relationship.columns) == (_CUSTOMER, ((columns[name], "id"),))
        assert not relationship.parent_first


def test_a_foreign_key_of_the_other_table_makes_reverse_relationships(catalog: Catalog) -> None:
    model = _tracked(
        catalog,
        """
        - table: passport
        - table: {schema: shop, name: invoice}
        - table: customer
          object_relationships:
            - name: passport
              using: {foreign_key_constraint_on: {table: passport, column: customer_id}}
          array_relationships:
            - name: received
              using:
                foreign_key_constraint_on:
                  {table: {schema: shop, name: invoice}, columns: [sent_to]}
        """,
    )
    fields = model.tables[_CUSTOMER].fields
    passport, received = fields["passport"], fields["received"]
    assert isinstance(passport, Relationship)
    assert isinstance(received, Relationship)
    assert (passport.kind, passport.nullable, passport.parent_first) == ("object", True, True)
    assert (received.kind, received.columns) == ("array", (("id", "sent_to"),))
    assert fields["received_aggregate"] == RelationshipAggregate("received_aggregate", received)


def test_a_relationship_may_be_written_out(catalog: Catalog) -> None:
    model = _tracked(
        catalog,
        """
        - table: customer
        - table: open_invoice
          object_relationships:
            - name: customer
              using:
                manual_configuration:
                  remote_table: customer
                  column_mapping: {customer_id: id}
                  insertion_order: null
        """,
    )
    customer = model.tables[Name("public", "open_invoice")].fields["customer"]
    assert isinstance(customer, Relationship)
    assert (customer.nullable, customer.parent_first) == (True, False)


def test_a_column_that_refers_to_an_enum_table_has_its_enum(catalog: Catalog) -> None:
    model = _tracked(
        catalog, "- {table: color, is_enum: true}\n- table: {schema: shop, name: invoice}"
    )
    color = model.tables[_INVOICE].fields["color"]
    assert isinstance(color, ColumnField)
    assert color.enum == "color_enum"
    assert model.tables[_COLOR].enum_values == (EnumValue("red", "warm"),)


def test_a_computed_field_hides_the_row_and_the_session(catalog: Catalog) -> None:
    model = _tracked(
        catalog,
        """
        - table: customer
          computed_fields:
            - name: label
              definition: {function: customer_label, session_argument: hasura_session}
            - name: friends
              definition: {function: {schema: public, name: friends}}
        """,
    )
    label, friends = (model.tables[_CUSTOMER].fields[name] for name in ("label", "friends"))
    assert isinstance(label, ComputedField)
    assert isinstance(friends, ComputedField)
    assert (label.row_argument, label.session_argument, label.target) == (0, 2, None)
    assert [argument.name for argument in label.arguments] == ["separator"]
    assert (friends.target, friends.arguments) == (_CUSTOMER, ())


def test_a_function_stands_under_the_root_that_its_volatility_asks_for(catalog: Catalog) -> None:
    model = _tracked(
        catalog,
        "- table: customer",
        """
        - {function: search, configuration: {session_argument: session, custom_name: find}}
        - function: first_customer
        - function: touch
        """,
    )
    assert {"find", "find_aggregate", "first_customer", "touch"} & set(model.queries) == {
        "find",
        "find_aggregate",
        "first_customer",
    }
    assert {"touch", "touch_aggregate"} & set(model.mutations) == {"touch"}
    find = model.queries["find"].function
    assert find is not None
    assert find.session_argument == 0
    assert [(item.name, item.has_default) for item in find.arguments] == [
        ("arg_1", False),
        ("arg_2", True),
    ]


def test_metadata_may_expose_a_volatile_function_as_a_query(catalog: Catalog) -> None:
    model = _tracked(
        catalog,
        "- table: customer",
        "- {function: touch, configuration: {exposed_as: query}}",
    )
    assert "touch" in model.queries
    assert "touch" not in model.mutations


@pytest.mark.parametrize(
    ("tables", "functions", "reason"),
    [
        ("- table: gone", "[]", 'table gone: no such table/view exists in source: "gone"'),
        ("- table: color\n- table: color", "[]", "table color: it is tracked twice"),
        ("- {table: customer, is_enum: true}", "[]", "an enum table needs a text primary key"),
        (
            "- table: color\n- {table: customer, configuration: {custom_name: color}}",
            "[]",
            "table customer: another table has the GraphQL name 'color'",
        ),
        (
            "- {table: color, configuration: {custom_root_fields: {select: color_by_pk}}}",
            "[]",
            "another root field is called 'color_by_pk'",
        ),
        (
            "- table: customer\n  object_relationships:\n"
            "  - {name: color, using: {foreign_key_constraint_on: name}}",
            "[]",
            'no foreign constraint exists on the given column(s) name of table "customer"',
        ),
        (
            "- table: {schema: shop, name: invoice}\n  object_relationships:\n"
            "  - {name: customer, using: {foreign_key_constraint_on: customer_id}}",
            "[]",
            'customer on shop.invoice: table "customer" is not tracked',
        ),
        (
            "- table: customer\n  computed_fields:\n"
            "  - {name: name, definition: {function: customer_label}}",
            "[]",
            "the table has another field 'name'",
        ),
        (
            "- table: color\n  computed_fields:\n"
            "  - {name: label, definition: {function: customer_label}}",
            "[]",
            'the computed field "label" cannot be added to table "color" because first argument of'
            ' the function "customer_label" of type "public.customer" is not the table to which'
            " the computed field is being added",
        ),
        ("- table: customer", "- function: twice", 'function "twice" is overloaded'),
        ("- table: customer", "- function: lost", 'function "lost" does not exist'),
        ("- table: customer", "- function: spread", "VARIADIC"),
        ("- table: color", "- function: touch", "does not return rows of a tracked table"),
        ("- table: customer", "- function: odd", "its argument 'in %' has no GraphQL name"),
        (
            "- table: customer",
            "- {function: first_customer, configuration: {exposed_as: mutation}}",
            "is not marked VOLATILE",
        ),
    ],
)
def test_what_does_not_hold_is_left_out_with_its_reason_and_the_rest_is_shown(
    catalog: Catalog, tables: str, functions: str, reason: str
) -> None:
    model = _tracked(catalog, "- table: passport\n" + tables, functions)
    (found,) = _reasons(model)
    assert reason in found
    assert "passport_by_pk" in model.queries

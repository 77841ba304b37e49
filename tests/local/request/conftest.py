"""The schema that requests are read against, and a reader of requests for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from run_logger.local.catalog import Column, Key, Name, PgType, Table
from run_logger.local.errors import HasuraError
from run_logger.local.model import (
    ColumnField,
    EnumValue,
    Model,
    Relationship,
    RelationshipAggregate,
    RootField,
    TrackedTable,
)
from run_logger.local.operation import Rows
from run_logger.local.request import read_request
from run_logger.local.schema import build_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLSchema

    from run_logger.local.operation import Field, Operation

INTEGER = PgType("integer", "int4")
BIGINT = PgType("bigint", "int8")
TEXT = PgType("text", "text")
TEXTS = PgType("text[]", "_text", element=TEXT)
JSONB = PgType("jsonb", "jsonb")
COLUMNS = {
    "id": INTEGER,
    "name": TEXT,
    "big": BIGINT,
    "small": PgType("smallint", "int2"),
    "score": PgType("numeric", "numeric"),
    "price": PgType("money", "money"),
    "loss": PgType("double precision", "float8"),
    "archived": PgType("boolean", "bool"),
    "metadata": JSONB,
    "space": PgType("json", "json"),
    "at": PgType("timestamp with time zone", "timestamptz"),
    "blob": PgType("bytea", "bytea"),
    "tags": TEXTS,
    "documents": PgType("jsonb[]", "_jsonb", element=JSONB),
    "mood": TEXT,
}
RUN, LOG, MOOD = (Name("public", name) for name in ("run", "log", "mood"))


def tracked(name: Name, columns: Mapping[str, PgType], **more: Any) -> TrackedTable:
    made = [Column(key, type_, nullable=True) for key, type_ in columns.items()]
    table = Table(name, "table", tuple(made), Key(f"{name}_pkey", (made[0].name,)))
    fields = {
        column.name: ColumnField(
            column.name, column, "mood_enum" if column.name == "mood" else None
        )
        for column in made
    }
    return TrackedTable(str(name), table, {**fields, **more.pop("fields", {})}, **more)


def model() -> Model:
    logs = Relationship("logs", "array", LOG, (("id", "run_id"),), False, True)
    run = Relationship("run", "object", RUN, (("run_id", "id"),), False, False)
    tables = {
        RUN: tracked(
            RUN,
            COLUMNS,
            fields={"logs": logs, "logs_aggregate": RelationshipAggregate("logs_aggregate", logs)},
        ),
        LOG: tracked(LOG, {"id": INTEGER, "run_id": INTEGER, "log": JSONB}, fields={"run": run}),
        MOOD: tracked(
            MOOD,
            {"value": TEXT},
            enum_values=(EnumValue("good", None), EnumValue("bad", None)),
        ),
    }
    queries = {
        "run": RootField("run", "select", RUN),
        "run_by_pk": RootField("run_by_pk", "select_by_pk", RUN),
        "run_aggregate": RootField("run_aggregate", "select_aggregate", RUN),
    }
    mutations = {
        "insert_run": RootField("insert_run", "insert", RUN),
        "insert_run_one": RootField("insert_run_one", "insert_one", RUN),
        "update_run": RootField("update_run", "update", RUN),
        "delete_run": RootField("delete_run", "delete", RUN),
    }
    return Model(tables, queries, mutations)


class Reader:
    """Reads requests against a schema, and tells what is said of wrong ones."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    def read(
        self, query: str, variables: Mapping[str, Any] | None = None, name: str | None = None
    ) -> tuple[Operation, list[str | None]]:
        reading = read_request(self._schema, query, variables, name)
        assert reading.again.values(variables) == list(reading.values)
        return reading.operation, list(reading.values)

    def read_after(
        self, query: str, variables: Mapping[str, Any], first: Mapping[str, Any]
    ) -> list[str | None] | None:
        """Read values for an operation that was read with others before."""
        return read_request(self._schema, query, first, None).again.values(variables)

    def only(self, query: str, variables: Mapping[str, Any] | None = None) -> Field:
        """Return the one root field."""
        (field,) = self.read(query, variables)[0].fields
        return field

    def values(self, query: str, variables: Mapping[str, Any] | None = None) -> list[str | None]:
        return self.read(query, variables)[1]

    def rows(self, query: str, variables: Mapping[str, Any] | None = None) -> tuple[Rows, Any]:
        """Return the rows that an insert was given, and their JSON."""
        operation, texts = self.read(query, variables)
        (rows,) = operation.fields[0].arguments.values()
        assert isinstance(rows, Rows)
        text = texts[rows.index]
        assert text is not None
        return rows, orjson.loads(text)

    def error(
        self, query: str, variables: Mapping[str, Any] | None = None, name: str | None = None
    ) -> tuple[str, str, str]:
        """Return the path, the message and the code."""
        with pytest.raises(HasuraError) as caught:
            self.read(query, variables, name)
        return caught.value.path, caught.value.message, caught.value.code

    def refused(self, query: str, variables: Mapping[str, Any] | None = None) -> tuple[str, str]:
        """Return the path and the message of what fails validation."""
        path, message, code = self.error(query, variables)
        assert code == "validation-failed"
        return path, message


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader(build_schema(model()))

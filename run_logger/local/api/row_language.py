"""The language that the data commands of `/v1/query` have for rows, put into GraphQL.

Columns go by their names in Postgres, operators begin with a dollar sign or an underscore.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from run_logger.local.auth import ADMIN
from run_logger.local.errors import HasuraError
from run_logger.local.metadata import as_mapping, table_name
from run_logger.local.model import ColumnField, Relationship
from run_logger.local.permissions.comparisons import plain_name as plain
from run_logger.local.project import is_list
from run_logger.local.scalars import is_graphql_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from run_logger.local.catalog import Name
    from run_logger.local.model import Model, TrackedTable

# Older names of operators.
_OPERATORS = {"_ne": "_neq"}


class Request:
    """A GraphQL request as it is put together, with what it names of the database.

    Args:
        model: What the role sees of the database.
        role: Who asks.

    Attributes:
        variables: The values of its variables.
    """

    def __init__(self, model: Model, role: str) -> None:
        self.variables: dict[str, Any] = {}
        self._model = model
        self._role = role
        self._types: list[str] = []

    def table(self, value: Any) -> TrackedTable:
        """Return the tracked table that a command names.

        Raises:
            HasuraError: There is none.
        """
        name = table_name(value)
        if name not in self._model.tables and self._role != ADMIN:
            raise self._denied(name, "select")
        if name not in self._model.tables:
            message = f'table "{name}" does not exist'
            raise HasuraError(message, "not-exists", "$.args.table")
        return self._model.tables[name]

    def root(self, table: TrackedTable, kind: str) -> str:
        """Return the name of the table's root field of a kind.

        Raises:
            HasuraError: There is none, as for an insert into a view that takes none, or the role
                may not use it.
        """
        for name, field in (*self._model.queries.items(), *self._model.mutations.items()):
            if field.kind == kind and field.table == table.table.name:
                return name
        if table.access is not None:
            raise self._denied(table.table.name, kind)
        message = f'table "{table.table.name}" has no root field of the kind {kind}'
        raise HasuraError(message, "not-supported", "$.args.table")

    def field(self, table: TrackedTable, column: str) -> str:
        """Return the GraphQL name of a column that is read.

        Raises:
            HasuraError: There is none, or the role may not read it.
        """
        name = fields(table).get(column)
        if name is None:
            raise self.unknown(table, column, "select")
        return name

    def row(self, table: TrackedTable, given: Any, action: str) -> dict[str, Any]:
        """Return the values of a row by the GraphQL names of their columns.

        Args:
            table: The table.
            given: The values by the names of the columns.
            action: What is done with them: `insert` or `update`.

        Raises:
            HasuraError: They are no object, or the role may not write one of the columns.
        """
        row = as_mapping(given)
        if row is None:
            raise _malformed("an object", given)
        access = table.inserts if action == "insert" else table.updates
        written = (item for item in access.fields.values() if isinstance(item, ColumnField))
        names = {item.column.name: item.name for item in written}
        for column in row:
            if column not in names:
                raise self.unknown(table, column, action)
        return {names[column]: value for column, value in row.items()}

    def unknown(self, table: TrackedTable, name: str, action: str) -> HasuraError:
        """Return the error about what a table does not have, or the role may not use."""
        if table.access is None:
            return HasuraError(f'"{name}" does not exist', "not-exists", "$.args")
        message = f'role "{self._role}" does not have permission to {action} column "{name}"'
        return HasuraError(message, "permission-denied", "$.args")

    def _denied(self, table: Name, kind: str) -> HasuraError:
        action = "select" if kind == "select_aggregate" else kind
        message = f'{action} on "{table}" for role "{self._role}" is not allowed. '
        return HasuraError(message, "permission-denied", "$.args")

    def variable(self, value: Any, type_: str) -> str:
        """Make a variable; return what stands for it in the text."""
        name = f"v{len(self.variables)}"
        self.variables[name] = value
        self._types.append(f"${name}: {type_}")
        return f"${name}"

    def text(self, kind: str, selection: str) -> str:
        """Return the text of the request: a `query` or a `mutation`."""
        variables = f"({', '.join(self._types)})" if self._types else ""
        return f"{kind}{variables} {{ {selection} }}"

    def selection(self, table: TrackedTable, columns: Any) -> str:
        """Return what is selected of rows, in braces.

        Args:
            table: The table.
            columns: A list of names of columns, `*` for all, and relationships as objects: `name`,
                `columns`, and what `rows` takes.
        """
        if not is_list(columns) or not columns:
            raise _malformed("a list of columns", columns)
        return "{ " + " ".join(self._selected(table, item) for item in columns) + " }"

    def rows(self, table: TrackedTable, args: Mapping[str, Any]) -> str:
        """Return the arguments that choose rows, in parentheses.

        Args:
            table: The table.
            args: Where given `where`, `order_by`, `limit` and `offset`.
        """
        given = dict(self._row_arguments(table, args))
        listed = ", ".join(f"{name}: {variable}" for name, variable in given.items())
        return f"({listed})" if listed else ""

    def where(self, table: TrackedTable, given: Any) -> dict[str, Any]:
        """Return a boolean expression as GraphQL has it."""
        expression = as_mapping(given)
        if expression is None:
            raise _malformed("a boolean expression", given)
        return dict(self._part(table, name, value) for name, value in expression.items())

    def _row_arguments(
        self, table: TrackedTable, args: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        if args.get("where") is not None:
            where = self.where(table, args["where"])
            yield "where", self.variable(where, f"{table.name}_bool_exp")
        if args.get("order_by") is not None:
            given: Any = args["order_by"]
            items: list[Any] = given if is_list(given) else [given]
            orders = [self._order(table, item) for item in items]
            yield "order_by", self.variable(orders, f"[{table.name}_order_by!]")
        for name in ("limit", "offset"):
            if args.get(name) is not None:
                yield name, self.variable(args[name], "Int")

    def _selected(self, table: TrackedTable, item: Any) -> str:
        if item == "*":
            return " ".join(aliased(column, name) for column, name in fields(table).items())
        if isinstance(item, str):
            return aliased(item, self.field(table, item))
        related = as_mapping(item)
        if related is None:
            raise _malformed("a column or a relationship", item)
        name = str(related.get("name"))
        target = self._target(table, name)
        return (
            f"{name}{self.rows(target, related)} {self.selection(target, related.get('columns'))}"
        )

    def _target(self, table: TrackedTable, name: str) -> TrackedTable:
        relationship = table.fields.get(name)
        if not isinstance(relationship, Relationship):
            raise self.unknown(table, name, "select")
        return self._model.tables[relationship.target]

    def _part(self, table: TrackedTable, name: str, value: Any) -> tuple[str, Any]:
        operator = plain(name)
        if operator in {"_and", "_or"}:
            if not is_list(value):
                raise _malformed("a list of boolean expressions", value)
            return operator, [self.where(table, item) for item in value]
        if operator == "_not":
            return operator, self.where(table, value)
        if isinstance(table.fields.get(name), Relationship):
            return name, self.where(self._target(table, name), value)
        return self.field(table, name), _comparison(value)

    def _order(self, table: TrackedTable, item: Any) -> dict[str, Any]:
        if isinstance(item, str):
            direction = "desc" if item.startswith("-") else "asc"
            return self._ordered(table, item.removeprefix("-").removeprefix("+"), direction)
        order = as_mapping(item)
        if order is None:
            raise _malformed("an order", item)
        direction = str(order.get("type") or "asc")
        if order.get("nulls"):
            direction = f"{direction}_nulls_{order['nulls']}"
        return self._ordered(table, str(order.get("column")), direction)

    def _ordered(self, table: TrackedTable, path: str, direction: str) -> dict[str, Any]:
        """Return an order by a column, of this row or (`author.name`) of a related one."""
        name, dot, rest = path.partition(".")
        if dot and path not in fields(table):
            return {name: self._ordered(self._target(table, name), rest, direction)}
        return {self.field(table, path): direction}


def fields(table: TrackedTable) -> dict[str, str]:
    """Return the GraphQL names of a table's columns by their names in Postgres."""
    return {item.column.name: item.name for item in table.columns}


def aliased(column: str, name: str) -> str:
    """Return the selection of a field under the name of its column, where GraphQL takes that."""
    return f"{column}: {name}" if column != name and is_graphql_name(column) else name


def _comparison(value: Any) -> dict[str, Any]:
    """Return the comparisons of a column; a value alone stands for equality."""
    given = as_mapping(value)
    if given is None:
        return {"_eq": value}
    named = {plain(name): item for name, item in given.items()}
    return {_OPERATORS.get(name, name): item for name, item in named.items()}


def _malformed(expected: str, given: Any) -> HasuraError:
    return HasuraError(f"expected {expected}, and not {given!r}", "parse-failed", "$.args")

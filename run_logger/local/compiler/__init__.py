"""From a checked root field to SQL.

`compile_query` turns a field of the query root into a plan, which runs as one statement and gives
the field's value as JSON text, made by Postgres. One file a concern: `scope` (what is in FROM),
`select` (selection sets), `rows` (which rows), `where`, `order`, `aggregate`, `function`,
`computed`, `encode` (JSON), `errors` (Postgres's errors in Hasura's words).

`compile_mutation` does the same for the mutation root, where a field may take several statements:
`mutation` (which change a field is), `insert`, `conflict`, `update`, `delete` (the changes),
`returning` (what they answer), `insertion` and `nested` (inserts that hang on each other), `shapes`
(rows for views), `write` (running several).

`compile_subscription` makes of a field of the subscription root a statement that serves many
subscribers at once: `subscription` (joining them), `stream` (the rows after a cursor).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from run_logger.local.compiler.encode import as_text
from run_logger.local.compiler.function import function_call, function_rows, session_only
from run_logger.local.compiler.mutation import compile_table_mutation
from run_logger.local.compiler.plan import QueryPlan, compile_statement
from run_logger.local.compiler.scope import Scope, Source, parameter
from run_logger.local.compiler.select import select_aggregate, select_list, select_object
from run_logger.local.compiler.stream import select_stream
from run_logger.local.compiler.subscription import compile_for_subscribers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Select

    from run_logger.local.compiler.plan import Plan
    from run_logger.local.compiler.subscription import SubscriptionPlan
    from run_logger.local.model import Model, RootField, TrackedFunction
    from run_logger.local.operation import Argument, Field, Value

__all__ = ["compile_mutation", "compile_query", "compile_subscription"]


def compile_query(field: Field, model: Model) -> Plan:
    """Compile a field of the query root.

    Args:
        field: The field, checked against the schema.
        model: What is shown of the database.

    Raises:
        HasuraError: The field asks for what SQL cannot do (`distinct_on` against `order_by`, a
            function without an argument that it needs).
    """
    return _plan(_query(model.queries[field.name], field, model))


def compile_mutation(field: Field, model: Model) -> Plan:
    """Compile a field of the mutation root; see `compile_query`."""
    root = model.mutations[field.name]
    if root.function is not None:
        return _plan(_function_query(root, field, model))
    return compile_table_mutation(root, field, model)


def compile_subscription(field: Field, model: Model) -> SubscriptionPlan:
    """Compile a field of the subscription root; see `compile_query`."""
    root = model.subscriptions[field.name]
    if root.kind != "select_stream":
        return compile_for_subscribers(as_text(_query(root, field, model)))
    scope = Scope(model)
    return compile_for_subscribers(*select_stream(scope, scope.table(root.table), field))


def _query(root: RootField, field: Field, model: Model) -> Select[Any]:
    if root.function is not None:
        return _function_query(root, field, model)
    scope = Scope(model)
    source = scope.table(root.table)
    match root.kind:
        case "select_by_pk":
            return select_object(scope, source, field, *_key(source, field))
        case "select_aggregate":
            return select_aggregate(scope, source, field)
        case _:
            return select_list(scope, source, field)


def _function_query(root: RootField, field: Field, model: Model) -> Select[Any]:
    scope = Scope(model)
    tracked = cast("TrackedFunction", root.function)
    given = cast("Mapping[str, Argument]", field.arguments.get("args") or {})
    fixed = session_only(tracked.session_argument)
    call = function_call(tracked.function, fixed, tracked.arguments, given, field.path)
    source = function_rows(scope, model.tables[tracked.returns], call)
    if root.kind == "function_aggregate":
        return select_aggregate(scope, source, field)
    if tracked.function.returns_set:
        return select_list(scope, source, field)
    return select_object(scope, source, field, source.exists())


def _key(source: Source, field: Field) -> list[ColumnElement[bool]]:
    return [
        source.field(item.name) == parameter(cast("Value", field.arguments[item.name]))
        for item in source.tracked.primary_key
    ]


def _plan(statement: Select[Any]) -> QueryPlan:
    return QueryPlan(compile_statement(as_text(statement)))

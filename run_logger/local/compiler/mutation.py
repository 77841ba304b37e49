"""The fields of the mutation root: which of the changes each is, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import orjson
from sqlalchemy import and_

from run_logger.local.compiler.delete import delete_rows
from run_logger.local.compiler.insertion import Insertions
from run_logger.local.compiler.nested import Place, nested_writes
from run_logger.local.compiler.returning import plan_change, plan_writes, returns_rows
from run_logger.local.compiler.scope import Scope, parameter
from run_logger.local.compiler.shapes import needs_shapes
from run_logger.local.compiler.update import assignments, update_rows
from run_logger.local.compiler.where import condition
from run_logger.local.operation import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from psycopg import AsyncConnection
    from sqlalchemy import ColumnElement

    from run_logger.local.compiler.plan import Plan
    from run_logger.local.compiler.scope import Source
    from run_logger.local.model import Model, RootField
    from run_logger.local.operation import Argument, Field, Value

    Object = Mapping[str, Argument]


def compile_table_mutation(root: RootField, field: Field, model: Model) -> Plan:
    """Compile a field of the mutation root that changes rows of a table.

    Args:
        root: What the field is.
        field: The field, checked against the schema.
        model: What is shown of the database.

    Raises:
        HasuraError: The field contradicts itself: two operators for one column, a column that a
            related row determines.
    """
    match root.kind:
        case "insert":
            return _insert(root, field, model)
        case "insert_one":
            return _insert_one(root, field, model)
        case "update_many":
            return _update_many(root, field, model)
        case "update" | "update_by_pk":
            return _update(root, field, model, field.arguments, f"{field.path}.args")
        case _:
            return _delete(root, field, model)


def _insert(root: RootField, field: Field, model: Model) -> Plan:
    objects = field.arguments["objects"]
    place = _place(root, field, model, "objects")
    if isinstance(objects, Rows) and not needs_shapes(place.tracked, objects):
        return plan_change(place.insertion(objects).change(model), field, place.path)
    writes = nested_writes(place, objects, keeps_rows=returns_rows(field, single=False))
    return plan_writes(tuple(writes), field, model, place.path, single=False)


def _insert_one(root: RootField, field: Field, model: Model) -> Plan:
    given = field.arguments["object"]
    place = _place(root, field, model, "object")
    if isinstance(given, Rows):
        insertion = place.insertion(given if given.columns else {})
        return plan_change(insertion.change(model), field, place.path, single=True)
    writes = nested_writes(place, given, keeps_rows=True)
    return plan_writes(tuple(writes), field, model, place.path, single=True)


def _place(root: RootField, field: Field, model: Model, argument: str) -> Place:
    on_conflict = field.arguments.get("on_conflict")
    return Place(Insertions(model), root.table, on_conflict, f"{field.path}.args.{argument}")


def _update(root: RootField, field: Field, model: Model, arguments: Object, path: str) -> Plan:
    scope = Scope(model)
    target = scope.whole(model.tables[root.table])
    assigned = assignments(target, arguments, path)
    single = root.kind == "update_by_pk"
    if not assigned:
        return Answer("{}") if single else _nothing_changed(field)
    chosen = (
        _has_key(target, cast("Object", arguments["pk_columns"]))
        if single
        else condition(scope, target, cast("Object", arguments["where"]))
    )
    change = update_rows(scope, target, assigned, chosen)
    return plan_change(change, field, single=single)


def _update_many(root: RootField, field: Field, model: Model) -> Plan:
    updates = cast("Sequence[Object]", field.arguments["updates"])
    plans = tuple(
        _update(root, field, model, arguments, f"{field.path}.args.updates[{index}]")
        for index, arguments in enumerate(updates)
    )
    if all(isinstance(plan, Answer) for plan in plans):
        return Answer("[]")
    return InOrder(plans)


def _delete(root: RootField, field: Field, model: Model) -> Plan:
    scope = Scope(model)
    target = scope.whole(model.tables[root.table])
    if root.kind == "delete_by_pk":
        change = delete_rows(scope, target, _has_key(target, field.arguments))
        return plan_change(change, field, single=True)
    chosen = condition(scope, target, cast("Object", field.arguments["where"]))
    return plan_change(delete_rows(scope, target, chosen), field)


def _has_key(target: Source, given: Object) -> ColumnElement[bool]:
    return and_(
        *(target.field(name) == parameter(cast("Value", value)) for name, value in given.items())
    )


def _nothing_changed(field: Field) -> Answer:
    answers = {"affected_rows": 0, "returning": list[Any](), "__typename": field.type}
    parts = {item.key: answers[item.name] for item in field.selection}
    return Answer(orjson.dumps(parts).decode())


@dataclass(frozen=True, slots=True)
class Answer:
    """A plan that runs nothing: the JSON text is known."""

    text: str

    async def run(
        self, connection: AsyncConnection[Any], values: Sequence[str | None], session: str = "{}"
    ) -> str:
        """Return the text; see `Plan.run`."""
        del connection, values, session
        return self.text


@dataclass(frozen=True, slots=True)
class InOrder:
    """Plans that run one after another; the answer is the list of theirs."""

    plans: tuple[Plan, ...]

    async def run(
        self, connection: AsyncConnection[Any], values: Sequence[str | None], session: str = "{}"
    ) -> str:
        """Run them; see `Plan.run`."""
        answers = [await plan.run(connection, values, session) for plan in self.plans]
        return f"[{', '.join(answers)}]"

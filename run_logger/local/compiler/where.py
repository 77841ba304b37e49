"""Boolean expressions: `where` and everything else of type `<table>_bool_exp`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from sqlalchemy import and_, any_, false, literal_column, not_, or_, true

from run_logger.local.compiler.aggregate import aggregate_function
from run_logger.local.compiler.computed import computed_rows, computed_value
from run_logger.local.compiler.scope import TEXT, cast_to, parameter
from run_logger.local.model import (
    ColumnField,
    ComputedField,
    Relationship,
    RelationshipAggregate,
)
from run_logger.local.scalars import array_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement

    from run_logger.local.catalog import PgType
    from run_logger.local.compiler.scope import Scope, Source
    from run_logger.local.operation import Argument, Value

    Expression: TypeAlias = Mapping[str, Argument]

# Hasura's operators that are an operator of SQL between the column and the value.
OPERATORS = {
    "_eq": "=",
    "_neq": "<>",
    "_gt": ">",
    "_lt": "<",
    "_gte": ">=",
    "_lte": "<=",
    "_like": "LIKE",
    "_nlike": "NOT LIKE",
    "_ilike": "ILIKE",
    "_nilike": "NOT ILIKE",
    "_similar": "SIMILAR TO",
    "_nsimilar": "NOT SIMILAR TO",
    "_regex": "~",
    "_iregex": "~*",
    "_nregex": "!~",
    "_niregex": "!~*",
    "_contains": "@>",
    "_contained_in": "<@",
    "_has_key": "?",
    "_has_keys_any": "?|",
    "_has_keys_all": "?&",
    "_jsonb_path_exists": "@?",
    "_jsonb_path_match": "@@",
    "_ancestor": "@>",
    "_ancestor_any": "@>",
    "_descendant": "<@",
    "_descendant_any": "<@",
    "_matches": "~",
    "_matches_any": "?",
    "_matches_fulltext": "@",
}


def condition(scope: Scope, source: Source, expression: Expression) -> ColumnElement[bool]:
    """Return the condition on a row of the source; `{}` is true.

    Args:
        scope: The statement's scope.
        source: The rows to filter; for UPDATE and DELETE `scope.table(name)`, whose `rows` the
            statement then names.
        expression: The `bool_exp` by GraphQL names.
    """
    return and_(true(), *(_part(scope, source, *item) for item in expression.items()))


def _part(scope: Scope, source: Source, name: str, value: Argument) -> ColumnElement[bool]:
    match name:
        case "_and":
            return and_(true(), *_conditions(scope, source, value))
        case "_or":
            return or_(false(), *_conditions(scope, source, value))
        case "_not":
            return not_(condition(scope, source, cast("Expression", value)))
        case _:
            return _on_field(scope, source, name, cast("Expression", value))


def _conditions(scope: Scope, source: Source, items: Argument) -> list[ColumnElement[bool]]:
    return [condition(scope, source, item) for item in cast("tuple[Expression, ...]", items)]


def _on_field(scope: Scope, source: Source, name: str, value: Expression) -> ColumnElement[bool]:
    match source.tracked.fields[name]:
        case ColumnField() as item:
            operand = scope.shown(source, item, source.column(item.column.name))
            return _comparison(operand, item.column.type, value)
        case Relationship() as item:
            target = scope.table(item.target)
            return _exists(target, target.join(item, source), condition(scope, target, value))
        case RelationshipAggregate() as item:
            return _aggregate_predicate(scope, source, item.relationship, value)
        case ComputedField(target=None) as item:
            operand = scope.shown(source, item, computed_value(source, item, {}, ""))
            return _comparison(operand, item.returns, value)
        case ComputedField() as item:
            rows = computed_rows(scope, source, item, {}, "")
            return _exists(rows, condition(scope, rows, value))


def _exists(target: Source, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return target.select(literal_column("1")).where(*conditions).exists()


def _comparison(
    operand: ColumnElement[Any], type_: PgType | None, operators: Expression
) -> ColumnElement[bool]:
    return and_(true(), *(_operator(operand, type_, *item) for item in operators.items()))


def _operator(
    operand: ColumnElement[Any], type_: PgType | None, name: str, value: Argument
) -> ColumnElement[bool]:
    if name == "_is_null":
        return operand.is_(None) if value else operand.is_not(None)
    if name == "_cast":
        casts = cast("Mapping[str, Expression]", value)
        text = cast_to(operand, TEXT)
        return and_(true(), *(_comparison(text, TEXT, item) for item in casts.values()))
    given = cast("Value", value)
    return compared(operand, name, parameter(given, type_ and _meant(given.type, type_)))


def _meant(given: PgType, compared_with: PgType) -> PgType:
    """Return the type of a value: of two types of one name, which share their input type."""
    if given.name == compared_with.name:
        return compared_with
    if given.element is not None and given.element.name == compared_with.name:
        return array_of(compared_with)
    return given


def compared(
    operand: ColumnElement[Any], name: str, given: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Return the comparison of a value with another by one of Hasura's operators.

    Args:
        operand: The value on the left.
        name: The operator: `_eq`, `_in`, `_like`, ….
        given: The value on the right; of `_in` and `_nin` an array.
    """
    if name == "_in":
        return operand == any_(given)
    if name == "_nin":
        return not_(operand == any_(given))
    return operand.bool_op(OPERATORS[name])(given)


def _aggregate_predicate(
    scope: Scope, source: Source, relationship: Relationship, value: Expression
) -> ColumnElement[bool]:
    target = scope.table(relationship.target)
    ((operator, item),) = cast("Mapping[str, Expression]", value).items()
    unique = bool(item.get("distinct"))
    aggregate = aggregate_function(
        scope, target, operator, _aggregated_columns(item), unique=unique
    )
    rows = target.select(literal_column("1")).where(
        target.join(relationship, source),
        condition(scope, target, cast("Expression", item.get("filter") or {})),
    )
    predicate = cast("Expression", item["predicate"])
    return rows.having(_comparison(aggregate, None, predicate)).exists()


def _aggregated_columns(item: Expression) -> tuple[str, ...]:
    """Return the columns of `arguments`: a list, one column, or the pair `{X: …, Y: …}`."""
    match item.get("arguments"):
        case str() as name:
            return (name,)
        case {"X": str() as x, "Y": str() as y}:
            return (y, x)
        case names:
            return cast("tuple[str, ...]", names or ())

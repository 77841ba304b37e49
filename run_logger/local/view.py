"""What a role sees of the database, and requests that were checked and compiled against it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from cachetools import LRUCache

from run_logger.local.compiler import compile_mutation, compile_query, compile_subscription
from run_logger.local.errors import NO_PERSISTED_QUERIES, HasuraError
from run_logger.local.introspection import introspect, is_introspection
from run_logger.local.metadata import as_mapping
from run_logger.local.request import read_request
from run_logger.local.schema import build_schema
from run_logger.local.schema.build import NO_QUERIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from run_logger.local.compiler.plan import Plan
    from run_logger.local.compiler.subscription import SubscriptionPlan
    from run_logger.local.model import Model
    from run_logger.local.operation import Field, Operation
    from run_logger.local.request import Again, Reading

_PlanT = TypeVar("_PlanT")

_PLANS = 2_000
_REQUESTS = 1_000
# Longer ones are data in disguise: they would only fill the memory.
_MOST_CHARACTERS = 50_000
_INTROSPECTIONS = 16


@dataclass(frozen=True, slots=True)
class Document:
    """The parts of a request, of the right sort and otherwise unchecked."""

    query: str
    variables: Mapping[str, Any] | None
    name: str | None

    @property
    def key(self) -> tuple[Any, ...]:
        """What requests have in common that are likely to differ in the values alone."""
        given = self.variables or {}
        kinds = [value if isinstance(value, bool) else value is None for value in given.values()]
        return (self.query, self.name, *given, *kinds)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that was checked and compiled; what is left is to run it.

    Attributes:
        operation: The checked operation.
        values: The texts of its values, by `Value.index`.
        constants: The values, as JSON, of root fields that need no database, by their keys.
        plans: The compiled root fields of a query or mutation, by their keys, in order.
        subscription: The compiled root field of a subscription.
    """

    document: Document
    operation: Operation
    values: Sequence[str | None]
    constants: Mapping[str, bytes]
    plans: Mapping[str, Plan]
    subscription: SubscriptionPlan | None = None

    @property
    def introspects(self) -> bool:
        """Whether a root field asks for the schema."""
        return any(is_introspection(field) for field in self.operation.fields)

    def data(self, answers: Mapping[str, bytes]) -> bytes:
        """Return `{"data": …}`, given the value of every root field as JSON, by its key."""
        members = (
            b"%b:%b" % (orjson.dumps(field.key), answers[field.key])
            for field in self.operation.fields
        )
        return b'{"data":{%b}}' % b",".join(members)


@dataclass(frozen=True, slots=True)
class _Recipe:
    """What was made of a request, for the next ones that differ in the values alone."""

    operation: Operation
    again: Again
    constants: Mapping[str, bytes]
    plans: Mapping[str, Plan]
    subscription: SubscriptionPlan | None = None

    def prepared(self, document: Document, values: Sequence[str | None]) -> Prepared:
        return Prepared(
            document, self.operation, values, self.constants, self.plans, self.subscription
        )


class View:
    """The model and the schema of a role, with what was compiled against them.

    Attributes:
        model: What the role sees, and may do.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._schema = build_schema(model)
        self._plans: LRUCache[str, Any] = LRUCache(_PLANS)
        self._recipes: LRUCache[tuple[Any, ...], _Recipe] = LRUCache(_REQUESTS)
        self._introspections: LRUCache[str, dict[str, bytes]] = LRUCache(_INTROSPECTIONS)

    def prepare(self, request: Mapping[str, Any]) -> Prepared:
        """Check and compile a request.

        Args:
            request: `query`, and where given `variables` and `operationName`.

        Raises:
            HasuraError: The request is refused.
        """
        document = _document(request)
        key = document.key
        recipe = self._recipes.get(key)
        if recipe is not None:
            values = recipe.again.values(document.variables)
            if values is not None:
                return recipe.prepared(document, values)
        reading = read_request(self._schema, document.query, document.variables, document.name)
        recipe = self._recipe(reading)
        if len(document.query) <= _MOST_CHARACTERS:
            self._recipes[key] = recipe
        return recipe.prepared(document, reading.values)

    def _recipe(self, reading: Reading) -> _Recipe:
        operation, again = reading.operation, reading.again
        if operation.kind == "subscription":
            return _Recipe(operation, again, {}, {}, self._subscription(operation))
        constants = self._constants(operation)
        compiler = compile_mutation if operation.kind == "mutation" else compile_query
        plans = {
            field.key: self._compiled(operation, field, compiler)
            for field in operation.fields
            if field.key not in constants and not is_introspection(field)
        }
        return _Recipe(operation, again, constants, plans)

    async def introspect(self, document: Document) -> dict[str, bytes]:
        """Answer the root fields that ask for the schema, by their keys, as JSON."""
        key = repr(document)
        answer = self._introspections.get(key)
        if answer is None:
            # A schema of hundreds of tables takes long enough to hold up everybody else.
            answer = await asyncio.to_thread(
                introspect, self._schema, document.query, document.variables, document.name
            )
            self._introspections[key] = answer
        return answer

    def _constants(self, operation: Operation) -> dict[str, bytes]:
        known = {"__typename": operation.root_type}
        if not self.model.queries:
            known["no_queries_available"] = NO_QUERIES
        return {
            field.key: orjson.dumps(known[field.name])
            for field in operation.fields
            if field.name in known
        }

    def _subscription(self, operation: Operation) -> SubscriptionPlan:
        if len(operation.fields) != 1:
            raise HasuraError("subscriptions must select one top level field", "validation-failed")
        (field,) = operation.fields
        if field.name == "__typename":
            raise HasuraError("Introspection is not supported over subscriptions", "not-supported")
        return self._compiled(operation, field, compile_subscription)

    def _compiled(
        self, operation: Operation, field: Field, compiler: Callable[[Field, Model], _PlanT]
    ) -> _PlanT:
        key = f"{operation.kind} {field!r}"
        plan: _PlanT | None = self._plans.get(key)
        if plan is None:
            try:
                plan = self._plans[key] = compiler(field, self.model)
            except RecursionError as error:
                raise HasuraError(
                    "the operation is nested too deeply", "validation-failed", field.path
                ) from error
        return plan


def _document(request: Mapping[str, Any]) -> Document:
    """Take a request apart, as far as its parts are of the right sort."""
    query = request.get("query")
    variables = as_mapping(request.get("variables"))
    name = request.get("operationName")
    if query is None:
        raise HasuraError('key "query" not found', "parse-failed", "$")
    if not isinstance(query, str):
        raise HasuraError("expected a string for the query", "parse-failed", "$.query")
    if variables is None and request.get("variables") is not None:
        raise HasuraError("expected an object for the variables", "parse-failed", "$.variables")
    if name is not None and not isinstance(name, str):
        raise HasuraError("expected a string for the name", "parse-failed", "$.operationName")
    if "persistedQuery" in (as_mapping(request.get("extensions")) or ()):
        raise HasuraError(NO_PERSISTED_QUERIES, "not-supported")
    return Document(query, variables, name or None)

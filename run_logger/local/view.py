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

_PlanT = TypeVar("_PlanT")

_PLANS = 2_000
_REQUESTS = 1_000
# Longer ones do not come again, or not so often that it would matter.
_MOST_CHARACTERS = 4_000
_INTROSPECTIONS = 16


@dataclass(frozen=True, slots=True)
class Document:
    """The parts of a request, of the right sort and otherwise unchecked."""

    query: str
    variables: Mapping[str, Any] | None
    name: str | None


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


class View:
    """The model and the schema of a role, with what was compiled against them."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._schema = build_schema(model)
        self._plans: LRUCache[str, Any] = LRUCache(_PLANS)
        self._prepared: LRUCache[str, Prepared] = LRUCache(_REQUESTS)
        self._introspections: LRUCache[str, dict[str, bytes]] = LRUCache(_INTROSPECTIONS)

    def prepare(self, request: Mapping[str, Any]) -> Prepared:
        """Check and compile a request.

        Args:
            request: `query`, and where given `variables` and `operationName`.

        Raises:
            HasuraError: The request is refused.
        """
        document = _document(request)
        if not _is_small(document):
            return self._prepare(document)
        # Whoever polls asks for the same again and again.
        key = repr(document)
        prepared = self._prepared.get(key)
        if prepared is None:
            prepared = self._prepared[key] = self._prepare(document)
        return prepared

    def _prepare(self, document: Document) -> Prepared:
        operation, values = read_request(
            self._schema, document.query, document.variables, document.name
        )
        if operation.kind == "subscription":
            plan = self._subscription(operation)
            return Prepared(document, operation, values, {}, {}, plan)
        constants = self._constants(operation)
        compiler = compile_mutation if operation.kind == "mutation" else compile_query
        plans = {
            field.key: self._compiled(operation, field, compiler)
            for field in operation.fields
            if field.key not in constants and not is_introspection(field)
        }
        return Prepared(document, operation, values, constants, plans)

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
        if not self._model.queries:
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
                plan = self._plans[key] = compiler(field, self._model)
            except RecursionError as error:
                raise HasuraError(
                    "the operation is nested too deeply", "validation-failed", field.path
                ) from error
        return plan


def _is_small(document: Document) -> bool:
    """Tell whether it is short, and its variables are no lists and objects."""
    given = (document.variables or {}).values()
    texts = [document.query, *(item for item in given if isinstance(item, str))]
    is_plain = not any(isinstance(item, list | dict) for item in given)
    return is_plain and sum(map(len, texts)) <= _MOST_CHARACTERS


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

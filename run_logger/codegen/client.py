"""The client's module: a method for each operation, and the module of the operations' texts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from graphql import (
    OperationType,
    TokenKind,
    get_named_type,
    is_enum_type,
    is_input_object_type,
)

from run_logger.codegen import names
from run_logger.codegen.imports import Imports
from run_logger.codegen.lookup import is_not_null, variable_type
from run_logger.codegen.rewrite import ENUM, SCALAR
from run_logger.codegen.text import block, docstring, string
from run_logger.codegen.types import annotation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphql import (
        GraphQLSchema,
        OperationDefinitionNode,
        VariableDefinitionNode,
    )

    from run_logger.codegen.plan import Operation, Plan
    from run_logger.codegen.scalars import Scalars

_LOCALS = frozenset({"self", "variables", "data", "parse"})


class _Argument(NamedTuple):
    name: str
    variable: str
    declared: str
    optional: bool
    value: str


class ClientModule:
    """The code of the client's module.

    Args:
        schema: The schema.
        plan: What the package holds.
        answers: The classes of the answers, by name.
        scalars: The types of the scalars.
        type_names: The Python names of inputs and enums.
        asynchronous: Whether the methods are coroutines.
    """

    def __init__(  # noqa: PLR0913  (all that a method has to name)
        self,
        schema: GraphQLSchema,
        plan: Plan,
        answers: Mapping[str, ast.ClassDef],
        scalars: Scalars,
        type_names: Mapping[str, str],
        *,
        asynchronous: bool,
    ) -> None:
        self._schema = schema
        self._plan = plan
        self._answers = answers
        self._scalars = scalars
        self._type_names = type_names
        self._asynchronous = asynchronous
        methods = {operation.method for operation in plan.operations}
        constants = {operation.constant for operation in plan.operations}
        taken = {*methods, *constants, "annotations", "TYPE_CHECKING", "Client"}
        classes = {operation.class_name for operation in plan.operations}
        self._running = Imports({*taken, *classes})
        self._typing = Imports({*taken, *_LOCALS, *self._running.names(".base_client.BaseClient")})

    def code(self) -> str:
        """Return the code."""
        methods = [line for operation in self._plan.operations for line in self._method(operation)]
        base = self._running.name(".base_client.BaseClient")
        constants = ", ".join(operation.constant for operation in self._plan.operations)
        typing = self._typing.lines("    ")
        return "\n".join(
            [
                "from __future__ import annotations",
                "from typing import TYPE_CHECKING",
                *self._running.lines(),
                f"from .operations import {constants}",
                *(["if TYPE_CHECKING:", *typing] if typing else []),
                f"class Client({base}):",
                *docstring("The operations of the queries: a typed method for each.", 1),
                *methods,
            ]
        )

    def _method(self, operation: Operation) -> list[str]:
        arguments = self._arguments(operation)
        subscribes = operation.node.operation is OperationType.SUBSCRIPTION
        returns, attribute = self._returns(operation)
        if subscribes:
            kind = "AsyncSubscription" if self._asynchronous else "Subscription"
            subscription = self._typing.name(f"run_logger.transport.{kind}")
            head = self._head(operation, arguments, f"{subscription}[{returns}]")
        else:
            head = self._head(operation, arguments, returns)
        given = ", ".join(f"{string(each.variable)}: {each.value}" for each in arguments)
        return [
            head if subscribes or not self._asynchronous else head.replace("def ", "async def ", 1),
            *docstring(comment_above(operation.node), 2),
            f"        from .{operation.module} import {operation.class_name}",
            f"        variables: dict[str, object] = {{{given}}}",
            *(self._subscribe if subscribes else self._send)(operation, returns, attribute),
            "",
        ]

    def _head(self, operation: Operation, arguments: list[_Argument], returns: str) -> str:
        ordered = sorted(arguments, key=lambda each: each.optional)
        default = f" = {self._running.name('run_logger.inputs.UNSET')}" if ordered else ""
        declared = [
            f"{each.name}: {each.declared}{default if each.optional else ''}" for each in ordered
        ]
        return f"    def {operation.method}({', '.join(['self', *declared])}) -> {returns}:"

    def _send(self, operation: Operation, _returns: str, attribute: str) -> list[str]:
        wait = "await " if self._asynchronous else ""
        exact = any(map(self._scalars.is_exact, operation.scalars))
        given = ["variables", *(["exact=True"] if exact else [])]
        call = f"self.send({operation.constant}, {string(operation.name)}, {', '.join(given)})"
        return [
            f"        data = {wait}{call}",
            f"        return self.parse({operation.class_name}, data){attribute}",
        ]

    def _subscribe(self, operation: Operation, returns: str, attribute: str) -> list[str]:
        data = f"{self._typing.name('dict')}[str, {self._typing.name('typing.Any')}]"
        name = string(operation.name)
        return [
            f"        def parse(data: {data}) -> {returns}:",
            f"            return self.parse({operation.class_name}, data){attribute}",
            f"        return self.subscribe({operation.constant}, {name}, variables, parse)",
        ]

    def _arguments(self, operation: Operation) -> list[_Argument]:
        definitions = operation.node.variable_definitions
        named = {node.variable.name.value: node for node in definitions}
        taken = {*_LOCALS, operation.class_name, operation.constant, "UNSET", "UNSET_type"}
        python = names.unique_names(named, names.argument_name, taken | self._scalars.senders)
        return [self._argument(node, name, python[name]) for name, node in named.items()]

    def _argument(self, node: VariableDefinitionNode, variable: str, name: str) -> _Argument:
        type_ = variable_type(self._schema, node)
        declared = annotation(type_, self._typing, self._named)
        optional = not is_not_null(type_) or node.default_value is not None
        if optional:
            unset = self._typing.name("run_logger.inputs.UnsetType")
            declared = f"{self._typing.name('typing.Union')}[{declared}, {unset}]"
        named = get_named_type(type_)
        is_scalar = not (is_enum_type(named) or is_input_object_type(named))
        send = self._scalars.send(named.name) if is_scalar else None
        value = f"{self._running.name(send)}({name})" if send else name
        return _Argument(name, variable, declared, optional, value)

    def _named(self, name: str) -> str:
        type_ = self._schema.type_map[name]
        if name not in self._type_names:
            return self._scalars.given(name, self._typing)
        module = "enums" if is_enum_type(type_) else "input_types"
        return self._typing.name(f".{module}.{self._type_names[name]}")

    def _returns(self, operation: Operation) -> tuple[str, str]:
        """Return a method's annotation, and what it takes of the answer: the one field, or all."""
        answer = f".{operation.module}.{operation.class_name}"
        if len(operation.keys) > 1:
            return self._typing.name(answer), ""
        field = self._only_field(operation.class_name)
        assert isinstance(field.target, ast.Name)  # noqa: S101  (a field of a model)
        return self._answer(field.annotation), f".{field.target.id}"

    def _only_field(self, class_name: str) -> ast.AnnAssign:
        """Return the one field of a class, which it may have of a base."""
        class_def = self._answers[class_name]
        for statement in class_def.body:
            if isinstance(statement, ast.AnnAssign):
                return statement
        bases = [base.id for base in class_def.bases if isinstance(base, ast.Name)]
        return self._only_field(bases[0])

    def _answer(self, node: ast.expr) -> str:
        """Return the annotation of a field of an answer in terms of this module."""
        text = ast.unparse(node)
        tree = ast.parse(text, mode="eval").body
        return ast.unparse(_Renamed(self._answer_name).visit(tree))

    def _answer_name(self, name: str) -> str:
        if name in self._plan.modules:
            return self._typing.name(f".{self._plan.modules[name]}.{name}")
        if name.startswith(SCALAR):
            return self._scalars.read(name.removeprefix(SCALAR), self._typing)
        if name.startswith(ENUM):
            return self._typing.name(f".enums.{self._type_names[name.removeprefix(ENUM)]}")
        in_typing = {"Any", "Literal", "Optional", "Union"}
        return self._typing.name(f"typing.{name}" if name in in_typing else name)


class _Renamed(ast.NodeTransformer):
    """Names, quoted or not, replaced by what a function makes of them."""

    def __init__(self, rename: Callable[[str], str]) -> None:
        self._rename = rename

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.parse(self._rename(node.id.strip("\"'")), mode="eval").body

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, str):
            return self.visit_Name(ast.Name(node.value))
        return node


def operations_module(texts: Mapping[str, str]) -> str:
    """Return the code of the module that holds the operations' texts, a constant each.

    Args:
        texts: The text of each operation, by the constant's name.
    """
    exported = f"__all__ = [{', '.join(string(name) for name in sorted(texts))}]"
    constants = (f"{name} = {block(chr(10) + text + chr(10))}" for name, text in texts.items())
    return "\n\n".join([exported, *constants])


def comment_above(definition: OperationDefinitionNode) -> str:
    """Return the comment lines that stand directly above an operation, without their `#`."""
    lines: list[str] = []
    token = definition.loc.start_token if definition.loc else None
    while token and token.prev and token.prev.kind is TokenKind.COMMENT:
        if token.prev.line != token.line - 1:
            break
        token = token.prev
        lines.append((token.value or "").removeprefix(" ").rstrip())
    return "\n".join(reversed(lines)).strip()

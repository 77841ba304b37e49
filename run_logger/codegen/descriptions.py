"""What the schema says of types and fields, as docstrings of the classes of an answer."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLObjectType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    visit,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import ExecutableDefinitionNode, GraphQLSchema, SelectionSetNode


def selected_types(
    schema: GraphQLSchema, definition: ExecutableDefinitionNode
) -> dict[int, GraphQLObjectType]:
    """Return the type that each selection set of an operation selects from, by its identity."""
    info = TypeInfo(schema)
    types: dict[int, GraphQLObjectType] = {}

    class Types(Visitor):
        def enter_selection_set(self, node: SelectionSetNode, *_: Any) -> None:
            parent = get_named_type(info.get_parent_type())
            if isinstance(parent, GraphQLObjectType):
                types[id(node)] = parent

    visit(definition, TypeInfoVisitor(info, Types()))
    return types


def describe(class_def: ast.ClassDef, of_class: str | None, of_fields: Mapping[str, str]) -> None:
    """Put docstrings into a class: its own, and one below each field that has a description.

    Args:
        class_def: The class; it is changed.
        of_class: What the schema says of its type.
        of_fields: What the schema says of its fields, by their Python names.
    """
    if not any(isinstance(stmt, ast.AnnAssign) for stmt in class_def.body):
        return  # it is a fragment's class under another name, and stays so
    body: list[ast.stmt] = [_text(of_class)] if of_class else []
    for stmt in class_def.body:
        body.append(stmt)
        if isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name):
            description = of_fields.get(stmt.target.id)
            body += [_text(description)] if description else []
    class_def.body = body


def _text(description: str) -> ast.Expr:
    return ast.Expr(ast.Constant(description))

"""What ariadne-codegen has to do otherwise on a Hasura schema.

Each rule mends a fault of ariadne-codegen 0.19 that shows on schemas whose names stay as Hasura
gives them: names that hide a keyword, a built-in, pydantic or each other, and code that strict type
checkers refuse.
"""

from __future__ import annotations

import ast
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ariadne_codegen.plugins.base import Plugin
from ariadne_codegen.utils import str_to_snake_case
from graphql import (
    FieldNode,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    TokenKind,
    TypeMetaFieldDef,
    VariableDefinitionNode,
)

from run_logger.codegen import names, rewrite
from run_logger.codegen.descriptions import describe, selected_types
from run_logger.errors import GenerationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import (
        ExecutableDefinitionNode,
        FragmentDefinitionNode,
        GraphQLEnumType,
        Node,
        SelectionSetNode,
    )


class HasuraPlugin(Plugin):
    """Names, docstrings and calls of a client for a Hasura endpoint."""

    def __init__(self, schema: GraphQLSchema, config_dict: dict[str, Any]) -> None:
        self.schema = schema
        self.config_dict = config_dict
        self._input_names = _input_field_names(schema)
        self._ambiguous = _names_beside_their_underscored_form(schema)
        self._docstrings: dict[str, str] = {}

    def process_schema(self, schema: GraphQLSchema) -> GraphQLSchema:
        """Let operations select `__type` and `__schema`, which no schema lists as fields."""
        if schema.query_type:
            schema.query_type.fields["__type"] = TypeMetaFieldDef
            schema.query_type.fields["__schema"] = SchemaMetaFieldDef
        return schema

    def process_name(self, name: str, node: Node | GraphQLInputField | None = None) -> str:
        """Return the Python name for what `node` is in the schema or in an operation."""
        if isinstance(node, GraphQLInputField):
            return self._input_names[id(node)]
        if isinstance(node, FieldNode):
            return self._result_name(node)
        if isinstance(node, VariableDefinitionNode):
            return names.argument_name(node.variable.name.value)
        if isinstance(node, OperationDefinitionNode) and name in names.GENERATED_MODULES:
            return name + "_"
        return names.safe_name(name)

    def _result_name(self, node: FieldNode) -> str:
        key = (node.alias or node.name).value
        if key == "__typename":
            return "typename__"
        bare = names.field_name(key)
        return bare + "_" if key in self._ambiguous else bare

    def generate_init_import(self, import_: ast.ImportFrom) -> ast.ImportFrom:
        """Export no private names, such as the inputs of the array scalar `_text`."""
        import_.names = [alias for alias in import_.names if not alias.name.startswith("_")]
        return import_

    def generate_enum(self, class_def: ast.ClassDef, enum_type: GraphQLEnumType) -> ast.ClassDef:
        """Rename members that would hide what `str` and `Enum` define."""
        for statement, value in zip(class_def.body, enum_type.values, strict=True):
            if isinstance(statement, ast.Assign):
                statement.targets = [ast.Name(names.member_name(value), ast.Store())]
        return class_def

    def generate_result_class(
        self,
        class_def: ast.ClassDef,
        operation_definition: ExecutableDefinitionNode,
        selection_set: SelectionSetNode,
    ) -> ast.ClassDef:
        """Describe a class; refuse one in which two selected fields would be one."""
        _refuse_doubled_fields(class_def)
        selected = selected_types(self.schema, operation_definition).get(id(selection_set))
        if selected and selected not in (self.schema.query_type, self.schema.mutation_type):
            fields = [node for node in selection_set.selections if isinstance(node, FieldNode)]
            describe(class_def, selected.description, self._descriptions(selected, fields))
        return class_def

    def _descriptions(
        self, selected: GraphQLObjectType, fields: Iterable[FieldNode]
    ) -> dict[str, str]:
        """Return what the schema says of the selected fields, by their Python names."""
        known = ((node, selected.fields.get(node.name.value)) for node in fields)
        return {
            self._result_name(node): field.description
            for node, field in known
            if field and field.description
        }

    def generate_input_class(
        self,
        class_def: ast.ClassDef,
        input_type: GraphQLInputObjectType,  # noqa: ARG002  (the generator's signature)
    ) -> ast.ClassDef:
        """Refuse a class in which two input fields would be one."""
        _refuse_doubled_fields(class_def)
        return class_def

    def generate_client_method(
        self,
        method_def: ast.FunctionDef | ast.AsyncFunctionDef,
        operation_definition: OperationDefinitionNode,
    ) -> ast.FunctionDef | ast.AsyncFunctionDef:
        """Keep the comment above the operation, which becomes the method's docstring."""
        comment = comment_above(operation_definition)
        if comment:
            self._docstrings[method_def.name] = comment
        return method_def

    def generate_client_code(self, generated_code: str) -> str:
        """Let the methods send through the transport, and give them their docstrings."""
        module = rewrite.client_module(ast.parse(generated_code), self._docstrings)
        return ast.unparse(rewrite.alias_shadowed_imports(module))

    def generate_result_types_code(self, generated_code: str) -> str:
        """Give imported types that a field is named like a name of their own."""
        module = rewrite.keep_inherited_references(ast.parse(generated_code))
        return ast.unparse(rewrite.alias_shadowed_imports(module))

    def generate_fragments_module(
        self,
        module: ast.Module,
        fragments_definitions: dict[str, FragmentDefinitionNode],  # noqa: ARG002  (as above)
    ) -> ast.Module:
        """Give imported types that a field is named like a name of their own."""
        # A copy: other plugins keep the classes of this module, to read annotations from them.
        return rewrite.alias_shadowed_imports(deepcopy(module))

    def generate_inputs_code(self, generated_code: str) -> str:
        """Give imported types that a field is named like a name of their own."""
        return ast.unparse(rewrite.alias_shadowed_imports(ast.parse(generated_code)))

    def generate_init_code(self, generated_code: str) -> str:
        """Hide the lazy import hooks from type checkers, for which any name would exist."""
        return ast.unparse(rewrite.hide_lazy_hooks(ast.parse(generated_code)))

    def copy_code(self, copied_code: str) -> str:
        """Declare the models' configuration as what it is: an attribute of the class."""
        return ast.unparse(rewrite.declare_model_config(ast.parse(copied_code)))


class OperationTextsPlugin(Plugin):
    """Keeps the texts of the operations as they are.

    ariadne-codegen's own plugin, which makes constants of them, drops apostrophes and stops at
    other quotation marks: it gets to see nothing but the operations' names.
    """

    def __init__(self, schema: GraphQLSchema, config_dict: dict[str, Any]) -> None:
        self.schema = schema
        self.config_dict = config_dict
        self._texts: dict[str, str] = {}

    def generate_operation_str(
        self, operation_str: str, operation_definition: ExecutableDefinitionNode
    ) -> str:
        """Keep an operation's text, and let a placeholder go on in its place."""
        if not isinstance(operation_definition, OperationDefinitionNode):
            return operation_str
        assert operation_definition.name, "the queries were checked"  # noqa: S101
        name = operation_definition.name.value
        self._texts[str_to_snake_case(name).upper() + "_GQL"] = operation_str
        return name

    def generate_files(self, generated_files: list[str]) -> list[str]:
        """Write the module of the texts."""
        settings = self.config_dict["tool"]["ariadne-codegen"]
        package = Path(settings["target_package_path"]) / settings["target_package_name"]
        code = rewrite.operations_module(self._texts)
        (package / "operations.py").write_text(code, encoding="utf-8")
        return generated_files


def _input_field_names(schema: GraphQLSchema) -> dict[int, str]:
    """Return the Python name of every input field, by the field's identity."""
    python_names: dict[int, str] = {}
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            for name, field in type_.fields.items():
                bare = names.field_name(name)
                collides = name.startswith("_") and name.lstrip("_") in type_.fields
                python_names[id(field)] = bare + "_" if collides else bare
    return python_names


def _names_beside_their_underscored_form(schema: GraphQLSchema) -> set[str]:
    """Return the names with a leading underscore that stand beside the bare one in some type."""
    return {
        name
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType)
        for name in type_.fields
        if name.startswith("_") and name.lstrip("_") in type_.fields
    }


def _refuse_doubled_fields(class_def: ast.ClassDef) -> None:
    seen: set[str] = set()
    for statement in class_def.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            if statement.target.id in seen:
                raise GenerationError(
                    f"two fields of {class_def.name} would both be called {statement.target.id}",
                    remedy="Give one of them an alias in the query.",
                )
            seen.add(statement.target.id)


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

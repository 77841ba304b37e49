"""What ariadne-codegen does otherwise on a Hasura schema: the classes of the answers.

Its names come from a plan (`run_logger.codegen.planner`), its scalars from a table
(`run_logger.codegen.scalars`). Client, inputs and enums are written by modules of their own.
"""

from __future__ import annotations

import ast
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from ariadne_codegen.plugins.base import Plugin
from graphql import FieldNode, OperationDefinitionNode

from run_logger.codegen import rewrite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import (
        ExecutableDefinitionNode,
        FragmentDefinitionNode,
        GraphQLInputField,
        GraphQLSchema,
        Node,
        SelectionSetNode,
    )

    from run_logger.codegen.plan import Plan
    from run_logger.codegen.scalars import Scalars


class HasuraPlugin(Plugin):
    """Names, docstrings and scalars of the classes of answers.

    Args:
        schema: The schema.
        config_dict: The generator's settings.
        plan: What the package holds.
        scalars: The types of the scalars.
        type_names: The Python names of the schema's enums.

    Attributes:
        answers: The class of each selection, by name.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        config_dict: dict[str, Any],
        plan: Plan,
        scalars: Scalars,
        type_names: Mapping[str, str],
    ) -> None:
        self.schema = schema
        self.config_dict = config_dict
        self.answers: dict[str, ast.ClassDef] = {}
        self._plan = plan
        self._scalars = scalars
        self._enums = {name: type_names[name] for name in plan.enums}
        self._modules = {id(each.rewritten): each.module for each in plan.operations}

    def process_name(self, name: str, node: Node | GraphQLInputField | None = None) -> str:
        """Return what a class's name has for a field, or the module of an operation."""
        if isinstance(node, FieldNode):
            return self._plan.fields[id(node)].part
        if isinstance(node, OperationDefinitionNode):
            return self._modules[id(node)]
        return name

    def generate_result_field(
        self,
        field_implementation: ast.AnnAssign,
        operation_definition: ExecutableDefinitionNode,  # noqa: ARG002  (the generator's signature)
        field: FieldNode,
    ) -> ast.AnnAssign:
        """Give a field its attribute and its key."""
        names = self._plan.fields[id(field)]
        optional = field_implementation.value is not None and bool(field.directives)
        field_implementation.target = ast.Name(names.python, ast.Store())
        field_implementation.value = rewrite.field_value(names.python, names.key, optional=optional)
        field_implementation.annotation = rewrite.without(
            field_implementation.annotation, self._plan.superfluous
        )
        return field_implementation

    def generate_result_class(
        self,
        class_def: ast.ClassDef,
        operation_definition: ExecutableDefinitionNode,  # noqa: ARG002  (as above)
        selection_set: SelectionSetNode,  # noqa: ARG002  (as above)
    ) -> ast.ClassDef:
        """Describe a class and its fields."""
        rewrite.describe(class_def, self._plan.descriptions.get(class_def.name, {}))
        self.answers[class_def.name] = deepcopy(class_def)
        return class_def

    def generate_result_types_module(
        self,
        module: ast.Module,
        operation_definition: ExecutableDefinitionNode,  # noqa: ARG002  (as above)
    ) -> ast.Module:
        """Leave out the classes that no answer can be of."""
        return self._without_superfluous(module)

    def generate_fragments_module(
        self,
        module: ast.Module,
        fragments_definitions: dict[str, FragmentDefinitionNode],  # noqa: ARG002  (as above)
    ) -> ast.Module:
        """Write the types of scalars and enums, under names that no field hides."""
        # A copy: the generator goes on reading the classes of this module.
        return self._typed(self._without_superfluous(deepcopy(module)))

    def generate_result_types_code(self, generated_code: str) -> str:
        """Write the types of scalars and enums, under names that no field hides."""
        module = rewrite.keep_inherited_references(ast.parse(generated_code))
        return ast.unparse(self._typed(module))

    def copy_code(self, copied_code: str) -> str:
        """Describe the base of the models, and declare its configuration as a class variable."""
        module = rewrite.describe_base(ast.parse(copied_code))
        return ast.unparse(rewrite.declare_model_config(module))

    def _without_superfluous(self, module: ast.Module) -> ast.Module:
        module.body = [
            statement
            for statement in module.body
            if getattr(statement, "name", "") not in self._plan.superfluous
        ]
        return module

    def _typed(self, module: ast.Module) -> ast.Module:
        return rewrite.typed(module, self._scalars, self._enums)

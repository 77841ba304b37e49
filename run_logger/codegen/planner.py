"""Plans a package: a name for all that it holds, before anything is written.

ariadne-codegen makes a class's name of the path to its selection and takes two equal ones for the
same class. So it gets every operation written anew: fragments taken apart where their fields are
merged with others, and each field under a name that makes its class the only one of its name.
"""

from __future__ import annotations

import builtins
from keyword import kwlist
from typing import TYPE_CHECKING, cast

from graphql import (
    ConstDirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_enum_type,
    is_scalar_type,
    print_ast,
)

from run_logger.codegen import names
from run_logger.codegen.fields import TYPENAME, Collector, Selected, typename_node
from run_logger.codegen.lookup import fields_of, type_of
from run_logger.codegen.plan import FieldNames, Operation, Plan
from run_logger.transport import AsyncTransport, Transport

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from graphql import (
        DocumentNode,
        GraphQLAbstractType,
        GraphQLNamedType,
        GraphQLSchema,
        SelectionNode,
    )

    from run_logger.codegen.fields import Merged

METHODS_IN_USE = frozenset({*dir(Transport), *dir(AsyncTransport), "graphql_endpoint", "pool"})


def plan_package(
    schema: GraphQLSchema, document: DocumentNode, type_names: Mapping[str, str]
) -> Plan:
    """Plan a package.

    Args:
        schema: The schema that the document was validated against.
        document: The operations and fragments; `__typename` is added where answers need it.
        type_names: The Python names of the schema's inputs and enums.
    """
    return _Planner(schema, document, type_names).plan()


class _Planner:
    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, type_names: Mapping[str, str]
    ) -> None:
        definitions = document.definitions
        self._operations = [n for n in definitions if isinstance(n, OperationDefinitionNode)]
        self._fragments = {
            n.name.value: n for n in definitions if isinstance(n, FragmentDefinitionNode)
        }
        self._schema = schema
        self._collector = Collector(schema, self._fragments)
        self._plan = Plan()
        self._type_names = type_names
        self._taken = {*type_names.values(), *names.IMPORTED, *dir(builtins), *kwlist}
        self._taken |= _response_keys(definitions)
        self._python_names: dict[str, dict[str, str]] = {}
        self._bases: dict[str, dict[str, str]] = {}
        self._scalars: dict[str, set[str]] = {}

    def plan(self) -> Plan:
        operations = [self._named(_name(node), "Result") for node in self._operations]
        fragments = {
            name: self._named(name, "Fragment")
            for name in self._fragments
            if isinstance(self._collector.type_of(name), GraphQLObjectType)
        }
        self._fragment_classes = fragments
        for name in self._fragments_in_order():
            self._add_fragment(name, fragments[name])
        modules = self._modules()
        methods = self._methods()
        for node, class_name in zip(self._operations, operations, strict=True):
            self._add_operation(node, class_name, modules[_name(node)], methods[_name(node)])
        return self._plan

    def _named(self, name: str, suffix: str) -> str:
        """Return a class name of its own for an operation or a fragment."""
        wanted = names.pascal_case(name)
        if wanted in self._taken:
            wanted += suffix
        return self._free(wanted)

    def _free(self, wanted: str, *endings: str) -> str:
        """Return the first of `wanted`, `wanted2`, … that is free with each of the endings."""
        number, candidate = 1, wanted
        while any(candidate + ending in self._taken for ending in endings or ("",)):
            number += 1
            candidate = f"{wanted}{number}"
        self._taken |= {candidate + ending for ending in endings or ("",)}
        return candidate

    def _modules(self) -> dict[str, str]:
        """Return the module of each operation; none hides a name that the package exports."""
        wanted = [_name(node) for node in self._operations]
        taken = names.GENERATED_MODULES | set(self._type_names.values()) | {"importlib"}
        return names.unique_names(wanted, names.method_name, {*taken, *dir(builtins)} - {"id"})

    def _methods(self) -> dict[str, str]:
        wanted = [_name(node) for node in self._operations]
        return names.unique_names(wanted, names.method_name, METHODS_IN_USE)

    def _fragments_in_order(self) -> list[str]:
        """Return the fragments on object types, each after those that it spreads."""
        ordered: dict[str, None] = {}

        def visit(name: str) -> None:
            if name not in ordered:
                for other in _spreads(self._fragments[name].selection_set):
                    visit(other)
                if name in self._fragment_classes:
                    ordered[name] = None

        for name in sorted(self._fragment_classes):
            visit(name)
        return list(ordered)

    def _add_fragment(self, name: str, class_name: str) -> None:
        node = self._fragments[name]
        self._module = "fragments"
        self._read = self._scalars[class_name] = set()
        parent = self._collector.type_of(name)
        selections = self._object(parent, class_name, [Selected(node.selection_set)])
        self._plan.fragments[class_name] = FragmentDefinitionNode(
            name=NameNode(value=class_name),
            type_condition=NamedTypeNode(name=NameNode(value=parent.name)),
            directives=(),
            selection_set=selections,
        )

    def _add_operation(
        self, node: OperationDefinitionNode, class_name: str, module: str, method: str
    ) -> None:
        self._module = module
        self._read = set[str]()
        root = root_type(self._schema, node.operation)
        sets = [Selected(node.selection_set)]
        rewritten = OperationDefinitionNode(
            operation=node.operation,
            name=NameNode(value=class_name),
            variable_definitions=(),
            directives=(),
            selection_set=self._object(root, class_name, sets),
        )
        # A root type's own description says nothing of an answer.
        text = f'The answer of the {node.operation.value} "{_name(node)}".'
        self._plan.descriptions[class_name] = {"": text}
        constant = f"{names.snake_case(_name(node)).upper()}_GQL"
        while constant in {operation.constant for operation in self._plan.operations}:
            constant = f"{constant.removesuffix('_GQL')}__GQL"
        keys = tuple(self._collector.merge(root, sets))
        self._plan.operations.append(
            Operation(
                node, rewritten, class_name, module, method, constant, keys, frozenset(self._read)
            )
        )

    def _object(
        self,
        parent: GraphQLNamedType,
        class_name: str,
        sets: Sequence[Selected],
        *,
        told_apart: bool = False,
    ) -> SelectionSetNode:
        """Return the selections of a class, and note its names."""
        fields, bases = self._collector.select(parent, sets)
        if told_apart:
            if any(TYPENAME in self._collector.flat(base) for base in bases):
                fields, bases = self._collector.merge(parent, sets), []
            fields = {key: merged for key, merged in fields.items() if key != TYPENAME}
        self._plan.modules[class_name] = self._module
        for base in bases:
            self._read |= self._scalars[self._fragment_classes[base]]
        python = self._attributes(parent, fields, bases)
        self._bases[class_name] = python
        self._describe(parent, class_name, fields, python)
        spreads: list[SelectionNode] = [
            FragmentSpreadNode(name=NameNode(value=self._fragment_classes[base]), directives=())
            for base in bases
        ]
        nodes = [
            self._field(parent, class_name, key, merged, python[key])
            for key, merged in fields.items()
        ]
        return SelectionSetNode(selections=(*spreads, *nodes))

    def _attributes(
        self, parent: GraphQLNamedType, fields: Mapping[str, Merged], bases: Iterable[str]
    ) -> dict[str, str]:
        """Return the attribute for each key: stable for a field, whatever else is selected."""
        inherited = {
            key: name
            for base in bases
            for key, name in self._bases[self._fragment_classes[base]].items()
        }
        stable = self._names_of(parent)
        plain = {
            key: "typename__" if key == TYPENAME else stable[key]
            for key, merged in fields.items()
            if key == merged.name
        }
        taken = {*inherited.values(), *plain.values()}
        clashing = {key for key, name in plain.items() if name in inherited.values()}
        plain = {key: name for key, name in plain.items() if key not in clashing}
        rest = [key for key in fields if key not in plain]
        return {**inherited, **plain, **names.unique_names(rest, names.field_name, taken)}

    def _names_of(self, parent: GraphQLNamedType) -> dict[str, str]:
        if parent.name not in self._python_names:
            fields = fields_of(parent)
            self._python_names[parent.name] = names.unique_names(fields, names.field_name)
        return self._python_names[parent.name]

    def _describe(
        self,
        parent: GraphQLNamedType,
        class_name: str,
        fields: Mapping[str, Merged],
        python: Mapping[str, str],
    ) -> None:
        known = fields_of(parent)
        texts = {
            python[key]: known[merged.name].description
            for key, merged in fields.items()
            if merged.name in known
        }
        texts[""] = parent.description or f'Fields of the type "{parent.name}".'
        self._plan.descriptions[class_name] = {name: text for name, text in texts.items() if text}

    def _field(
        self, parent: GraphQLNamedType, class_name: str, key: str, merged: Merged, python: str
    ) -> FieldNode:
        """Return a field as ariadne-codegen gets it."""
        part = key.strip("_") or "underscore"
        below = None
        if merged.name != TYPENAME:
            fields = fields_of(parent)
            type_ = get_named_type(type_of(fields[merged.name]))
            if is_scalar_type(type_):
                self._read.add(type_.name)
            if is_enum_type(type_):
                self._plan.enums.add(type_.name)
            if is_composite_type(type_):
                part, below = self._below(type_, class_name, part, merged)
        node = FieldNode(
            name=NameNode(value=merged.name),
            alias=None if key == merged.name else NameNode(value=key),
            arguments=(),
            directives=(_INCLUDE,) if merged.conditional else (),
            selection_set=below,
        )
        self._plan.fields[id(node)] = FieldNames(node, part, python, key)
        return node

    def _below(
        self, type_: GraphQLNamedType, class_name: str, part: str, merged: Merged
    ) -> tuple[str, SelectionSetNode]:
        """Return what the class below is called for, and its selections."""
        sets = merged.selections()
        wanted = class_name + names.pascal_case(part)
        if is_abstract_type(type_) and self._tells_apart(type_, sets):
            possible = [
                each.name
                for each in self._schema.get_possible_types(cast("GraphQLAbstractType", type_))
            ]
            free = self._free(wanted, "", type_.name, *possible)
            below = self._abstract(cast("GraphQLAbstractType", type_), free, sets)
        else:
            free = self._free(wanted)
            below = self._object(type_, free, sets)
        return part + free.removeprefix(wanted), below

    def _tells_apart(self, type_: GraphQLNamedType, sets: Sequence[Selected]) -> bool:
        return not isinstance(type_, GraphQLInterfaceType) or self._collector.narrows(type_, sets)

    def _abstract(
        self, type_: GraphQLAbstractType, class_name: str, sets: Sequence[Selected]
    ) -> SelectionSetNode:
        """Return a selection set with all that each possible type has, told apart by name."""
        for selected in sets:
            _ask_for_typename(selected.node)
        typename = typename_node()
        self._plan.fields[id(typename)] = FieldNames(typename, TYPENAME, "typename__", TYPENAME)
        apart = [
            InlineFragmentNode(
                type_condition=NamedTypeNode(name=NameNode(value=possible.name)),
                directives=(),
                selection_set=self._object(
                    possible, class_name + possible.name, sets, told_apart=True
                ),
            )
            for possible in self._schema.get_possible_types(type_)
        ]
        if isinstance(type_, GraphQLInterfaceType):
            self._plan.superfluous.add(class_name + type_.name)
        return SelectionSetNode(selections=(typename, *apart))


_INCLUDE = ConstDirectiveNode(name=NameNode(value="include"), arguments=())


def root_type(schema: GraphQLSchema, operation: OperationType) -> GraphQLObjectType:
    """Return the type that an operation selects from."""
    root = schema.get_root_type(operation)
    assert root, "the queries were checked"  # noqa: S101
    return root


def operation_text(
    node: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> str:
    """Return an operation as it is sent: with the fragments that it uses."""
    used: set[str] = set()
    waiting = set(_spreads(node.selection_set))
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting |= set(_spreads(fragments[name].selection_set))
    return "\n\n".join([print_ast(node), *(print_ast(fragments[name]) for name in sorted(used))])


def _name(node: OperationDefinitionNode) -> str:
    assert node.name, "the queries were checked"  # noqa: S101
    return node.name.value


def _ask_for_typename(node: SelectionSetNode) -> None:
    asked = any(
        isinstance(item, FieldNode)
        and item.name.value == TYPENAME
        and item.alias is None
        and not item.directives
        for item in node.selections
    )
    if not asked:
        node.selections = (typename_node(), *node.selections)


def _spreads(node: SelectionSetNode) -> Iterable[str]:
    """Return the names of the fragments that stand somewhere in a selection set."""
    for item in node.selections:
        if isinstance(item, FragmentSpreadNode):
            yield item.name.value
        else:
            below = cast("FieldNode | InlineFragmentNode", item).selection_set
            if below:
                yield from _spreads(below)


def _response_keys(definitions: Iterable[object]) -> set[str]:
    """Return the keys that answers have: a class of such a name would be hidden by the field."""
    keys: set[str] = set()
    waiting = [
        node.selection_set
        for node in definitions
        if isinstance(node, (OperationDefinitionNode, FragmentDefinitionNode))
    ]
    while waiting:
        for item in waiting.pop().selections:
            if isinstance(item, FieldNode):
                keys.add((item.alias or item.name).value)
            below = getattr(item, "selection_set", None)
            if below:
                waiting.append(below)
    return keys

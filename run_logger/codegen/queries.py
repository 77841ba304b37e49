"""The operations that a client is generated from: read, and checked before anything is written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ariadne_codegen.utils import str_to_pascal_case, str_to_snake_case
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NoUnusedFragmentsRule,
    OperationDefinitionNode,
    OperationType,
    Source,
    concat_ast,
    is_enum_type,
    is_input_object_type,
    parse,
    specified_rules,
    validate,
)

from run_logger.errors import GenerationError
from run_logger.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_CLASSES_IN_USE = frozenset({"Any", "BaseClient", "BaseModel", "Client", "Optional", "Union"})
_METHODS_IN_USE = frozenset(dir(Transport)) | {"graphql_endpoint", "pool"}
_RULES = [rule for rule in specified_rules if rule is not NoUnusedFragmentsRule]


def query_files(folder: Path) -> list[Path]:
    """Return the `.graphql` and `.gql` files under `folder`, sorted.

    Raises:
        GenerationError: There is none.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".graphql", ".gql"})
    if not files:
        raise GenerationError(
            f"there are no queries in {folder}",
            remedy="Write operations into .graphql files there, or name another folder: --queries.",
        )
    return files


def check_queries(schema: GraphQLSchema, files: Iterable[Path]) -> None:
    """Check that the operations fit the schema, and that each gets names of its own.

    Raises:
        GenerationError: Names every operation at fault with its file and line.
    """
    document = concat_ast([_parse(path) for path in files])
    problems = [_located(error) for error in validate(schema, document, _RULES)]
    if not problems:
        operations = [
            node for node in document.definitions if isinstance(node, OperationDefinitionNode)
        ]
        taken = _CLASSES_IN_USE | _input_classes(schema) | _fragments(document)
        problems = [
            *_unnamed(operations),
            *_subscriptions(operations),
            *_name_clashes(operations, taken),
        ]
    if problems:
        raise GenerationError("the queries do not fit:\n" + "\n".join(problems))


def _parse(path: Path) -> DocumentNode:
    try:
        return parse(Source(path.read_text(encoding="utf-8"), str(path)))
    except GraphQLError as error:
        raise GenerationError(f"the queries cannot be read:\n{_located(error)}") from error


def _located(error: GraphQLError) -> str:
    if error.source and error.locations:
        return f"{error.source.name}:{error.locations[0].line}: {error.message}"
    return error.message


def _place(operation: OperationDefinitionNode) -> str:
    loc = operation.loc
    return f"{loc.source.name}:{loc.start_token.line}" if loc else "somewhere"


def _unnamed(operations: Iterable[OperationDefinitionNode]) -> list[str]:
    return [f"{_place(node)}: an operation has no name" for node in operations if not node.name]


def _subscriptions(operations: Iterable[OperationDefinitionNode]) -> list[str]:
    return [
        f"{_place(node)}: a subscription: the client has queries and mutations"
        for node in operations
        if node.operation is OperationType.SUBSCRIPTION
    ]


def _input_classes(schema: GraphQLSchema) -> set[str]:
    return {
        name
        for name, type_ in schema.type_map.items()
        if is_input_object_type(type_) or is_enum_type(type_)
    }


def _fragments(document: DocumentNode) -> set[str]:
    return {
        node.name.value for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }


def _name_clashes(
    operations: Iterable[OperationDefinitionNode], taken: frozenset[str]
) -> list[str]:
    named = [(node, node.name.value) for node in operations if node.name]
    methods = Counter(str_to_snake_case(name) for _, name in named)
    return [
        f"{_place(node)}: the operation {name} needs another name: {why}"
        for node, name in named
        for why in _why_not(name, methods, taken)
    ]


def _why_not(name: str, methods: Counter[str], taken: frozenset[str]) -> Iterable[str]:
    method, class_name = str_to_snake_case(name), str_to_pascal_case(name)
    if methods[method] > 1:
        yield f"another one becomes the method {method} too"
    if method in _METHODS_IN_USE:
        yield f"its method would replace the client's own {method}"
    if class_name in taken:
        yield f"its answer would be called {class_name}, which is taken"

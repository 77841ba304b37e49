"""The operations that a client is generated from: read, and checked before anything is written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NoUnusedFragmentsRule,
    OperationDefinitionNode,
    Source,
    concat_ast,
    parse,
    specified_rules,
    validate,
)

from run_logger.codegen.names import pascal_case
from run_logger.errors import GenerationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

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


def read_queries(schema: GraphQLSchema, files: Iterable[Path]) -> DocumentNode:
    """Read the operations and fragments of all files, and check that they fit the schema.

    Raises:
        GenerationError: Names every operation at fault with its file and line.
    """
    document = concat_ast([_parse(path) for path in files])
    problems = [
        *(_located(error) for error in validate(schema, document, _RULES)),
        *_unnamed(document),
        *_nameless_classes(document),
        *_doubled(document),
    ]
    if problems:
        raise GenerationError("the queries do not fit:\n" + "\n".join(dict.fromkeys(problems)))
    if not any(isinstance(node, OperationDefinitionNode) for node in document.definitions):
        raise GenerationError("the queries have fragments alone: there is no operation in them")
    return document


def _parse(path: Path) -> DocumentNode:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GenerationError(f"{path} cannot be read: {error}") from error
    try:
        return parse(Source(text, str(path)))
    except GraphQLError as error:
        raise GenerationError(f"the queries cannot be read:\n{_located(error)}") from error


def _located(error: GraphQLError) -> str:
    places = [
        f"{node.loc.source.name}:{node.loc.start_token.line}"
        for node in error.nodes or ()
        if node.loc
    ]
    if not places and error.source and error.locations:
        places = [f"{error.source.name}:{error.locations[0].line}"]
    # What comes last is at fault where two do not fit each other.
    also = f" (see {', '.join(places[:-1])})" if places[:-1] else ""
    return f"{places[-1]}: {error.message}{also}" if places else error.message


def _place(node: OperationDefinitionNode | FragmentDefinitionNode) -> str:
    return f"{node.loc.source.name}:{node.loc.start_token.line}" if node.loc else "somewhere"


def _unnamed(document: DocumentNode) -> Iterator[str]:
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and not node.name:
            kind = node.operation.value
            yield f"{_place(node)}: an operation has no name: write one after {kind}"


def _nameless_classes(document: DocumentNode) -> Iterator[str]:
    for kind, node, name in _definitions(document):
        if not pascal_case(name).isidentifier():
            yield (
                f"{_place(node)}: the {kind} {name} needs another name:"
                f" {pascal_case(name)} cannot be a class in Python"
            )


def _doubled(document: DocumentNode) -> Iterator[str]:
    counts = Counter((kind, name) for kind, _, name in _definitions(document))
    for kind, node, name in _definitions(document):
        if counts[kind, name] > 1:
            yield f"{_place(node)}: the {kind} {name} needs another name: there are two of it"


def _definitions(
    document: DocumentNode,
) -> Iterator[tuple[str, OperationDefinitionNode | FragmentDefinitionNode, str]]:
    for node in document.definitions:
        if isinstance(node, FragmentDefinitionNode):
            yield "fragment", node, node.name.value
        elif isinstance(node, OperationDefinitionNode) and node.name:
            yield "operation", node, node.name.value

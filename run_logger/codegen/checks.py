"""What is wrong with the queries, and what is not advisable in them, place by place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    NoUnusedFragmentsRule,
    OperationDefinitionNode,
    Source,
    concat_ast,
    parse,
    specified_rules,
    validate,
)

from run_logger.codegen.advice import advise
from run_logger.errors import GenerationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from graphql import GraphQLSchema

_RULES = [rule for rule in specified_rules if rule is not NoUnusedFragmentsRule]
_OFF = re.compile(r"#\s*advice:\s*off\b[\s:,;.-]*(?P<reason>.*)")
_UNKNOWN_FRAGMENT = re.compile(r"Unknown fragment '(?P<name>\w+)'\.")


class Level(StrEnum):
    """How bad a finding is."""

    error = "error"
    """The server refuses the operation, or no method can be generated from it."""
    warning = "warning"
    """The operation is right, and may do what nobody wants."""


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """Something about a place in the queries.

    Attributes:
        file: The path of the file, as it was given.
        line: The line, from 1.
        column: The column, from 1.
        level: How bad it is.
        message: What is wrong, or what is advised.
    """

    file: str
    line: int
    column: int
    level: Level
    message: str

    def __str__(self) -> str:
        """Return the finding as compilers write it: `file:line:column: level: message`."""
        return f"{self.file}:{self.line}:{self.column}: {self.level}: {self.message}"


def check_queries(
    schema: GraphQLSchema, files: Sequence[Path], others: Sequence[Path] = ()
) -> list[Finding]:
    """Check files of operations and fragments against a schema.

    Args:
        schema: The schema.
        files: The files to check.
        others: Files whose fragments these may use.

    Returns:
        The findings, sorted by file and line.

    Raises:
        GenerationError: A file cannot be read.
    """
    texts = {str(path): _text(path) for path in files}
    documents, findings = _parsed(texts)
    document = concat_ast(documents)
    borrowed = _fragments({str(path): _text(path) for path in others}, document)
    whole = concat_ast([document, DocumentNode(definitions=borrowed)])
    errors = [_finding(error, whole) for error in validate(schema, whole, _RULES, max_errors=1_000)]
    findings += [error for error in errors if error.file in texts] + list(_unnamed(document))
    if not errors:
        # A query that does not fit has no types to judge it by.
        findings += _advice(schema, whole, texts)
    return sorted(set(findings))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GenerationError(f"{path} cannot be read: {error}") from error


def _parsed(texts: dict[str, str]) -> tuple[list[DocumentNode], list[Finding]]:
    documents: list[DocumentNode] = []
    findings: list[Finding] = []
    for file, text in texts.items():
        try:
            documents.append(parse(Source(text, file)))
        except GraphQLError as error:
            findings.append(_finding(error, DocumentNode(definitions=())))
    return documents, findings


def _fragments(texts: dict[str, str], document: DocumentNode) -> tuple[FragmentDefinitionNode, ...]:
    """Return the fragments of other files, without those that the document has itself."""
    own = {node.name.value for node in _fragments_in(document)}
    documents, _ = _parsed(texts)
    return tuple(
        node for each in documents for node in _fragments_in(each) if node.name.value not in own
    )


def _fragments_in(document: DocumentNode) -> Iterator[FragmentDefinitionNode]:
    return (node for node in document.definitions if isinstance(node, FragmentDefinitionNode))


def _finding(error: GraphQLError, document: DocumentNode) -> Finding:
    """Return an error of graphql-core's; where two places do not fit, the last is at fault."""
    message = error.message.removeprefix("Syntax Error: ")
    unknown = _UNKNOWN_FRAGMENT.match(message)
    if unknown:
        names = [node.name.value for node in _fragments_in(document)]
        near = get_close_matches(unknown["name"], names, n=1)
        message += f" Did you mean '{near[0]}'?" if near else ""
    nodes = [node for node in error.nodes or () if node.loc]
    if nodes and (loc := nodes[-1].loc):
        place = loc.source.name, loc.start_token.line, loc.start_token.column
    else:
        place = _place(error)
    return Finding(*place, Level.error, message)


def _place(error: GraphQLError) -> tuple[str, int, int]:
    """Return the place of an error of syntax."""
    assert error.source, "the text was parsed under its name"  # noqa: S101
    assert error.locations, "an error of syntax has a place"  # noqa: S101
    return error.source.name, error.locations[0].line, error.locations[0].column


def _unnamed(document: DocumentNode) -> Iterator[Finding]:
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and not node.name and node.loc:
            start = node.loc.start_token
            message = f"the operation has no name: write one after {node.operation.value}"
            yield Finding(node.loc.source.name, start.line, start.column, Level.error, message)


def _advice(
    schema: GraphQLSchema, document: DocumentNode, texts: dict[str, str]
) -> Iterable[Finding]:
    """Return what is advised, but where a comment switches it off."""
    switches = {file: _Switches(file, text) for file, text in texts.items()}
    advised = {
        Finding(*place, Level.warning, message)
        for place, message in advise(schema, document)
        if place[0] in texts
    }
    for finding in advised:
        if not switches[finding.file].is_off(finding.line):
            yield finding
    for each in switches.values():
        yield from each.faults()


class _Switches:
    """The comments of one file that switch advice off, for their line or the one below.

    Args:
        file: The path of the file.
        text: What is in it.
    """

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        lines = enumerate(text.splitlines(), 1)
        self._comments = {number: found for number, line in lines if (found := _OFF.search(line))}
        self._used: set[int] = set()

    def is_off(self, line: int) -> bool:
        """Return whether there is no advice wanted for a line."""
        comment = next((number for number in (line, line - 1) if number in self._comments), None)
        if comment is not None:
            self._used.add(comment)
        return comment is not None

    def faults(self) -> Iterator[Finding]:
        """Yield the comments without a reason, and those that switch nothing off."""
        for number, found in self._comments.items():
            column = found.start() + 1
            if not found["reason"].strip(" ()"):
                message = "say why: # advice: off (REASON)"
                yield Finding(self._file, number, column, Level.warning, message)
            if number not in self._used:
                message = "there is no advice here to switch off"
                yield Finding(self._file, number, column, Level.warning, message)

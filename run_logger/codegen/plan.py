"""The plan of a package: what it holds, and under which names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from graphql import FragmentDefinitionNode

if TYPE_CHECKING:
    from graphql import FieldNode, OperationDefinitionNode


class Operation(NamedTuple):
    """One operation of the queries.

    Attributes:
        node: As it stands in its file.
        rewritten: As ariadne-codegen gets it.
        class_name: The class of its answer.
        module: The module of that class.
        method: The client's method.
        constant: The constant that holds its text.
        keys: The response keys at the top of its answer.
        scalars: The scalars that are in its answer.
    """

    node: OperationDefinitionNode
    rewritten: OperationDefinitionNode
    class_name: str
    module: str
    method: str
    constant: str
    keys: tuple[str, ...]
    scalars: frozenset[str]

    @property
    def name(self) -> str:
        """The operation's own name."""
        assert self.node.name, "the queries were checked"  # noqa: S101
        return self.node.name.value


class FieldNames(NamedTuple):
    """The names of a field of an answer.

    Attributes:
        node: The field, as ariadne-codegen gets it.
        part: What its class's name has for it.
        python: The attribute of the model.
        key: The key in the answer.
    """

    node: FieldNode
    part: str
    python: str
    key: str


@dataclass
class Plan:
    """What the package holds, and under which names.

    Attributes:
        operations: In the order of the files.
        fragments: Rewritten, by the names of their classes.
        fields: By the identity of the rewritten node.
        descriptions: What the schema says of a class (under ""), and of its attributes by name.
        modules: The module that defines a class of an answer.
        superfluous: Classes of interfaces of which no answer can be.
        enums: The schema's names of the enums that answers have.
    """

    operations: list[Operation] = field(default_factory=list[Operation])
    fragments: dict[str, FragmentDefinitionNode] = field(
        default_factory=dict[str, FragmentDefinitionNode]
    )
    fields: dict[int, FieldNames] = field(default_factory=dict[int, FieldNames])
    descriptions: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    modules: dict[str, str] = field(default_factory=dict[str, str])
    superfluous: set[str] = field(default_factory=set[str])
    enums: set[str] = field(default_factory=set[str])

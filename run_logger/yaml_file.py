"""YAML as config files have it: PyYAML's safe subset, stricter about keys, looser about floats."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from run_logger.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["load_yaml"]


def load_yaml(path: Path, text: str) -> Any:
    """Load YAML safely: floats as in YAML 1.2, and no key twice.

    Args:
        path: The file, for messages.
        text: What it holds.

    Raises:
        ConfigError: The text is no such YAML; the message names the file and the line.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506  (it is a SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = "" if mark is None else f", line {mark.line + 1}"
        problem = f"{error.context}: {error.problem}" if error.context else error.problem
        raise ConfigError(f"{path}{line}: {problem}", remedy="Mend the YAML there.") from error
    except yaml.reader.ReaderError as error:
        number = text.count("\n", 0, error.position) + 1
        raise ConfigError(
            f"{path}, line {number}: {error.reason}", remedy="Take the character out."
        ) from error


class _Loader(yaml.SafeLoader):
    """YAML's safe subset, with floats as in YAML 1.2 and without duplicate keys."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                _refuse_duplicate(key, lines)
        return node


def _refuse_duplicate(key: yaml.ScalarNode, lines: dict[tuple[str, str], int]) -> None:
    line = key.start_mark.line + 1
    if (key.tag, key.value) in lines:
        raise yaml.MarkedYAMLError(
            problem=f"the key {key.value!r} stands in line {lines[key.tag, key.value]} already",
            problem_mark=key.start_mark,
        )
    lines[key.tag, key.value] = line


# YAML 1.1 wants a dot in every float and a sign in every exponent; without them it reads text.
_Loader.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]  (PyYAML's stubs)
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)$"),
    list("-+.0123456789"),
)

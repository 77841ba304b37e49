"""Python literals in generated code."""

from __future__ import annotations


def string(text: str) -> str:
    """Return a text as a literal of one line."""
    return '"' + "".join(map(_escaped, text)).replace('"', '\\"') + '"'


def block(text: str, indent: int = 0) -> str:
    """Return a text as a literal over several lines, as it stands.

    Args:
        text: Any text.
        indent: The levels of the lines after the first, where the text is to be indented.
    """
    lines = [f"{'    ' * indent}{line}" if line else "" for line in text.split("\n")]
    lines[0] = lines[0].strip(" ") if indent else lines[0]
    if lines[-1] == "" and indent:
        lines[-1] = "    " * indent
    escaped = ["".join(map(_escaped, line)) for line in lines]
    return '"""' + "\n".join(escaped).replace('"""', r"\"\"\"") + '"""'


def docstring(text: str | None, indent: int) -> list[str]:
    """Return the lines of a docstring, none where there is nothing to say.

    Args:
        text: What it says.
        indent: The levels that it is indented by.
    """
    said = "\n".join(line.rstrip() for line in (text or "").strip().splitlines())
    if not said:
        return []
    if "\n" in said:
        return ["    " * indent + block(f"{said}\n", indent)]
    literal = block(said)
    if said.endswith(('"', "\\")):
        literal = string(said)
    return ["    " * indent + literal]


def _escaped(character: str) -> str:
    if character == "\\" or not character.isprintable():
        return repr(character)[1:-1]
    return character

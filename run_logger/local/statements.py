"""Where the statements of a text of SQL begin, for errors of which Postgres does not say where."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
    (?P<space> \s+ | --[^\n]* )
  | (?P<comment> /\* )
  | (?P<end> ; )
  | (?P<tag> \$ (?: [^\W\d]\w* )? \$ ) .*? (?P=tag)
  | [eE] ' (?: [^'\\] | \\. | '' )* '
  | ' (?: [^'] | '' )* '
  | " (?: [^"] | "" )* "
  | (?P<word> [^\W\d] [\w$]* )
  | .
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


def statement_starts(text: str) -> list[int]:
    """Return the offset of the first word of each statement, in characters.

    Statements are parted at semicolons, except at those in strings, names, comments and the bodies
    of functions: quoted ones, and those that are written out between BEGIN ATOMIC and END.
    """
    starts: list[int] = []
    position = depth = 0
    between, previous = True, ""
    while token := _TOKEN.match(text, position):
        position = token.end()
        if token["comment"]:
            position = _comment_end(text, position)
        elif token["end"] and not depth:
            between = True
        elif not token["space"]:
            if between:
                starts.append(token.start())
            between = False
            word = (token["word"] or "").lower()
            depth += _opened(word, previous, depth)
            previous = word
    return starts


def _opened(word: str, previous: str, depth: int) -> int:
    """Return by how much a word changes the depth of blocks in a body that is written out."""
    if word == "atomic" and previous == "begin":
        return 1
    if not depth:
        return 0
    return {"case": 1, "end": -1}.get(word, 0)


def _comment_end(text: str, position: int) -> int:
    """Return the end of a comment whose opening has been read; in SQL, comments nest."""
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(text, position)
        if edge is None:
            return len(text)
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return position

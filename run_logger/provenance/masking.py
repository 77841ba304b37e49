"""What may be a secret, and what is written in its place.

The rules err on the side of masking: a masked hyperparameter is stored elsewhere, a stored password
is read by everyone who may see the run.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MASK", "is_secret_name", "mask_arguments", "mask_text"]

MASK = "REDACTED"
"""What stands in the place of a secret; a shell needs no quotes for it."""

_SECRET_WORDS = frozenset(
    {
        *("auth", "authentication", "authorization", "bearer", "cookie", "jwt", "oauth"),
        *("pass", "pwd", "signature"),
    }
)
_SECRET_PARTS = ("apikey", "credential", "passphrase", "passwd", "password", "secret", "token")
_KEYS_OF_SECRETS = frozenset(
    {"access", "account", "api", "auth", "encryption", "private", "signing", "ssh"}
)
_NO_SECRET_WORDS = ("tokeniz", "tokenis")

_NAME = re.compile(r"[\w.+~-]+")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

# A name, and what stands between it and its value. The type of an annotated variable belongs to
# the latter: `password: str = "x"`. Possessive, so that a long line costs no more than its length.
_ASSIGNED = re.compile(
    r"""
    (?<![\w.-]) (?P<name>[.-]*+\w[\w.-]*+)
    (?P<between>
        ["']?\]?[ \t]*
        (?: :[ \t]*[\w.]*\[?(?:str|bytes|string|Any|SecretStr)\b[\w.|\]\[ \t]*=(?!=)
          | [:=!]= | => | [:=] )
        [ \t]*
    )
    """,
    re.VERBOSE,
)
_OPENING_QUOTE = re.compile(r"""[bBfFrRuU]{0,2}("{3}|'{3}|["'])""")
_INSIDE_QUOTES = {
    '"': re.compile(r'(?:\\.|[^"\\\n])*+'),
    "'": re.compile(r"(?:\\.|[^'\\\n])*+"),
    '"""': re.compile(r'[\s\S]*?(?="""|\Z)'),
    "'''": re.compile(r"[\s\S]*?(?='''|\Z)"),
}
_BARE = re.compile(r"[(\[][^\n)\]]*|[^\s,;)}\]\"'`]+")
_REST_OF_LINE = re.compile(r"[^\n]*[^\s,]")
_LINE_START = re.compile(r"[+\- ]?[ \t]*(?:export[ \t]+|set[ \t]+|-[ \t]+)?[\"']?")

# What is written where a secret would be, and is none: a type, a constant, a variable, a bracket.
_REFERENCE = re.compile(
    r"(?:str|bytes|int|float|bool|string|Any|None|null|nil|true|false|True|False)\b[^=]*"
    r"|\$\{?[A-Z_][A-Z0-9_]*\}?|\$\{\{[^}]*\}\}|[(\[{]+"
)
_CALL = re.compile(r"[A-Za-z_][\w.]*[(\[].*")
_COUNT = re.compile(r"[-+]?[\d_]*\.?\d+(?:e[-+]?\d+)?(?=[\s,;)\]}]|\Z)", re.IGNORECASE)

_USER_OF_URL = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{0,20}://)([^\s/?#\"'<>]*)@")
_SCHEME_AND_TOKEN = re.compile(r"\b(bearer|basic)([ \t]+)[\w.~+/=-]{6,}", re.IGNORECASE)
_PRIVATE_KEY = re.compile(
    r"(-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----)[\s\S]*?"
    r"(-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z)"
)
# A line of nothing but base64: a diff may show the middle of a key without its first line.
_LINE_OF_KEY = re.compile(r"^([+\- ]?[ \t]*)[A-Za-z0-9+/]{60,}={0,2}$", re.MULTILINE)
_KNOWN_TOKENS = re.compile(
    r"""
    (?<![A-Za-z0-9])
    (?: gh[opsur]_[A-Za-z0-9]{16,} | github_pat_\w{20,} | glpat-[\w-]{16,}
      | (?:sk|rk|pk)[-_](?=[\w-]{0,60}\d)[\w-]{16,} | (?:AKIA|ASIA)[A-Z0-9]{16} | AIza[\w-]{30,}
      | hf_[A-Za-z0-9]{16,} | npm_[A-Za-z0-9]{30,} | pypi-[\w-]{16,} | xox[abeprs]-[\w-]{10,}
      | eyJ[\w-]{8,400}\.[\w-]{8,}(?:\.[\w-]*)? )
    """,
    re.VERBOSE,
)


def is_secret_name(name: str) -> bool:
    """Return whether what has this name is likely to be a secret.

    Args:
        name: The name of a variable, an option, a header or a key, however its words are joined:
            `API_KEY`, `--api-key`, `apiKey`, `db.password`.
    """
    words = [word.lower() for word in _WORD.findall(name)]
    if any(part in word for word in words for part in _SECRET_PARTS):
        return not all(word.startswith(_NO_SECRET_WORDS) for word in _with_secret_part(words))
    return not _SECRET_WORDS.isdisjoint(words) or any(
        first in _KEYS_OF_SECRETS and second in {"key", "keys"} for first, second in pairwise(words)
    )


def _with_secret_part(words: Sequence[str]) -> list[str]:
    return [word for word in words if any(part in word for part in _SECRET_PARTS)]


def mask_arguments(arguments: Sequence[str]) -> list[str]:
    """Return the arguments of a command with their secrets masked.

    Masked are the values of `--api-key VALUE`, `--api-key=VALUE` and `API_KEY=VALUE`, and in every
    argument what `mask_text` finds.

    Args:
        arguments: The program and its arguments, as the operating system splits them.
    """
    before = ["", *arguments]
    return [_masked_argument(*pair) for pair in zip(before, arguments, strict=False)]


def _masked_argument(before: str, argument: str) -> str:
    is_value = before.startswith("-") and "=" not in before and not argument.startswith("--")
    if is_value and _hides(before, argument):
        return MASK
    name, equals, value = argument.partition("=")
    if equals and _NAME.fullmatch(name) and _hides(name, value):
        return f"{name}={MASK}"
    return mask_text(argument)


def mask_text(text: str) -> str:
    r"""Return a text, such as a diff or a program, with its secrets masked.

    Masked are private keys, the users and passwords of URLs, the values of what `is_secret_name`
    (`+TOKEN = "x"`, `password: x`, `{"api_key": "x"}`), `Bearer x`, and tokens of known shape:
    GitHub's, GitLab's, OpenAI's, AWS's, Google's, Hugging Face's, npm's, PyPI's, Slack's, and JWTs.

    Args:
        text: Any text; the work is proportional to its length.
    """
    text = _PRIVATE_KEY.sub(rf"\1 {MASK} \2", text)
    text = _LINE_OF_KEY.sub(rf"\1{MASK}", text)
    text = _USER_OF_URL.sub(_masked_user, text)
    text = _SCHEME_AND_TOKEN.sub(rf"\1\2{MASK}", text)
    return _KNOWN_TOKENS.sub(MASK, _mask_assignments(text))


def _masked_user(url: re.Match[str]) -> str:
    scheme, user = url.groups()
    # `ssh://git@host`: a name alone is a secret only where it may be a token.
    secret = ":" in user or scheme.lower() in {"http://", "https://"}
    return f"{scheme}{MASK if secret else user}@"


def _mask_assignments(text: str) -> str:
    kept: list[str] = []
    end = 0
    for assigned in _ASSIGNED.finditer(text):
        if assigned.start() < end or not is_secret_name(assigned["name"]):
            continue
        if found := _value_after(text, assigned):
            start, stop = found
            kept += [text[end:start], MASK]
            end = stop
    return "".join([*kept, text[end:]])


def _value_after(text: str, assigned: re.Match[str]) -> tuple[int, int] | None:
    """Return where the secret value of an assignment stands, without its quotes."""
    if opening := _OPENING_QUOTE.match(text, assigned.end()):
        inside = _INSIDE_QUOTES[opening[1]].match(text, opening.end())
        return inside.span() if inside and inside[0] else None
    line = text.rfind("\n", 0, assigned.start()) + 1
    begins_line = _LINE_START.fullmatch(text, line, assigned.start())
    bare = (_REST_OF_LINE if begins_line else _BARE).match(text, assigned.end())
    return bare.span() if bare and _is_secret(assigned, bare[0]) else None


def _is_secret(assigned: re.Match[str], value: str) -> bool:
    """Return whether a value without quotes is one, and no piece of a program."""
    if _REFERENCE.fullmatch(value) or not _hides(assigned["name"], value):
        return False
    # `TOKEN=value` is the form of shells and .env files, which know no calls.
    is_variable = assigned["name"].isupper() and assigned["between"] == "="
    return is_variable or not _CALL.fullmatch(value)


def _hides(name: str, value: str) -> bool:
    """Return whether a value has to be masked: a number of `max_tokens` has not."""
    counts = name.lower().endswith("tokens") and _COUNT.match(value)
    return is_secret_name(name) and not counts

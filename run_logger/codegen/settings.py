"""The settings of `run-logger generate`, from the pyproject.toml of the project that it runs in."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast

from run_logger.codegen.scalars import Scalar
from run_logger.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TABLE = "[tool.run-logger.generate]"
_PATHS = frozenset({"schema", "queries", "output"})
_KEYS = {"async": "asynchronous", "strict-scalars": "strict_scalars", "type-check": "type_check"}


@dataclass(frozen=True)
class Settings:
    """What to generate, from what, and how.

    Attributes:
        endpoint: Where to take the schema from.
        schema: The file that the schema is read from or, with an endpoint, written to.
        queries: The folder of the `.graphql` files.
        output: The folder of the package.
        asynchronous: Whether the client's methods are coroutines (`async`).
        scalars: Types of scalars that win over the known ones.
        strict_scalars: Whether a scalar without a known type is an error.
        type_check: Whether the package is type-checked before it is put in place.
    """

    endpoint: str | None = None
    schema: Path | None = None
    queries: Path | None = None
    output: Path | None = None
    asynchronous: bool = False
    scalars: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    strict_scalars: bool = False
    type_check: bool = True


def read_settings(folder: Path) -> Settings:
    """Return the settings of the nearest pyproject.toml in `folder` or above; defaults without.

    Paths in it are relative to where it stands.

    Raises:
        ConfigError: The file is no TOML, or a setting is unknown or of a wrong type.
    """
    for directory in (folder, *folder.parents):
        path = directory / "pyproject.toml"
        if path.is_file():
            return _settings(path)
    return Settings()


def _settings(path: Path) -> Settings:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no TOML: {error}") from error
    table: dict[str, Any] = content.get("tool", {}).get("run-logger", {}).get("generate", {})
    return Settings(**dict(_setting(path, key, value) for key, value in table.items()))


def _setting(path: Path, key: str, value: Any) -> tuple[str, Any]:
    known = {field.name: field for field in fields(Settings)}
    spelled = {**dict.fromkeys(known.keys() - set(_KEYS.values())), **_KEYS}
    if key not in spelled:
        near = get_close_matches(key, spelled, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(sorted(spelled))}."
        raise ConfigError(f"{path} has an unknown setting {key} in {_TABLE}", remedy=hint)
    name = _KEYS.get(key, key)
    if name == "scalars":
        return name, {scalar: _scalar(path, scalar, type_) for scalar, type_ in value.items()}
    wanted = str if name in {*_PATHS, "endpoint"} else bool
    if not isinstance(value, wanted):
        raise ConfigError(f"{path}: {key} in {_TABLE} has to be a {wanted.__name__}")
    return name, path.parent / str(value) if name in _PATHS else value


def _scalar(path: Path, scalar: str, type_: Any) -> Scalar:
    """Return the types that a setting gives a scalar: a dotted name, or a table of two."""
    if isinstance(type_, str):
        return Scalar(type_, (type_,))
    given = cast("dict[str, Any]", type_) if isinstance(type_, dict) else {}
    if isinstance(given.get("type"), str) and given.keys() <= {"type", "send"}:
        return Scalar(given["type"], (given["type"],), given.get("send"))
    raise ConfigError(
        f"{path}: the type of the scalar {scalar} is none",
        remedy='Write "module.Type", or {type = "module.Type", send = "module.function"}.',
    )

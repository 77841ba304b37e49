"""Config files: a YAML mapping of parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeGuard

from run_logger.errors import ConfigError

__all__ = ["get_config_params", "read_config"]


def get_config_params(config: str | Path) -> dict[str, Any]:
    """Read the parameters of a config file.

    YAML is loaded safely, and numbers are read as YAML 1.2 does: `1e-3` and `.5e3` are floats.

    Args:
        config: The path of a YAML file that holds a mapping; an empty one has no parameters.

    Raises:
        ConfigError: The file cannot be read, is not YAML, gives a key twice, or holds something
            else than a mapping. The message names the file and, where there is one, the line.
    """
    from run_logger.yaml_file import load_yaml  # noqa: PLC0415  (keeps the import light)

    params = load_yaml(Path(config), read_config(Path(config)))
    if params is None:
        return {}
    if not _is_mapping(params):
        raise ConfigError(
            f"{config}, line 1: a config is a mapping of parameters, and this is a"
            f" {type(params).__name__}",
            remedy="Write one `name: value` a line.",
        )
    return params


def read_config(path: Path) -> str:
    """Return the text of a config file.

    Raises:
        ConfigError: It cannot be read; the message names it, and the line that is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"the config file {path} cannot be read: {error.strerror}",
            remedy=f"Relative paths start at {Path.cwd()}.",
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path}, line {line}: this is not UTF-8", remedy="Save the file as UTF-8."
        ) from error


def _is_mapping(params: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(params, dict)

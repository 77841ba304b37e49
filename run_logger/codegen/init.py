"""The module that a package begins with: every name in it, imported when it is first used."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from run_logger.codegen.text import string

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOOKS = """\
if not TYPE_CHECKING:

    def __getattr__(name):
        module = _MODULES.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(module, __name__), name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
"""


def init_module(exports: Mapping[str, str]) -> str:
    """Return the code of a package's first module.

    Args:
        exports: The module of each name, such as "client".
    """
    by_module: dict[str, list[str]] = defaultdict(list)
    for name, module in sorted(exports.items()):
        by_module[module].append(name)
    imports = [
        f"    from .{module} import {', '.join(names)}"
        for module, names in sorted(by_module.items())
    ]
    places = [f"    {string(name)}: {string('.' + exports[name])}," for name in sorted(exports)]
    exported = [f"    {string(name)}," for name in sorted(exports)]
    return "\n".join(
        [
            "import importlib",
            "from typing import TYPE_CHECKING",
            "if TYPE_CHECKING:",
            *imports,
            "_MODULES = {",
            *places,
            "}",
            "__all__ = [",
            *exported,
            "]",
            _HOOKS,
        ]
    )

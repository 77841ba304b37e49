"""What roles other than `admin` may do: the permissions of the metadata.

`grants` reads them, with the boolean expressions (`conditions`, `comparisons`) and values
(`values`) in them; `inheritance` adds the inherited roles; `roles` makes of the administrator's
model that of a role, from which its schema is built and its requests are compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from run_logger.local.errors import ServeError
from run_logger.local.permissions.grants import read_grants
from run_logger.local.permissions.inheritance import ancestors, inherit
from run_logger.local.permissions.roles import RoleModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from run_logger.local.catalog import Name
    from run_logger.local.metadata import Metadata
    from run_logger.local.model import Inconsistency, Model, TrackedFunction

__all__ = ["Permissions", "infers_functions"]

_INFERS_FUNCTIONS = "HASURA_GRAPHQL_INFER_FUNCTION_PERMISSIONS"


def infers_functions(environment: Mapping[str, str]) -> bool:
    """Tell whether the environment lets permissions to call functions be inferred.

    Raises:
        ServeError: The variable holds neither true nor false.
    """
    given = environment.get(_INFERS_FUNCTIONS) or "true"
    if given.lower() in {"true", "false"}:
        return given.lower() == "true"
    raise ServeError(f"{_INFERS_FUNCTIONS} is {given!r}", remedy="Give true or false.")


class Permissions:
    """The permissions of all roles.

    Args:
        model: What an administrator sees.
        metadata: The metadata, with the permissions in them.
        infers_functions: Whether a role may call a function of the query root if it sees the rows
            that the function returns; otherwise the function's own permissions say who may.

    Attributes:
        inconsistencies: The permissions that the database does not bear out.
    """

    def __init__(self, model: Model, metadata: Metadata, *, infers_functions: bool = True) -> None:
        granted, misfits = read_grants(model.tables, metadata)
        self._granted, conflicts = inherit(granted, metadata.inherited_roles)
        self.inconsistencies: tuple[Inconsistency, ...] = (*misfits, *conflicts)
        self._model = model
        self._role_sets = metadata.inherited_roles
        self._infers_functions = infers_functions
        self._callers = _callers(metadata)

    def knows(self, role: str) -> bool:
        """Tell whether anything is permitted to the role."""
        return role in self._granted

    def model(self, role: str, *, backend: bool) -> Model:
        """Return what a role sees and may do; of a role that is not known, nothing.

        Args:
            role: The role, any but `admin`.
            backend: Whether it may also do what is for backends only.
        """
        grants = self._granted.get(role, {})
        if not backend:
            grants = {name: item.without_backend_only() for name, item in grants.items()}
        functions = {item.function.name for item in self._functions() if self._may_call(role, item)}
        return RoleModel(self._model, grants, functions).make()

    def _functions(self) -> list[TrackedFunction]:
        roots = (*self._model.queries.values(), *self._model.mutations.values())
        return [root.function for root in roots if root.function is not None]

    def _may_call(self, role: str, function: TrackedFunction) -> bool:
        # As with Hasura v2, what may change data is never inferred.
        if self._infers_functions and function.exposed_as == "query":
            return True
        callers = self._callers.get(function.function.name, set())
        return not callers.isdisjoint(ancestors(role, self._role_sets))


def _callers(metadata: Metadata) -> Mapping[Name, set[str]]:
    return {
        entry.name: {str(item.get("role")) for item in entry.body.get("permissions") or ()}
        for entry in metadata.functions
    }

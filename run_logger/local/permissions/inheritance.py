"""Inherited roles: what several roles may do, together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from run_logger.local.model import Inconsistency
from run_logger.local.permissions.conditions import AllOf, AnyOf, OnRows
from run_logger.local.permissions.grants import Grants, RoleGrants, SelectGrant
from run_logger.local.tracking.context import Inconsistent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from run_logger.local.catalog import Name

_GrantT = TypeVar("_GrantT")


def inherit(
    granted: RoleGrants, role_sets: Mapping[str, Sequence[str]]
) -> tuple[RoleGrants, list[Inconsistency]]:
    """Add what inherited roles may do.

    As with Hasura v2, a permission of the role's own replaces what it inherits; it sees what any of
    its roles sees; and it may write what one of them may, or several in exactly the same way.

    Args:
        granted: What is granted to roles by name.
        role_sets: The roles that an inherited role stands for.

    Returns:
        What each role may do, and what cannot be inherited.
    """
    inheritance = _Inheritance(granted, role_sets)
    for role in role_sets:
        try:
            inheritance.resolve(role, ())
        except Inconsistent as reason:
            inheritance.inconsistencies.append(Inconsistency("inherited_role", role, str(reason)))
    return inheritance.granted, inheritance.inconsistencies


def ancestors(role: str, role_sets: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the role with all that it stands for."""
    found: set[str] = set()
    waiting = [role]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(role_sets.get(name, ()))
    return found


class _Inheritance:
    def __init__(self, granted: RoleGrants, role_sets: Mapping[str, Sequence[str]]) -> None:
        self.granted: RoleGrants = dict(granted)
        self.inconsistencies: list[Inconsistency] = []
        self._role_sets = role_sets
        self._resolved: set[str] = set()

    def resolve(self, role: str, below: tuple[str, ...]) -> None:
        """Add what an inherited role may do; `below` are the roles that wait for it."""
        if role in below:
            raise Inconsistent(f"found cycle(s) in roles: {', '.join((*below, role))}")
        if role in self._resolved or role not in self._role_sets:
            return
        for parent in self._role_sets[role]:
            self.resolve(parent, (*below, role))
        self._resolved.add(role)
        self.granted[role] = self._combined(role)

    def _combined(self, role: str) -> dict[Name, Grants]:
        own = self.granted.get(role, {})
        parents = [self.granted.get(parent, {}) for parent in self._role_sets[role]]
        names = dict.fromkeys(name for grants in (own, *parents) for name in grants)
        return {
            name: self._on_table(
                f"{role} on {name}",
                own.get(name, Grants()),
                [grants[name] for grants in parents if name in grants],
            )
            for name in names
        }

    def _on_table(self, place: str, own: Grants, parents: Sequence[Grants]) -> Grants:
        seen = [item.select for item in parents if item.select is not None]
        return Grants(
            select=own.select or (_union(seen) if seen else None),
            insert=own.insert or self._equal("insert", place, [item.insert for item in parents]),
            update=own.update or self._equal("update", place, [item.update for item in parents]),
            delete=own.delete or self._equal("delete", place, [item.delete for item in parents]),
        )

    def _equal(self, kind: str, place: str, grants: Sequence[_GrantT | None]) -> _GrantT | None:
        given = [grant for grant in grants if grant is not None]
        if all(grant == given[0] for grant in given):
            return given[0] if given else None
        reason = "its roles have different ones, of which none can be inherited"
        self.inconsistencies.append(Inconsistency(f"{kind}_permission", place, reason))
        return None


def _union(grants: Sequence[SelectGrant]) -> SelectGrant:
    if len(grants) == 1:
        return grants[0]
    limits = [grant.limit for grant in grants if grant.limit is not None]
    return SelectGrant(
        columns=_shown(grants, [grant.columns for grant in grants]),
        computed=_shown(grants, [grant.computed for grant in grants]),
        rows=_any([grant.rows for grant in grants]),
        limit=max(limits, default=None),
        aggregates=any(grant.aggregates for grant in grants),
        queries=_kinds([grant.queries for grant in grants]),
        subscriptions=_kinds([grant.subscriptions for grant in grants]),
    )


def _shown(
    grants: Sequence[SelectGrant], fields: Sequence[Mapping[str, OnRows | None]]
) -> dict[str, OnRows | None]:
    """Return in which rows each field is shown: those that a role sees which sees the field."""
    names = dict.fromkeys(name for shown in fields for name in shown)
    return {
        name: None
        if all(name in shown and shown[name] is None for shown in fields)
        else _any(
            [
                _both(grant.rows, shown[name])
                for grant, shown in zip(grants, fields, strict=True)
                if name in shown
            ]
        )
        for name in names
    }


def _any(conditions: Sequence[OnRows | None]) -> OnRows | None:
    parts = [item.condition for item in conditions if item is not None]
    return OnRows(AnyOf(tuple(parts))) if len(parts) == len(conditions) else None


def _both(one: OnRows | None, other: OnRows | None) -> OnRows | None:
    if one is None or other is None:
        return one or other
    return OnRows(AllOf((one.condition, other.condition)))


def _kinds(given: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    known: list[Any] = [item for item in given if item is not None]
    return frozenset[str]().union(*known) if len(known) == len(given) else None

"""What the metadata grants each role on each table, read into plain data."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from run_logger.local.metadata import as_mapping
from run_logger.local.model import ComputedField, Inconsistency
from run_logger.local.permissions.conditions import Conditions, OnRows
from run_logger.local.permissions.values import read_value
from run_logger.local.request.syntax import is_list
from run_logger.local.tracking.context import Inconsistent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from run_logger.local.catalog import Name
    from run_logger.local.metadata import Metadata
    from run_logger.local.model import Preset, TrackedTable

ADMIN: Final = "admin"


@dataclass(frozen=True, slots=True)
class SelectGrant:
    """What a role sees of a table.

    Attributes:
        columns: By their names in Postgres, the rows in which it sees them; None: all that it sees.
        computed: The same of computed fields, by their names.
        rows: Which rows it sees; None: all.
        limit: How many rows it gets at most.
        aggregates: Whether it may aggregate.
        queries: The kinds of fields of the query root that it has; None: all.
        subscriptions: The same of the subscription root.
    """

    columns: Mapping[str, OnRows | None]
    computed: Mapping[str, OnRows | None]
    rows: OnRows | None
    limit: int | None
    aggregates: bool
    queries: frozenset[str] | None
    subscriptions: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class WriteGrant:
    """What a role may write to a table by inserts, updates or deletions.

    Attributes:
        columns: What it may give, by their names in Postgres.
        rows: Which rows it may change; None: all.
        check: What rows must fulfil afterwards; None: anything.
        is_checked: Whether there is a check, be it one that always holds.
        presets: What is written besides, by the column's name in Postgres.
        backend_only: Whether only a request with the admin secret may, that asks for it.
    """

    columns: frozenset[str] = frozenset()
    rows: OnRows | None = None
    check: OnRows | None = None
    is_checked: bool = False
    presets: Mapping[str, Preset] = field(default_factory=dict[str, "Preset"])
    backend_only: bool = False


@dataclass(frozen=True, slots=True)
class Grants:
    """What a role may do with a table; None: nothing of that kind."""

    select: SelectGrant | None = None
    insert: WriteGrant | None = None
    update: WriteGrant | None = None
    delete: WriteGrant | None = None

    def without_backend_only(self) -> Grants:
        """Return what of it does not need the admin secret."""
        return replace(
            self,
            insert=_unless_backend_only(self.insert),
            update=_unless_backend_only(self.update),
            delete=_unless_backend_only(self.delete),
        )


# By roles, then by tables.
RoleGrants = dict[str, dict["Name", Grants]]


def _unless_backend_only(grant: WriteGrant | None) -> WriteGrant | None:
    return None if grant is None or grant.backend_only else grant


def read_grants(
    tables: Mapping[Name, TrackedTable], metadata: Metadata
) -> tuple[RoleGrants, list[Inconsistency]]:
    """Read all permissions on tables.

    Args:
        tables: The tracked tables, as an administrator sees them.
        metadata: The metadata.

    Returns:
        What each role is granted, and the permissions that the database does not bear out.
    """
    found: RoleGrants = defaultdict(dict)
    inconsistencies: list[Inconsistency] = []
    for entry in metadata.tables:
        if entry.name in tables:
            table = tables[entry.name]
            reader = _TableReader(tables, table, metadata.source, inconsistencies)
            for role, grants in reader.read(entry.body).items():
                found[role][entry.name] = grants
    return dict(found), inconsistencies


class _TableReader:
    """Reads the permissions on one table."""

    def __init__(
        self,
        tables: Mapping[Name, TrackedTable],
        table: TrackedTable,
        source: str,
        inconsistencies: list[Inconsistency],
    ) -> None:
        self._table = table
        self._source = source
        self._conditions = Conditions(tables, table)
        self._inconsistencies = inconsistencies

    def read(self, body: Mapping[str, Any]) -> dict[str, Grants]:
        """Read what stands in the table's entry, by roles."""
        found: defaultdict[str, Grants] = defaultdict(Grants)
        readers: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "select": self._select,
            "insert": self._insert,
            "update": self._update,
            "delete": self._delete,
        }
        for kind, read in readers.items():
            for item in body.get(f"{kind}_permissions") or ():
                role = str(item.get("role"))
                try:
                    grant = read(_permission(role, item))
                    if isinstance(grant, SelectGrant):
                        self._check_root_fields(role, grant)
                except Inconsistent as reason:
                    place = f"{role} on {self._table.table.name}"
                    problem = Inconsistency(
                        f"{kind}_permission", place, str(reason), self._table.table.name, item
                    )
                    self._inconsistencies.append(problem)
                else:
                    found[role] = replace(found[role], **{kind: grant})
        return dict(found)

    def _select(self, given: Mapping[str, Any]) -> SelectGrant:
        return SelectGrant(
            columns=dict.fromkeys(self._columns(given.get("columns"))),
            computed=dict.fromkeys(self._computed(given.get("computed_fields") or ())),
            rows=self._conditions.read(given.get("filter")),
            limit=_limit(given.get("limit")),
            aggregates=bool(given.get("allow_aggregations")),
            queries=_kinds(given.get("query_root_fields")),
            subscriptions=_kinds(given.get("subscription_root_fields")),
        )

    def _check_root_fields(self, role: str, grant: SelectGrant) -> None:
        named = (grant.queries or frozenset()) | (grant.subscriptions or frozenset())
        if "select_aggregate" in named and not grant.aggregates:
            raise Inconsistent(
                'The "select_aggregate" root field can only be enabled in the query_root_fields or '
                ' the subscription_root_fields when "allow_aggregations" is set to true'
            )
        key = self._table.table.primary_key
        if "select_by_pk" in named and not (key and grant.columns.keys() >= set(key.columns)):
            raise Inconsistent(
                'The "select_by_pk" field cannot be included in the query_root_fields or'
                f' subscription_root_fields because the role "{role}" does not have access to the'
                f' primary key of the table "{self._table.table.name}" in the source'
                f' "{self._source}"'
            )

    def _insert(self, given: Mapping[str, Any]) -> WriteGrant:
        presets = self._presets(given.get("set"))
        columns = given.get("columns")
        return WriteGrant(
            # As Hasura v2: without a list, all columns may be given.
            columns=self._columns("*" if columns is None else columns) - set(presets),
            check=self._conditions.read(given.get("check")),
            is_checked=True,
            presets=presets,
            backend_only=bool(given.get("backend_only")),
        )

    def _update(self, given: Mapping[str, Any]) -> WriteGrant:
        presets = self._presets(given.get("set"))
        return WriteGrant(
            columns=self._columns(given.get("columns")) - set(presets),
            rows=self._conditions.read(given.get("filter")),
            check=self._conditions.read(given.get("check")),
            is_checked=given.get("check") is not None,
            presets=presets,
            backend_only=bool(given.get("backend_only")),
        )

    def _delete(self, given: Mapping[str, Any]) -> WriteGrant:
        rows = self._conditions.read(given.get("filter"))
        return WriteGrant(rows=rows, backend_only=bool(given.get("backend_only")))

    def _columns(self, given: Any) -> frozenset[str]:
        known = frozenset(column.name for column in self._table.table.columns)
        if given == "*":
            return known
        if given is not None and not is_list(given):
            raise Inconsistent(f"columns: a list of columns or '*' is expected, and not {given!r}")
        names = frozenset(map(str, given or ()))
        if unknown := sorted(names - known):
            raise Inconsistent(f'column "{unknown[0]}" does not exist')
        return names

    def _computed(self, given: Any) -> list[str]:
        for name in given:
            if not isinstance(self._table.fields.get(name), ComputedField):
                raise Inconsistent(f'computed field "{name}" does not exist')
        return list(given)

    def _presets(self, given: Any) -> dict[str, Preset]:
        presets: dict[str, Preset] = {}
        for name, value in (as_mapping(given) or {}).items():
            column = self._table.table.column(name)
            if column is None:
                raise Inconsistent(f'column "{name}" does not exist')
            presets[name] = read_value(value, column.type)
        return presets


def _permission(role: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    if role == ADMIN:
        raise Inconsistent("cannot define permission for admin role")
    permission = as_mapping(item.get("permission"))
    if permission is None:
        raise Inconsistent("it has no `permission`")
    return permission


def _limit(given: Any) -> int | None:
    if given is None or (isinstance(given, int) and given >= 0):
        return given
    raise Inconsistent(f"limit: a number of rows is expected, and not {given!r}")


def _kinds(given: Any) -> frozenset[str] | None:
    return None if given is None else frozenset(given)

"""Reads the catalog of a Postgres database: what exists, with one query for each kind of thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import dict_row

from run_logger.local.catalog import (
    Catalog,
    Column,
    ForeignKey,
    Function,
    FunctionArgument,
    Key,
    Name,
    PgType,
    Table,
    TableKind,
    TypeKind,
    Volatility,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from psycopg import AsyncConnection

_Row = dict[str, Any]

# Everything but Postgres's own schemas, and those in which Hasura keeps its state.
_USERS_SCHEMA = """
    n.nspname not in ('pg_catalog', 'information_schema', 'hdb_catalog', 'hdb_views')
    and n.nspname not like 'pg\\_toast%%' and n.nspname not like 'pg\\_temp%%'
"""

# The type modifier -1 keeps `bpchar` from becoming `character`, which a cast cuts to one letter.
_TYPES = """
    select t.oid::int8 as oid, format_type(t.oid, -1) as sql, t.typname as name,
        t.typtype as kind, t.typbasetype::int8 as base,
        case when t.typelem <> 0 and t.typlen = -1 and t.typcategory = 'A'
            then t.typelem::int8 end as element
    from pg_type t
"""

_TABLES = f"""
    select c.oid::int8 as oid, n.nspname as schema, c.relname as name, c.relkind as kind,
        obj_description(c.oid, 'pg_class') as comment,
        case when c.relkind in ('r', 'p') then 28 else pg_relation_is_updatable(c.oid, true) end
            as events
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and {_USERS_SCHEMA}
"""  # noqa: S608 - made of constants

_COLUMNS = f"""
    select a.attrelid::int8 as oid, a.attname as name, a.atttypid::int8 as type,
        not (a.attnotnull or (t.typtype = 'd' and t.typnotnull)) as nullable,
        a.attidentity = 'a' or a.attgenerated <> '' as generated,
        case when a.attidentity <> '' then format('nextval(%%L::regclass)', pg_get_serial_sequence(
                format('%%I.%%I', n.nspname, c.relname), a.attname))
            when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end as default,
        col_description(a.attrelid, a.attnum) as comment
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_type t on t.oid = a.atttypid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped
        and c.relkind in ('r', 'p', 'v', 'm', 'f') and {_USERS_SCHEMA}
    order by a.attrelid, a.attnum
"""  # noqa: S608 - made of constants

_KEYS = f"""
    select i.indrelid::int8 as oid, k.relname as name, i.indisprimary as is_primary,
        array(select a.attname::text from unnest(i.indkey) with ordinality as u (attnum, place)
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.attnum
            where u.place <= i.indnkeyatts order by u.place) as columns
    from pg_index i
    join pg_class k on k.oid = i.indexrelid
    join pg_class c on c.oid = i.indrelid
    join pg_namespace n on n.oid = c.relnamespace
    where i.indisunique and {_USERS_SCHEMA}
    order by i.indrelid, k.relname
"""  # noqa: S608 - made of constants

_FOREIGN_KEYS = f"""
    select f.conrelid::int8 as oid, f.conname as name, f.confrelid::int8 as target,
        array(select a.attname::text from unnest(f.conkey) with ordinality as u (attnum, place)
            join pg_attribute a on a.attrelid = f.conrelid and a.attnum = u.attnum
            order by u.place) as columns,
        array(select a.attname::text from unnest(f.confkey) with ordinality as u (attnum, place)
            join pg_attribute a on a.attrelid = f.confrelid and a.attnum = u.attnum
            order by u.place) as target_columns
    from pg_constraint f
    join pg_class c on c.oid = f.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    where f.contype = 'f' and {_USERS_SCHEMA}
    order by f.conrelid, f.conname
"""  # noqa: S608 - made of constants

_FUNCTIONS = f"""
    select n.nspname as schema, p.proname as name, p.proargtypes::int8[] as argument_types,
        p.proargnames as names, p.proargmodes::text[] as modes, p.pronargdefaults as defaults,
        p.prorettype::int8 as returns, p.proretset as returns_set, p.provolatile as volatility,
        p.provariadic <> 0 as variadic, obj_description(p.oid, 'pg_proc') as comment
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.prokind = 'f' and {_USERS_SCHEMA}
    order by n.nspname, p.proname, p.oid
"""  # noqa: S608 - made of constants

_ROW_TYPES = "select typrelid::int8 as oid, oid::int8 as type from pg_type where typrelid <> 0"

_TYPE_KINDS: dict[str, TypeKind] = {
    "b": "base",
    "c": "composite",
    "d": "domain",
    "e": "enum",
    "m": "range",
    "p": "pseudo",
    "r": "range",
}
_TABLE_KINDS: dict[str, TableKind] = {
    "f": "foreign table",
    "m": "materialized view",
    "p": "table",
    "r": "table",
    "v": "view",
}
_VOLATILITIES: dict[str, Volatility] = {"i": "immutable", "s": "stable", "v": "volatile"}
_INPUT_MODES = {"i", "b", "v"}
# The bits of pg_relation_is_updatable: 1 << CmdType.
_UPDATE, _INSERT, _DELETE = 4, 8, 16


async def reflect(connection: AsyncConnection[Any]) -> Catalog:
    """Read the catalog of the database that the connection leads to.

    Args:
        connection: An open connection; nothing is changed.

    Returns:
        Every table, view and function outside Postgres's own schemas.
    """
    types = _Types(await _fetch(connection, _TYPES))
    names = {
        row["oid"]: Name(row["schema"], row["name"]) for row in await _fetch(connection, _TABLES)
    }
    row_types = {
        row["type"]: names[row["oid"]]
        for row in await _fetch(connection, _ROW_TYPES)
        if row["oid"] in names
    }
    tables = await _tables(connection, names, types)
    functions = await _functions(connection, row_types, types)
    return Catalog(tables=tables, functions=functions)


async def read_enum_rows(
    connection: AsyncConnection[Any], table: Name, value: str, comment: str | None
) -> list[tuple[str, str | None]]:
    """Read an enum table.

    Args:
        connection: An open connection.
        table: The table.
        value: The column of the values.
        comment: The column of the comments, None where there is none.

    Returns:
        Pairs of value and comment, in the order of the values.
    """
    query = sql.SQL("select {}::text, {}::text from {} order by 1").format(
        sql.Identifier(value),
        sql.Identifier(comment) if comment else sql.NULL,
        sql.Identifier(table.schema, table.name),
    )
    cursor = await connection.execute(query)
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def _fetch(connection: AsyncConnection[Any], query: str) -> list[_Row]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        # Two percent signs stand in the constants for one, as in a query with parameters.
        await cursor.execute(query.encode(), ())
        return await cursor.fetchall()


class _Types:
    """The types of the database by their oids."""

    def __init__(self, rows: Iterable[_Row]) -> None:
        self._rows: dict[int, _Row] = {row["oid"]: row for row in rows}
        self._made: dict[int, PgType] = {}

    def __getitem__(self, oid: int) -> PgType:
        if oid not in self._made:
            self._made[oid] = self._make(self._rows[oid])
        return self._made[oid]

    def _make(self, row: _Row) -> PgType:
        if row["base"]:
            return self[row["base"]]
        element = self[row["element"]] if row["element"] else None
        return PgType(row["sql"], row["name"], _TYPE_KINDS[row["kind"]], element)


async def _tables(
    connection: AsyncConnection[Any], names: Mapping[int, Name], types: _Types
) -> dict[Name, Table]:
    columns = _grouped(await _fetch(connection, _COLUMNS))
    keys = _grouped(await _fetch(connection, _KEYS))
    foreign_keys = _grouped(await _fetch(connection, _FOREIGN_KEYS))
    return {
        names[row["oid"]]: _table(
            row,
            tuple(_column(item, types) for item in columns.get(row["oid"], ())),
            keys.get(row["oid"], []),
            _foreign_keys(foreign_keys.get(row["oid"], ()), names),
        )
        for row in await _fetch(connection, _TABLES)
        if row["oid"] in names
    }


def _grouped(rows: Iterable[_Row]) -> dict[int, list[_Row]]:
    groups: dict[int, list[_Row]] = {}
    for row in rows:
        groups.setdefault(row["oid"], []).append(row)
    return groups


def _table(
    row: _Row, columns: tuple[Column, ...], keys: list[_Row], foreign_keys: tuple[ForeignKey, ...]
) -> Table:
    primary = [Key(key["name"], tuple(key["columns"])) for key in keys if key["is_primary"]]
    return Table(
        name=Name(row["schema"], row["name"]),
        kind=_TABLE_KINDS[row["kind"]],
        columns=columns,
        primary_key=primary[0] if primary else None,
        unique_keys=tuple(
            Key(key["name"], tuple(key["columns"])) for key in keys if not key["is_primary"]
        ),
        foreign_keys=foreign_keys,
        comment=row["comment"],
        insertable=bool(row["events"] & _INSERT),
        updatable=bool(row["events"] & _UPDATE),
        deletable=bool(row["events"] & _DELETE),
    )


def _column(row: _Row, types: _Types) -> Column:
    return Column(
        name=row["name"],
        type=types[row["type"]],
        nullable=row["nullable"],
        default=row["default"],
        generated=row["generated"],
        comment=row["comment"],
    )


def _foreign_keys(rows: Iterable[_Row], names: Mapping[int, Name]) -> tuple[ForeignKey, ...]:
    return tuple(
        ForeignKey(
            row["name"], tuple(row["columns"]), names[row["target"]], tuple(row["target_columns"])
        )
        for row in rows
        if row["target"] in names
    )


async def _functions(
    connection: AsyncConnection[Any], row_types: Mapping[int, Name], types: _Types
) -> dict[Name, tuple[Function, ...]]:
    found: dict[Name, tuple[Function, ...]] = {}
    for row in await _fetch(connection, _FUNCTIONS):
        function = _function(row, row_types, types)
        found[function.name] = (*found.get(function.name, ()), function)
    return found


def _function(row: _Row, row_types: Mapping[int, Name], types: _Types) -> Function:
    return Function(
        name=Name(row["schema"], row["name"]),
        arguments=_arguments(row, row_types, types),
        returns=types[row["returns"]],
        returns_table=row_types.get(row["returns"]),
        returns_set=row["returns_set"],
        volatility=_VOLATILITIES[row["volatility"]],
        variadic=row["variadic"],
        comment=row["comment"],
    )


def _arguments(
    row: _Row, row_types: Mapping[int, Name], types: _Types
) -> tuple[FunctionArgument, ...]:
    oids: list[int] = row["argument_types"]
    modes: list[str] = row["modes"] or ["i"] * len(oids)
    names: list[str] = row["names"] or [""] * len(modes)
    inputs = [name for name, mode in zip(names, modes, strict=True) if mode in _INPUT_MODES]
    first_default = len(oids) - row["defaults"]
    return tuple(
        FunctionArgument(name, types[oid], place >= first_default, row_types.get(oid))
        for place, (name, oid) in enumerate(zip(inputs, oids, strict=True))
    )

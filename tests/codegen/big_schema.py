"""The SDL of a Hasura schema of any size, with what production schemas have."""

from __future__ import annotations

_COLUMNS = {
    "id": "uuid!",
    "_id": "bigint",
    "name": "String!",
    "type": "String",
    "date": "date",
    "price": "numeric",
    "weight": "float8",
    "data": "jsonb",
    "tags": "_text",
    "raw": "bytea",
    "took": "interval",
    "created_at": "timestamptz!",
    "status": "status_enum",
    "from": "Int",
    "count": "Int",
}
_SCALARS = sorted(
    {type_.rstrip("!") for type_ in _COLUMNS.values()} - {"String", "Int", "status_enum"}
)
_CHANGES = ("set", "inc")


def big_schema(tables: int) -> str:
    """Return the SDL of a schema of so many tables; each has a parent and children."""
    names = [f"table_{number}" for number in range(tables)]
    types = [_table(name, names[(index + 1) % tables]) for index, name in enumerate(names)]
    comparisons = [
        f"input {type_}_comparison_exp {{ _eq: {type_} _in: [{type_}!] _is_null: Boolean }}"
        for type_ in [*_SCALARS, "String", "Int", "status_enum"]
    ]
    return "\n".join(
        [
            "schema { query: query_root mutation: mutation_root subscription: subscription_root }",
            *(f"scalar {name}" for name in _SCALARS),
            "enum order_by { asc desc }",
            "enum cursor_ordering { ASC DESC }",
            "enum status_enum { open title count None }",
            *comparisons,
            *types,
            f"type query_root {{ {' '.join(map(_queries, names))} }}",
            f"type mutation_root {{ {' '.join(map(_mutations, names))} }}",
            f"type subscription_root {{ {' '.join(map(_subscriptions, names))} }}",
        ]
    )


def _rows(name: str) -> str:
    return (
        f"(distinct_on: [{name}_select_column!] limit: Int offset: Int"
        f" order_by: [{name}_order_by!] where: {name}_bool_exp)"
    )


def _table(name: str, other: str) -> str:
    nullable = {column: type_.rstrip("!") for column, type_ in _COLUMNS.items()}
    plain = " ".join(f"{column}: {type_}" for column, type_ in nullable.items())
    compared = " ".join(f"{column}: {type_}_comparison_exp" for column, type_ in nullable.items())
    ordered = " ".join(f"{column}: order_by" for column in _COLUMNS)
    return f'''
"""columns and relationships of "{name}" """
type {name} {{
  {" ".join(f'"what {column} holds" {column}: {type_}' for column, type_ in _COLUMNS.items())}
  parent: {other}
  children{_rows(other)}: [{other}!]!
  children_aggregate{_rows(other)}: {other}_aggregate!
}}
enum {name}_select_column {{ {" ".join(_COLUMNS)} }}
enum {name}_update_column {{ {" ".join(_COLUMNS)} }}
enum {name}_constraint {{ {name}_pkey }}
input {name}_bool_exp {{
  _and: [{name}_bool_exp!] _not: {name}_bool_exp _or: [{name}_bool_exp!]
  {compared} parent: {other}_bool_exp children: {other}_bool_exp
}}
input {name}_order_by {{ {ordered} parent: {other}_order_by }}
input {name}_insert_input {{
  {plain} parent: {other}_obj_rel_insert_input children: {other}_arr_rel_insert_input
}}
input {name}_obj_rel_insert_input {{ data: {name}_insert_input! on_conflict: {name}_on_conflict }}
input {name}_arr_rel_insert_input {{
  data: [{name}_insert_input!]! on_conflict: {name}_on_conflict
}}
input {name}_on_conflict {{
  constraint: {name}_constraint! update_columns: [{name}_update_column!]! = []
  where: {name}_bool_exp
}}
input {name}_set_input {{ {plain} }}
input {name}_inc_input {{ count: Int price: numeric }}
input {name}_pk_columns_input {{ id: uuid! }}
input {name}_updates {{
  _inc: {name}_inc_input _set: {name}_set_input where: {name}_bool_exp!
}}
input {name}_stream_cursor_input {{
  initial_value: {name}_set_input! ordering: cursor_ordering
}}
type {name}_mutation_response {{ affected_rows: Int! returning: [{name}!]! }}
type {name}_aggregate {{ aggregate: {name}_aggregate_fields nodes: [{name}!]! }}
type {name}_aggregate_fields {{
  count(columns: [{name}_select_column!] distinct: Boolean): Int! max: {name}_max_fields
}}
type {name}_max_fields {{ {plain} }}
'''


def _queries(name: str) -> str:
    return (
        f"{name}{_rows(name)}: [{name}!]! {name}_aggregate{_rows(name)}: {name}_aggregate!"
        f" {name}_by_pk(id: uuid!): {name}"
    )


def _mutations(name: str) -> str:
    changes = " ".join(f"_{change}: {name}_{change}_input" for change in _CHANGES)
    conflict = f"on_conflict: {name}_on_conflict"
    return (
        f"insert_{name}(objects: [{name}_insert_input!]! {conflict}): {name}_mutation_response"
        f" insert_{name}_one(object: {name}_insert_input! {conflict}): {name}"
        f" update_{name}({changes} where: {name}_bool_exp!): {name}_mutation_response"
        f" update_{name}_by_pk({changes} pk_columns: {name}_pk_columns_input!): {name}"
        f" update_{name}_many(updates: [{name}_updates!]!): [{name}_mutation_response]"
        f" delete_{name}(where: {name}_bool_exp!): {name}_mutation_response"
        f" delete_{name}_by_pk(id: uuid!): {name}"
    )


def _subscriptions(name: str) -> str:
    return (
        f"{name}{_rows(name)}: [{name}!]!"
        f" {name}_stream(batch_size: Int! cursor: [{name}_stream_cursor_input]!"
        f" where: {name}_bool_exp): [{name}!]!"
    )

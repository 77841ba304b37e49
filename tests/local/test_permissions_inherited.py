"""Inherited roles: what several roles may do, together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.conftest import Sandbox

SQL = """
    CREATE TABLE employee (
        id int PRIMARY KEY, name text NOT NULL, salary int NOT NULL, boss_id int REFERENCES employee
    );
    INSERT INTO employee VALUES (1, 'Ada', 300, NULL), (2, 'Bob', 200, 1), (3, 'Cyd', 100, 2);
    CREATE FUNCTION net(e employee) RETURNS int STABLE LANGUAGE sql AS 'SELECT e.salary / 2';
    CREATE FUNCTION rich() RETURNS SETOF employee VOLATILE LANGUAGE sql
        AS 'SELECT * FROM employee WHERE salary > 150';
"""
TABLES = """
    - table: {name: employee, schema: public}
      object_relationships: [{name: boss, using: {foreign_key_constraint_on: boss_id}}]
      computed_fields: [{name: net, definition: {function: net}}]
      select_permissions:
        - role: self
          permission:
            columns: [id, name, salary, boss_id]
            computed_fields: [net]
            filter: {id: X-Hasura-User-Id}
            limit: 1
        - role: manager
          permission:
            {columns: [id, name], filter: {boss_id: X-Hasura-User-Id}, limit: 10,
             allow_aggregations: true}
        - {role: owner, permission: {columns: [name], filter: {}}}
      insert_permissions:
        - {role: self, permission: {columns: [id, name], check: {}}}
        - {role: manager, permission: {columns: [id, name, salary], check: {}}}
      update_permissions:
        - {role: self, permission: {columns: [name], filter: {id: X-Hasura-User-Id}}}
        - {role: twin, permission: {columns: [name], filter: {id: X-Hasura-User-Id}}}
      delete_permissions:
        - {role: manager, permission: {filter: {boss_id: X-Hasura-User-Id}}}
"""
FUNCTIONS = "[{function: {name: rich, schema: public}, permissions: [{role: manager}]}]"
ROLES = """
    - {role_name: lead, role_set: [self, manager]}
    - {role_name: twins, role_set: [self, twin]}
    - {role_name: chief, role_set: [lead, owner]}
    - {role_name: owner, role_set: [self]}
"""


@pytest.fixture
def lead(sandbox: Callable[..., Sandbox]) -> Sandbox:
    return sandbox(SQL, TABLES, FUNCTIONS, ROLES).as_role("lead", user_id="2")


def test_the_rows_of_all_roles_are_seen_and_cells_that_none_sees_are_null(lead: Sandbox) -> None:
    data = lead.ask("{ employee(order_by: {id: asc}) { id name salary net } }")
    assert data["employee"] == [
        {"id": 2, "name": "Bob", "salary": 200, "net": 100},
        {"id": 3, "name": "Cyd", "salary": None, "net": None},
    ]


def test_a_column_that_not_every_role_sees_is_nullable(lead: Sandbox) -> None:
    data = lead.ask('{ __type(name: "employee") { fields { name type { kind } } } }')
    kinds = {field["name"]: field["type"]["kind"] for field in data["__type"]["fields"]}
    assert (kinds["id"], kinds["name"], kinds["salary"]) == ("NON_NULL", "NON_NULL", "SCALAR")


@pytest.mark.parametrize(
    "query",
    [
        "{ employee(where: {salary: {_eq: 100}}) { id } }",
        "{ employee(where: {net: {_eq: 50}}) { id } }",
    ],
)
def test_a_cell_that_is_not_seen_cannot_be_asked_about(lead: Sandbox, query: str) -> None:
    assert lead.ask(query) == {"employee": []}


def test_aggregates_and_orders_do_not_tell_of_cells_that_are_not_seen(lead: Sandbox) -> None:
    data = lead.ask(
        """{
            employee_aggregate { aggregate { count(columns: salary) sum { salary } } }
            employee(order_by: {salary: asc}) { id }
            distinct: employee(distinct_on: salary) { salary }
        }"""
    )
    aggregate = data["employee_aggregate"]["aggregate"]
    assert aggregate == {"count": 1, "sum": {"salary": 200}}
    assert data["employee"] == [{"id": 2}, {"id": 3}]
    assert data["distinct"] == [{"salary": 200}, {"salary": None}]


def test_distinct_and_order_agree_on_a_column_with_hidden_cells(lead: Sandbox) -> None:
    data = lead.ask("{ employee(distinct_on: salary, order_by: {salary: desc}) { salary } }")
    assert data["employee"] == [{"salary": None}, {"salary": 200}]


def test_relationships_are_followed_whatever_is_shown_of_their_columns(lead: Sandbox) -> None:
    data = lead.ask("{ employee(order_by: {id: asc}) { boss_id boss { id } } }")
    assert data["employee"] == [
        {"boss_id": 1, "boss": None},
        {"boss_id": None, "boss": {"id": 2}},
    ]


def test_what_is_written_shows_no_more_than_is_seen(lead: Sandbox) -> None:
    data = lead.ask("mutation { delete_employee_by_pk(id: 3) { name salary } }")
    assert data == {"delete_employee_by_pk": {"name": "Cyd", "salary": None}}


def test_one_roles_writes_are_inherited_and_contradictory_ones_are_not(lead: Sandbox) -> None:
    query = "{ __schema { mutationType { fields { name } } } }"
    names = [field["name"] for field in lead.ask(query)["__schema"]["mutationType"]["fields"]]
    assert not [name for name in names if name.startswith("insert")]
    assert {"delete_employee", "update_employee", "rich"} <= set(names)
    problems = [(item.kind, item.name) for item in lead.engine.inconsistencies]
    assert ("insert_permission", "lead on employee") in problems


def test_equal_writes_of_several_roles_are_inherited(lead: Sandbox) -> None:
    twins = lead.as_role("twins", user_id="2")
    data = twins.ask('mutation { update_employee(where: {}, _set: {name: "B"}) { affected_rows } }')
    assert data == {"update_employee": {"affected_rows": 1}}


def test_a_permission_of_its_own_replaces_what_a_role_inherits(lead: Sandbox) -> None:
    owner = lead.as_role("owner", user_id="2")
    assert len(owner.ask("{ employee { name } }")["employee"]) == 3
    assert "'salary' not found" in owner.refused("{ employee { salary } }")[2]


def test_inherited_roles_inherit_from_each_other(lead: Sandbox) -> None:
    chief = lead.as_role("chief", user_id="2")
    data = chief.ask("{ employee(order_by: {name: asc}) { id name salary } }")
    assert data["employee"] == [
        {"id": None, "name": "Ada", "salary": None},
        {"id": 2, "name": "Bob", "salary": 200},
        {"id": 3, "name": "Cyd", "salary": None},
    ]


def test_roles_that_inherit_in_a_circle_are_said(sandbox: Callable[..., Sandbox]) -> None:
    roles = "[{role_name: a, role_set: [b]}, {role_name: b, role_set: [a, self]}]"
    problems = sandbox(SQL, TABLES, (), roles).engine.inconsistencies
    assert problems
    assert all("found cycle(s) in roles" in str(problem) for problem in problems)

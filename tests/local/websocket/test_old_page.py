"""The run-visualizer of 2022, an Apollo client that sends everything over one legacy websocket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import MakeProject, Serve, Served
    from tests.local.websocket.conftest import Client, Connect

SQL = """
    CREATE TABLE sweep (id serial PRIMARY KEY, metadata jsonb, archived boolean DEFAULT false);
    CREATE TABLE run (
        id serial PRIMARY KEY, sweep_id integer REFERENCES sweep, metadata jsonb,
        archived boolean NOT NULL DEFAULT false
    );
    CREATE TABLE chart (
        id serial PRIMARY KEY, run_id integer REFERENCES run, sweep_id integer REFERENCES sweep,
        spec jsonb NOT NULL, archived boolean NOT NULL DEFAULT false
    );
    CREATE TABLE run_log (id serial PRIMARY KEY, run_id integer NOT NULL REFERENCES run, log jsonb);
    CREATE VIEW non_sweep_run AS SELECT * FROM run WHERE sweep_id IS NULL;
    CREATE FUNCTION every_nth_run_log(n integer) RETURNS SETOF run_log STABLE LANGUAGE sql AS
        'SELECT * FROM run_log WHERE id % n = 0';
    INSERT INTO sweep (metadata) VALUES ('{"name": "lr"}');
    INSERT INTO run (sweep_id, metadata)
        VALUES (1, '{"seed": 1}'), (NULL, '{"seed": 2, "gpu": true}');
    INSERT INTO chart (run_id, spec) VALUES (1, '{"mark": "line"}'), (2, '{"mark": "line"}');
    INSERT INTO run_log (run_id, log) SELECT 1 + n % 2, jsonb_build_object('step', n)
        FROM generate_series(1, 6) AS n;
"""


def many(name: str, table: str, column: str) -> dict[str, Any]:
    """An array relationship."""
    key = {"table": {"schema": "public", "name": table}, "column": column}
    return {"name": name, "using": {"foreign_key_constraint_on": key}}


TABLES: list[Any] = [
    {
        "table": {"schema": "public", "name": "sweep"},
        "array_relationships": [
            many("runs", "run", "sweep_id"),
            many("charts", "chart", "sweep_id"),
        ],
    },
    {
        "table": {"schema": "public", "name": "run"},
        "object_relationships": [
            {"name": "sweep", "using": {"foreign_key_constraint_on": "sweep_id"}}
        ],
        "array_relationships": [
            many("charts", "chart", "run_id"),
            many("run_logs", "run_log", "run_id"),
        ],
    },
    "chart",
    "run_log",
    "non_sweep_run",
]


@pytest.fixture
def served(make_project: MakeProject, serve: Serve, quick: float) -> Served:
    del quick
    return serve(make_project(SQL, TABLES, ["every_nth_run_log"]))


@pytest.fixture
def page(served: Served, connect_to: Connect) -> Client:
    return connect_to(served, "graphql-ws")


def test_it_follows_a_run_with_its_charts_and_the_number_of_its_logs(page: Client) -> None:
    id_ = page.start(
        """subscription ($id: Int!) { run(where: {id: {_eq: $id}}) {
            id metadata charts(where: {archived: {_eq: false}}) { id spec __typename }
            run_logs_aggregate { aggregate { count __typename } __typename } __typename
        } }""",
        id=2,
    )
    (run,) = page.data(id_)["run"]
    assert run["charts"] == [{"id": 2, "spec": {"mark": "line"}, "__typename": "chart"}]
    assert run["run_logs_aggregate"]["aggregate"] == {
        "count": 3,
        "__typename": "run_log_aggregate_fields",
    }
    page.stop(id_)
    insert = "mutation ($l: jsonb) { insert_run_log_one(object: {run_id: 2, log: $l}) { id } }"
    assert page.ask(insert, l={"step": 7}) == {"insert_run_log_one": {"id": 7}}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({}, [2]),
        ({"condition": {}}, [2]),
        ({"condition": {"metadata": {"_contains": {"gpu": True}}}}, [2]),
        ({"condition": {"_or": [{"metadata": {"_contains": {"seed": 1}}}]}}, []),
    ],
)
def test_it_filters_runs_by_a_variable_inside_a_list(
    page: Client, condition: dict[str, object], found: list[int]
) -> None:
    id_ = page.start(
        """subscription ($condition: non_sweep_run_bool_exp = {}, $before: Int = 99) {
            non_sweep_run(limit: 20, order_by: [{id: desc}],
                where: {_and: [{archived: {_eq: false}}, {id: {_lt: $before}}, $condition]}) {
                id metadata __typename
            }
        }""",
        **condition,
    )
    assert [run["id"] for run in page.data(id_)["non_sweep_run"]] == found


def test_it_follows_the_last_log_and_sweeps(page: Client) -> None:
    last = page.start("subscription { run_log_aggregate { aggregate { max { id } } } }")
    assert page.data(last) == {"run_log_aggregate": {"aggregate": {"max": {"id": 6}}}}
    sweeps = page.start("subscription { sweep { id runs { id } charts { id } } }")
    assert page.data(sweeps) == {"sweep": [{"id": 1, "runs": [{"id": 1}], "charts": []}]}


def test_it_reads_logs_and_changes_charts_and_runs(page: Client) -> None:
    logs = page.ask(
        """query ($n: Int!, $ids: [Int!]) {
            every_nth_run_log(args: {n: $n}, where: {run_id: {_in: $ids}}) { id }
        }""",
        n=3,
        ids=[1],
    )
    assert logs == {"every_nth_run_log": [{"id": 6}]}
    changed = page.ask(
        """mutation ($ids: [Int!], $spec: jsonb) {
            update_chart(_set: {spec: $spec}, where: {id: {_in: $ids}}) { affected_rows }
        }""",
        ids=[1, 2],
        spec={"mark": "bar"},
    )
    assert changed == {"update_chart": {"affected_rows": 2}}
    archived = page.ask(
        """mutation ($ids: [Int!]) {
            update_sweep(_set: {archived: true}, where: {id: {_in: $ids}}) { affected_rows }
            update_run(_set: {archived: true}, where: {sweep: {id: {_in: $ids}}}) { affected_rows }
        }""",
        ids=[1],
    )
    assert archived == {"update_sweep": {"affected_rows": 1}, "update_run": {"affected_rows": 1}}

"""A request that was read before, with other variables: only where they stand is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from run_logger.local.errors import HasuraError

if TYPE_CHECKING:
    from tests.local.request.conftest import Reader

BY_KEY = "query ($id: Int!) { run_by_pk(id: $id) { id } }"
FILTERED = """
query ($where: run_bool_exp!, $limit: Int = 5, $name: String) {
  run(where: {_and: [$where, {name: {_eq: $name}}, {id: {_gt: 7}}]}, limit: $limit) { id }
}
"""
MANY = "query ($ids: [Int!]) { run(where: {id: {_in: $ids}}, limit: 3) { id } }"
MIXED = "query ($id: Int!) { run(where: {id: {_in: [1, $id, 3]}}, offset: 2) { id } }"
INSERT = (
    "mutation ($objects: [run_insert_input!]!) { insert_run(objects: $objects) { affected_rows } }"
)
INSERT_ONE = """
mutation ($name: String, $m: jsonb) {
  insert_run_one(object: {name: $name, metadata: {inner: $m, list: [1, $m]}, archived: true}) { id }
}
"""
UPDATE = """
mutation ($set: run_set_input!, $id: Int!) {
  update_run(where: {id: {_eq: $id}}, _set: $set) { affected_rows }
}
"""
SKIPPED = "query ($no: Boolean!, $id: Int!) { run_by_pk(id: $id) { id name @skip(if: $no) } }"

SAME = [
    (BY_KEY, {"id": 1}, {"id": 2}),
    (BY_KEY, {"id": 1}, {"id": "3"}),
    (
        FILTERED,
        {"where": {"id": {"_eq": 1}}, "name": "a"},
        {"where": {"id": {"_eq": 2}}, "name": "b"},
    ),
    (
        FILTERED,
        {"where": {"_or": [{"name": {"_in": ["a"]}}]}, "name": "a", "limit": 1},
        {"where": {"_or": [{"name": {"_in": ["b", "c"]}}]}, "name": "b", "limit": 2},
    ),
    (MANY, {"ids": [1]}, {"ids": [1, 2, 3]}),
    (MANY, {"ids": [1]}, {"ids": 4}),
    (MIXED, {"id": 2}, {"id": 7}),
    (INSERT, {"objects": [{"name": "a"}]}, {"objects": [{"name": "b"}, {"name": None}]}),
    (INSERT_ONE, {"name": "a", "m": 1}, {"name": "b", "m": {"x": [None]}}),
    (UPDATE, {"set": {"name": "a"}, "id": 1}, {"set": {"name": None}, "id": 2}),
    (SKIPPED, {"no": True, "id": 1}, {"no": True, "id": 2}),
]
OTHER = [
    (
        FILTERED,
        {"where": {"id": {"_eq": 1}}, "name": "a"},
        {"where": {"id": {"_gt": 1}}, "name": "a"},
    ),
    (FILTERED, {"where": {}, "name": "a"}, {"where": {"id": {"_gt": 1}}, "name": "a"}),
    (FILTERED, {"where": {}, "name": "a"}, {"where": {}, "name": "a", "limit": None}),
    (INSERT, {"objects": [{"name": "a"}]}, {"objects": [{"name": "a", "small": 1}]}),
    (UPDATE, {"set": {"name": "a"}, "id": 1}, {"set": {"small": 1}, "id": 2}),
    (SKIPPED, {"no": True, "id": 1}, {"no": False, "id": 1}),
]
WRONG = [
    (BY_KEY, {"id": 1}, {"id": []}),
    (BY_KEY, {"id": 1}, {"id": None}),
    (BY_KEY, {"id": 1}, {}),
    (BY_KEY, {"id": 1}, {"id": 1, "other": 1}),
    (FILTERED, {"where": {}, "name": "a"}, {"where": {"nothing": 1}, "name": "a"}),
    (FILTERED, {"where": {}, "name": "a"}, {"where": {}, "name": "a\0"}),
    (FILTERED, {"where": {}, "name": "a"}, {"where": {}, "name": "a", "limit": -1}),
    (MANY, {"ids": [1]}, {"ids": [1, None]}),
    (INSERT_ONE, {"name": "a", "m": 1}, {"name": 7, "m": 1}),
    (SKIPPED, {"no": True, "id": 1}, {"no": "yes", "id": 1}),
]


@pytest.mark.parametrize(("query", "first", "then"), SAME)
def test_values_are_those_of_a_reading_of_the_whole(
    reader: Reader, query: str, first: dict[str, Any], then: dict[str, Any]
) -> None:
    assert reader.read(query, first)[0] == reader.read(query, then)[0]
    assert reader.read_after(query, then, first) == reader.values(query, then)


@pytest.mark.parametrize(("query", "first", "then"), OTHER)
def test_variables_that_make_another_operation_are_told(
    reader: Reader, query: str, first: dict[str, Any], then: dict[str, Any]
) -> None:
    assert reader.read(query, first)[0] != reader.read(query, then)[0]
    assert reader.read_after(query, then, first) is None


@pytest.mark.parametrize(("query", "first", "then"), WRONG)
def test_a_fault_is_the_same(
    reader: Reader, query: str, first: dict[str, Any], then: dict[str, Any]
) -> None:
    with pytest.raises(HasuraError) as raised:
        reader.read_after(query, then, first)
    error = raised.value
    assert (error.path, error.message, error.code) == reader.error(query, then)

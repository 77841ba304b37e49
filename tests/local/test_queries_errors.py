"""Errors of the database, as answers tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Serve

    Ask = Callable[..., Any]


@pytest.mark.parametrize(
    ("state", "code", "message"),
    [
        (
            "23001",
            "constraint-violation",
            "Can not delete or update due to data being referred. it says",
        ),
        ("23502", "constraint-violation", "Not-NULL violation. it says"),
        ("23503", "constraint-violation", "Foreign key violation. it says"),
        ("23505", "constraint-violation", "Uniqueness violation. it says"),
        ("23P01", "constraint-violation", "Exclusion violation. it says"),
        ("23000", "constraint-violation", "it says"),
        ("23514", "permission-error", "Check constraint violation. it says"),
        ("22003", "data-exception", "it says"),
        ("22012", "data-exception", "it says"),
        ("22025", "bad-request", "it says"),
        ("40001", "concurrent-update", "serialization failure due to concurrent update"),
        ("40P01", "concurrent-update", "it says"),
        ("42704", "constraint-error", "it says"),
        (
            "42P10",
            "constraint-error",
            "there is no unique or exclusion constraint on target column(s)",
        ),
    ],
)
def test_the_sqlstate_decides_on_code_and_message(
    refused: Ask, state: str, code: str, message: str
) -> None:
    query = 'query ($state: String) { fail(args: {state: $state, message: "it says"}) { id } }'
    assert refused(query, {"state": state}) == {
        "message": message,
        "extensions": {"path": "$", "code": code},
    }


@pytest.mark.parametrize("state", ["P0001", "42501", "53100", "XX000"])
def test_any_other_sqlstate_is_unexpected(refused: Ask, state: str) -> None:
    error = refused(f'{{ fail(args: {{state: "{state}", message: "it says"}}) {{ id }} }}')
    assert (error["message"], error["extensions"]["code"]) == ("database query error", "unexpected")
    assert error["extensions"]["internal"]["error"] == {
        "exec_status": "FatalError",
        "status_code": state,
        "message": "it says",
        "description": None,
        "hint": "ask again",
    }


def test_a_persisted_query_is_not_supported_even_with_its_text(serve: Serve) -> None:
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": "unknown"}}
    for extensions, code in ((persisted, "not-supported"), ({}, None), (None, None)):
        request = {"query": "{ __typename }", "extensions": extensions}
        answer = httpx.post(serve().url, json=request).json()
        codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
        assert codes == ([code] if code else [])


def test_a_negative_offset_is_refused_by_postgres(refused: Ask) -> None:
    error = refused("{ author(offset: -1) { id } }")
    assert error == {
        "message": "OFFSET must not be negative",
        "extensions": {"path": "$", "code": "data-exception"},
    }


def test_a_value_that_its_type_cannot_read_is_a_data_exception(refused: Ask) -> None:
    error = refused('{ sample(where: {id: {_eq: "x"}}) { id } }')
    assert error == {
        "message": 'invalid input syntax for type uuid: "x"',
        "extensions": {"path": "$", "code": "data-exception"},
    }


def test_a_pattern_that_ends_in_an_escape_is_a_bad_request(refused: Ask) -> None:
    error = refused(r'{ article(where: {title: {_like: "N\\"}}) { id } }')
    assert error == {
        "message": "LIKE pattern must not end with escape character",
        "extensions": {"path": "$", "code": "bad-request"},
    }


def test_what_else_postgres_refuses_is_told_with_its_statement(refused: Ask) -> None:
    error = refused("{ sample(where: {plain: {_eq: {}}}) { id } }")
    assert error["message"] == "database query error"
    assert error["extensions"]["code"] == "unexpected"
    internal = error["extensions"]["internal"]
    assert internal["statement"].startswith("SELECT")
    assert internal["arguments"] == ["{}"]
    assert internal["error"]["status_code"] == "42883"
    assert internal["error"]["message"] == "operator does not exist: json = json"

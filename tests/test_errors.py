from __future__ import annotations

import pickle

import pytest

from run_logger import errors
from run_logger.errors import (
    ContentError,
    NotStartedError,
    RunLoggerError,
    RunNotFoundError,
    ServerError,
    UnreachableError,
    without_secrets,
)


def _tree(kind: type[RunLoggerError], depth: int = 0) -> set[tuple[int, str]]:
    below = (_tree(child, depth + 1) for child in kind.__subclasses__())
    return {(depth, kind.__name__)}.union(*below)


def _drawn() -> set[tuple[int, str]]:
    lines = (errors.__doc__ or "").splitlines()
    drawn = [line for line in lines if line.startswith("    ") and "Error" in line]
    return {
        ((len(line) - len(line.lstrip(" │├└─"))) // 4 - 1, line.lstrip(" │├└─").split()[0])
        for line in drawn
    }


def test_the_module_docstring_draws_the_whole_tree() -> None:
    ours = {node for node in _tree(RunLoggerError) if hasattr(errors, node[1])}
    assert _drawn() == ours


def test_every_error_is_exported() -> None:
    names = {name for _, name in _tree(RunLoggerError) if hasattr(errors, name)}
    assert set(errors.__all__) == names | {"without_secrets"}


def test_a_message_says_what_is_wrong_where_what_was_tried_and_what_to_do() -> None:
    error = UnreachableError(
        "no connection", endpoint="http://h/v1/graphql", attempt="create_run", remedy="Start it."
    )
    assert str(error) == "no connection at http://h/v1/graphql (tried: create_run). Start it."


def test_an_error_without_a_remedy_of_its_own_gives_that_of_its_class() -> None:
    assert str(NotStartedError("log needs a run")) == "log needs a run. Call create_run first."


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://user:s3cret@host:8443/v1/graphql",
        "https://host:8443/v1/graphql?token=s3cret",
        "https://host:8443/v1/graphql#s3cret",
    ],
)
def test_no_message_shows_a_secret_of_the_endpoint(endpoint: str) -> None:
    error = UnreachableError("no connection", endpoint=endpoint)
    assert "s3cret" not in str(error)
    assert "s3cret" not in repr(error.__dict__)
    assert "https://host:8443/v1/graphql" in str(error)


def test_an_endpoint_that_is_no_url_is_not_shown() -> None:
    assert without_secrets("http://[s3cret") == "(not a URL)"


def test_errors_are_also_what_python_calls_them() -> None:
    assert issubclass(UnreachableError, ConnectionError)
    assert issubclass(RunNotFoundError, LookupError)
    assert issubclass(NotStartedError, AssertionError)


def test_an_error_survives_a_process_boundary() -> None:
    error = ServerError("HTTP 429", status=429, retry_after=2.5, endpoint="http://h")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  (our own bytes)
    assert (str(copy), copy.status, copy.retry_after) == (str(error), 429, 2.5)


def test_only_what_may_pass_by_itself_is_retryable() -> None:
    assert ServerError("HTTP 503").retryable
    assert UnreachableError("no connection").retryable
    assert not ContentError("bad value").retryable

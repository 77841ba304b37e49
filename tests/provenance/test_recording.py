"""How a run's provenance stands in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from run_logger import HasuraLogger
from run_logger.provenance import KEY

if TYPE_CHECKING:
    import pytest


def test_it_stands_beside_what_the_user_stored_and_the_long_parts_last(endpoint: str) -> None:
    with HasuraLogger(endpoint, capture=True) as logger:
        logger.create_run({"name": "mine", "packages": "mine too"})
    metadata = _metadata(logger)
    provenance = metadata.pop(KEY)
    assert metadata == {"name": "mine", "packages": "mine too"}
    assert list(provenance)[-1] == "packages"
    assert provenance["python"]["version"]
    assert provenance["packages"]["httpx"]


def test_what_is_switched_off_is_not_recorded(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUN_LOGGER_CAPTURE")
    with HasuraLogger(endpoint, capture={"packages": False, "git_diff": False}) as logger:
        logger.create_run({})
    assert {"host", "python", "command"} <= set(_metadata(logger)[KEY])
    assert not {"packages", "git_diff"} & set(_metadata(logger)[KEY])


def _metadata(logger: HasuraLogger) -> Any:
    query = "query ($id: Int!) { run_by_pk(id: $id) { metadata } }"
    return logger.execute(query, {"id": logger.run_id})["run_by_pk"]["metadata"]

"""Uses of `run_logger.reading` that type checkers have to accept; nobody runs this file."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

# ruff: noqa: T201  (a value is used where it is printed)
from __future__ import annotations

from typing import TYPE_CHECKING, assert_type

from run_logger_client import (
    Client,
    Int_comparison_exp,
    RunSummary,
    order_by,
    run_bool_exp,
    run_order_by,
)

from run_logger.reading import Logs, blob, logs, runs

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(client: Client) -> None:
    """Runs are typed rows, logs a table, a blob bytes."""
    where = run_bool_exp(id=Int_comparison_exp(_gt=3))
    newest_first = [run_order_by(created_at=order_by.desc)]
    found: Iterator[RunSummary] = runs(client, where, newest_first, page=50)
    for run in found:
        assert_type(run, RunSummary)
        print(run.status)
    assert_type(logs(client, (run.id for run in found), keys=["loss"]), Logs)
    assert_type(logs(client, [1]).arrow().num_rows, int)
    assert_type(blob(client, 1), bytes)
    runs(client, order_by="id")  # type: ignore[arg-type]

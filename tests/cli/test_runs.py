"""`run-logger runs` finds runs, shows one, and puts them in order."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.conftest import Shell


def _ids(shell: Shell, *words: str) -> list[int]:
    return [run["id"] for run in shell("runs", "list", "--json", *words).json]


def test_runs_are_listed_with_the_newest_first(shell: Shell, runs: list[int]) -> None:
    assert _ids(shell) == runs[::-1]
    assert _ids(shell, "--limit", "1") == runs[1:]
    assert _ids(shell, "--limit", "1", "--skip", "1") == runs[:1]


def test_a_table_of_runs_has_their_name_status_and_parameters(
    shell: Shell, runs: list[int]
) -> None:
    result = shell("runs", "list")
    assert result.code == 0
    (row,) = [line for line in result.out.splitlines() if "lr=0.1" in line]
    assert str(runs[0]) in row
    assert "fit" in row
    assert "finished" in row
    assert "optimizer=adam" in row


def test_runs_are_filtered_by_parameter_name_and_tag(shell: Shell, runs: list[int]) -> None:
    assert _ids(shell, "--where", "lr=0.2") == runs[1:]
    assert _ids(shell, "--where", "lr=0.1", "--where", "optimizer=adam") == runs[:1]
    assert _ids(shell, "--where", "lr=0.1", "--where", "optimizer=sgd") == []
    assert _ids(shell, "--name", "fit") == runs[::-1]
    assert _ids(shell, "--name", "other") == []
    shell("runs", "tag", str(runs[0]), "baseline")
    assert _ids(shell, "--tag", "baseline") == runs[:1]


def test_a_filter_that_is_no_pair_is_refused(shell: Shell) -> None:
    result = shell("runs", "list", "--where", "lr")
    assert result.code == 1
    assert "--where 'lr' is no KEY=VALUE" in result.err


def test_a_run_is_shown_with_its_parameters_and_the_source_of_each(
    shell: Shell, runs: list[int]
) -> None:
    result = shell("runs", "show", str(runs[0]))
    assert result.code == 0
    (row,) = [line for line in result.out.splitlines() if line.lstrip("│ ").startswith("lr ")]
    assert row.split("│")[1:4] == [" lr        ", " 0.1   ", " default "]
    assert "3 rows" in result.out
    assert '"kind":"weights"' in result.out


def test_a_run_as_json_holds_all_that_is_known_of_it(shell: Shell, runs: list[int]) -> None:
    shown = shell("runs", "show", str(runs[0]), "--json").json
    assert shown["id"] == runs[0]
    assert shown["metadata"]["parameters"] == {"lr": 0.1, "optimizer": "adam"}
    assert shown["writers"][0]["outcome"] == "finished"
    assert shown["run_logs_aggregate"]["aggregate"]["count"] == 3


def test_an_archived_run_leaves_the_list_and_comes_back(shell: Shell, runs: list[int]) -> None:
    assert shell("runs", "archive", str(runs[0])).out == f"archived: {runs[0]}\n"
    assert _ids(shell) == runs[1:]
    assert _ids(shell, "--archived") == runs[:1]
    assert shell("runs", "archive", str(runs[0]), "--undo").out == f"restored: {runs[0]}\n"
    assert _ids(shell) == runs[::-1]


def test_tags_add_up_and_are_taken_away_one_by_one(shell: Shell, runs: list[int]) -> None:
    run = str(runs[0])
    shell("runs", "tag", run, "one", "two")
    assert shell("runs", "tag", run, "two", "three", "--json").json["tags"] == [
        "one",
        "two",
        "three",
    ]
    assert shell("runs", "tag", run, "two", "--remove").out == f"run {run}: one, three\n"


def test_a_note_is_kept_with_the_rest_of_the_metadata_and_can_go(
    shell: Shell, runs: list[int]
) -> None:
    run = str(runs[0])
    shell("runs", "note", run, "it [bold]diverged[/]")
    assert "it [bold]diverged[/]" in shell("runs", "show", run).out
    assert shell("runs", "show", run, "--json").json["metadata"]["parameters"]["lr"] == 0.1
    shell("runs", "note", run, "")
    assert "note" not in shell("runs", "show", run, "--json").json["metadata"]


def test_a_deleted_run_is_gone_with_all_that_hung_on_it_and_no_other(
    shell: Shell, runs: list[int]
) -> None:
    assert shell("runs", "delete", str(runs[0]), "--yes").out == f"deleted: {runs[0]}\n"
    assert _ids(shell) == runs[1:]
    assert len(shell("logs", str(runs[1])).out.splitlines()) == 3


def test_nothing_is_deleted_where_nobody_can_be_asked(
    shell: Shell, runs: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty").touch()
    with (tmp_path / "empty").open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        result = shell("runs", "delete", *map(str, runs))
    assert result.code == 1
    assert "2 runs with 6 rows of log" in result.err
    assert _ids(shell) == runs[::-1]


def test_a_run_that_is_not_there_is_an_error_of_every_command(
    shell: Shell, runs: list[int]
) -> None:
    gone = str(max(runs) + 1)
    for words in (
        ("show", gone),
        ("archive", gone),
        ("tag", gone, "x"),
        ("note", gone, "x"),
        ("delete", gone, "--yes"),
    ):
        result = shell("runs", *words)
        assert result.code == 1, words
        assert f"there is no run {gone}" in result.err


def test_an_endpoint_where_nobody_answers_is_named(shell: Shell) -> None:
    result = shell("runs", "list", "--endpoint", "http://127.0.0.1:9/v1/graphql")
    assert result.code == 1
    assert "http://127.0.0.1:9/v1/graphql" in result.err
    assert "run-logger serve" in result.err

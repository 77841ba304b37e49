"""The switches: the argument, the variable, and which of them wins."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest

from run_logger.errors import ConfigError
from run_logger.provenance import PARTS, Capture, captured_parts

ALL = frozenset(PARTS)


def test_every_part_has_a_switch() -> None:
    assert set(get_type_hints(Capture)) == ALL


@pytest.mark.parametrize(
    ("capture", "variable", "parts"),
    [
        (None, "", ALL),
        (None, "all", ALL),
        (None, "none", set()),
        (None, "git, command", {"git", "command"}),
        (None, "-git_diff,-packages", ALL - {"git_diff", "packages"}),
        (None, "all,-git", ALL - {"git"}),
        (True, "none", ALL),
        (False, "all", set()),
        ({"git_diff": False}, "", ALL - {"git_diff"}),
        ({"git": True}, "none", {"git"}),
        ({"git": False}, "git,command", {"command"}),
    ],
)
def test_the_argument_wins_over_the_variable_and_that_over_everything(
    capture: Any, variable: str, parts: set[str]
) -> None:
    assert captured_parts(capture, {"RUN_LOGGER_CAPTURE": variable}) == parts


@pytest.mark.parametrize(
    ("capture", "variable", "where"),
    [
        ({"gti": False}, "", "the argument capture"),
        (None, "gti", "RUN_LOGGER_CAPTURE"),
        (None, "-gti", "RUN_LOGGER_CAPTURE"),
    ],
)
def test_a_misspelt_part_is_an_error_that_names_them_all(
    capture: Any, variable: str, where: str
) -> None:
    with pytest.raises(ConfigError, match=f"{where}: there is no part 'gti'.*git_diff"):
        captured_parts(capture, {"RUN_LOGGER_CAPTURE": variable})

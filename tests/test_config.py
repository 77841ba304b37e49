"""Config files: what they may hold, and what the errors say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from run_logger.config import get_config_params
from run_logger.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def test_a_mapping_is_read_from_a_path_or_its_text(config: Path) -> None:
    config.write_text("lr: 0.1\nnet: {depth: 3, act: [relu, tanh]}\n")
    expected = {"lr": 0.1, "net": {"depth": 3, "act": ["relu", "tanh"]}}
    assert get_config_params(config) == get_config_params(str(config)) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [("1e-3", 1e-3), ("1E5", 1e5), (".5e3", 500.0), ("-2.e+1", -20.0), ("+1e1", 10.0)],
)
def test_exponents_need_neither_dot_nor_sign(config: Path, text: str, number: float) -> None:
    config.write_text(f"lr: {text}\n")
    params = get_config_params(config)
    assert params == {"lr": number}
    assert type(params["lr"]) is float


@pytest.mark.parametrize("text", ["'1e-3'", "1e", "e3", "v1e3", "1e3x"])
def test_what_is_no_number_stays_text(config: Path, text: str) -> None:
    config.write_text(f"name: {text}\n")
    assert get_config_params(config) == {"name": text.strip("'")}


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_file_has_no_parameters(config: Path, text: str) -> None:
    config.write_text(text)
    assert get_config_params(config) == {}


def test_merge_keys_may_be_overridden(config: Path) -> None:
    config.write_text("base: &b {lr: 1, seed: 2}\nrun:\n  <<: *b\n  lr: 3\n")
    assert get_config_params(config)["run"] == {"lr": 3, "seed": 2}


def test_a_merged_mapping_may_itself_have_merged(config: Path) -> None:
    config.write_text("z: &z {x: 0}\na: &a {<<: *z, w: 1}\nb: {<<: *a, y: 2}\n")
    assert get_config_params(config)["b"] == {"x": 0, "w": 1, "y": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", "config.yaml, line 3: while parsing a flow sequence"),
        ("a: 1\n\tb: 2\n", "config.yaml, line 2"),
        ("lr: 1\nseed: 2\nlr: 3\n", "config.yaml, line 3: the key 'lr' stands in line 1 already"),
        ("a: {lr: 1, lr: 2}\n", "config.yaml, line 1: the key 'lr' stands in line 1 already"),
        ("- 1\n- 2\n", "config.yaml, line 1: a config is a mapping of parameters"),
        ("just words\n", "line 1: a config is a mapping of parameters, and this is a str"),
        ("a: !!python/object/apply:os.getcwd []\n", "config.yaml, line 1"),
        ("a: 1\nb: \x07\n", "config.yaml, line 2"),
        ("? [1, 2]\n: 3\n", "config.yaml, line 1"),
        ("a: 1\n---\nb: 2\n", "config.yaml, line 2"),
    ],
)
def test_an_error_names_file_and_line(config: Path, text: str, message: str) -> None:
    config.write_text(text)
    with pytest.raises(ConfigError) as error:
        get_config_params(config)
    assert message in str(error.value)


def test_a_file_that_is_not_utf_8_is_an_error_with_the_line(config: Path) -> None:
    config.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(ConfigError, match=r"config\.yaml, line 2: this is not UTF-8"):
        get_config_params(config)


def test_a_missing_file_is_an_error_with_its_path(config: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml cannot be read: No such file"):
        get_config_params(config)


def test_a_directory_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        get_config_params(tmp_path)

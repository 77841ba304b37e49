"""The parts of a run's provenance, and what decides which of them are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict, get_args

from run_logger.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["PARTS", "Capture", "Part", "captured_parts"]

Part = Literal["git", "gpus", "host", "slurm", "python", "command", "git_diff", "packages"]

PARTS: tuple[Part, ...] = get_args(Part)

_VARIABLE = "RUN_LOGGER_CAPTURE"


class Capture(TypedDict, total=False):
    """The switches: what is not named is as `RUN_LOGGER_CAPTURE` says, and else on.

    Attributes:
        git: The commit, the branch and the remote.
        gpus: The names of the GPUs.
        host: The machine.
        slurm: The ids of the Slurm job.
        python: The interpreter.
        command: The command line, the working directory and the script.
        git_diff: What differs from the commit.
        packages: The versions of the installed packages.
    """

    git: bool
    gpus: bool
    host: bool
    slurm: bool
    python: bool
    command: bool
    git_diff: bool
    packages: bool


def captured_parts(
    capture: Capture | bool | None, environment: Mapping[str, str]
) -> frozenset[Part]:
    """Return the parts that are to be kept.

    `RUN_LOGGER_CAPTURE` is "all", "none", the parts to keep ("git,command"), or those to leave out
    ("-git_diff,-packages").

    Args:
        capture: The caller's switches, which win; True is all parts, False none.
        environment: The variables of the environment.

    Raises:
        ConfigError: There is no part of a given name.
    """
    if isinstance(capture, bool):
        return frozenset(PARTS if capture else ())
    given = capture or {}
    _check(given, "the argument capture")
    default = _from_variable(environment.get(_VARIABLE, ""))
    return frozenset(part for part in PARTS if given.get(part, part in default))


def _from_variable(text: str) -> frozenset[str]:
    names = text.replace(",", " ").split()
    if names in (["none"], ["0"]):
        return frozenset()
    left_out = {name[1:] for name in names if name.startswith("-")}
    kept = {name for name in names if not name.startswith("-")} - {"all"}
    _check(kept | left_out, _VARIABLE)
    return frozenset((kept or {*PARTS}) - left_out)


def _check(names: Iterable[str], source: str) -> None:
    for name in names:
        if name not in PARTS:
            raise ConfigError(
                f"{source}: there is no part {name!r}", remedy=f"The parts are {', '.join(PARTS)}."
            )
